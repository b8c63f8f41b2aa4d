/**
 * Products of the derivatives of plain functions with vectors: Jacobian times tangent (forward mode), cotangent times
 * Jacobian (reverse mode), Hessian times vector (forward over reverse). None of the matrices is built.
 */
import {
  type Feeds,
  formatShape,
  type GradientOf,
  type GraphNode,
  isGraphNode,
  type Leaf,
  leavesOf,
  type LeavesOf,
  type NodesOf,
  sameShape,
  ShapeError,
  tensorOfLeaf,
  type TensorsOf,
  ValueError,
  type ValuesOf,
} from '@ad/graph';
import { byArgument } from './by-argument.ts';
import { checkScalar, treeLike } from './grad.ts';
import { gradient } from '../graphs/gradient.ts';
import { adjoints } from '../graphs/many-directions.ts';
import { pushforward, valueAndPushforward, type ValueAndTangent } from '../graphs/pushforward.ts';
import {
  type Argument,
  type ArgumentOptions,
  checkTransform,
  type Trace,
  type Traceable,
  Tracer,
  type TransformOptions,
} from './tracing.ts';

/** One tangent for each argument that moves, in its form; arguments without one are held fixed. */
export type TangentsOf<Args extends readonly unknown[]> = {
  readonly [Index in keyof Args]?: ValuesOf<Args[Index]> | undefined;
};

/** What {@link jvp} returns. */
export interface JvpFunction<Args extends readonly unknown[], Result = GraphNode> {
  /** Nodes in, nodes out: so derivatives can be nested. */
  (primals: Args, tangents: TangentsOf<Args>): ValueAndTangent<Result>;
  /** Values in, values out. */
  (primals: ValuesOf<Args>, tangents: TangentsOf<Args>): ValueAndTangent<TensorsOf<Result>>;
}

/**
 * The value of a function and its derivative along a direction, by forward mode: the Jacobian times the tangents.
 *
 * The cost is a small multiple of that of the function, whatever the number of results: right for few directions and
 * many results. Tracing, trees and nesting are as for `grad`; the function may return an array or a tree of arrays.
 *
 * @returns a function of the list of arguments and the list of their tangents. An argument without a tangent
 * (`undefined`, or missing at the end) is held fixed, as labels and data are.
 * @throws `ShapeError` when a tangent has another shape than its argument, `KindError` when an argument that moves
 * holds integers, `ValueError` when a tangent has another form, and as `grad` does.
 * Complexity: O(V + E) for each direction.
 * @example
 * ```ts
 * import { tensor, type GraphNode } from '@ad/graph';
 * import { jvp } from '@ad/backprop';
 *
 * const f = (x: GraphNode, c: GraphNode) => x.square().mul(c);
 * const { value, tangent } = jvp(f)([tensor([1, 2]), 10], [tensor([1, 1])]);
 * value.toArray(); // => [10, 40]
 * tangent.toArray(); // => [20, 40]
 * ```
 */
export function jvp<Args extends readonly unknown[], Result = GraphNode>(
  f: (...args: Args) => Result,
  options: TransformOptions = {},
): JvpFunction<Args, Result> {
  checkTransform(f, { name: 'jvp' }, options);
  // Which arguments move is part of the call, so there is a tracer for each choice.
  const tracers = new Map<string, Tracer>();
  return ((primals: readonly Argument[], tangents: readonly (Argument | undefined)[]) => {
    const areLists = [primals, tangents].every((list) => Array.isArray(list));
    if (!areLists || tangents.length > primals.length) {
      throw new ValueError(
        'jvp: expected a list of arguments and a list of as many tangents or fewer, as in jvp(f)([x, y], [dx, dy])',
      );
    }
    const moving = primals.flatMap((_, i) => (tangents[i] === undefined ? [] : [i]));
    const key = moving.join();
    let tracer = tracers.get(key);
    if (tracer === undefined) {
      tracer = new Tracer(
        f as Traceable,
        { name: 'jvp', varies: (position) => moving.includes(position), trees: true },
        options,
      );
      tracers.set(key, tracer);
    }
    const directions = moving.map((i) => tangents[i]!);
    const { trace, feeds } = tracer.call(primals, directions);
    const leaves = moving.flatMap((i, k) =>
      matching('jvp', `the tangent of argument ${i}`, directions[k]!, primals[i]!),
    );
    const wrt = moving.flatMap((i) => trace.leaves[i]!);
    const { outputs } = trace;
    if (feeds === undefined) {
      const directions = leaves.map((leaf) => trace.lift(leaf));
      const { value, tangent } = valueAndPushforward(outputs, wrt, directions);
      return { value: trace.likeResult(value), tangent: trace.likeResult(tangent) };
    }
    const program = trace.program('tangent', () => {
      const directions = inputsLike(trace, 'tangent', wrt);
      const { value, tangent } = valueAndPushforward(outputs, wrt, directions);
      return [...value, ...tangent];
    });
    const results = program.run({ ...feeds, ...feedsOf('tangent', leaves) });
    return {
      value: trace.likeResult(results),
      tangent: trace.likeResult(results.slice(outputs.length)),
    };
  }) as unknown as JvpFunction<Args, Result>;
}

