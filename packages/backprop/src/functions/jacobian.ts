/**
 * Whole matrices of derivatives of plain functions. All columns (forward mode) or rows (reverse mode) are computed
 * together, as a batch, so what is built does not grow with the dimension.
 */
import {
  type GraphNode,
  type Leaf,
  mapTree,
  type Tensor,
  ValueError,
  type ValuesOf,
} from '@ad/graph';
import { byArgument } from './by-argument.ts';
import { derivativeBlocks, elementsOf } from './derivative-blocks.ts';
import { checkScalar } from './grad.ts';
import { gradient } from '../graphs/gradient.ts';
import type { Argument, ArgumentOptions } from './tracing.ts';

/** How a matrix of derivatives is computed: by columns (forward), by rows (reverse), or by whatever is less. */
export type JacobianMode = 'auto' | 'forward' | 'reverse';

/** Options of {@link jacobian}. */
export interface JacobianOptions<Index extends number = number> extends ArgumentOptions<Index> {
  /** Default `auto`: forward when the argument has no more elements than the result, else reverse. */
  readonly mode?: JacobianMode;
}

/**
 * Derivatives of a result with respect to a tree: for each leaf of the result, for each leaf of the tree, an array of
 * the shape of the one followed by that of the other.
 */
export type JacobianOf<T, Result = GraphNode> = Result extends GraphNode
  ? BlocksOf<T>
  : Result extends readonly unknown[]
    ? { -readonly [K in keyof Result]: JacobianOf<T, Result[K]> }
    : Result extends object
      ? { -readonly [K in keyof Result]: JacobianOf<T, Result[K]> }
      : never;

/** An array for each leaf. */
export type BlocksOf<T> = T extends GraphNode
  ? GraphNode
  : T extends Leaf
    ? Tensor
    : T extends readonly unknown[]
      ? { -readonly [K in keyof T]: BlocksOf<T[K]> }
      : T extends object
        ? { -readonly [K in keyof T]: BlocksOf<T[K]> }
        : never;

/** Second derivatives with respect to a tree: for each pair of leaves an array of both shapes. */
export type HessianOf<T, Whole = T> = T extends GraphNode | Leaf
  ? BlocksOf<Whole>
  : T extends readonly unknown[]
    ? { -readonly [K in keyof T]: HessianOf<T[K], Whole> }
    : T extends object
      ? { -readonly [K in keyof T]: HessianOf<T[K], Whole> }
      : never;

/** What {@link jacobian} returns. */
export interface JacobianFunction<
  Args extends readonly unknown[],
  Index extends number,
  Result = GraphNode,
> {
  /** Values in, values out; nodes in, nodes out: so derivatives can be nested. */
  <Values extends ValuesOf<Args>>(...values: Values): JacobianOf<Values[Index], Result>;
}

/** What {@link hessian} returns. */
export interface HessianFunction<Args extends readonly unknown[], Index extends number> {
  /** Values in, values out; nodes in, nodes out: so derivatives can be nested. */
  <Values extends ValuesOf<Args>>(...values: Values): HessianOf<Values[Index]>;
}

/**
 * All derivatives of the result of a function with respect to its first (or another) argument.
 *
 * For each leaf of the argument there is a tensor: the shape of the result, then the shape of the leaf. Where the
 * function returns a tree there is that for each leaf of the result. All columns or rows are computed together, by one
 * program for each combination of shapes. Tracing, trees and nesting are as for `grad`. Where most derivatives are 0,
 * `sparseJacobian` takes less.
 *
 * @throws `ValueError` for an unknown mode, and as `grad` does; the result may be an array.
 * Complexity: O(min(n, m) (V + E)) time for n elements of the argument and m of the result; the graph grows by O(V + E).
 * @example
 * ```ts
 * import { tensor, type GraphNode } from '@ad/graph';
 * import { jacobian } from '@ad/backprop';
 *
 * const polar = ({ r, angle }: { r: GraphNode; angle: GraphNode }) => r.mul(angle.cos());
 * const { r, angle } = jacobian(polar)({ r: tensor([1, 2]), angle: 0 });
 * r.toArray(); // => [[1, 0], [0, 1]]
 * angle.shape; // => [2]
 * ```
 */
export function jacobian<
  Args extends readonly unknown[],
  Result = GraphNode,
  const Index extends number = 0,
>(
  f: (...args: Args) => Result,
  options: JacobianOptions<Index> = {},
): JacobianFunction<Args, Index, Result> {
  const call = byArgument('jacobian', f, options, true, ['argument', 'mode']);
  const mode = checkMode('jacobian', options.mode);
  return ((...args: readonly Argument[]) => {
    const { argument, feeds, trace, wrt } = call(args);
    const { outputs } = trace;
    const forward =
      mode === 'forward' || (mode === 'auto' && elementsOf(wrt) <= elementsOf(outputs));
    const blocks = derivativeBlocks(trace, feeds, {
      outputs: () => outputs,
      like: outputs,
      wrt,
      forward,
    });
    return treeOfBlocks(trace.result, argument, blocks);
  }) as JacobianFunction<Args, Index, Result>;
}

/**
 * All second derivatives of a scalar function with respect to its first (or another) argument, forward over reverse.
 *
 * For each pair of leaves of the argument there is a tensor of both shapes, found at the path of the first and then of
 * the second: `hessian(f)({ a, b }).a.b`. All its columns are computed together, by one program
 * for each combination of shapes. Tracing, trees and nesting are as for `grad`. Where only products with vectors are
 * needed, take `hvp`; where most second derivatives are 0, `sparseHessian`.
 *
 * @throws `ShapeError` when the result is not a scalar, and as `grad` does.
 * Complexity: O(n (V + E)) time for n elements of the argument; the graph grows by O(V + E).
 * @example
 * ```ts
 * import { tensor, type GraphNode } from '@ad/graph';
 * import { hessian } from '@ad/backprop';
 *
 * const f = (x: GraphNode) => x.square().sum().square();
 * hessian(f)(tensor([1, 0])).toArray(); // => [[12, 0], [0, 4]]
 * ```
 */
export function hessian<Args extends readonly unknown[], const Index extends number = 0>(
  f: (...args: Args) => GraphNode,
  options: ArgumentOptions<Index> = {},
): HessianFunction<Args, Index> {
  const call = byArgument('hessian', f, options, false);
  return ((...args: readonly Argument[]) => {
    const { argument, feeds, trace, wrt } = call(args);
    checkScalar('hessian', trace.output);
    const outputs = (): GraphNode[] => gradient(trace.output, wrt);
    const blocks = derivativeBlocks(trace, feeds, { outputs, like: wrt, wrt, forward: true });
    return treeOfBlocks(argument, argument, blocks);
  }) as HessianFunction<Args, Index>;
}

/**
 * A mode that exists, `auto` if none is asked for.
 *
 * @throws `ValueError` for any other.
 */
export function checkMode(name: string, mode: JacobianMode = 'auto'): JacobianMode {
  if (['auto', 'forward', 'reverse'].includes(mode)) return mode;
  throw new ValueError(`${name}: the mode is ${mode}, expected auto, forward or reverse`);
}

/** A tree of the form of `outer`, each leaf a tree of the form of `inner`: a block for each pair of leaves. */
function treeOfBlocks(
  outer: Argument,
  inner: Argument,
  blocks: readonly (readonly (Tensor | GraphNode)[])[],
): unknown {
  let i = 0;
  return mapTree(outer, () => {
    const row = blocks[i++]!;
    let j = 0;
    return mapTree(inner, () => row[j++]!);
  });
}
