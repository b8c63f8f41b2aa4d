/**
 * Scalar regions: the scalar operations between two array kernels, as one kernel. Small ones become straight-line
 * code, which is best while it fits the caches of instructions and is quick to compile; large ones gathered loops,
 * whose code does not grow with the graph.
 */
import type { ElementwiseRow } from '@ad/graph';
import type { Simplified } from '../passes/simplified.ts';
import { type Gathered, planGathered } from './gathered.ts';
import { ScalarCode } from './scalar-code.ts';
import { planStraightLine, type StraightLine } from './straight-line.ts';
import type { View } from './view.ts';

/** Entries up to which a region becomes straight-line code, unless a test says otherwise. */
export const STRAIGHT_LINE_LIMIT = 50_000;

/** A value of a region that is read elsewhere. */
export interface ScalarResult {
  /** The entry, or `~k` for what is read as number k. */
  readonly operand: number;
  /** Where it goes. */
  readonly write: View;
}

/** The scalar operations of a region. */
export interface ScalarKernel {
  readonly kind: 'scalars';
  /** What is computed. */
  readonly code: ScalarCode;
  /** What is read; operand `~k` is `reads[k]`. */
  readonly reads: readonly View[];
  /** What is stored. */
  readonly results: readonly ScalarResult[];
  /** How it is computed. */
  readonly plan: StraightLine | Gathered;
}

/** No operand yet. */
const UNKNOWN = 2 ** 31 - 1;

/** Makes kernels of scalar regions. */
export class ScalarRegions {
  readonly #simplified: Simplified;
  readonly #lanes: number;
  readonly #limit: number;
  /** By node: its operand in the region that is being made. */
  readonly #operandOf: Int32Array;

  /**
   * Nothing yet.
   *
   * @param top - the largest node.
   * @param lanes - numbers in a vector.
   * @param limit - entries up to which a region becomes straight-line code.
   */
  constructor(simplified: Simplified, top: number, lanes: number, limit: number) {
    this.#simplified = simplified;
    this.#lanes = lanes;
    this.#limit = limit;
    this.#operandOf = new Int32Array(top + 1).fill(UNKNOWN);
  }

  /**
   * The kernel of a region.
   *
   * @param nodes - scalar elementwise nodes, ascending.
   * @param viewOf - where a value from outside is.
   * @param isResult - whether a node of the region is read elsewhere.
   * @param place - where the value of such a node goes.
   */
  lower(
    nodes: readonly number[],
    viewOf: (node: number) => View,
    isResult: (node: number) => boolean,
    place: (node: number) => View,
  ): ScalarKernel {
    const simplified = this.#simplified;
    const operandOf = this.#operandOf;
    const code = new ScalarCode(nodes.length + 16);
    const reads: View[] = [];
    const outside: number[] = [];
    const read = (node: number): number => {
      let operand = operandOf[node]!;
      if (operand === UNKNOWN) {
        const value = simplified.uniformValue(node);
        if (value !== undefined) return code.constant(value);
        operand = ~(reads.push(viewOf(node)) - 1);
        outside.push(node);
        operandOf[node] = operand;
      }
      return operand;
    };
    for (const node of nodes) {
      const count = simplified.operandCount(node);
      const x = read(simplified.operand(node, 0));
      const y = count > 1 ? read(simplified.operand(node, 1)) : 0;
      const z = count > 2 ? read(simplified.operand(node, 2)) : 0;
      operandOf[node] = code.row(simplified.rowOf(node) as ElementwiseRow, x, y, z);
    }
    const results: ScalarResult[] = [];
    for (const node of nodes) {
      if (isResult(node)) results.push({ operand: operandOf[node]!, write: place(node) });
    }
    for (const node of nodes) operandOf[node] = UNKNOWN;
    for (const node of outside) operandOf[node] = UNKNOWN;
    const plan =
      code.length <= this.#limit
        ? planStraightLine(code, results, nodes.at(-1)!)
        : planGathered(code, reads, results, this.#lanes, nodes.at(-1)!);
    return { kind: 'scalars', code, reads, results, plan };
  }
}
