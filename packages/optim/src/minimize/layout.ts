/** A tree of numbers as one vector: methods work on vectors, users on trees. */
import { formatShape, KindError, Tensor, ValueError } from '@ad/graph';
import { type Leaf, leavesOf, likeLeaf, mapTree, tensorOfLeaf, type Tree } from '@ad/backprop';

/** Where a leaf of the tree stands in the vector. */
export interface Place {
  /** The leaf's path in the tree, such as `.weights[0]`; empty for a tree that is one leaf. */
  readonly path: string;
  /** The shape of the leaf. */
  readonly shape: readonly number[];
  /** The position of its first element. */
  readonly offset: number;
  /** The number of its elements. */
  readonly size: number;
}

/** How the leaves of a tree follow one another in a vector: in their order, each row-major. */
export class Layout {
  /** Where each leaf stands. */
  readonly places: readonly Place[];
  /** The number of elements. */
  readonly size: number;
  readonly #tree: Tree<Leaf>;

  /**
   * The layout of all trees of this form.
   *
   * @throws `ValueError` when it is not a tree or has no elements, `KindError` when a leaf is not real.
   */
  constructor(caller: string, tree: unknown) {
    this.#tree = tree as Tree<Leaf>;
    let offset = 0;
    this.places = leavesOf(this.#tree, `${caller}: x0`).map(({ path, leaf }) => {
      const { kind, shape, size } = tensorOfLeaf(leaf);
      if (kind !== 'real') {
        throw new KindError(
          `${caller}: x0${path} is of kind ${kind} and shape ${formatShape(shape)}; only real numbers can be varied. ` +
            'Let the function capture labels and indices',
        );
      }
      const place = { path, shape, offset, size };
      offset += size;
      return place;
    });
    this.size = offset;
    if (offset === 0)
      throw new ValueError(`${caller}: x0 has no elements; there is nothing to vary`);
  }

  /** The elements of a tree of this form. */
  flatten(tree: unknown): Float64Array {
    const vector = new Float64Array(this.size);
    leavesOf(tree as Tree<Leaf>).forEach(({ leaf }, k) => {
      vector.set(tensorOfLeaf(leaf).data, this.places[k]!.offset);
    });
    return vector;
  }

  /** The vector as a tree, with leaves of the types of the first one's. The elements are copied. */
  unflatten(vector: Float64Array): unknown {
    let next = 0;
    return mapTree(this.#tree, (leaf) => likeLeaf(leaf, this.tensor(vector, next++)));
  }

  /** One leaf of the vector; the elements are copied. */
  tensor(vector: Float64Array, leaf: number): Tensor {
    const { shape, offset, size } = this.places[leaf]!;
    return new Tensor(shape, 'real', vector.slice(offset, offset + size));
  }

  /** The name of an element for messages, such as `x0.weights[3]`. */
  nameOf(element: number): string {
    const { path, shape, offset } = this.places.find(
      (place) => element >= place.offset && element < place.offset + place.size,
    )!;
    return shape.length === 0 ? `x0${path}` : `x0${path}[${element - offset}]`;
  }

  /** The tree with each leaf replaced by what a function makes of its position among the leaves. */
  map(replace: (leaf: number, place: Place) => unknown): unknown {
    let next = 0;
    return mapTree(this.#tree, () => {
      const leaf = next++;
      return replace(leaf, this.places[leaf]!);
    });
  }
}
