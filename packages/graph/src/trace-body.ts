/** Tracing of bodies: a function is called once with inputs of a new graph, and what it builds is kept. */
import { Body } from './body.ts';
import { ShapeError, ValueError } from './errors.ts';
import { ForeignNodeError } from './foreign-node-error.ts';
import { describeOperand, isGraphNode } from './explain.ts';
import { Graph } from './graph.ts';
import type { GraphNode } from './node.ts';
import { Scope } from './scope.ts';
import { formatShape, sameShape } from './shape.ts';
import type { Type } from './tensor.ts';
import { type Leaf, leavesOf, mapTree, tensorOfLeaf, type Tree } from './tree.ts';

/** A tree of values and nodes. */
export type Values = Tree<Leaf | GraphNode>;

/** A named input of a body, and its type. */
export interface Parameter extends Type {
  /** Its name. */
  readonly name: string;
}

/** A function applied to inputs of a graph of its own. */
export interface TracedBody {
  /** What the function returned. */
  readonly result: unknown;
  /** The inputs, one for each parameter. */
  readonly inputs: readonly GraphNode[];
  /** What it has used of the graphs around. */
  readonly captured: readonly GraphNode[];
  /** The input that stands for a node of the graphs around. */
  capture(node: GraphNode): GraphNode;
  /** A leaf of the result as a node of the body. */
  lift(leaf: Leaf | GraphNode, what: string): GraphNode;
}

/**
 * Calls a function with inputs of a new graph, which lies inside of `around` for as long as the call takes.
 *
 * @param f - gets one node for each parameter.
 */
export function traceBody(
  around: Graph,
  parameters: readonly Parameter[],
  f: (inputs: readonly GraphNode[]) => unknown,
): TracedBody {
  const graph = new Graph();
  const inputs = parameters.map(({ name, shape, kind }) => graph.input(name, { shape, kind }));
  const scope = new Scope(graph, around);
  const { captured } = scope;
  const lift = (leaf: Leaf | GraphNode, what: string): GraphNode => {
    if (!isGraphNode(leaf)) return graph.constant(tensorOfLeaf(leaf));
    if (leaf.graph === graph) return leaf;
    if (scope.isAround(leaf.graph)) return scope.capture(leaf);
    throw new ForeignNodeError(
      `${what} is ${describeOperand(leaf)}, which belongs to another graph; a body can use its parameters, ` +
        'what it computes from them, and nodes of the graphs around it',
      [graph, leaf.graph],
    );
  };
  try {
    return { result: f(inputs), inputs, captured, capture: (node) => scope.capture(node), lift };
  } finally {
    scope.close();
  }
}

/** The closed body of a traced function. */
export function closed(
  traced: TracedBody,
  outputs: readonly GraphNode[],
  captured: readonly GraphNode[] = traced.captured,
): Body {
  return new Body([...traced.inputs, ...captured.map((node) => traced.capture(node))], outputs);
}

/** What either of two bodies uses of the graphs around, each node once. */
export function sharedCaptures(a: TracedBody, b: TracedBody): GraphNode[] {
  const both = [...a.captured, ...b.captured];
  const isSame = (x: GraphNode, y: GraphNode): boolean => x.graph === y.graph && x.id === y.id;
  return both.filter((node, k) => both.findIndex((other) => isSame(node, other)) === k);
}

/** The leaves of a tree as nodes of one graph, with their paths. */
export function nodesOf(
  graph: Graph,
  tree: Values | undefined,
): { readonly path: string; readonly node: GraphNode }[] {
  if (tree === undefined) return [];
  return leavesOf(tree).map(({ path, leaf }) => {
    return { path, node: isGraphNode(leaf) ? leaf : graph.constant(tensorOfLeaf(leaf)) };
  });
}

/** A tree of the form of another one, with these nodes as its leaves. */
export function treeOf(like: Values | undefined, nodes: readonly GraphNode[]): unknown {
  if (like === undefined) return undefined;
  let next = 0;
  return mapTree(like, () => nodes[next++]!);
}

/**
 * The leaves of what a body returned for values of a known form: nodes of the body in the order of that form.
 *
 * @param what - in words, with the name of the function: `scan: the carry`.
 * @throws {@link ValueError} for another form, {@link ShapeError} for another type.
 */
export function matching(
  traced: TracedBody,
  what: string,
  returned: unknown,
  expected: readonly { readonly path: string; readonly node: Type }[],
): GraphNode[] {
  const given = new Map(leavesOf(returned as Values, what).map(({ path, leaf }) => [path, leaf]));
  const nodes = expected.map(({ path, node: wanted }) => {
    const place = path === '' ? what : `${what} at ${path}`;
    const leaf = given.get(path);
    if (leaf === undefined)
      throw new ValueError(
        `${place} is missing in what the body returned; expected ${words(wanted)}`,
      );
    const node = traced.lift(leaf, place);
    if (sameShape(node.shape, wanted.shape) && node.kind === wanted.kind) return node;
    throw new ShapeError(
      `${place} is ${words(wanted)} at first, but the body returned ${words(node)} for it; shape and kind must stay the same`,
    );
  });
  if (given.size > expected.length) {
    const known = new Set(expected.map(({ path }) => path));
    const extra = [...given.keys()].find((path) => !known.has(path));
    throw new ValueError(
      `${what} has ${extra === '' ? 'a single value' : `a leaf ${extra}`} in what the body returned, which it has not at first`,
    );
  }
  return nodes;
}

function words({ shape, kind }: Type): string {
  return `${kind} of shape ${formatShape(shape)}`;
}
