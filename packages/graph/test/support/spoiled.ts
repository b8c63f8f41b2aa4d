/** Applications with one thing changed: an axis of an operand or of all, a kind, or one attribute. */
import {
  type Attributes,
  type AttributeValue,
  type Kind,
  type Shape,
  type Tensor,
  tensor,
} from '@ad/graph';
import type { Application } from './applications.ts';
import { indicesOf } from './arrays.ts';

/** The application, and all that differ from it in one thing; most of them are none that the operation accepts. */
export function spoiled({ operands, attributes }: Application): Application[] {
  return [
    { operands, attributes },
    ...operands.flatMap((operand, k) =>
      otherOperands(operand).map((other) => ({
        operands: replaced(operands, k, other),
        attributes,
      })),
    ),
    { operands: operands.map((x) => retyped(x, x.shape.slice(0, -1), x.kind)), attributes },
    ...otherAttributes(attributes).map((others) => ({ operands, attributes: others })),
  ];
}

/** The list with another element at one place. */
const replaced = <T>(list: readonly T[], place: number, element: T): T[] =>
  list.map((each, i) => (i === place ? element : each));

/** Tensors of other kinds, or of shapes that differ in one axis: longer, shorter, missing or new. */
function otherOperands(x: Tensor): Tensor[] {
  const { shape } = x;
  const shapes = [
    ...shape.flatMap((length, axis) =>
      [length + 1, length - 1].map((other) => replaced(shape, axis, other)),
    ),
    ...(shape.length === 0 ? [] : [shape.slice(1), shape.slice(0, -1)]),
    [],
    [2, ...shape],
    [...shape, 2],
  ];
  const kinds: readonly Kind[] = ['real', 'integer', 'boolean'];
  return [
    ...shapes.filter((other) => !other.includes(-1)).map((other) => retyped(x, other, x.kind)),
    ...kinds.filter((kind) => kind !== x.kind).map((kind) => retyped(x, shape, kind)),
  ];
}

/** A tensor of another type with elements like those of `x`; reals that are no integers. */
function retyped(x: Tensor, shape: Shape, kind: Kind): Tensor {
  const elements = indicesOf(shape).map((_, i) => x.data[i % Math.max(x.size, 1)] ?? 0);
  const change = {
    real: (element: number) => (x.kind === 'real' ? element : element + 0.5),
    integer: (element: number) => Math.trunc(element),
    boolean: (element: number) => Number(element !== 0),
  }[kind];
  return tensor(elements.map(change), { shape, kind });
}

function otherAttributes(attributes: Attributes): Attributes[] {
  return Object.entries(attributes).flatMap(([name, value]) =>
    otherValues(value).map((other) => withAttribute(attributes, name, other)),
  );
}

/** The attributes with another value for one of them. */
export function withAttribute(
  attributes: Attributes,
  name: string,
  value: AttributeValue,
): Attributes {
  return { ...attributes, [name]: value };
}

/** Near values, and lists with one near value, one entry less or more, or in reverse. */
function otherValues(value: AttributeValue): AttributeValue[] {
  if (typeof value === 'boolean') return [!value];
  if (typeof value === 'number') return nearby(value);
  if (!Array.isArray(value)) return [];
  const list = value as readonly number[];
  return [
    ...list.flatMap((entry, i) => nearby(entry).map((other) => replaced(list, i, other))),
    ...(list.length === 0 ? [] : [list.slice(1), list.slice(0, -1)]),
    [...list, 0],
    [...list, 1],
    [...list].reverse(),
  ];
}

const nearby = (value: number): number[] =>
  [...new Set([value - 1, value + 1, value + 2, -value, -1, 0])].filter((other) => other !== value);
