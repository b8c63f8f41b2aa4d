/** Packed vectors: the results of a loop or branch one after the other, since a node has one value. */
import { sizeOf } from '../shape.ts';
import type { Type } from '../tensor.ts';
import type { Segment, Segments } from './segments.ts';

/** What is packed, by what it is. */
type Parts = {
  readonly [Part in 'results' | 'stacked' | 'residuals' | 'counters']: readonly Type[];
};

/** Where each part comes to lie. */
export function packed(parts: Parts): Segments {
  let size = 0;
  const place = (types: readonly Type[]): Segment[] =>
    types.map(({ shape, kind }) => {
      const segment = { start: size, type: { shape, kind } };
      size += sizeOf(shape);
      return segment;
    });
  const results = place(parts.results);
  const stacked = place(parts.stacked);
  const residuals = place(parts.residuals);
  const counters = place(parts.counters);
  const all = [...results, ...stacked, ...residuals, ...counters];
  return { all, results, stacked, residuals, counters, size };
}
