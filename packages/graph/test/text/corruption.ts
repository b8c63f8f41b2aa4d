/** Files changed anywhere, and what may come of reading them: an error in order, or a sound graph. */
import { FormatError, fromJSON, Graph, toJSON } from '@ad/graph';
import fc from 'fast-check';
import { expect } from 'vitest';

/** What went wrong when reading, or `undefined` if nothing did. */
export function problemOf(json: unknown): unknown {
  try {
    fromJSON(json);
    return undefined;
  } catch (error) {
    return error;
  }
}

const prototypes = [Object.prototype, Array.prototype, Function.prototype, Graph.prototype];
const keysOfPrototypes = (): string[] =>
  prototypes.flatMap((prototype) => Reflect.ownKeys(prototype).map(String));
const before = keysOfPrototypes();

/** Reads a file that may be anything: it is refused in order, or makes a graph that is sound. */
export function expectRefusedOrSound(json: unknown): void {
  const problem = problemOf(json) ?? (isSound(json) ? 'none' : 'unsound');
  const outcome = problem instanceof FormatError ? problem.message.slice(0, 9) : problem;
  expect(['none', 'fromJSON:']).toContain(outcome);
  expect(keysOfPrototypes()).toStrictEqual(before);
}

/** Reads a file that is wrong: it is refused with a message that says all of this. */
export function expectRefused(json: unknown, ...says: readonly RegExp[]): void {
  const problem = problemOf(json);
  expect(problem).toBeInstanceOf(FormatError);
  for (const words of says) expect((problem as FormatError).message).toMatch(words);
}

/** Reads a file with each of these values in each of these places. */
export function checkFields(
  good: unknown,
  paths: readonly (readonly string[])[],
  values: readonly unknown[],
): void {
  for (const path of paths) {
    for (const value of values) expectRefusedOrSound(withValue(good, path, value));
  }
}

/** Reads a text cut short at every place. */
export function checkCuts(text: string): void {
  for (let length = 0; length < text.length; length++)
    expectRefused(text.slice(0, length), /cut short/);
}

/** Reads texts in which some characters stand in the place of one. */
export function checkCharacters(
  texts: fc.Arbitrary<string>,
  insertions: fc.Arbitrary<string>,
  parameters?: fc.Parameters<[string, number, string]>,
): void {
  fc.assert(
    fc.property(texts, fc.nat(), insertions, (text, pick, insertion) => {
      const at = pick % text.length;
      expectRefusedOrSound(text.slice(0, at) + insertion + text.slice(at + 1));
    }),
    parameters,
  );
}

/** Whether the graph of a file is the same after saving and loading it. */
function isSound(json: unknown): boolean {
  const saved = JSON.stringify(toJSON(fromJSON(json).graph));
  return JSON.stringify(toJSON(fromJSON(saved).graph)) === saved;
}

/** Values that do not belong where they are put. */
export const nasty: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, [], {}, [0], [[]], [1e9, 1e9]),
  fc.constantFrom(0, 1, -1, 2, 0.5, 1e9, 2 ** 31, 1e300, -0, '', 'x', 'NaN', '-0'),
  fc.constantFrom('__proto__', 'constructor', 'input', 'constant', 'sum', 'add', 'integer'),
  fc.constantFrom({ axes: [0] }, { constructor: 1 }, JSON.parse('{"__proto__": 1}')),
  fc.jsonValue(),
);

/** A few of the characters that JSON is written with. */
export const someSymbols = fc.string({
  unit: fc.constantFrom(...Array.from('{}[]",:0123456789.-eE\\')),
  maxLength: 2,
});

/** The places of all values in JSON data. */
export function pathsOf(data: unknown): string[][] {
  const paths: string[][] = [];
  const waiting: { value: unknown; path: string[] }[] = [{ value: data, path: [] }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, path } = next;
    if (path.length > 0) paths.push(path);
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, child] of Object.entries(value))
      waiting.push({ value: child, path: [...path, key] });
  }
  return paths;
}

/** A copy of JSON data with another value at a place; `undefined` deletes. */
export function withValue<T>(data: T, path: readonly string[], value: unknown): T {
  const copy = structuredClone(data);
  replace(copy, path, value);
  return copy;
}

/** Puts a value at a place, as an own property whatever its name; `undefined` deletes. */
export function replace(data: unknown, path: readonly string[], value: unknown): void {
  const target = parentOf(data, path);
  if (typeof target !== 'object' || target === null) return;
  const key = path.at(-1)!;
  // JSON has no lists with named properties.
  if (Array.isArray(target) && !/^\d+$/.test(key)) return;
  if (value !== undefined) {
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else if (Array.isArray(target)) target.splice(Number(key), 1);
  else Reflect.deleteProperty(target, key);
}

/** Puts a value into a list before a place; replaces where there is no list. */
export function insert(data: unknown, path: readonly string[], value: unknown): void {
  const target = parentOf(data, path);
  if (Array.isArray(target)) target.splice(Number(path.at(-1)), 0, value ?? null);
  else replace(data, path, value);
}

function parentOf(data: unknown, path: readonly string[]): unknown {
  let target = data;
  for (const key of path.slice(0, -1)) target = (target as Record<string, unknown>)[key];
  return target;
}
