/**
 * Parameters and optimizer state as inputs of a program, which updates them in place. Several programs (for full
 * and for smaller batches, for validation) hold the same variables; their values are copied from one to the next.
 */
import {
  type Feeds,
  type Graph,
  type GraphNode,
  type Program,
  Tensor,
  type TensorData,
} from '@ad/graph';
import { type Leaf, leavesOf, likeLeaf, mapTree, tensorOfLeaf, type Tree } from '@ad/backprop';
import { storageOf } from '../storage.ts';

/** Inputs of a graph in the place of the leaves of a tree, named after their places, as in `parameters.w`. */
export function inputsFor(
  graph: Graph,
  tree: unknown,
  name: string,
): { tree: unknown; nodes: GraphNode[] } {
  const nodes: GraphNode[] = [];
  const result = mapTree(tree as Tree<Leaf>, (leaf, path) => {
    const { shape, kind } = tensorOfLeaf(leaf);
    const node = graph.input(name + path, { shape, kind });
    nodes.push(node);
    return node;
  });
  return { tree: result, nodes };
}

/** Copies of the present values of a program's inputs, in double precision. */
export function feedsOf(graph: Graph, program: Program): Feeds {
  return Object.fromEntries(
    graph.inputNames.flatMap((name) => {
      const storage = storageOf(program, name);
      if (storage === undefined) return [];
      const { shape, kind } = graph.find(name);
      return [[name, new Tensor(shape, kind, Float64Array.from(storage))]];
    }),
  );
}

/** The values of a tree in a program. */
export class Variables {
  readonly #tree: Tree<Leaf>;
  readonly #values: readonly Tensor[];
  /** The program's storage of each leaf, by the name of its input; storage of our own for what the program does not need. */
  readonly storages: ReadonlyMap<string, TensorData>;
  readonly #storages: readonly TensorData[];

  /**
   * Writes the values of the tree into the program.
   *
   * @param name - as for {@link inputsFor}.
   */
  constructor(program: Program, tree: unknown, name: string) {
    this.#tree = tree as Tree<Leaf>;
    const leaves = leavesOf(this.#tree);
    this.#values = leaves.map(({ leaf }) => tensorOfLeaf(leaf));
    this.storages = new Map(
      leaves.map(({ path }, k) => {
        const { data } = this.#values[k]!;
        const storage = storageOf(program, name + path) ?? data.slice();
        storage.set(data);
        return [name + path, storage];
      }),
    );
    this.#storages = [...this.storages.values()];
  }

  /** Takes the values from the same variables in another program. */
  copyFrom(other: Variables): void {
    for (let k = 0; k < this.#storages.length; k++) this.#storages[k]!.set(other.#storages[k]!);
  }

  /** Takes the values from a tree of the same form. */
  write(tree: unknown): void {
    for (const [k, { leaf }] of leavesOf(tree as Tree<Leaf>).entries()) {
      this.#storages[k]!.set(tensorOfLeaf(leaf).data);
    }
  }

  /** A copy of the values as a tree, with leaves of the types of the first one's. */
  read(): unknown {
    let next = 0;
    return mapTree(this.#tree, (leaf) => {
      const k = next++;
      const { shape, kind } = this.#values[k]!;
      return likeLeaf(leaf, new Tensor(shape, kind, this.#storages[k]!.slice()));
    });
  }
}
