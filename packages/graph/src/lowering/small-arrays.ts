/**
 * Bodies whose arrays have a few elements, such as a point in space or a matrix of two rows, written in scalars. Step by
 * step they would be kernels that are called, each for a few elements, and pass them on through memory; in scalars a step
 * is straight-line code, whose values stay in registers. Layout costs nothing there: it says which scalar is meant.
 */
import { numbers } from '../algebra/numbers.ts';
import { apply } from '../apply.ts';
import { Body } from '../body.ts';
import { Graph } from '../graph.ts';
import { ancestorsOf } from '../interpreter/schedule.ts';
import type { GraphNode } from '../node.ts';
import { add, mul } from '../rows/arithmetic.ts';
import { reshape } from '../rows/layout.ts';
import { concat, slice } from '../rows/parts.ts';
import type { Attributes, ElementwiseRow, Operation, ReductionAttributes } from '../rows/row.ts';
import { reductionPositions, viewPositions } from '../rows/views.ts';
import { broadcastStrides, sizeOf, type Shape } from '../shape.ts';
import { Tensor } from '../tensor.ts';

/** Elements of the largest array that is computed: beyond, vectors of several lanes are worth their calls. */
const LARGEST = 4;
/** Products of one product of matrices, for the same reason: of a matrix of three rows and a point in space. */
const MOST_PRODUCTS = 9;
/** Elements of a matrix that is only read. */
const LARGEST_MATRIX = 9;
/** Elements of an array of which parts are taken. */
const LARGEST_SOURCE = 2 ** 12;
/** Scalar operations of a body: more would be much code. */
const MOST_OPERATIONS = 2000;

/** Operations that only arrange elements, by the names of their lowerings. */
const ARRANGING: ReadonlySet<string | undefined> = new Set([
  'broadcast',
  'concat',
  'pad',
  'reshape',
  'slice',
  'transpose',
]);

/** The same body in scalars, if all of its arrays are small and it is more than one loop over them; else the body itself. */
export function inScalars(body: Body): Body {
  const order = ancestorsOf(
    body.graph.arena,
    body.outputs.map(({ id }) => id),
  );
  return isWorthwhile(body, order) ? new ScalarWriter(body).write(order) : body;
}

function isWorthwhile({ graph, outputs }: Body, order: Int32Array): boolean {
  const { arena } = graph;
  if (outputs.some(({ shape, kind }) => shape.length > 0 && kind !== 'real')) return false;
  const sizes = new Set<number>();
  let operations = 0;
  let isOneLoop = true;
  for (const id of order) {
    const row = arena.rowOf(id);
    if (row.family === 'leaf') continue;
    const operands = Array.from(arena.operandsOf(id), (operand) => arena.typeOf(operand).shape);
    const size = sizeOf(arena.typeOf(id).shape);
    const cost = costOf(row, operands, size);
    if (cost === undefined) return false;
    operations += cost;
    sizes.add(size);
    if (row.family !== 'elementwise' && row.lowering !== 'reshape') isOneLoop = false;
  }
  const hasArrays = [...sizes].some((size) => size > 1);
  return hasArrays && operations <= MOST_OPERATIONS && !(isOneLoop && sizes.size === 1);
}

/** How many scalar operations an operation becomes; `undefined` where it is to stay as it is. */
function costOf(row: Operation, operands: readonly Shape[], size: number): number | undefined {
  const largest = Math.max(...operands.map(sizeOf));
  if (size === 0 || size > LARGEST_MATRIX || largest > LARGEST_SOURCE) return undefined;
  if (ARRANGING.has(row.lowering)) return 0;
  if (size > LARGEST || largest > LARGEST_MATRIX) return undefined;
  if (row.family === 'elementwise') return size > 1 && callsFunctions(row) ? undefined : size;
  if (row.lowering === 'sum') return sizeOf(operands[0]!);
  if (row.lowering !== 'matmul') return undefined;
  const products = size * operands[0]!.at(-1)!;
  return products > MOST_PRODUCTS ? undefined : 2 * products;
}

/** Whether a row is more than arithmetic: vector code of functions is best within loops. */
function callsFunctions(row: ElementwiseRow): boolean {
  let calls = false;
  const called = (): number => {
    calls = true;
    return 1;
  };
  const functions = { pow: called, exp: called, log: called, sin: called, cos: called, tanh: called, sigmoid: called, call: called }; // prettier-ignore
  row.value({ ...numbers, ...functions }, 1, 1, 1);
  return calls;
}

class ScalarWriter {
  readonly #body: Body;
  readonly #graph = new Graph();
  readonly #inputs: readonly GraphNode[];
  /** By node its elements, row-major; those of inputs and constants when they are asked for. */
  readonly #elements = new Map<number, (GraphNode | undefined)[]>();
  /** By input the node that stands for it. */
  readonly #leaves = new Map<number, GraphNode>();

