/**
 * Trees of tensors: numbers, tensors and typed arrays, held in objects and arrays of any shape. Functions are
 * differentiated with respect to whole trees, and gradients come back under the same names and as the same types.
 */
import { ValueError } from './errors.ts';
import { isGraphNode } from './explain.ts';
import type { GraphNode } from './node.ts';
import { Tensor, tensor } from './tensor.ts';

/** One value of a tree: a number, a tensor, or a typed array, which stands for a vector. */
export type Leaf = number | Tensor | Float64Array | Float32Array | Int32Array;

/** A tree of leaves of type `L`. */
export type Tree<L> = L | readonly Tree<L>[] | { readonly [key: string]: Tree<L> };

/** The values that can be passed where a function expects nodes: each node becomes a leaf, or stays a node. */
export type ValuesOf<T> = T extends GraphNode
  ? Leaf | GraphNode
  : T extends readonly unknown[]
    ? { readonly [K in keyof T]: ValuesOf<T[K]> }
    : T extends object
      ? { readonly [K in keyof T]: ValuesOf<T[K]> }
      : T;

/** The nodes that stand for the values of a tree while a function is traced. */
export type NodesOf<T> = T extends Leaf | GraphNode
  ? GraphNode
  : T extends readonly unknown[]
    ? { readonly [K in keyof T]: NodesOf<T[K]> }
    : T extends object
      ? { readonly [K in keyof T]: NodesOf<T[K]> }
      : never;

/** The tensors in the place of the nodes of a tree. */
export type TensorsOf<T> = T extends GraphNode
  ? Tensor
  : T extends readonly unknown[]
    ? { -readonly [K in keyof T]: TensorsOf<T[K]> }
    : T extends object
      ? { -readonly [K in keyof T]: TensorsOf<T[K]> }
      : never;

/** The leaves that can be passed in the place of the nodes of a tree, and no nodes. */
export type LeavesOf<T> = T extends GraphNode
  ? Leaf
  : T extends readonly unknown[]
    ? { readonly [K in keyof T]: LeavesOf<T[K]> }
    : T extends object
      ? { readonly [K in keyof T]: LeavesOf<T[K]> }
      : never;

/** The gradient with respect to a tree: the same names and types. */
export type GradientOf<T> = T extends number
  ? number
  : T extends Tensor
    ? Tensor
    : T extends Float64Array
      ? Float64Array
      : T extends Float32Array
        ? Float32Array
        : T extends GraphNode
          ? GraphNode
          : T extends readonly unknown[]
            ? { -readonly [K in keyof T]: GradientOf<T[K]> }
            : T extends object
              ? { -readonly [K in keyof T]: GradientOf<T[K]> }
              : never;

/** A leaf and where it stands: `.layers[0].weights`, or an empty path for a tree that is one leaf. */
export interface PathLeaf<L> {
  /** Where, as one would write it in code after the tree's name. */
  readonly path: string;
  /** What. */
  readonly leaf: L;
}

/**
 * The leaves of a tree with their paths, in order.
 *
 * @param what - what the tree is, for messages.
 * @throws `ValueError` when something is neither a leaf nor a plain object or array, a key is `__proto__`, or a path
 * is longer than 4096 characters, as in a tree that contains itself.
 * @example
 * ```ts
 * import { leavesOf } from '@ad/graph';
 *
 * leavesOf({ w: [1, 2], b: 3 }).map(({ path }) => path); // => ['.w[0]', '.w[1]', '.b']
 * ```
 */
export function leavesOf<L extends Leaf | GraphNode>(tree: Tree<L>, what?: string): PathLeaf<L>[] {
  const leaves: PathLeaf<L>[] = [];
  try {
    mapTree(tree, (leaf: L, path) => {
      leaves.push({ path, leaf });
    });
  } catch (error) {
    if (what === undefined || !(error instanceof ValueError)) throw error;
    throw new ValueError(`${what}: ${error.message}`);
  }
  return leaves;
}

/**
 * A tree of the same form with each leaf replaced.
 *
 * @param replace - gets the leaf and its path.
 * @throws `ValueError` as {@link leavesOf}.
 * @example
 * ```ts
 * import { mapTree } from '@ad/graph';
 *
 * mapTree({ w: [1, 2], b: 3 }, (x: number) => 10 * x); // => { w: [10, 20], b: 30 }
 * ```
 */
export function mapTree<L extends Leaf | GraphNode>(
  tree: Tree<L>,
  replace: (leaf: L, path: string) => unknown,
  path: string = '',
): unknown {
  if (isLeaf(tree)) return replace(tree, path);
  if (path.length > LONGEST_PATH) {
    throw new ValueError(
      `a path in the tree is longer than ${LONGEST_PATH} characters, ${path.slice(0, 40)}...; does the tree contain itself?`,
    );
  }
  if (Array.isArray(tree))
    return tree.map((child: Tree<L>, index) => mapTree(child, replace, `${path}[${index}]`));
  if (isPlainObject(tree)) {
    const result: Record<string, unknown> = {};
    for (const [key, child] of Object.entries(tree)) {
      if (key === '__proto__')
        throw new ValueError(`a tree cannot have the key __proto__ (at ${path || 'the root'})`);
      result[key] = mapTree(child, replace, path + stepTo(key));
    }
    return result;
  }
  throw new ValueError(
    `${path === '' ? 'the value' : path} is ${describe(tree)}; expected a number, a tensor, a typed array, ` +
      'or an object or array of these. Fixed settings can be captured by the function instead of passed',
  );
}

/** A longer path is that of a tree which contains itself; this one is short enough to go down it level by level. */
const LONGEST_PATH = 4096;

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const INDEX = /^(?:0|[1-9]\d*)$/;

/** From an object to the value of a key, as one would write it. */
function stepTo(key: string): string {
  if (IDENTIFIER.test(key)) return `.${key}`;
  return INDEX.test(key) ? `[${key}]` : `[${JSON.stringify(key)}]`;
}

/** Whether a value is a leaf of a tree. */
export function isLeaf(value: unknown): value is Leaf | GraphNode {
  return (
    typeof value === 'number' ||
    value instanceof Tensor ||
    value instanceof Float64Array ||
    value instanceof Float32Array ||
    value instanceof Int32Array ||
    isGraphNode(value)
  );
}

/** A leaf as a tensor: numbers are scalars, float arrays real vectors, integer arrays integer vectors. */
export function tensorOfLeaf(leaf: Leaf): Tensor {
  return tensor(leaf);
}

/**
 * A tensor as a leaf of the type of another one: a number for a number, a typed array for a typed array.
 */
export function likeLeaf(leaf: Leaf, value: Tensor): Leaf {
  if (typeof leaf === 'number') return value.item();
  if (leaf instanceof Tensor) return value;
  if (leaf instanceof Float32Array) return Float32Array.from(value.data);
  return value.data as Float64Array;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `the string ${JSON.stringify(value)}`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) {
    const { constructor } = value as { readonly constructor?: unknown };
    return typeof constructor === 'function'
      ? `an instance of ${constructor.name}`
      : 'an object that is not plain';
  }
  return String(value);
}
