/** Attributes of nodes against what their rows declare: a file is checked on reading, a graph on writing. */
import type { Body } from '../body.ts';
import type { AttributeKind, AttributeValue, Operation } from '../rows/row.ts';
import { describe, quoted } from './json-describe.ts';

/** An attribute that is no body. */
type PlainValue = Exclude<AttributeValue, Body>;

/** The attributes that a row declares, by name; none for leaves and elementwise rows. */
function declaredBy(row: Operation): readonly (readonly [string, AttributeKind])[] {
  return 'attributes' in row ? Object.entries(row.attributes) : [];
}

/**
 * A copy of the attributes with exactly the names and kinds that the row declares; `undefined` if it declares none.
 *
 * @param fail - makes the error from what is wrong.
 * @param convert - a body from its record in a file, or the record of a body; `undefined` for anything else.
 */
export function checkAttributes<B>(
  row: Operation,
  attributes: unknown,
  fail: (message: string) => Error,
  convert: (name: string, value: unknown) => B | undefined,
): Readonly<Record<string, PlainValue | B>> | undefined {
  const declared = declaredBy(row);
  // Most operations have none, and none are given.
  if (attributes === undefined && declared.length === 0) return undefined;
  const given: unknown = attributes === undefined ? {} : attributes;
  const expected =
    declared.length === 0
      ? 'no attributes'
      : `the attributes ${declared.map(([name, kind]) => `${name} (${expectedOf[kind]})`).join(', ')}`;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw fail(`its attributes are ${describe(given)}, expected an object with ${expected}`);
  const names = new Set(declared.map(([name]) => name));
  for (const name of Object.keys(given)) {
    if (!names.has(name))
      throw fail(`it has an attribute ${quoted(name)}; ${row.name} has ${expected}`);
  }
  if (declared.length === 0) return undefined;
  return Object.freeze(
    Object.fromEntries(
      declared.map(([name, kind]) => {
        const value = Object.hasOwn(given, name)
          ? (given as Record<string, unknown>)[name]
          : undefined;
        const checked = kind === 'body' ? convert(name, value) : checkedValue(value, kind);
        if (checked === undefined) {
          throw fail(
            `its attribute ${name} is ${describeValue(value, kind)}, expected ${expectedOf[kind]}; ${row.name} has ${expected}`,
          );
        }
        return [name, checked];
      }),
    ),
  );
}

const expectedOf: Readonly<Record<AttributeKind, string>> = {
  integer: 'an integer',
  integers: 'a list of integers',
  boolean: 'true or false',
  body: 'a body',
};

/** A list of integers that is wrong is wrong in some entry. */
function describeValue(value: unknown, kind: AttributeKind): string {
  if (kind !== 'integers' || !Array.isArray(value)) return describe(value);
  const wrong = value.findIndex((entry) => !Number.isSafeInteger(entry));
  return `a list with ${describe(value[wrong])} at position ${wrong}`;
}

function checkedValue(
  value: unknown,
  kind: Exclude<AttributeKind, 'body'>,
): PlainValue | undefined {
  if (kind === 'boolean') return typeof value === 'boolean' ? value : undefined;
  // Adding 0 makes 0 of -0, which no shape, axis or count should be.
  if (kind === 'integer') return Number.isSafeInteger(value) ? (value as number) + 0 : undefined;
  if (!Array.isArray(value)) return undefined;
  const entries: readonly unknown[] = value;
  for (let i = 0; i < entries.length; i++) if (!Number.isSafeInteger(entries[i])) return undefined;
  return Object.freeze(entries.map((entry) => (entry as number) + 0));
}
