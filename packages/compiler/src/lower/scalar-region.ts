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

/** Makes kernels of scalar regions, one after the other. */
export class ScalarRegions {
  readonly #simplified: Simplified;
  readonly #viewOf: (node: number) => View;
  readonly #lanes: number;
  readonly #limit: number;
  /** By node: its operand in the region that is being made. */
  readonly #operandOf: Int32Array;
  readonly #writer = new TemplateWriter();
  /** By operation code. */
  readonly #templates: (Template | undefined)[] = [];
  #code: ScalarCode;
  #reads: View[] = [];
  #outside: number[] = [];
  /** The last node so far; -1 if there is none. */
  #last = -1;

  /**
   * An empty region.
   *
   * @param viewOf - where a value from outside is.
   * @param lanes - numbers in a vector.
   * @param limit - entries up to which a region becomes straight-line code.
   * @param expected - operations in the first region, as far as is known.
   */
  constructor(
    simplified: Simplified,
    viewOf: (node: number) => View,
    lanes: number,
    limit: number,
    expected: number,
  ) {
    this.#simplified = simplified;
    this.#viewOf = viewOf;
    this.#lanes = lanes;
    this.#limit = limit;
    this.#operandOf = new Int32Array((simplified.order.at(-1) ?? -1) + 1).fill(UNKNOWN);
    // Some operations become several entries, and numbers are entries, too.
    this.#code = new ScalarCode(expected + (expected >> 2));
  }

  /** Whether there is nothing in the region. */
  get isEmpty(): boolean {
    return this.#last === -1;
  }

  /** Adds the next scalar elementwise node to the region. */
  append(node: number): void {
    const { codes, operandStarts, operandEnds, operandIds } = this.#simplified;
    const start = operandStarts[node]!;
    const count = operandEnds[node]! - start;
    const x = this.#read(operandIds[start]!);
    const y = count > 1 ? this.#read(operandIds[start + 1]!) : 0;
    const z = count > 2 ? this.#read(operandIds[start + 2]!) : 0;
    const template = this.#templates[codes[node]!] ?? this.#templateOf(node);
    this.#operandOf[node] =
      template.single >= 0
        ? this.#code.append(template.single, x, y, z)
        : this.#code.row(template, x, y, z);
    this.#last = node;
  }

  #templateOf(node: number): Template {
    const template = this.#writer.templateOf(this.#simplified.rowOf(node) as ElementwiseRow);
    this.#templates[this.#simplified.codes[node]!] = template;
    return template;
  }

  /** What reads a value: an entry, a number, or a value from outside. */
  #read(node: number): number {
    const operand = this.#operandOf[node]!;
    return operand === UNKNOWN ? this.#readOutside(node) : operand;
  }

  #readOutside(node: number): number {
    const value = this.#simplified.uniformValue(node);
    if (value !== undefined) return this.#code.constant(value);
    this.#outside.push(node);
    const place = ~(this.#reads.push(this.#viewOf(node)) - 1);
    this.#operandOf[node] = place;
    return place;
  }

  /**
   * The kernel of the region; the next node begins a new one.
   *
   * @param nodes - among them those of the region.
   * @param results - nodes of the region that are read elsewhere, ascending.
   * @param places - where the values of such nodes go.
   */
  finish(nodes: Int32Array, results: readonly number[], places: Places): ScalarKernel {
    const code = this.#code;
    const reads = this.#reads;
    const stored = results.map((node): ScalarResult => {
      const value = this.#operandOf[node]!;
      const operand = places.addsZero(node) ? code.append(ADD, value, code.constant(0), 0) : value;
      return { operand, write: places.placeFor(node) };
    });
    this.#operandOf.fill(UNKNOWN, nodes[0], this.#last + 1);
    for (const node of this.#outside) this.#operandOf[node] = UNKNOWN;
    this.#code = new ScalarCode(16);
    this.#reads = [];
    this.#outside = [];
    const last = this.#last;
    this.#last = -1;
    const plan =
      code.length <= this.#limit
        ? planStraightLine(code, stored, last)
        : planGathered(code, reads, stored, this.#lanes, last);
    return { kind: 'scalars', code, reads, results: stored, plan };
  }
}
