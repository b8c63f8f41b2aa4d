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
  list.forEach((element, i) => {
    if (typeof element !== 'number' || !Number.isFinite(element))
      throw new InputError(`${name}[${i}] is ${describe(element)}, expected a number`);
    vector[i] = element;
  });
  return vector;
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
  list.forEach((row, i) => data.set(vectorOf(row, `${name}[${i}]`, width), i * width));
  return { rows: list.length, columns: width, data };
}

/** A list of integers from 0 up to but not including `end`, perhaps of a given length. */
export function indicesOf(value: unknown, name: string, end: number, length?: number): Int32Array {
  const vector = vectorOf(value, name, length);
  vector.forEach((index, i) => {
    if (!Number.isInteger(index) || index < 0 || index >= end)
      throw new InputError(`${name}[${i}] is ${index}, expected an integer from 0 to ${end - 1}`);
  });
  return Int32Array.from(vector);
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? JSON.stringify(value) : 'an object';
}
