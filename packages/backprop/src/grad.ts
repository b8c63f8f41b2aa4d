/**
 * Gradients of plain functions. A function of trees of nodes is traced once for each combination of shapes: it is
 * called with nodes, its gradient graph is built, and both become a program that is run from then on.
 */
import {
  type Executor,
  type Feeds,
  Graph,
  GraphError,
  type GraphNode,
  identity,
  interpreter,
  isGraphNode,
  KindError,
  type Program,
  type Tensor,
  ValueError,
} from '@ad/graph';
import { compiler } from '@ad/compiler';
import { gradient } from './gradient.ts';
import {
  type GradientOf,
  type Leaf,
  leavesOf,
  likeLeaf,
  mapTree,
  tensorOfLeaf,
  type Tree,
  type ValuesOf,
} from './tree.ts';

/** Options of {@link grad} and {@link valueAndGrad}. */
export interface GradOptions<Index extends number = number> {
  /** Which argument to differentiate with respect to; default 0, the first. */
  readonly argument?: Index;
  /**
   * What runs the traced function; default the compiler, and the interpreter for a function that looks at values,
   * which is traced anew in every call.
   */
  readonly executor?: Executor;
}

/** A value and a gradient. */
export interface ValueAndGradient<V, G> {
  /** The value of the function. */
  readonly value: V;
  /** Its gradient, in the form of the argument. */
  readonly gradient: G;
}

/** What {@link grad} returns: takes what the function takes, as values or as nodes, and returns the gradient in kind. */
export interface GradFunction<Args extends readonly unknown[], Index extends number> {
  /** Values in, values out. */
  <Values extends ValuesOf<Args>>(...values: Values): GradientOf<Values[Index]>;
  /** Nodes in, nodes out: so derivatives can be nested. */
  (...nodes: Args): Args[Index];
}

/** What {@link valueAndGrad} returns. */
export interface ValueAndGradFunction<Args extends readonly unknown[], Index extends number> {
  /** Nodes in, nodes out: so derivatives can be nested. */
  (...nodes: Args): ValueAndGradient<GraphNode, Args[Index]>;
  /** Values in, values out. */
  <Values extends ValuesOf<Args>>(
    ...values: Values
  ): ValueAndGradient<number, GradientOf<Values[Index]>>;
  /** The first again: where a function is passed on, its last signature counts. */
  (...nodes: Args): ValueAndGradient<GraphNode, Args[Index]>;
}

/**
 * The gradient of a function with respect to its first (or another) argument.
 *
 * The function takes trees of nodes and returns a scalar node. Numbers, tensors and typed arrays are passed in their
 * place; objects and arrays of parameters keep their names and types in the gradient. Plain arrays are trees: write
 * `tensor([1, 2])` for a vector.
 *
 * The function is traced once per combination of shapes, and the program is kept. A function that looks at values
 * (`node.value`) is traced anew in every call, so it may branch and loop on them.
 *
 * @throws {@link ShapeError} when the result is not a scalar, {@link KindError} when the argument holds integers,
 * {@link GraphError} when the function does not return a node, {@link ValueError} when an argument is not a tree.
 * @example
 * ```ts
 * import type { GraphNode } from '@ad/graph';
 * import { grad } from '@ad/backprop';
 *
 * const loss = ({ w, b }: { w: GraphNode; b: GraphNode }, x: GraphNode) => w.mul(x).add(b).square();
 * grad(loss)({ w: 2, b: 1 }, 3); // => { w: 42, b: 14 }
 *
 * const second = grad(grad((x: GraphNode) => x.pow(4)));
 * second(1); // => 12
 * ```
 */
export function grad<Args extends readonly unknown[], const Index extends number = 0>(
  f: (...args: Args) => GraphNode,
  options: GradOptions<Index> = {},
): GradFunction<Args, Index> {
  const both = valueAndGrad(f, options) as (
    ...args: readonly unknown[]
  ) => ValueAndGradient<unknown, unknown>;
  return ((...args: readonly unknown[]) => both(...args).gradient) as GradFunction<Args, Index>;
}

/**
 * The value of a function and its gradient, from one evaluation. Everything else is as for {@link grad}.
 *
 * @throws as {@link grad}.
 * @example
 * ```ts
 * import { tensor, type GraphNode } from '@ad/graph';
 * import { valueAndGrad } from '@ad/backprop';
 *
 * const norm2 = (x: GraphNode) => x.square().sum();
 * const { value, gradient } = valueAndGrad(norm2)(tensor([3, 4]));
 * value; // => 25
 * gradient.toArray(); // => [6, 8]
 * ```
 */
