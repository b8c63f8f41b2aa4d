/**
 * Loops and branches, and what they mean: the same functions written out node by node, in a graph whose inputs have
 * values. A program that is given either of the two computes the same.
 */
import {
  apply,
  cond,
  gather,
  type GraphNode,
  leavesOf,
  mapTree,
  notEqual,
  scan,
  type ScanOptions,
  slice,
  stack,
  tensor,
  toInteger,
  type Tree,
  whileLoop,
  type WhileLoopAttributes,
  type WhileLoopOptions,
} from '@ad/graph';
import * as rows from '@ad/graph/rows';

/** The functions by which programs loop and branch, on trees of nodes. */
export interface Control {
  readonly scan: <C, X, Y>(
    step: (carry: C, x: X, index: GraphNode) => { readonly carry: C; readonly y: Y },
    init: C,
    xs: X,
    options?: ScanOptions,
  ) => { readonly carry: C; readonly ys: Y };
  readonly cond: <R>(predicate: GraphNode, then: () => R, otherwise: () => R) => R;
  readonly whileLoop: <C>(
    goesOn: (carry: C) => GraphNode,
    step: (carry: C) => C,
    init: C,
    options?: WhileLoopOptions,
  ) => C;
}

/** Loops and branches as nodes. */
export const asNodes = { scan, cond, whileLoop } as unknown as Control;

/** The same, with loops of unknown length that have room for so few snapshots that it runs out. */
export const withFewSnapshots: Control = {
  ...asNodes,
  whileLoop: (goesOn, step, init, options) => {
    const results = asNodes.whileLoop(goesOn, step, init, options);
    const [{ leaf }] = nodesOf(results) as [{ leaf: GraphNode }];
    let node = leaf;
    while (node.operation !== 'whileLoop') node = node.operands[0]!;
    const { arena } = node.graph;
    const attributes = { ...arena.attributes.get(node.id), snapshots: 2 } as WhileLoopAttributes;
    const loop = apply(rows.whileLoop, node.operands, attributes);
    const parts = rows.whileLoop.segments(attributes).results;
    let next = 0;
    return map(results, () => {
      const { start, type } = parts[next++]!;
      const size = type.shape.reduce((a, b) => a * b, 1);
      const part = slice(loop, [{ start, end: start + size }]).reshape(type.shape);
      if (type.kind === 'boolean') return notEqual(part, 0);
      return type.kind === 'integer' ? toInteger(part) : part;
    });
  },
};

/** Every step and the branch that is taken, node by node. */
export const writtenOut: Control = {
  scan: (step, init, xs, { length, reverse = false, count } = {}) => {
    const entries = nodesOf(xs)[0]?.leaf.shape[0] ?? length!;
    const taken = count?.tensor.item() ?? entries;
    let carry = init;
    const results: ReturnType<typeof step>['y'][] = [];
    for (let n = 0; n < taken; n++) {
      const t = reverse ? taken - 1 - n : n;
      const [graph] = [...nodesOf(init), ...nodesOf(xs)].map(({ leaf }) => leaf.graph);
      const index = graph!.constant(tensor(t, { kind: 'integer' }));
      const entry = map(xs, (array) => gather(array, index));
      const { carry: after, y } = step(carry, entry, index);
      carry = after;
      results[t] = y;
    }
    const leaves = results.map((result) => nodesOf(result).map(({ leaf }) => leaf));
    let k = -1;
    const ys = map(results[0]!, (first) => {
      k++;
      const rest = Array.from({ length: entries - taken }, () => first.graph.constant(0));
      const others = rest.map((zero) => zero.broadcastTo(first.shape));
      return stack([...leaves.map((each) => each[k]!), ...others]);
    });
    return { carry, ys };
  },
  cond: (predicate, then, otherwise) => (predicate.tensor.data[0] === 1 ? then() : otherwise()),
  whileLoop: (goesOn, step, init, { maxSteps = Infinity } = {}) => {
    let carry = init;
    for (let n = 0; n < maxSteps && goesOn(carry).tensor.data[0] === 1; n++) carry = step(carry);
    return carry;
  },
};

function nodesOf(tree: unknown): { readonly leaf: GraphNode }[] {
  return tree === undefined ? [] : leavesOf(tree as Tree<GraphNode>);
}

function map<T>(tree: T, f: (node: GraphNode) => GraphNode): T {
  return tree === undefined ? tree : (mapTree(tree as Tree<GraphNode>, f) as T);
}