/** A value, and what takes cotangents of it back to an argument. */
export interface ValueAndPullback<V, P> {
  /** The value of the function. */
  readonly value: V;
  /** Takes an adjoint of the value, in its shape, to the adjoint of the argument: the cotangent times the Jacobian. */
  readonly pullback: P;
}

/** Takes cotangents of the value of a function, in its form, back to its argument. */
export interface Pullback<V, N, Result = GraphNode> {
  /** Values in, values out. */
  (cotangent: LeavesOf<Result>): V;
  /** Nodes in, nodes out: so derivatives can be nested. */
  (cotangent: ValuesOf<Result>): N;
}

/** What {@link vjp} returns. */
export interface VjpFunction<
  Args extends readonly unknown[],
  Index extends number,
  Result = GraphNode,
> {
  /** Nodes in, nodes out: so derivatives can be nested. */
  (...nodes: Args): ValueAndPullback<Result, Pullback<Args[Index], Args[Index], Result>>;
  /** Values in, values out. */
  <Values extends ValuesOf<Args>>(
    ...values: Values
  ): ValueAndPullback<
    TensorsOf<Result>,
    Pullback<GradientOf<Values[Index]>, NodesOf<Values[Index]>, Result>
  >;
}

/**
 * The value of a function and its pullback, by reverse mode: from an adjoint of the value to the adjoint of the first
 * (or another) argument.
 *
 * The cost of a pullback is a small multiple of that of the function, whatever the size of the argument. Each
 * computes the forward pass again. Tracing, trees and nesting are as for `grad`; the function may return an array or a
 * tree of arrays, of which the cotangent has the form.
 *
 * @throws `ShapeError` or `ValueError` (from the pullback) when a cotangent has another shape or form than the value,
 * and as `grad` does.
 * Complexity: O(V + E) for each pullback.
 * @example
 * ```ts
 * import { tensor, type GraphNode } from '@ad/graph';
 * import { vjp } from '@ad/backprop';
 *
 * const { value, pullback } = vjp((x: GraphNode) => x.square())(tensor([1, 2]));
 * value.toArray(); // => [1, 4]
 * pullback(tensor([1, 10])).toArray(); // => [2, 40]
 * ```
 */
export function vjp<
  Args extends readonly unknown[],
  Result = GraphNode,
  const Index extends number = 0,
>(
  f: (...args: Args) => Result,
  options: ArgumentOptions<Index> = {},
): VjpFunction<Args, Index, Result> {
  const callWith = byArgument('vjp', f, options, true);
  return ((...args: readonly Argument[]) => {
    const call = callWith(args);
    const pullback = (cotangent: Argument): unknown => {
      const leaves = matching('vjp', 'the cotangent', cotangent, call.trace.result, 'the value');
      // A cotangent that is a node makes this a call on nodes, even where the arguments are values.
      const isOfNodes = call.feeds !== undefined && leaves.some((leaf) => isGraphNode(leaf));
      const { argument, feeds, trace, wrt } = isOfNodes ? callWith(args, [cotangent]) : call;
      if (feeds === undefined) {
        const seeds = leaves.map((leaf) => trace.lift(leaf));
        return treeLike(argument, adjoints(trace.outputs, wrt, seeds));
      }
      const program = trace.program('pullback', () =>
        adjoints(trace.outputs, wrt, inputsLike(trace, 'cotangent', trace.outputs)),
      );
      const seeds = feedsOf('cotangent', leaves);
      return treeLike(argument, program.run({ ...feeds, ...seeds }));
    };
    if (call.feeds === undefined) return { value: call.trace.result, pullback };
    const program = call.trace.program('value', () => call.trace.outputs);
    return { value: call.trace.likeResult(program.run(call.feeds)), pullback };
  }) as unknown as VjpFunction<Args, Index, Result>;
}

