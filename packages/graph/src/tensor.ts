/**
 * Tensors: immutable values with a shape, a kind and row-major data. They go into a graph (feeds, constants) and
 * come out of it (activations, gradients); the graph itself holds no numbers but its constants.
 */
import { KindError, ShapeError, ValueError } from './errors.ts';
import { checkNames } from './options.ts';
import { checkShape, formatShape, sizeOf, type Shape } from './shape.ts';

/** What the elements of a node or tensor are: `real` numbers, `integer` indices or labels, `boolean` conditions. */
export type Kind = 'real' | 'integer' | 'boolean';

const KINDS: readonly unknown[] = ['real', 'integer', 'boolean'] satisfies Kind[];

/**
 * Checks that a value from untyped code is a kind.
 *
 * @throws {@link KindError} otherwise.
 * @internal
 */
export function checkKind(kind: unknown, what: string): asserts kind is Kind {
  if (KINDS.includes(kind)) return;
  throw new KindError(
    `${what}: the kind is ${JSON.stringify(kind)}, expected real, integer or boolean`,
  );
}

/** Shape and kind together: all that is known of a node before it is evaluated. */
export interface Type {
  /** The dimensions, `[]` for a scalar. */
  readonly shape: Shape;
  /** What the elements are. */
  readonly kind: Kind;
}

/** The storage of a tensor: `Float64Array` or `Float32Array` for reals, `Int32Array` for integers, `Uint8Array` for booleans. */
export type TensorData = Float64Array | Float32Array | Int32Array | Uint8Array;

/** Numbers or booleans nested in arrays; all lists of one level have the same length. */
export type NestedArray = number | boolean | readonly NestedArray[];

/** Every typed array that becomes a tensor: float arrays are real, integer arrays are integer. */
export type NumericArray =
  | Float64Array
  | Float32Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint32Array
  | Uint16Array
  | Uint8Array;

/** Everything that {@link tensor} makes a tensor of. */
export type TensorLike = Tensor | NumericArray | NestedArray;

/** Nothing given: the usual case, in which no names need to be looked at. */
const NO_OPTIONS: TensorOptions = {};

/** How {@link tensor} reads its argument, where the argument itself does not say. */
export interface TensorOptions {
  /** The shape; the data is read row-major. Default: the nesting, or `[length]` for a typed array. */
  readonly shape?: Shape;
  /** The kind. Default: `boolean` for booleans, `integer` for integer typed arrays, else `real`. */
  readonly kind?: Kind;
}

/**
 * An array of numbers with a shape and a kind. Make one with {@link tensor}.
 *
 * @example
 * ```ts
 * import { tensor } from '@ad/graph';
 *
 * const a = tensor([[1, 2, 3], [4, 5, 6]]);
 * a.shape; // => [2, 3]
 * a.at(1, 2); // => 6
 * a.toArray(); // => [[1, 2, 3], [4, 5, 6]]
 * ```
 */
export class Tensor implements Type {
  /** The dimensions, `[]` for a scalar. */
  readonly shape: Shape;
  /** What the elements are. */
  readonly kind: Kind;
  /** The elements, row-major. Treat it as read-only: tensors are shared. */
  readonly data: TensorData;

  /**
   * Wraps data that already has the right length; no copy is made.
   *
   * @throws {@link ShapeError} when the length of the data is not the size of the shape.
   */
  constructor(shape: Shape, kind: Kind, data: TensorData) {
    if (data.length !== sizeOf(shape)) {
      throw new ShapeError(
        `a tensor of shape ${formatShape(shape)} has ${sizeOf(shape)} elements, got ${data.length}`,
      );
    }
    this.shape = shape;
    this.kind = kind;
    this.data = data;
  }

  /** The number of elements. */
  get size(): number {
    return this.data.length;
  }

  /**
   * The only element, as a number (booleans as 0 and 1).
   *
   * @throws {@link ShapeError} when there is not exactly one element.
   */
  item(): number {
    if (this.data.length !== 1) {
      throw new ShapeError(
        `item() reads the only element; this tensor of shape ${formatShape(this.shape)} has ${this.size}: use at(...) or data`,
      );
    }
    return this.data[0]!;
  }

  /**
   * One element.
   *
   * @param indices - one index per axis, from 0; negative ones count from the back.
   * @throws {@link ValueError} when there are too few or too many indices, or one is outside its axis.
   */
  at(...indices: readonly number[]): number {
    if (indices.length !== this.shape.length) {
      throw new ValueError(
        `at(${indices.join(', ')}): a tensor of shape ${formatShape(this.shape)} takes ${this.shape.length} indices`,
      );
    }
    let offset = 0;
    for (let axis = 0; axis < indices.length; axis++) {
      const length = this.shape[axis]!;
      const index = indices[axis]!;
      if (!Number.isInteger(index) || index < -length || index >= length) {
        throw new ValueError(
          `at(${indices.join(', ')}): axis ${axis} of ${formatShape(this.shape)} has no index ${index}`,
        );
      }
      offset = offset * length + (index < 0 ? index + length : index);
    }
    return this.data[offset]!;
  }

  /** The elements as nested arrays (a plain number for a scalar); booleans stay booleans. */
  toArray(): NestedArray {
    let level: NestedArray[] = Array.from(this.data, (x) =>
      this.kind === 'boolean' ? x !== 0 : x,
    );
    for (let axis = this.shape.length - 1; axis >= 0; axis--) {
      const length = this.shape[axis]!;
      const outer = sizeOf(this.shape.slice(0, axis));
      const rows: NestedArray[] = [];
      for (let row = 0; row < outer; row++)
        rows.push(level.slice(row * length, (row + 1) * length));
      level = rows;
    }
    return level[0]!;
  }

