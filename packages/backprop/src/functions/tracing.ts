/**
 * Tracing: a function of trees of nodes is called once with nodes in the place of values, and what it builds is kept.
 * Every transform of functions (`grad`, `vjp`, `jvp`, `jacobian`, ...) is a {@link Tracer} and what it appends to the
 * graph of the {@link Trace}.
 *
 * Called with nodes, the function is applied to them in their own graph, and so is the transform: so transforms nest.
 * Each call differentiates with respect to nodes of its own, which no other call knows: perturbations of two calls
 * cannot be confused.
 *
 * A function may close over nodes of the call around it: `x => x * grad(y => x + y)(1)`. Then its values become
 * constants of that graph, and the call is one on nodes. It is recognised by the error that mixing the two graphs
 * raises, and only graphs in which a call is going on are taken up: a node that outlives its call stays an error.
 */
import { compiler } from '@ad/compiler';
import {
  callWithNodes,
  checkNames,
  describeValue,
  type Executor,
  type Feeds,
  ForeignNodeError,
  Graph,
  GraphError,
  type GraphNode,
  identity,
  innermost,
  interpreter,
  isGraphNode,
  isLeaf,
  KindError,
  type Leaf,
  leavesOf,
  liesInside,
  mapTree,
  type Program,
  type Tensor,
  tensorOfLeaf,
  type Tree,
  remedyForResult,
  ValueError,
} from '@ad/graph';

/** What every transform of functions can be told. */
export interface TransformOptions {
  /**
   * What runs the traced function; default the compiler, and the interpreter for a function that looks at values,
   * which is traced anew in every call.
   */
  readonly executor?: Executor;
  /**
   * Build structurally identical nodes once, in the trace and in its gradients, as a `Graph` with this option does;
   * default false. In a call on nodes, their graph decides.
   */
  readonly share?: boolean;
}

/** What every transform with respect to one argument can be told. */
export interface ArgumentOptions<Index extends number = number> extends TransformOptions {
  /** Which argument to differentiate with respect to; default 0, the first. */
  readonly argument?: Index;
}

/** An argument of a call: values, nodes, or both. */
export type Argument = Tree<Leaf | GraphNode>;

/** A function of trees of nodes that returns a node or a tree of them, its types forgotten. */
export type Traceable = (...args: readonly unknown[]) => unknown;

/** What a transform is to its tracer. */
export interface Transform {
  /** Its name, for messages. */
  readonly name: string;
  /** With respect to which arguments derivatives are taken. */
  readonly varies: (position: number) => boolean;
  /** Whether the function may return a tree of nodes; default false: one node. */
  readonly trees?: boolean;
  /** Whether the function may return integers and conditions, too; default false. */
  readonly kinds?: 'any';
  /** The options that it takes besides those of all transforms. */
  readonly options?: readonly string[];
}

/**
 * Checks what a transform is made of.
 *
 * @throws `ValueError` when that is no function, or an option is unknown.
 */
export function checkTransform(
  f: unknown,
  { name, options: others = [] }: Pick<Transform, 'name' | 'options'>,
  options: TransformOptions,
): void {
  if (typeof f !== 'function')
    throw new ValueError(`${name}: expected a function of nodes, got ${describeValue(f)}`);
  checkNames(name, options, ['executor', 'share', ...others]);
  const { executor } = options;
  if (executor !== undefined && typeof executor !== 'function') {
    throw new ValueError(
      `${name}: executor is ${describeValue(executor)}, expected what makes programs, such as interpreter or compiler()`,
    );
  }
}

/** A function applied to nodes: its result, and what can be computed from it. */
export class Trace {
  /** The graph of all nodes here. */
  readonly graph: Graph;
  /** The result of the function, a node or a tree of nodes. */
  readonly result: Tree<GraphNode>;
  /** The nodes of the result, in order. */
  readonly outputs: readonly GraphNode[];
  /** The nodes of each argument, in the order of its leaves. */
  readonly leaves: readonly (readonly GraphNode[])[];
  readonly #executor: Executor;
  readonly #known = new Map<string, unknown>();

  /** @internal */
  constructor(
    graph: Graph,
    result: Tree<GraphNode>,
    leaves: readonly (readonly GraphNode[])[],
    executor: Executor = compiler(),
  ) {
    this.graph = graph;
    this.result = result;
    this.outputs = leavesOf(result).map(({ leaf }) => leaf);
    this.leaves = leaves;
    this.#executor = executor;
  }

  /** The result of a function that returns one node. */
  get output(): GraphNode {
    return this.outputs[0]!;
  }

