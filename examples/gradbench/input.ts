/** Reading the input of an evaluation, which comes from outside: what is missing or wrong is named. */

/** Thrown when an input is not what the function takes. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** The fields of an input. */
export type Fields = Readonly<Record<string, unknown>>;

/** An object. */
export function fieldsOf(value: unknown, name: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new InputError(`${name} is ${describe(value)}, expected an object`);
}

/** A finite number. */
export function numberOf(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new InputError(`${name} is ${describe(value)}, expected a number`);
}

/** An integer of `least` or more. */
export function countOf(fields: Fields, name: string, least = 0): number {
  const value = numberOf(fields, name);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new InputError(`${name} is ${value}, expected an integer of ${least} or more`);
}

/** A list. */
export function listOf(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  throw new InputError(`${name} is ${describe(value)}, expected a list`);
}

/** A list of finite numbers, perhaps of a given length. */
export function vectorOf(value: unknown, name: string, length?: number): Float64Array {
  const list = listOf(value, name);
  if (length !== undefined && list.length !== length)
    throw new InputError(`${name} has ${list.length} elements, expected ${length}`);
  const vector = new Float64Array(list.length);
  copyNumbers(list, name, vector);
  return vector;
}

/** Copies a list of finite numbers, row number `row` of a list or a list of its own; integers below `end`, if it is given. */
function copyNumbers(
  list: readonly unknown[],
  name: string,
  to: Float64Array | Int32Array,
  row?: number,
  end?: number,
): void {
  const start = (row ?? 0) * list.length;
  for (let i = 0; i < list.length; i++) {
    const element = list[i];
    const isNumber = typeof element === 'number' && Number.isFinite(element);
    if (isNumber && (end === undefined || isIndex(element, end))) {
      to[start + i] = element;
      continue;
    }
    const expected = isNumber && end !== undefined ? `an integer from 0 to ${end - 1}` : 'a number';
    const at = row === undefined ? `[${i}]` : `[${row}][${i}]`;
    throw new InputError(`${name}${at} is ${describe(element)}, expected ${expected}`);
  }
}

function isIndex(element: number, end: number): boolean {
  return Number.isInteger(element) && element >= 0 && element < end;
}

/** A matrix, row after row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** A list of rows of one length. */
export function matrixOf(value: unknown, name: string, columns?: number): Matrix {
  const list = listOf(value, name);
  const width = columns ?? (list.length === 0 ? 0 : listOf(list[0], `${name}[0]`).length);
  const data = new Float64Array(list.length * width);
  copyRows(list, name, data, width);
  return { rows: list.length, columns: width, data };
}

function copyRows(
  list: readonly unknown[],
  name: string,
  to: Float64Array | Int32Array,
  width: number,
  end?: number,
): void {
  list.forEach((row, i) => {
    if (!Array.isArray(row))
      throw new InputError(`${name}[${i}] is ${describe(row)}, expected a list`);
    if (row.length !== width)
      throw new InputError(`${name}[${i}] has ${row.length} elements, expected ${width}`);
    copyNumbers(row, name, to, i, end);
  });
}

/** A list of integers from 0 up to but not including `end`. */
export function indicesOf(value: unknown, name: string, end: number): Int32Array {
  const list = listOf(value, name);
  const indices = new Int32Array(list.length);
  copyNumbers(list, name, indices, undefined, end);
  return indices;
}

/** A list of rows of so many such integers, row after row. */
export function indexRowsOf(value: unknown, name: string, end: number, width: number): Int32Array {
  const list = listOf(value, name);
  const indices = new Int32Array(list.length * width);
  copyRows(list, name, indices, width, end);
  return indices;
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? JSON.stringify(value) : 'an object';
}
