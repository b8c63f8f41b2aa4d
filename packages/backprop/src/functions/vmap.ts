/**
 * Batching of plain functions: written for one example, called with many. The function is traced with nodes that stand
 * for one example; then what it has built is built again for all of them at once (`batchNodes`).
 */
import {
  batchNodes,
  describeValue,
  formatShape,
  type GraphNode,
  leavesOf,
  mapTree,
  moveAxes,
  nodeMessages,
  normalizeAxis,
  ShapeError,
  type TensorsOf,
  type Tree,
  ValueError,
  type ValuesOf,
} from '@ad/graph';
import { exampleOf } from '../example.ts';
import {
  type Argument,
  checkResult,
  checkTransform,
  type Traceable,
  Tracer,
  type Transform,
  type TransformOptions,
} from './tracing.ts';

/** Options of {@link vmap}. */
export interface VmapOptions extends TransformOptions {
  /**
   * For each argument the axis along which its examples lie, negative ones counted from the back; `null` for an
   * argument that all examples share. It holds for all leaves of the argument. Default 0 for every argument.
   */
  readonly axes?: readonly (number | null)[];
  /** Along which axis of the results the examples shall lie; default 0. */
  readonly outputAxis?: number;
}

/** What {@link vmap} returns: takes what the function takes, with an axis of examples, and returns results likewise. */
export interface VmapFunction<Args extends readonly unknown[], Result> {
  /** Nodes in, nodes out: so transforms can be nested. */
  (...nodes: Args): Result;
  /** Values in, values out. */
  (...values: ValuesOf<Args>): TensorsOf<Result>;
  /** The first again: where a function is passed on, its last signature counts. */
  (...nodes: Args): Result;
}

/**
 * A function of one example as one of many: each argument gets an axis of examples, and so does the result.
 *
 * The function returns a node of any kind, or a tree of nodes. It is called once, with nodes in the shapes of one
 * example, and cannot look at their values: `where` chooses for each example. What does not depend on an example is
 * computed once. Transforms nest in any order: `vmap(grad(f))` is the gradient for each example,
 * `grad((x) => vmap(f)(x).sum())` that of the sum. Tracing and trees are as for `grad`.
 *
 * @throws `ShapeError` when an argument has no such axis or arguments have different numbers of examples,
 * `ValueError` when no argument has examples or the function looks at values, and as `grad` does.
 * Complexity: one pass of O(V + E) when traced; the graph does not grow with the number of examples.
 * @example
 * ```ts
 * import { tensor, type GraphNode } from '@ad/graph';
 * import { grad, vmap } from '@ad/backprop';
 *
 * const f = (w: GraphNode, x: GraphNode) => w.mul(x).sum().square();
 * const [w, x] = [tensor([1, 2]), tensor([[1, 0], [0, 1], [1, 1]])];
 * vmap(f, { axes: [null, 0] })(w, x).toArray(); // => [1, 4, 9]
 * vmap(grad(f), { axes: [null, 0] })(w, x).toArray(); // => [[2, 0], [0, 4], [6, 6]]
 * ```
 */
export function vmap<Args extends readonly unknown[], Result>(
  f: (...args: Args) => Result,
  options: VmapOptions = {},
): VmapFunction<Args, Result> {
  checkTransform(f, VMAP, options);
  if (options.axes !== undefined && !Array.isArray(options.axes)) {
    throw new ValueError(
      `vmap: axes are ${describeValue(options.axes)}, expected a list with one for each argument, as in [0, null]`,
    );
  }
  const batched: Traceable = (...args) => callBatched(f as Traceable, args, options);
  const tracer = new Tracer(batched, VMAP, options);
  return ((...args: readonly Argument[]) => {
    const { trace, feeds } = tracer.call(args);
    if (feeds === undefined) return trace.result;
    return trace.likeResult(trace.program('results', () => trace.outputs).run(feeds));
  }) as VmapFunction<Args, Result>;
}

const VMAP: Transform = {
  name: 'vmap',
  varies: () => false,
  trees: true,
  kinds: 'any',
  options: ['axes', 'outputAxis'],
};

/** Applies a function to nodes with an axis of examples. */
function callBatched(f: Traceable, args: readonly unknown[], options: VmapOptions): unknown {
  const { axes = [], outputAxis = 0 } = options;
  if (axes.length > args.length) {
    throw new ValueError(
      `vmap: there are axes for ${axes.length} arguments, but the function was called with ${args.length}`,
    );
  }
  const batches: GraphNode[] = [];
  const examples: GraphNode[] = [];
  const ofOne = args.map((arg, i) => {
    const axis = axes[i] === undefined ? 0 : axes[i];
    if (axis === null) return arg;
    return mapTree(arg as Tree<GraphNode>, (node, path) => {
      const batch = examplesFirst(node, axis, `argument ${i}${path}`);
      checkCount(batch, batches[0], `argument ${i}${path}`);
      batches.push(batch);
      examples.push(exampleOf(batch));
      return examples.at(-1)!;
    });
  });
  if (batches.length === 0)
    throw new ValueError('vmap: no argument has an axis of examples; give one an axis in `axes`');
  const { graph, shape } = batches[0]!;
  const result = checkResult(f(...ofOne), graph, VMAP);
  const outputs = leavesOf(result).map(({ leaf }) => leaf);
  const all = batchNodes(outputs, examples, batches);
  const B = nodeMessages(graph);
  let next = 0;
  return mapTree(result, (node: GraphNode) => {
    const output = all[next++] ?? node.broadcastTo([shape[0]!, ...node.shape]);
    return moveAxes(B, output, 0, 1, axisOf(outputAxis, output, 'the result'));
  });
}

/** A node with the axis of its examples in front. */
function examplesFirst(node: GraphNode, axis: number, what: string): GraphNode {
  return moveAxes(nodeMessages(node.graph), node, axisOf(axis, node, what), 1, 0);
}

function axisOf(axis: number, { shape }: GraphNode, what: string): number {
  try {
    return normalizeAxis(axis, shape.length);
  } catch {
    throw new ShapeError(
      `vmap: ${what} has shape ${formatShape(shape)} and no axis ${axis} for the examples; ` +
        'give its axis, or null for an argument that all examples share',
    );
  }
}

function checkCount(batch: GraphNode, first: GraphNode | undefined, what: string): void {
  const [count, expected = count] = [batch.shape[0], first?.shape[0]];
  if (count === expected) return;
  throw new ShapeError(
    `vmap: ${what} has ${count} examples, expected ${expected} as in the argument before it`,
  );
}