  constructor(body: Body) {
    this.#body = body;
    this.#inputs = body.inputs.map((input, k) => {
      const { shape, kind } = input;
      const own = this.#graph.input(`input${k}`, { shape, kind });
      this.#leaves.set(input.id, own);
      return own;
    });
  }

  write(order: Int32Array): Body {
    const { arena } = this.#body.graph;
    for (const id of order) {
      const row = arena.rowOf(id);
      if (row.family !== 'leaf') this.#elements.set(id, this.#compute(id, row));
    }
    const made = new Map<number, GraphNode>();
    for (const { id, shape } of this.#body.outputs)
      if (!made.has(id)) made.set(id, this.#whole(id, shape));
    return new Body(
      this.#inputs,
      this.#body.outputs.map(({ id }) => made.get(id)!),
    );
  }

  /** The elements of a node. */
  #compute(id: number, row: Operation): GraphNode[] {
    const { arena } = this.#body.graph;
    const operands = Array.from(arena.operandsOf(id));
    const attributes = arena.attributes.get(id) ?? {};
    if (ARRANGING.has(row.lowering)) return this.#arranged(id, row, operands, attributes);
    if (row.lowering === 'sum') return this.#sums(operands[0]!, attributes as ReductionAttributes);
    if (row.lowering === 'matmul') return this.#products(id, operands[0]!, operands[1]!);
    const { shape } = arena.typeOf(id);
    const positions = operands.map((operand) =>
      viewPositions(shape, broadcastStrides(arena.typeOf(operand).shape, shape)),
    );
    return Array.from({ length: sizeOf(shape) }, (_, i) =>
      apply(
        row,
        operands.map((operand, k) => this.#element(operand, positions[k]![i]!)),
      ),
    );
  }

  /** What only arranges elements is done with their numbers, from 1 on, where 0 stands for 0. */
  #arranged(
    id: number,
    row: Operation,
    operands: readonly number[],
    attributes: Attributes,
  ): GraphNode[] {
    if (row.family !== 'linear') throw new Error(`${row.name} does not arrange elements`);
    const { arena } = this.#body.graph;
    const type = arena.typeOf(id);
    const types = operands.map((operand) => arena.typeOf(operand));
    const places: (readonly [operand: number, number: number])[] = [];
    const numbers = types.map(({ shape }, k) =>
      Float64Array.from({ length: sizeOf(shape) }, (_, i) => places.push([operands[k]!, i])),
    );
    const result = new Float64Array(sizeOf(type.shape));
    row.prepare(types, attributes, type)(result, numbers);
    return Array.from(result, (number) => {
      const place = places[number - 1];
      return place === undefined ? this.#graph.constant(0) : this.#element(...place);
    });
  }

  #sums(operand: number, { axes }: ReductionAttributes): GraphNode[] {
    const { starts, steps } = reductionPositions(
      this.#body.graph.arena.typeOf(operand).shape,
      axes,
    );
    return Array.from(starts, (start) =>
      this.#sumOf(Array.from(steps, (step) => this.#element(operand, start + step))),
    );
  }

  /** The elements of a product of stacks of matrices. */
  #products(id: number, left: number, right: number): GraphNode[] {
    const { arena } = this.#body.graph;
    const [a, b, c] = [left, right, id].map((node) => arena.typeOf(node).shape) as [
      Shape,
      Shape,
      Shape,
    ];
    const [rows, inner, columns] = [a.at(-2)!, a.at(-1)!, b.at(-1)!];
    const stack = c.slice(0, -2);
    const startsIn = (shape: Shape, size: number): Int32Array =>
      viewPositions(
        stack,
        broadcastStrides(shape.slice(0, -2), stack).map((stride) => stride * size),
      );
    const [lefts, rights] = [startsIn(a, rows * inner), startsIn(b, inner * columns)];
    return Array.from({ length: sizeOf(c) }, (_, at) => {
      const matrix = Math.floor(at / (rows * columns));
      const [i, j] = [Math.floor(at / columns) % rows, at % columns];
      const terms = Array.from({ length: inner }, (_l, l) =>
        apply(mul, [
          this.#element(left, lefts[matrix]! + i * inner + l),
          this.#element(right, rights[matrix]! + l * columns + j),
        ]),
      );
      return this.#sumOf(terms);
    });
  }

  #sumOf(terms: readonly GraphNode[]): GraphNode {
    return terms.reduce((total, term) => apply(add, [total, term]));
  }

  /** An element of a node by its number. */
  #element(id: number, number: number): GraphNode {
    let elements = this.#elements.get(id);
    if (elements === undefined) this.#elements.set(id, (elements = []));
    return (elements[number] ??= this.#elementOfLeaf(id, number));
  }

  #elementOfLeaf(id: number, number: number): GraphNode {
    const constant = this.#body.graph.constantValue(id);
    if (typeof constant === 'number') return this.#graph.constant(constant);
    if (constant !== undefined) {
      const { kind, data } = constant;
      const element = data.slice(number, number + 1);
      return this.#graph.constant(kind === 'real' ? element[0]! : new Tensor([], kind, element));
    }
    const input = this.#leaves.get(id)!;
    if (input.shape.length === 0) return input;
    const flat = input.shape.length === 1 ? input : apply(reshape, [input], { shape: [sizeOf(input.shape)] }); // prettier-ignore
    const one = apply(slice, [flat], { starts: [number], lengths: [1], steps: [1] });
    return apply(reshape, [one], { shape: [] });
  }

  /** A node put together of its elements. */
  #whole(id: number, shape: Shape): GraphNode {
    const leaf = this.#leaves.get(id);
    if (leaf !== undefined) return leaf;
    const constant = this.#body.graph.constantValue(id);
    if (constant !== undefined) return this.#graph.constant(constant);
    const elements = this.#elements.get(id) as readonly GraphNode[];
    if (shape.length === 0) return elements[0]!;
    const ones = shape.map(() => 1);
    let parts = elements.map((element) => apply(reshape, [element], { shape: ones }));
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const length = shape[axis]!;
      if (length === 1) continue;
      parts = Array.from({ length: parts.length / length }, (_, i) =>
        apply(concat, parts.slice(i * length, (i + 1) * length), { axis }),
      );
    }
    return parts[0]!;
  }
}
