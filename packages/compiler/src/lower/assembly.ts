/**
 * Arrays that are put together from parts: concatenations, arrays with zeros around and between their elements, and
 * sums of such arrays that do not meet. Each part is written straight to its place in the whole; what no part covers
 * is set to zero first. The gradient with respect to an array that is used in slices has this form.
 */
import { type Operation, type Shape, sizeOf } from '@ad/graph';
import { add } from '@ad/graph/rows';
import type { Simplified } from '../passes/simplified.ts';
import { Users } from './users.ts';
import type { View } from './view.ts';

/** A part: the elements at `starts[axis] + i * steps[axis]`. */
export interface Part {
  /** The node that holds its elements. */
  readonly node: number;
  readonly shape: Shape;
  readonly starts: readonly number[];
  readonly steps: readonly number[];
}

/** A whole and its parts. */
interface Assembly {
  readonly parts: readonly Part[];
  /** Whether every element belongs to a part. */
  readonly covered: boolean;
  /** Whether zeros of parts lose their sign, because zeros are added to them. */
  readonly adds: boolean;
}

/** All assemblies of a graph. */
export interface Assemblies {
  readonly wholes: ReadonlyMap<number, Assembly>;
  /** Nodes that exist only within an assembly: the sums and padded arrays on the way. */
  readonly inner: ReadonlySet<number>;
}

/** Sums of more parts are computed in the plain way: whether they meet is asked of each pair. */
const MAX_PARTS = 256;

/**
 * Finds the assemblies.
 *
 * @param stored - nodes that must have a buffer of their own.
 */
export function assembliesOf(
  simplified: Simplified,
  users: Users,
  stored: ReadonlySet<number>,
): Assemblies {
  const wholes = new Map<number, Assembly>();
  const inner = new Set<number>();
  const { arena, order, rows } = simplified;
  if (!rows.some(({ lowering }) => lowering === 'pad' || lowering === 'concat'))
    return { wholes, inner };
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]!;
    const row: Operation = simplified.rowOf(node);
    if (row !== add && row.lowering !== 'pad' && row.lowering !== 'concat') continue;
    if (simplified.uniformValue(node) !== undefined) continue;
    const { shape } = arena.typeOf(node);
    if (inner.has(node) || shape.length === 0 || sizeOf(shape) === 0) continue;
    const found = row === add ? sumOf(simplified, node, users, stored) : undefined;
    const parts = (found?.parts ?? partsOf(simplified, node, row))?.filter(
      (part) => sizeOf(part.shape) > 0,
    );
    if (parts === undefined) continue;
    for (const between of found?.between ?? []) inner.add(between);
    const size = parts.reduce((total, part) => total + sizeOf(part.shape), 0);
    wholes.set(node, { parts, covered: size === sizeOf(shape), adds: found !== undefined });
  }
  return { wholes, inner };
}

/** Who reads whom, where assemblies read their parts themselves and nothing is between. */
export function readByWholes(
  simplified: Simplified,
  users: Users,
  { wholes, inner }: Assemblies,
): Users {
  if (inner.size === 0) return users;
  const changed = new Map<number, Int32Array>();
  for (const [whole, { parts }] of wholes) {
    for (const { node } of parts) {
      const others = changed.get(node) ?? users.of(node);
      const direct = others.filter((user) => !inner.has(user) && user !== whole);
      changed.set(node, Int32Array.of(...direct, whole));
    }
  }
  return new Users(simplified, changed);
}

/** The parts of a concatenation or of an array with zeros. */
function partsOf(simplified: Simplified, node: number, row: Operation): Part[] | undefined {
  const { arena } = simplified;
  const attributes = arena.attributes.get(node);
  if (row.lowering === 'pad') {
    const { before, between } = attributes as Readonly<
      Record<'before' | 'between', readonly number[]>
    >;
    const operand = simplified.operand(node, 0);
    const { shape } = arena.typeOf(operand);
    return [{ node: operand, shape, starts: before, steps: between.map((gap) => gap + 1) }];
  }
  if (row.lowering !== 'concat') return undefined;
  const { axis } = attributes as { axis: number };
  let end = 0;
  return simplified.operandsOf(node).map((operand) => {
    const { shape } = arena.typeOf(operand);
    const starts = shape.map((_, k) => (k === axis ? end : 0));
    end += shape[axis]!;
    return { node: operand, shape, starts, steps: shape.map(() => 1) };
  });
}

/** The parts of a sum of padded arrays, and the nodes between, if no two of them meet. */
function sumOf(
  simplified: Simplified,
  sum: number,
  users: Users,
  stored: ReadonlySet<number>,
): { readonly parts: readonly Part[]; readonly between: readonly number[] } | undefined {
  const { arena } = simplified;
  const between: number[] = [];
  const parts: Part[] = [];
  const waiting = [sum];
  while (waiting.length > 0) {
    const node = waiting.pop()!;
    const row = simplified.rowOf(node);
    if (node !== sum) {
      if (stored.has(node) || users.of(node).length !== 1) return undefined;
      between.push(node);
    }
    if (arena.typeIds[node] !== arena.typeIds[sum]) return undefined;
    if (row === add) {
      waiting.push(simplified.operand(node, 0), simplified.operand(node, 1));
    } else if (row.lowering === 'pad' && parts.length < MAX_PARTS) {
      parts.push(...partsOf(simplified, node, row)!);
    } else {
      return undefined;
    }
  }
  const meet = parts.some((part, k) => parts.slice(k + 1).some((other) => doMeet(part, other)));
  return meet ? undefined : { parts, between };
}

/** Whether two parts may have an element in common: not if they keep apart along an axis. */
function doMeet(left: Part, right: Part): boolean {
  return left.starts.every((_, axis) => {
    const [a, b] = [left.starts[axis]!, right.starts[axis]!];
    const [s, t] = [left.steps[axis]!, right.steps[axis]!];
    if (a + (left.shape[axis]! - 1) * s < b || b + (right.shape[axis]! - 1) * t < a) return false;
    return s !== t || (a - b) % s === 0;
  });
}

/** Where a part is in the whole. */
export function placeOf(part: Part, { buffer, offset, strides }: View): View {
  return {
    buffer,
    offset: part.starts.reduce((from, start, axis) => from + start * strides[axis]!, offset),
    shape: part.shape,
    strides: part.steps.map((step, axis) => step * strides[axis]!),
  };
}
