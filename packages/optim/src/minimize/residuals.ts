/** The residuals of a least-squares problem, as methods see them: values and Jacobians at vectors, all counted. */
import { type GraphNode, type Shape, sizeOf, ValueError } from '@ad/graph';
import { gradient, pushforward } from '@ad/backprop';
import { storageOf } from '../storage.ts';
import { EvaluationLimit } from './evaluation-limit.ts';
import type { Trace, Traced } from './traced.ts';
import { dot, isFiniteVector } from './vectors.ts';

/** How often residuals and derivatives were computed. */
export interface ResidualEvaluations {
  /** Residuals. */
  readonly residuals: number;
  /** Jacobians. */
  readonly jacobian: number;
  /** Those points among the evaluated ones at which residuals or derivatives were not finite. */
  readonly nonFinite: number;
}

/** A point with its residuals and their derivatives. */
export interface ResidualPoint {
  /** Where. */
  readonly x: Float64Array;
  /** The residuals. */
  readonly residuals: Float64Array;
  /** The sum of their squares. */
  value: number;
  /** Their derivatives, column by column: one column for each element of `x`. */
  readonly jacobian: Float64Array;
}

/** A least-squares problem. */
export class Residuals {
  /** The number of elements of a point. */
  readonly size: number;
  /** The number of residuals. */
  readonly count: number;
  /** The shape of the function's result. */
  readonly shape: Shape;
  readonly #traced: Traced;
  readonly #limit: number;
  #evaluated = 0;
  #jacobians = 0;
  #nonFinite = 0;

  /**
   * Traces the function at `x`.
   *
   * @param limit - the largest number of evaluations of the residuals.
   * @throws `ValueError` when there are no residuals.
   */
  constructor(traced: Traced, x: Float64Array, limit: number) {
    this.size = traced.layout.size;
    this.shape = traced.trace(x).output.shape;
    this.count = sizeOf(this.shape);
    this.#traced = traced;
    this.#limit = limit;
    if (this.count === 0) {
      throw new ValueError(
        'leastSquares: the function returned no residuals; there is nothing to fit',
      );
    }
  }

  /** What has been computed so far. */
  get evaluations(): ResidualEvaluations {
    return {
      residuals: this.#evaluated,
      jacobian: this.#jacobians,
      nonFinite: this.#nonFinite,
    };
  }

  /** A point without values. */
  newPoint(): ResidualPoint {
    return {
      x: new Float64Array(this.size),
      residuals: new Float64Array(this.count),
      value: Number.NaN,
      jacobian: new Float64Array(this.count * this.size),
    };
  }

  /**
   * Computes the residuals at `point.x`.
   *
   * @returns whether the sum of their squares is finite.
   * @throws an internal signal, caught by `minimize`, when there have been as many as are allowed; then nothing has changed.
   */
  evaluate(point: ResidualPoint): boolean {
    if (this.#evaluated >= this.#limit) throw new EvaluationLimit();
    this.#evaluated++;
    const program = this.#traced.program('residuals', point.x, ({ output }) => [output]);
    program.execute();
    point.residuals.set(program.outputs[0]!);
    point.value = dot(point.residuals, point.residuals);
    return this.#counted(Number.isFinite(point.value));
  }

  /**
   * Computes the Jacobian at `point.x`, by columns or by rows, whichever are fewer.
   *
   * @returns whether all derivatives are finite.
   */
  differentiate(point: ResidualPoint): boolean {
    this.#jacobians++;
    if (this.size <= this.count) this.#columns(point);
    else this.#rows(point);
    return this.#counted(isFiniteVector(point.jacobian));
  }

  /** Which node is the first that is not finite at `x`, in words. */
  whereNotFinite(x: Float64Array): string {
    return this.#traced.whereNotFinite(x) ?? 'the residuals or their derivatives are not finite';
  }

  #counted(isFinite: boolean): boolean {
    if (!isFinite) this.#nonFinite++;
    return isFinite;
  }

  #columns({ x, jacobian }: ResidualPoint): void {
    const program = this.#traced.program('columns', x, columns);
    const { places } = this.#traced.layout;
    const directions = places.map((_place, leaf) => storageOf(program, tangentName(leaf)));
    for (const direction of directions) direction?.fill(0);
    places.forEach(({ offset, size }, leaf) => {
      const direction = directions[leaf];
      // Nothing depends on this leaf: its columns are 0.
      if (direction === undefined) {
        jacobian.fill(0, offset * this.count, (offset + size) * this.count);
        return;
      }
      for (let element = 0; element < size; element++) {
        direction[element] = 1;
        program.execute();
        direction[element] = 0;
        jacobian.set(program.outputs[0]!, (offset + element) * this.count);
      }
    });
  }

  #rows({ x, jacobian }: ResidualPoint): void {
    const program = this.#traced.program('rows', x, rows);
    const seed = storageOf(program, SEED)!;
    seed.fill(0);
    for (let i = 0; i < this.count; i++) {
      seed[i] = 1;
      program.execute();
      seed[i] = 0;
      this.#traced.layout.places.forEach(({ offset, size }, leaf) => {
        const row = program.outputs[leaf]!;
        for (let k = 0; k < size; k++) jacobian[(offset + k) * this.count + i] = row[k]!;
      });
    }
  }
}

const tangentName = (leaf: number): string => `tangent ${leaf}`;

function columns({ inputs, output }: Trace): GraphNode[] {
  const tangents = inputs.map(({ graph, shape }, leaf) =>
    graph.input(tangentName(leaf), { shape }),
  );
  return [pushforward(output, inputs, tangents)];
}

const SEED = 'cotangent';

function rows({ inputs, output }: Trace): GraphNode[] {
  const seed = output.graph.input(SEED, { shape: output.shape });
  return gradient(output, inputs, { seed });
}
