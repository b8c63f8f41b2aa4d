/** Packed results of loops and branches: which parts are read, and where the slices that read them find their elements. */
import { type PackedPart, type Segment, type Segments, sizeOf } from '@ad/graph';
import type { Simplified } from '../passes/simplified.ts';
import type { View } from './view.ts';

/** Elements of a vector, without gaps. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** The elements that a node reads of its operand, if it is a slice of a vector without gaps. */
export function rangeRead(simplified: Simplified, node: number): Range | undefined {
  if (simplified.rowOf(node).lowering !== 'slice') return undefined;
  const { starts, lengths, steps } = simplified.arena.attributes.get(node) as Readonly<
    Record<'starts' | 'lengths' | 'steps', readonly [number]>
  >;
  const [start, length] = [starts[0], lengths[0]];
  return steps[0] === 1 && length > 0 ? { start, end: start + length } : undefined;
}

/**
 * Whether a part is read by one of these nodes; `undefined` if one of them reads more than a part, so that the whole is
 * needed.
 */
export function partsRead(
  simplified: Simplified,
  readers: Iterable<number>,
  { all }: Segments,
): ((segment: Segment) => boolean) | undefined {
  const ranges: Range[] = [];
  for (const reader of readers) {
    const range = rangeRead(simplified, reader);
    if (range === undefined || !all.some((segment) => holds(segment, range))) return undefined;
    ranges.push(range);
  }
  return (segment) => ranges.some((range) => holds(segment, range));
}

/** Where the elements of a range are, which lies in one of the parts. */
export function viewOfRange(parts: readonly PackedPart[], range: Range): View {
  const { segment, view } = parts.find((part) => holds(part.segment, range))!;
  const offset = view.offset + range.start - segment.start;
  return { ...view, offset, shape: [range.end - range.start] };
}

function holds({ start, type }: Segment, range: Range): boolean {
  return range.start >= start && range.end <= start + sizeOf(type.shape);
}
