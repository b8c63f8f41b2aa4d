/**
 * Hash-consing: which nodes of a graph are structurally what. Two nodes are the same when they have the same operation
 * (the same row object), the same operands and the same attributes; by induction they then stand for the same expression.
 */
import type { AttributeValue, Attributes, Operation } from './rows/row.ts';
import { sameShape } from './shape.ts';
import type { Tensor } from './tensor.ts';

/** Where a node stands, or is to stand. */
export interface Entry {
  /** The node; `undefined` until there is one, and then set by whoever made it. */
  id: number | undefined;
}

/** The nodes of a graph by what they are. Looking one up takes time proportional to its operands and attributes. */
export class SharedNodes {
  readonly #nodes = new Map<string, Entry>();
  readonly #numbers = new Map<object, number>();
  readonly #constants = new Map<number, (Entry & { readonly value: Tensor })[]>();

  /** The entry of an operation on operands. */
  operation(
    row: Operation,
    operands: readonly number[],
    attributes: Attributes | undefined,
  ): Entry {
    if (row.isDistinct === true) return { id: undefined };
    const key = `${this.#numberOf(row)} ${operands.join()} ${this.#attributesKey(attributes)}`;
    let entry = this.#nodes.get(key);
    if (entry === undefined) {
      entry = { id: undefined };
      this.#nodes.set(key, entry);
    }
    return entry;
  }

  /** The entry of a constant with this value, bit for bit. */
  constant(value: Tensor): Entry {
    const hash = hashOf(value);
    const bucket = this.#constants.get(hash) ?? [];
    const known = bucket.find((entry) => isSame(entry.value, value));
    if (known !== undefined) return known;
    const entry = { id: undefined, value };
    this.#constants.set(hash, [...bucket, entry]);
    return entry;
  }

  #attributesKey(attributes: Attributes | undefined): string {
    if (attributes === undefined) return '';
    return Object.keys(attributes)
      .sort()
      .map((name) => `${name}=${this.#valueKey(attributes[name]!)}`)
      .join();
  }

  #valueKey(value: AttributeValue): string {
    if (Array.isArray(value)) return value.join(' ');
    if (typeof value === 'object') return `@${this.#numberOf(value)}`;
    return Object.is(value, -0) ? '-0' : String(value);
  }

  /** Objects are the same when they are one object; each has a number. */
  #numberOf(object: object): number {
    let number = this.#numbers.get(object);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(object, number);
    }
    return number;
  }
}

/** Equal for equal tensors. FNV over the elements, each taken at two scales. */
function hashOf({ shape, data }: Tensor): number {
  let hash = 2166136261;
  const mix = (x: number): void => {
    hash = Math.imul(hash ^ x, 16777619);
  };
  for (const length of shape) mix(length);
  for (let i = 0; i < data.length; i++) {
    mix(data[i]!);
    mix(data[i]! * 2 ** 20);
  }
  return hash;
}

function isSame(a: Tensor, b: Tensor): boolean {
  if (a.kind !== b.kind || !sameShape(a.shape, b.shape)) return false;
  return a.data.every((x, i) => Object.is(x, b.data[i]));
}
