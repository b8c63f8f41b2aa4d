/**
 * A packed vector of a loop or branch by its parts. Each part that somebody reads is a slice, and so is its adjoint or
 * tangent: kept apart, nothing is ever padded with zeros and added up, and what nobody reads stays unknown.
 */
import { apply } from '../apply.ts';
import type { Arena } from '../arena.ts';
import type { GraphNode } from '../node.ts';
import { concat, slice } from '../rows/parts.ts';
import type { Operation } from '../rows/row.ts';
import type { Segment, Segments } from '../rows/segments.ts';
import { sizeOf } from '../shape.ts';
import { zeros } from './build.ts';

/** The parts of the result of a loop or branch. */
function segmentsOf(arena: Arena, node: number): Segments {
  const row = arena.rowOf(node);
  if (row.family !== 'control') throw new Error(`${row.name} has no parts`);
  return row.segments(arena.attributes.get(node)!);
}

/** What a slice without elements reads, whichever part it stands for: several parts start in the same place then. */
const NOTHING: Segment = { start: 0, type: { shape: [0], kind: 'real' } };

/** The part of a packed vector that a node reads, if it is a slice that reads exactly one. */
export function sliceOf(arena: Arena, node: number, operand: number): Segment | undefined {
  const row: Operation = arena.rowOf(node);
  if (row !== slice) return undefined;
  const { starts, lengths, steps } = arena.attributes.get(node) as Record<string, [number]>;
  if (lengths![0] === 0) return NOTHING;
  if (steps![0] !== 1) return undefined;
  const { all } = segmentsOf(arena, operand);
  return all.find(({ start, type }) => start === starts![0] && sizeOf(type.shape) === lengths![0]);
}

/** What is known of a packed vector: some of its parts, and something for the whole of it. */
export class Parts {
  readonly #segments: Segments;
  readonly #parts = new Map<number, GraphNode>();
  #whole: GraphNode | undefined;

  /** Nothing yet: every part is zero. */
  constructor(segments: Segments) {
    this.#segments = segments;
  }

  /** Adds a flat vector to a part; to one without elements nothing. */
  add({ start, type }: Segment, flat: GraphNode): void {
    if (sizeOf(type.shape) === 0) return;
    const sum = this.#parts.get(start);
    this.#parts.set(start, sum === undefined ? flat : sum.add(flat));
  }

  /** Adds a vector to the whole. */
  addWhole(vector: GraphNode): void {
    this.#whole = this.#whole === undefined ? vector : this.#whole.add(vector);
  }

  /** A part in its own shape; `undefined` for zero. */
  at({ start, type }: Segment): GraphNode | undefined {
    const flat = this.flat({ start, type });
    return flat?.reshape(type.shape);
  }

  /** A part as a flat vector; `undefined` for zero. */
  flat({ start, type }: Segment): GraphNode | undefined {
    if (sizeOf(type.shape) === 0) return undefined;
    const part = this.#parts.get(start);
    if (type.kind !== 'real' || this.#whole === undefined) return part;
    const own = apply(slice, [this.#whole], {
      starts: [start],
      lengths: [sizeOf(type.shape)],
      steps: [1],
    });
    return part === undefined ? own : part.add(own);
  }

  /** The whole vector; `undefined` for zero. */
  whole(like: GraphNode): GraphNode | undefined {
    if (this.#parts.size === 0) return this.#whole;
    const pieces = this.#segments.all.map(
      (segment) =>
        this.flat(segment) ?? zeros({ graph: like.graph, shape: [sizeOf(segment.type.shape)] }),
    );
    return apply(concat, pieces, { axis: 0 });
  }
}