  /** The same elements under another shape of the same size; the data is shared. */
  reshape(shape: Shape): Tensor {
    return new Tensor(shape, this.kind, this.data);
  }

  /** Shape and elements, shortened: `tensor [2, 3] real: 1, 2, 3, ...`. */
  toString(): string {
    const shown = Array.from(this.data.subarray(0, 8), (x) =>
      this.kind === 'boolean' ? String(x !== 0) : String(x),
    );
    const more = this.size > 8 ? ', ...' : '';
    return `tensor ${formatShape(this.shape)} ${this.kind}: ${shown.join(', ')}${more}`;
  }
}

/** A fresh array of zeros for this kind: reals in double precision. */
export function allocate(kind: Kind, size: number): TensorData {
  if (kind === 'real') return new Float64Array(size);
  return kind === 'integer' ? new Int32Array(size) : new Uint8Array(size);
}

/**
 * A tensor from a number, a boolean, nested arrays, or a typed array. Typed arrays of the kind's own type are
 * wrapped, everything else is copied.
 *
 * @throws {@link ShapeError} when nested arrays are ragged or the data does not fit `options.shape`.
 * @throws {@link KindError} when a value is not of the kind asked for, such as 0.5 for an integer.
 * @throws {@link ValueError} when an element is neither a number nor a boolean.
 * @example
 * ```ts
 * import { tensor } from '@ad/graph';
 *
 * tensor(3).shape; // => []
 * tensor(new Float32Array(6), { shape: [2, 3] }).shape; // => [2, 3]
 * tensor([1, 2], { kind: 'integer' }).data; // => Int32Array.of(1, 2)
 * tensor([[1, 2], [3]]); // throws /ragged/
 * ```
 */
export function tensor(value: TensorLike, options: TensorOptions = NO_OPTIONS): Tensor {
  if (options !== NO_OPTIONS) checkNames('tensor', options, ['shape', 'kind']);
  if (options.shape !== undefined) checkShape(options.shape, 'tensor');
  if (options.kind !== undefined) checkKind(options.kind, 'tensor');
  // A copy: the caller may go on to use his list.
  const asked = options.shape === undefined ? undefined : [...options.shape];
  if (value instanceof Tensor) {
    const kind = options.kind ?? value.kind;
    const data = kind === value.kind ? value.data : convert(value.data, kind);
    return new Tensor(asked ?? value.shape, kind, data);
  }
  if (ArrayBuffer.isView(value)) {
    const isFloat = value instanceof Float64Array || value instanceof Float32Array;
    const kind = options.kind ?? (isFloat ? 'real' : 'integer');
    return new Tensor(asked ?? [value.length], kind, convert(value, kind));
  }
  const { shape, elements } = flatten(value);
  const kind =
    options.kind ??
    (elements.length > 0 && elements.every((x) => typeof x === 'boolean') ? 'boolean' : 'real');
  return new Tensor(asked ?? shape, kind, convert(elements, kind));
}

/** The shape of nested arrays and their elements in row-major order; level by level, so depth costs no stack. */
function flatten(value: NestedArray): { shape: Shape; elements: unknown[] } {
  const shape: number[] = [];
  let level: unknown[] = [value];
  // Where one list ends the nesting of all must end, so a list that contains itself is met along the first ones.
  const firsts = new Set<unknown>();
  while (level.some((entry) => Array.isArray(entry))) {
    const first = level.find((entry) => Array.isArray(entry)) as unknown[];
    if (firsts.has(first)) throw new ShapeError('tensor: the nested arrays contain themselves');
    firsts.add(first);
    const { length } = first;
    const next: unknown[] = [];
    for (const entry of level) {
      if (!Array.isArray(entry) || entry.length !== length) {
        const got = Array.isArray(entry)
          ? `a list of ${entry.length}`
          : `the single value ${String(entry)}`;
        throw new ShapeError(
          `tensor: the nested arrays are ragged: at depth ${shape.length} a list of ${length} stands beside ${got}; ` +
            'pad the rows to one length',
        );
      }
      for (const child of entry as unknown[]) next.push(child);
    }
    shape.push(length);
    level = next;
  }
  return { shape, elements: level };
}

/** The elements in the storage of `kind`, checked one by one; storage of the right type is passed through. */
function convert(source: NumericArray | readonly unknown[], kind: Kind): TensorData {
  if (kind === 'real' && (source instanceof Float64Array || source instanceof Float32Array))
    return source;
  if (kind === 'integer' && source instanceof Int32Array) return source;
  const data = allocate(kind, source.length);
  for (let i = 0; i < source.length; i++) {
    const element: unknown = source[i];
    if (typeof element !== 'number' && typeof element !== 'boolean') {
      throw new ValueError(
        `tensor: element ${i} is ${describe(element)}, expected a number or a boolean`,
      );
    }
    const x = Number(element);
    if (kind === 'integer' && (!Number.isInteger(x) || x !== (x | 0))) {
      throw new KindError(
        `tensor: element ${i} is ${x}, expected an integer of 32 bits; use kind 'real' for fractions`,
      );
    }
    if (kind === 'boolean' && x !== 0 && x !== 1) {
      throw new KindError(`tensor: element ${i} is ${x}, expected true, false, 0 or 1`);
    }
    data[i] = x;
  }
  return data;
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `the string ${JSON.stringify(value)}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
