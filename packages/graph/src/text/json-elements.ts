/**
 * Elements of tensors in JSON. Numbers survive bit for bit: `JSON.stringify` writes the shortest decimal that reads back
 * as the same double, and the four values that it has no number for (NaN, the infinities, -0) are strings.
 */
import { sizeOf } from '../shape.ts';
import { allocate, Tensor, type Kind, type Type } from '../tensor.ts';
import { describe } from './json-describe.ts';
import type { ElementJSON, ValueJSON } from './json-format.ts';

/** A value in JSON. */
export function encodeValue(value: number | Tensor): ValueJSON {
  if (!(value instanceof Tensor)) return encodeElement(value, 'real');
  const { data, kind } = value;
  if (value.shape.length === 0) return encodeElement(data[0]!, kind);
  return Array.from(data, (x) => encodeElement(x, kind));
}

function encodeElement(x: number, kind: Kind): ElementJSON {
  if (kind === 'boolean') return x !== 0;
  if (Object.is(x, -0)) return '-0';
  return Number.isFinite(x) ? x : (String(x) as ElementJSON);
}

/**
 * The tensor of this type that JSON data stands for. Nothing is allocated before the number of elements is known to
 * be right. The caller has checked the shape.
 *
 * @param fail - makes the error from what is wrong.
 */
export function decodeValue(value: unknown, type: Type, fail: (message: string) => Error): Tensor {
  const { shape, kind } = type;
  const data = shape.length === 0 ? [value] : value;
  if (!Array.isArray(data)) {
    throw fail(
      `its value is ${describe(value)}, expected a flat list of ${sizeOf(shape)} elements`,
    );
  }
  const elements: readonly unknown[] = data;
  if (elements.length !== sizeOf(shape)) {
    throw fail(
      `its value has ${elements.length} elements, expected ${sizeOf(shape)} for the shape [${shape.join(', ')}]`,
    );
  }
  const result = allocate(kind, elements.length);
  for (let i = 0; i < elements.length; i++) {
    const x = decodeElement(elements[i], kind);
    if (x === undefined) {
      const which = shape.length === 0 ? 'its value' : `element ${i} of its value`;
      throw fail(`${which} is ${describe(elements[i])}, expected ${expectedOf[kind]}`);
    }
    result[i] = x;
  }
  return new Tensor(shape, kind, result);
}

const expectedOf: Readonly<Record<Kind, string>> = {
  real: 'a finite number or one of the strings "NaN", "Infinity", "-Infinity", "-0"',
  integer: 'an integer from -2147483648 to 2147483647',
  boolean: 'true or false',
};

const wordNumbers: ReadonlyMap<unknown, number> = /* @__PURE__ */ new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
]);

function decodeElement(x: unknown, kind: Kind): number | undefined {
  if (kind === 'boolean') return typeof x === 'boolean' ? Number(x) : undefined;
  if (kind === 'real') return Number.isFinite(x) ? (x as number) : wordNumbers.get(x);
  return typeof x === 'number' && x === (x | 0) ? x : undefined;
}
