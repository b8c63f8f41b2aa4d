/** Gradients of plain functions of trees: traced once for each combination of shapes, then programs. */
import {
  formatShape,
  type GradientOf,
  GraphError,
  type GraphNode,
  isGraphNode,
  type Leaf,
  leavesOf,
  likeLeaf,
  mapTree,
  ShapeError,
  type Tensor,
  type ValuesOf,
} from '@ad/graph';
import { reaches } from '../graphs/activity.ts';
import { gradient } from '../graphs/gradient.ts';
import { byArgument } from './by-argument.ts';
import type { Argument, ArgumentOptions } from './tracing.ts';

/** A value and a gradient. */
export interface ValueAndGradient<V, G> {
  /** The value of the function. */
  readonly value: V;
  /** Its gradient, in the form of the argument. */
  readonly gradient: G;
  /**
   * The leaves of the argument on which the value does not depend, so that their gradients are 0: paths such as
   * `.layers[0].b`, and `''` for an argument that is one leaf.
   */
  readonly disconnected: readonly string[];
}

/** Options of {@link grad} and {@link valueAndGrad}. */
export interface GradOptions<Index extends number = number> extends ArgumentOptions<Index> {
  /** Throw where the result does not depend on a leaf of the argument, instead of a gradient of 0; default false. */
  readonly strict?: boolean;
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
 * Calls nest, with nodes as arguments or as what the function closes over. In the latter case the function is started
 * again in the graph of the call around it, and the result is a node even if the arguments are values. Perturbations
 * are not confused: `grad((x) => x.mul(grad((y) => x.add(y))(1)))(1)` is 1.
 *
 * Where the result does not depend on a leaf, its gradient is 0; `valueAndGrad` lists such leaves, and
 * `{ strict: true }` makes them errors.
 *
 * @throws `ShapeError` when the result is not a scalar, `KindError` when the argument holds integers,
 * `GraphError` when the function does not return a node, or with `strict` when a leaf has no influence, `ValueError`
 * when an argument is not a tree.
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
  const both = evaluationOf('grad', f, options);
  return ((...args: readonly Argument[]) => both(...args).gradient) as GradFunction<Args, Index>;
}

/**
 * The value of a function and its gradient, from one evaluation, and on what the value does not depend. Everything else
 * is as for {@link grad}.
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
 *
 * const forgetful = ({ w }: { w: GraphNode; b: GraphNode }) => w.square();
 * valueAndGrad(forgetful)({ w: 3, b: 1 }).disconnected; // => ['.b']
 * ```
 */
export function valueAndGrad<Args extends readonly unknown[], const Index extends number = 0>(
  f: (...args: Args) => GraphNode,
  options: GradOptions<Index> = {},
): ValueAndGradFunction<Args, Index> {
  return evaluationOf('valueAndGrad', f, options) as ValueAndGradFunction<Args, Index>;
}

/** The {@link valueAndGrad} of a function; `name` is the transform that was called, for messages. */
function evaluationOf(
  name: string,
  f: unknown,
  options: GradOptions,
): (...args: readonly Argument[]) => ValueAndGradient<unknown, unknown> {
  const call = byArgument(name, f, options, false, ['argument', 'strict']);
  return (...args) => {
    const { argument, feeds, trace, wrt } = call(args);
    checkScalar(name, trace.output);
    const slopes = (): GraphNode[] => gradient(trace.output, wrt);
    const disconnected = trace.once('disconnected', () =>
      withoutInfluence(trace.output, wrt, argument),
    );
    if (options.strict === true && disconnected.length > 0)
      throw noInfluence(name, options.argument ?? 0, disconnected);
    if (feeds === undefined) {
      return { value: trace.output, gradient: treeLike(argument, slopes()), disconnected };
    }
    const program = trace.program('gradient', () => [trace.output, ...slopes()]);
    const [value, ...gradients] = program.run(feeds) as [Tensor, ...Tensor[]];
    return { value: value.item(), gradient: treeLike(argument, gradients), disconnected };
  };
}

/** The paths of those leaves of an argument on which the output does not depend. */
function withoutInfluence(
  output: GraphNode,
  wrt: readonly GraphNode[],
  argument: Argument,
): readonly string[] {
  const reached = reaches(output, wrt);
  const paths = leavesOf(argument).map(({ path }) => path);
  return Object.freeze(paths.filter((_, i) => !reached[i]!));
}

function noInfluence(name: string, argument: number, paths: readonly string[]): GraphError {
  const leaves = paths.map((path) => `argument ${argument}${path}`).join(', ');
  return new GraphError(
    `${name}: the result does not depend on ${leaves}, so the gradient there is 0; use it in the function, ` +
      'pass it in another argument, or leave out `strict` to get zeros',
  );
}

/**
 * Checks that a function returned a scalar.
 *
 * @param name - the transform, for the message.
 * @throws `ShapeError` otherwise.
 */
export function checkScalar(name: string, output: GraphNode): void {
  if (output.shape.length === 0) return;
  throw new ShapeError(
    `${name}: the function returned an array of shape ${formatShape(output.shape)}, expected a scalar; reduce it, ` +
      'for example with sum() or mean(), or take jacobian or vjp, which are for arrays',
  );
}

/** A tree of the form of another one: nodes as they are, tensors as leaves of the same types. */
export function treeLike(tree: Argument, values: readonly (Tensor | GraphNode)[]): unknown {
  let next = 0;
  return mapTree(tree, (leaf: Leaf | GraphNode) => {
    const value = values[next++]!;
    return isGraphNode(value) ? value : likeLeaf(leaf as Leaf, value);
  });
}
