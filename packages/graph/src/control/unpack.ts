/** Parts of packed results as nodes. */
import { apply } from '../apply.ts';
import type { GraphNode } from '../node.ts';
import { notEqual } from '../rows/comparison.ts';
import { reshape } from '../rows/layout.ts';
import { slice } from '../rows/parts.ts';
import { toInteger } from '../rows/rounding.ts';
import type { Segment } from '../rows/segments.ts';
import { sizeOf } from '../shape.ts';

/** The part of a packed result, in its shape and kind. */
export function unpack(node: GraphNode, { start, type }: Segment): GraphNode {
  const length = sizeOf(type.shape);
  const at = length === 0 ? 0 : start;
  const flat = apply(slice, [node], { starts: [at], lengths: [length], steps: [1] });
  const part = apply(reshape, [flat], { shape: type.shape });
  if (type.kind === 'boolean') return apply(notEqual, [part, 0]);
  return type.kind === 'integer' ? apply(toInteger, [part]) : part;
}