  /** Values or nodes, one for each of the outputs, in the form of the result. */
  likeResult(values: readonly (Tensor | GraphNode)[]): unknown {
    let next = 0;
    return mapTree(this.result, () => values[next++]!);
  }

  /** What follows from the trace alone, made when it is first asked for. `make` may append nodes. */
  once<T>(name: string, make: () => T): T {
    if (!this.#known.has(name)) this.#known.set(name, make());
    return this.#known.get(name) as T;
  }

  /** A program, made when it is first asked for. `outputs` may append nodes. */
  program(name: string, outputs: () => readonly GraphNode[]): Program {
    return this.once(`program ${name}`, () => this.#executor({ outputs: outputs() }));
  }

  /** A node as it is, a value as a constant. */
  lift(leaf: Leaf | GraphNode): GraphNode {
    return isGraphNode(leaf) ? leaf : this.graph.constant(tensorOfLeaf(leaf));
  }
}

/** One call of a transformed function. */
export interface Call {
  /** The function applied to nodes. */
  readonly trace: Trace;
  /** The values for its inputs; `undefined` when it was called on nodes, so that the result is to be nodes. */
  readonly feeds: Feeds | undefined;
}

/** Traces of one function, one for each form of its arguments. */
export class Tracer {
  readonly #f: Traceable;
  readonly #transform: Transform;
  readonly #executor: Executor | undefined;
  readonly #share: boolean;
  readonly #traces = new TraceCache();
  readonly #arguments: string[] = [];

  constructor(f: Traceable, transform: Transform, options: TransformOptions) {
    checkTransform(f, transform, options);
    this.#f = f;
    this.#transform = transform;
    this.#executor = options.executor;
    this.#share = options.share ?? false;
  }

  /**
   * Applies the function to arguments, from the cache if it was traced for such arguments before.
   *
   * @param others - what belongs to the call besides: if there is a node in it, this is a call on nodes.
   * @throws `KindError` when derivatives are to be taken with respect to integers or conditions,
   * `GraphError` when the function does not return a node, `ValueError` when an argument is not a tree.
   */
  call(args: readonly Argument[], others: readonly Argument[] = []): Call {
    const leaves = args.flatMap((arg, i) =>
      leavesOf(arg, this.#argument(i)).map(({ path, leaf }) => ({ name: `arg${i}${path}`, leaf })),
    );
    const node =
      leaves.find(({ leaf }) => isGraphNode(leaf))?.leaf ??
      others
        .flatMap((other) => leavesOf(other, `${this.#transform.name}: the direction`))
        .find(({ leaf }) => isGraphNode(leaf))?.leaf;
    if (node !== undefined) return this.#onNodes(args, (node as GraphNode).graph);

    const feeds: Record<string, Tensor> = Object.create(null) as Record<string, Tensor>;
    for (const { name, leaf } of leaves) feeds[name] = tensorOfLeaf(leaf as Leaf);
    // The whole form of the arguments: a function may look at parts without leaves, such as empty lists, too.
    const key = JSON.stringify(args.map((arg) => mapTree(arg as Tree<Leaf>, typeOfLeaf)));
    const trace = this.#traces.get(key);
    return trace === undefined ? this.#onValues(args, feeds, key) : { trace, feeds };
  }

  /** An argument in words. Kept: calls take so little time that the making of words would be felt. */
  #argument(position: number): string {
    return (this.#arguments[position] ??= `${this.#transform.name}: argument ${position}`);
  }

  /** The function applied to inputs of a new graph, which stand for the values. */
  #onValues(args: readonly Argument[], feeds: Feeds, key: string): Call {
    const graph = new Graph({ share: this.#share });
    const [nodes, leaves] = liftAll(args, (_leaf, name) =>
      graph.input(name, { value: feeds[name]! }),
    );
    let result: Tree<GraphNode>;
    try {
      result = this.#apply(nodes, leaves, graph);
    } catch (error) {
      const around = error instanceof ForeignNodeError ? openAround(graph, error) : undefined;
      if (around === undefined) throw error;
      return this.#onNodes(args, around);
    }
    if (!graph.valuesRead) {
      const trace = new Trace(graph, result, leaves, this.#executor);
      this.#traces.add(key, trace);
      return { trace, feeds };
    }
    return { trace: new Trace(graph, result, leaves, this.#executor ?? interpreter), feeds };
  }

  /** The function applied to nodes of an existing graph. */
  #onNodes(args: readonly Argument[], around: Graph): Call {
    const graph = innermost(around);
    const [nodes, leaves] = liftAll(args, (leaf, _name, position) => {
      const node = isGraphNode(leaf) ? graph.adopt(leaf) : graph.constant(tensorOfLeaf(leaf));
      // A node of its own, so that other uses of the same node are not differentiated too.
      return this.#transform.varies(position) && node.kind === 'real' ? identity(node) : node;
    });
    const result = this.#apply(nodes, leaves, graph);
    return { trace: new Trace(graph, result, leaves), feeds: undefined };
  }

  #apply(
    nodes: readonly unknown[],
    leaves: readonly (readonly GraphNode[])[],
    graph: Graph,
  ): Tree<GraphNode> {
    leaves.forEach((nodesOfArgument, position) => {
      if (this.#transform.varies(position)) this.#checkReal(nodesOfArgument);
    });
    graph.callsInProgress++;
    try {
      const { name } = this.#transform;
      const result = callWithNodes(name, () => this.#f(...nodes));
      return checkResult(result, graph, this.#transform);
    } finally {
      graph.callsInProgress--;
    }
  }

  #checkReal(targets: readonly GraphNode[]): void {
    const discrete = targets.find((target) => target.kind !== 'real');
    if (discrete === undefined) return;
    throw new KindError(
      `${this.#transform.name}: ${discrete.label ?? discrete.toString()} is of kind ${discrete.kind}; derivatives exist with respect to real values only. ` +
        'Pass labels and indices in another argument',
    );
  }
}

/**
 * Checks what a function returned: a node of `graph`, or a tree of them where the transform takes trees.
 *
 * @throws `GraphError`, `ForeignNodeError` or `KindError` otherwise.
 */
export function checkResult(
  result: unknown,
  graph: Graph,
  { name, trees = false, kinds }: Transform,
): Tree<GraphNode> {
  const isTree = trees && typeof result === 'object' && result !== null && !isLeaf(result);
  const nodes = isTree ? leavesOf(result as Tree<GraphNode>) : [{ path: '', leaf: result }];
  for (const { path, leaf } of nodes) {
    const what = path === '' ? 'the function returned' : `the result at ${path} is`;
    if (!isGraphNode(leaf)) {
      throw new GraphError(
        `${name}: ${what} ${describeValue(leaf)}, expected a node computed from its arguments${remedyForResult(leaf)}`,
      );
    }
    if (leaf.graph !== graph) {
      throw new ForeignNodeError(
        `${name}: ${what} a node of another graph; pass what it uses from outside as an argument`,
        [graph, leaf.graph],
      );
    }
    if (leaf.kind !== 'real' && kinds !== 'any') {
      throw new KindError(
        `${name}: ${what} ${leaf.toString()}, which is not real; only real nodes have derivatives`,
      );
    }
  }
  if (nodes.length === 0)
    throw new GraphError(
      `${name}: the function returned a tree without nodes; return one at least`,
    );
  return result as Tree<GraphNode>;
}

/** The graph of a call that is going on around the one in `graph`, if an error is about nodes of these two. */
function openAround(graph: Graph, { graphs }: ForeignNodeError): Graph | undefined {
  const isOwn = (other: Graph): boolean => other === graph || liesInside(other, graph);
  if (!graphs.some(isOwn)) return undefined;
  return graphs.find((other) => !isOwn(other) && other.callsInProgress > 0);
}

/** Trees of nodes in the place of the arguments, and the nodes of each in order. */
function liftAll(
  args: readonly Argument[],
  lift: (leaf: Leaf | GraphNode, name: string, position: number) => GraphNode,
): [nodes: unknown[], leaves: GraphNode[][]] {
  const leaves: GraphNode[][] = args.map(() => []);
  const nodes = args.map((arg, i) =>
    mapTree(arg, (leaf: Leaf | GraphNode, path) => {
      const node = lift(leaf, `arg${i}${path}`, i);
      leaves[i]!.push(node);
      return node;
    }),
  );
  return [nodes, leaves];
}

/** The kind and shape of a leaf: what a trace depends on. */
function typeOfLeaf(leaf: Leaf): string {
  const { kind, shape } = tensorOfLeaf(leaf);
  return `${kind} ${shape.join('x')}`;
}

/** Traces kept per function; beyond, the one that was not used for longest is dropped. */
const CACHE_LIMIT = 64;

/** The traces of one function by the shapes they were made for. A Map remembers the order of insertion. */
class TraceCache {
  readonly #traces = new Map<string, Trace>();

  get(key: string): Trace | undefined {
    const trace = this.#traces.get(key);
    if (trace !== undefined && this.#traces.size >= CACHE_LIMIT) {
      this.#traces.delete(key);
      this.#traces.set(key, trace);
    }
    return trace;
  }

  add(key: string, trace: Trace): void {
    if (this.#traces.size >= CACHE_LIMIT) this.#traces.delete(this.#traces.keys().next().value!);
    this.#traces.set(key, trace);
  }
}
