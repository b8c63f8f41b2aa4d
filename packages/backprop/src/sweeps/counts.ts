/**
 * What a sweep does, counted exactly. The lecture's O(V + E) is then an equality between integers:
 * messages = E, activations = V.
 */
import { type Operation, readsOf, ShapeError } from '@ad/graph';

/** The work and the memory of one sweep over a scalar graph. */
export interface SweepCounts {
  /** Nodes reached from the output, the output included: V. */
  nodes: number;
  /** Messages passed: one per edge, E. */
  messages: number;
  /** Local derivatives du/dz evaluated. */
  partials: number;
  /** Products of a sum with a local derivative. */
  multiplications: number;
  /** Additions of a message to the sum of those before it; the first message of a node costs none. */
  additions: number;
  /** Activations that the local derivatives read. */
  activationReads: number;
  /** Operations carried out to compute activations. */
  evaluations: number;
  /** Activations held at the same time. */
  activations: number;
  /** The most numbers held at the same time: activations, and sums or table entries. */
  peakLiveCells: number;
}

/** All zero. */
export function noCounts(): SweepCounts {
  return {
    nodes: 0,
    messages: 0,
    partials: 0,
    multiplications: 0,
    additions: 0,
    activationReads: 0,
    evaluations: 0,
    activations: 0,
    peakLiveCells: 0,
  };
}

/**
 * How many activations each local derivative of a row reads: the saved-value analysis, made once per row.
 *
 * @throws `ShapeError` when the row is not a scalar expression.
 */
export class ReadCounter {
  readonly #reads = new Map<Operation, readonly number[]>();

  /** Activations that the derivative with respect to operand `position` reads. */
  reads(row: Operation, position: number): number {
    let counts = this.#reads.get(row);
    if (counts === undefined) {
      if (row.family !== 'elementwise') {
        throw new ShapeError(
          `counting is defined for scalar graphs; ${row.name} is not a scalar operation: leave out count`,
        );
      }
      counts = row.partials.map((partial) =>
        typeof partial === 'number' ? 0 : bitCount(readsOf(partial)),
      );
      this.#reads.set(row, counts);
    }
    return counts[position]!;
  }
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}