export function valueAndGrad<Args extends readonly unknown[], const Index extends number = 0>(
  f: (...args: Args) => GraphNode,
  options: GradOptions<Index> = {},
): ValueAndGradFunction<Args, Index> {
  const argument = options.argument ?? 0;
  const { executor } = options;
  const programs = new ProgramCache();
  return ((...args: readonly Tree<Leaf | GraphNode>[]) => {
    if (!Number.isInteger(argument) || argument < 0 || argument >= args.length) {
      throw new ValueError(
        `grad: argument ${argument} does not exist; the function was called with ${args.length}`,
      );
    }
    const leaves = args.flatMap((arg, i) =>
      leavesOf(arg).map(({ path, leaf }) => ({ name: `arg${i}${path}`, leaf })),
    );
    const node = leaves.find(({ leaf }) => isGraphNode(leaf))?.leaf as GraphNode | undefined;
    if (node !== undefined) return onNodes(f as Traceable, args, argument, node.graph);

    const values = leaves.map(({ name, leaf }) => ({ name, value: tensorOfLeaf(leaf as Leaf) }));
    // The whole form of the arguments: a function may look at parts without leaves, such as empty lists, too.
    const key = JSON.stringify(args.map((arg) => mapTree(arg as Tree<Leaf>, typeOfLeaf)));
    const program =
      programs.get(key) ??
      programs.add(key, trace(f as Traceable, args as readonly Tree<Leaf>[], argument, executor));
    const feeds: Feeds = Object.fromEntries(values.map(({ name, value }) => [name, value]));
    const [value, ...gradients] = program.run(feeds) as [Tensor, ...Tensor[]];
    let next = 0;
    const gradientTree = mapTree(args[argument] as Tree<Leaf>, (leaf) =>
      likeLeaf(leaf, gradients[next++]!),
    );
    return { value: value.item(), gradient: gradientTree };
  }) as ValueAndGradFunction<Args, Index>;
}

/** The kind and shape of a leaf: what a trace depends on. */
function typeOfLeaf(leaf: Leaf): string {
  const { kind, shape } = tensorOfLeaf(leaf);
  return `${kind} ${shape.join('x')}`;
}

/** A function of trees of nodes, its types forgotten. */
type Traceable = (...args: readonly unknown[]) => GraphNode;

interface Trace {
  readonly program: Program;
  /** Whether the function looked at values, so that another call may take another way. */
  readonly dependsOnValues: boolean;
}

/** Calls the function with inputs in the place of the values, and makes a program of its value and gradients. */
function trace(
  f: Traceable,
  args: readonly Tree<Leaf>[],
  argument: number,
  executor: Executor | undefined,
): Trace {
  const graph = new Graph();
  const targets: GraphNode[] = [];
  const nodes = args.map((arg, i) =>
    mapTree(arg, (leaf, path) => {
      const input = graph.input(`arg${i}${path}`, { value: tensorOfLeaf(leaf) });
      if (i === argument) targets.push(input);
      return input;
    }),
  );
  checkTargets(targets);
  const output = checkResult(f(...nodes), graph);
  // Asked before the program is made, which reads the values too.
  const dependsOnValues = graph.valuesRead;
  const run = executor ?? (dependsOnValues ? interpreter : compiler());
  const program = run({ outputs: [output, ...gradient(output, targets)] });
  return { program, dependsOnValues };
}

/** The function applied to nodes of an existing graph; its gradient is appended there. */
function onNodes(
  f: Traceable,
  args: readonly Tree<Leaf | GraphNode>[],
  argument: number,
  graph: Graph,
): ValueAndGradient<GraphNode, unknown> {
  const targets: GraphNode[] = [];
  const nodes = args.map((arg, i) =>
    mapTree(arg, (leaf) => {
      const node = isGraphNode(leaf) ? leaf : graph.constant(tensorOfLeaf(leaf));
      if (i !== argument) return node;
      // A node of its own, so that other uses of the same node are not differentiated too.
      if (node.kind === 'real') targets.push(identity(node));
      else targets.push(node);
      return targets.at(-1)!;
    }),
  );
  checkTargets(targets);
  const value = checkResult(f(...nodes), graph);
  const gradients = gradient(value, targets);
  let next = 0;
  return { value, gradient: mapTree(args[argument]!, () => gradients[next++]!) };
}

function checkTargets(targets: readonly GraphNode[]): void {
  const discrete = targets.find((target) => target.kind !== 'real');
  if (discrete === undefined) return;
  throw new KindError(
    `grad: ${discrete.label ?? discrete.toString()} is of kind ${discrete.kind}; derivatives exist with respect to real values only. ` +
      'Pass labels and indices in another argument',
  );
}

function checkResult(result: unknown, graph: Graph): GraphNode {
  if (!isGraphNode(result)) {
    throw new GraphError(
      `grad: the function returned ${String(result)}, expected a scalar node computed from its arguments`,
    );
  }
  if (result.graph !== graph) {
    throw new GraphError(
      'grad: the function returned a node of another graph; pass what it uses from outside as an argument',
    );
  }
  return result;
}

/** Programs kept per function; beyond, the one that was not used for longest is dropped. */
const CACHE_LIMIT = 64;

/** The programs of one function by the shapes they were traced for. A Map remembers the order of insertion. */
class ProgramCache {
  readonly #programs = new Map<string, Program>();

  get(key: string): Program | undefined {
    const program = this.#programs.get(key);
    if (program !== undefined && this.#programs.size >= CACHE_LIMIT) {
      this.#programs.delete(key);
      this.#programs.set(key, program);
    }
    return program;
  }

  add(key: string, { program, dependsOnValues }: Trace): Program {
    if (dependsOnValues) return program;
    if (this.#programs.size >= CACHE_LIMIT)
      this.#programs.delete(this.#programs.keys().next().value!);
    this.#programs.set(key, program);
    return program;
  }
}
