/**
 * Scalar regions: the scalar operations between two array kernels, as one kernel. Small ones become straight-line
 * code, which is best while it fits the caches of instructions and is quick to compile; large ones gathered loops,
 * whose code does not grow with the graph.
 */
import type { ElementwiseRow } from '@ad/graph';
import type { Simplified } from '../passes/simplified.ts';
import { planGathered } from './gathered.ts';
import type { ScalarKernel } from './kernel.ts';
import type { Places } from './places.ts';
import {
  SCALAR_OPERATIONS,
  ScalarCode,
  type ScalarResult,
  type Template,
  TemplateWriter,
} from './scalar-code.ts';
import { planStraightLine } from './straight-line.ts';
import type { View } from './view.ts';

/**
 * Entries up to which a region becomes straight-line code, unless a test says otherwise: some 13 bytes of machine code
 * for each, so that all of it stays in the second cache. On random graphs it is as fast as gathered loops or faster
 * beyond that as well, but engines take longer to compile it.
 */
export const STRAIGHT_LINE_LIMIT = 75_000;

const ADD = SCALAR_OPERATIONS.indexOf('add');

/** No operand yet. */
const UNKNOWN = 2 ** 31 - 1;

/** Makes kernels of scalar regions. */
export class ScalarRegions {
  readonly #simplified: Simplified;
  readonly #lanes: number;
  readonly #limit: number;
  /** By node: its operand in the region that is being made. */
  readonly #operandOf: Int32Array;
  readonly #writer = new TemplateWriter();
  /** By operation code. */
  readonly #templates: (Template | undefined)[] = [];

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
   * @param readOutside - those of the nodes that are read elsewhere, ascending.
   * @param places - where the values of such nodes go.
   */
  lower(
    nodes: readonly number[],
    viewOf: (node: number) => View,
    readOutside: readonly number[],
    places: Places,
  ): ScalarKernel {
    const simplified = this.#simplified;
    const { codes, operandStarts, operandEnds, operandIds } = simplified;
    const operandOf = this.#operandOf;
    const code = new ScalarCode(nodes.length + 16);
    const reads: View[] = [];
    const outside: number[] = [];
    const read = (node: number): number => {
      const operand = operandOf[node]!;
      if (operand !== UNKNOWN) return operand;
      const value = simplified.uniformValue(node);
      if (value !== undefined) return code.constant(value);
      outside.push(node);
      const place = ~(reads.push(viewOf(node)) - 1);
      operandOf[node] = place;
      return place;
    };
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!;
      const start = operandStarts[node]!;
      const count = operandEnds[node]! - start;
      const x = read(operandIds[start]!);
      const y = count > 1 ? read(operandIds[start + 1]!) : 0;
      const z = count > 2 ? read(operandIds[start + 2]!) : 0;
      const template = (this.#templates[codes[node]!] ??= this.#writer.templateOf(
        simplified.rowOf(node) as ElementwiseRow,
      ));
      operandOf[node] = code.row(template, x, y, z);
    }
    const results = readOutside.map((node): ScalarResult => {
      const value = operandOf[node]!;
      const operand = places.addsZero(node) ? code.append(ADD, value, code.constant(0), 0) : value;
      return { operand, write: places.placeFor(node) };
    });
    for (let i = 0; i < nodes.length; i++) operandOf[nodes[i]!] = UNKNOWN;
    for (const node of outside) operandOf[node] = UNKNOWN;
    const plan =
      code.length <= this.#limit
        ? planStraightLine(code, results, nodes.at(-1)!)
        : planGathered(code, reads, results, this.#lanes, nodes.at(-1)!);
    return { kind: 'scalars', code, reads, results, plan };
  }
}
