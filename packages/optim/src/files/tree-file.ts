/** Trees of tensors as named tensors, and back into the form of a tree that is known. */
import { FormatError, formatShape, sameShape, type Tensor } from '@ad/graph';
import { type Leaf, leavesOf, likeLeaf, mapTree, tensorOfLeaf, type Tree } from '@ad/backprop';
import { parseTensors, serializeTensors } from './safetensors.ts';

/** The leaves of a tree under their paths: `parameters.layers[0].weights`. */
export function tensorsOf(tree: unknown, name: string): Record<string, Tensor> {
  return Object.fromEntries(
    leavesOf(tree as Tree<Leaf>).map(({ path, leaf }) => [name + path, tensorOfLeaf(leaf)]),
  );
}

/**
 * The tree of named tensors, in the form of another one.
 *
 * @param rest - the names that are not taken yet; those of the tree are removed.
 * @throws `FormatError` when a tensor is missing or has another shape or kind.
 */
export function treeOf<T>(
  like: T,
  name: string,
  tensors: Readonly<Record<string, Tensor>>,
  rest: Set<string>,
  file: string,
): T {
  return mapTree(like as Tree<Leaf>, (leaf, path) => {
    const key = name + path;
    const expected = tensorOfLeaf(leaf);
    const found = Object.hasOwn(tensors, key) ? tensors[key]! : undefined;
    if (found === undefined) {
      throw new FormatError(
        `${file}: there is no tensor ${JSON.stringify(key)}, which the model needs`,
      );
    }
    if (found.kind !== expected.kind || !sameShape(found.shape, expected.shape)) {
      throw new FormatError(
        `${file}: tensor ${JSON.stringify(key)} is ${found.kind} ${formatShape(found.shape)}, ` +
          `the model needs ${expected.kind} ${formatShape(expected.shape)}`,
      );
    }
    rest.delete(key);
    return likeLeaf(leaf, found);
  }) as T;
}

/**
 * Checks that nothing is left over.
 *
 * @throws `FormatError` naming what is.
 */
export function checkRest(rest: ReadonlySet<string>, file: string): void {
  if (rest.size === 0) return;
  const names = [...rest].slice(0, 5).map((name) => JSON.stringify(name));
  throw new FormatError(
    `${file}: the model has no place for ${names.join(', ')}${rest.size > 5 ? ` and ${rest.size - 5} more` : ''}`,
  );
}

/**
 * Parameters as the bytes of a safetensors file, each under its path: `parameters.layers[0].weights`.
 *
 * @throws `ValueError` when they are not a tree of tensors.
 * @example
 * ```ts
 * import { mlp, parseParameters, serializeParameters } from '@ad/optim';
 *
 * const model = mlp([2, 3]);
 * const bytes = serializeParameters(model.init(1));
 * const parameters = parseParameters(bytes, model.init(0));
 * parameters.layers[0].weights.shape; // => [2, 3]
 * parseParameters(bytes, mlp([2, 4]).init(0)); // throws /weights" is real \[2, 3\], the model needs real \[2, 4\]/
 * ```
 */
export function serializeParameters(parameters: unknown): Uint8Array {
  return serializeTensors(tensorsOf(parameters, 'parameters'));
}

/**
 * The parameters in a safetensors file.
 *
 * @param like - parameters of the same form, such as `model.init(0)`; they stay as they are.
 * @param name - what messages call the file; default `safetensors`.
 * @throws `FormatError` as `parseTensors`, and when a tensor is missing, left over, or has another shape or kind.
 */
export function parseParameters<P>(bytes: Uint8Array, like: P, name: string = 'safetensors'): P {
  const { tensors } = parseTensors(bytes, name);
  const rest = new Set(Object.keys(tensors));
  const parameters = treeOf(like, 'parameters', tensors, rest, name);
  checkRest(rest, name);
  return parameters;
}