/** What {@link hvp} returns. */
export interface HvpFunction<X, Rest extends readonly unknown[]> {
  /** Values in, values out. */
  <Value extends ValuesOf<X>>(x: Value, v: ValuesOf<X>, ...rest: ValuesOf<Rest>): GradientOf<Value>;
  /** Nodes in, nodes out: so derivatives can be nested. */
  (x: X, v: X, ...rest: Rest): X;
}

/**
 * The Hessian of a scalar function times a vector, forward over reverse: the derivative of the gradient along `v`.
 *
 * The cost is a small multiple of that of the function, whatever the size of `x`. Tracing, trees and nesting are as
 * for `grad`.
 *
 * @returns a function of `x`, of a direction `v` in its form, and of the further arguments of the function.
 * @throws `ShapeError` when the result is not a scalar or `v` has another shape than `x`, `ValueError` when `v` has
 * another form, and as `grad` does.
 * Complexity: O(V + E).
 * @example
 * ```ts
 * import { tensor, type GraphNode } from '@ad/graph';
 * import { hvp } from '@ad/backprop';
 *
 * const f = (x: GraphNode) => x.pow(3).sum();
 * hvp(f)(tensor([1, 2]), tensor([1, 10])).toArray(); // => [6, 120]
 * ```
 */
export function hvp<X, Rest extends readonly unknown[] = []>(
  f: (x: X, ...rest: Rest) => GraphNode,
  options: TransformOptions = {},
): HvpFunction<X, Rest> {
  const tracer = new Tracer(
    f as Traceable,
    { name: 'hvp', varies: (position) => position === 0 },
    options,
  );
  return ((x: Argument, v: Argument, ...rest: readonly Argument[]) => {
    const { trace, feeds } = tracer.call([x, ...rest], [v]);
    checkScalar('hvp', trace.output);
    const leaves = matching('hvp', 'the vector', v, x);
    const wrt = trace.leaves[0]!;
    const product = (tangents: readonly GraphNode[]): GraphNode[] =>
      pushforward(gradient(trace.output, wrt), wrt, tangents);
    if (feeds === undefined) return treeLike(x, product(leaves.map((leaf) => trace.lift(leaf))));
    const program = trace.program('product', () => product(inputsLike(trace, 'tangent', wrt)));
    return treeLike(x, program.run({ ...feeds, ...feedsOf('tangent', leaves) }));
  }) as unknown as HvpFunction<X, Rest>;
}

/** Inputs of the shapes of nodes, all 0 at first: where a program takes its tangents or cotangents. */
function inputsLike({ graph }: Trace, name: string, nodes: readonly GraphNode[]): GraphNode[] {
  return nodes.map(({ shape }, i) => graph.input(`${name}${i}`, { shape }));
}

/** What is fed to the inputs of {@link inputsLike}. */
function feedsOf(name: string, leaves: readonly (Leaf | GraphNode)[]): Feeds {
  return Object.fromEntries(leaves.map((leaf, i) => [`${name}${i}`, tensorOfLeaf(leaf as Leaf)]));
}

/**
 * The leaves of a tree in the order of another one.
 *
 * @throws {@link ValueError} when the two have not the same form, {@link ShapeError} when leaves have not the same
 * shapes.
 */
function matching(
  name: string,
  what: string,
  tree: Argument,
  like: Argument,
  owner = 'the argument',
): (Leaf | GraphNode)[] {
  const byPath = new Map(leavesOf(tree).map(({ path, leaf }) => [path, leaf]));
  const places = leavesOf(like);
  const matches = places.map(({ path, leaf }) => {
    const match = byPath.get(path);
    const place = path === '' ? what : `${what} at ${path}`;
    if (match === undefined) {
      throw new ValueError(
        `${name}: ${place} is missing; expected the form of ${owner}, with a leaf for each of its leaves`,
      );
    }
    checkShape(name, place, match, isGraphNode(leaf) ? leaf.shape : tensorOfLeaf(leaf).shape);
    return match;
  });
  if (byPath.size > places.length) {
    const known = new Set(places.map(({ path }) => path));
    const extra = [...byPath.keys()].find((path) => !known.has(path));
    throw new ValueError(
      `${name}: ${what} has ${extra === '' ? 'a single value' : extra}, which ${owner} has not; expected the same form`,
    );
  }
  return matches;
}

function checkShape(
  name: string,
  what: string,
  leaf: Leaf | GraphNode,
  shape: readonly number[],
): void {
  const got = isGraphNode(leaf) ? leaf.shape : tensorOfLeaf(leaf).shape;
  if (sameShape(got, shape)) return;
  throw new ShapeError(
    `${name}: ${what} has shape ${formatShape(got)}, expected ${formatShape(shape)}`,
  );
}
