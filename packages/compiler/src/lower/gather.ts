/**
 * Reading at positions given by integers: a loop like any other, so that it is run in strips with those that read what
 * it has found. That all positions are within the bounds is looked at before, by a kernel of its own.
 */
import { type Operation, prepareKernel, type Type, writeBounds } from '@ad/graph';
import { asNumbers } from '../code/vector-algebra.ts';
import type { Draft } from './draft.ts';
import type { Own } from './kernel.ts';
import type { Places } from './places.ts';
import { type Buffer, contiguousView, reshapedView, type View } from './view.ts';

/** Adds the loop for a node, and the look at its positions. */
export function lowerGather(draft: Draft, places: Places, node: number): void {
  const { arena, simplified } = draft;
  const [from, at] = simplified.operandsOf(node) as [number, number];
  const { axis } = arena.attributes.get(node) as { axis: number };
  const source = draft.forwards(from);
  const length = source.shape[axis]!;
  const before = draft.kernels.length;
  const indices = draft.contiguous(at);
  const isGiven = draft.classOf(at) === 'leaf' && draft.kernels.length === before;
  const look = boundsOf(arena.rowOf(node), indices, length);
  if (isGiven) draft.bounds.set(`${at} ${length}`, look);
  else draft.kernels.push(look);

  const read: View = {
    ...source,
    shape: source.shape.map((along, k) => (k === axis ? indices.size : along)),
    strides: source.strides.map((stride, k) => (k === axis ? 0 : stride)),
    positions: { axis, indices, length, stride: source.strides[axis]! },
  };
  const body = draft.loopOver(read.shape);
  const write = reshapedView(places.placeFor(node), read.shape)!;
  draft.store(body, 'gather', asNumbers(body.expressions, body.read(read)), write);
}

/** The look at positions; what refuses them is the interpreter's kernel for rows without elements. */
function boundsOf(row: Operation, indices: Buffer, length: number): Own {
  const rows: Type = { shape: [length, 0], kind: 'real' };
  const work = {
    operation: 'gather',
    attributes: { axis: 0 },
    operands: [rows, { shape: [indices.size], kind: 'integer' } as const],
    result: { shape: [indices.size, 0], kind: 'real' } as const,
  };
  const nothing: Buffer = { node: indices.node, storage: 'real', size: 0, address: 0 };
  return {
    kind: 'own',
    description: `bounds of ${indices.size} positions along ${length}`,
    reads: [contiguousView(indices, [indices.size])],
    writes: [],
    write(writer) {
      writeBounds(writer, indices, length);
    },
    refuse: {
      kind: 'host',
      row,
      kernel: prepareKernel(row, work.operands, work.attributes, work.result),
      work,
      operands: [nothing, indices],
      result: nothing,
      refuses: true,
    },
  };
}
