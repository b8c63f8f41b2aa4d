/** Types, numbers, constants and attributes in words, as listings and drawings show them; long ones shortened. */
import { Body } from '../body.ts';
import type { Attributes, AttributeValue, Operation } from '../rows/row.ts';
import { Tensor, type Type } from '../tensor.ts';

/** How many entries of a long list are shown. */
const SHOWN = 8;

/** `real`, `integer[2, 3]`. */
export function formatType({ shape, kind }: Type): string {
  return shape.length === 0 ? kind : `${kind}[${shape.join(', ')}]`;
}

/**
 * A number that reads back as the same number, or rounded to some significant digits.
 *
 * @param digits - from 1 to 100; default all there are.
 */
function formatNumber(x: number, digits?: number): string {
  if (Object.is(x, -0)) return '-0';
  return String(digits === undefined ? x : Number(x.toPrecision(digits)));
}

/** A count with separators: `999,000`. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** Entries with commas, only the first ones of a long list: `1, 2, 3, ... 97 more`. */
export function abbreviate(
  count: number,
  entry: (index: number) => string,
  shown: number = SHOWN,
): string {
  // A note that stands for one entry would be no shorter than the entry.
  const length = count <= shown + 1 ? count : shown;
  const entries = Array.from({ length }, (_, i) => entry(i));
  if (length < count) entries.push(`... ${formatCount(count - length)} more`);
  return entries.join(', ');
}

/** The value of a constant: `2.5`, or its elements, row-major: `[1, 2, 3, ... 97 more]`. */
export function formatConstant(value: number | Tensor, digits?: number): string {
  if (!(value instanceof Tensor)) return formatNumber(value, digits);
  const { data, kind } = value;
  const element = (i: number): string =>
    kind === 'boolean' ? String(data[i] !== 0) : formatNumber(data[i]!, digits);
  return value.shape.length === 0 ? element(0) : `[${abbreviate(data.length, element)}]`;
}

/** The attributes of a node in the order in which its row declares them: `axes: [0, 1]`, `keepDims: false`. */
export function formatAttributes(row: Operation, attributes: Attributes = {}): string[] {
  const names = 'attributes' in row ? Object.keys(row.attributes) : [];
  return names.map((name) => `${name}: ${formatValue(attributes[name])}`);
}

function formatValue(value: AttributeValue | undefined): string {
  if (typeof value === 'number') return formatNumber(value);
  if (value instanceof Body) return `${formatCount(value.graph.nodeCount)} nodes`;
  if (typeof value !== 'object') return String(value);
  return `[${abbreviate(value.length, (i) => formatNumber(value[i]!))}]`;
}
