/**
 * Whole matrices of derivatives. One program computes a column (forward mode) or a row (reverse mode) and is run once
 * for each basis vector, so what is built does not grow with the dimension. On nodes there is no program to run: there
 * every row or column is appended to the graph.
 */
import {
  type Feeds,
  type GraphNode,
  type Leaf,
  mapTree,
  type Program,
  sizeOf,
  stack,
  Tensor,
  ValueError,
  type ValuesOf,
} from '@ad/graph';
import { checkScalar } from './grad.ts';
import { gradient } from './gradient.ts';
import { inputsLike } from './products.ts';
import { pushforward } from './pushforward.ts';
import {
  type Argument,
  type ArgumentOptions,
  checkArgument,
  type Trace,
  type Traceable,
  Tracer,
} from './tracing.ts';

/** How a matrix of derivatives is computed: by columns (forward), by rows (reverse), or by whatever is less. */
export type JacobianMode = 'auto' | 'forward' | 'reverse';

/** Options of {@link jacobian}. */
export interface JacobianOptions<Index extends number = number> extends ArgumentOptions<Index> {
  /** Default `auto`: forward when the argument has no more elements than the result, else reverse. */
  readonly mode?: JacobianMode;
}

/** Derivatives with respect to a tree: for each leaf an array of the shape of the result followed by that of the leaf. */
export type JacobianOf<T> = T extends GraphNode
  ? GraphNode
  : T extends Leaf
    ? Tensor
    : T extends readonly unknown[]
      ? { -readonly [K in keyof T]: JacobianOf<T[K]> }
      : T extends object
        ? { -readonly [K in keyof T]: JacobianOf<T[K]> }
        : never;

/** Second derivatives with respect to a tree: for each pair of leaves an array of both shapes. */
export type HessianOf<T, Whole = T> = T extends GraphNode | Leaf
  ? JacobianOf<Whole>
  : T extends readonly unknown[]
    ? { -readonly [K in keyof T]: HessianOf<T[K], Whole> }
    : T extends object
      ? { -readonly [K in keyof T]: HessianOf<T[K], Whole> }
      : never;

/** What {@link jacobian} returns. */
export interface JacobianFunction<Args extends readonly unknown[], Index extends number> {
  /** Values in, values out; nodes in, nodes out: so derivatives can be nested. */
  <Values extends ValuesOf<Args>>(...values: Values): JacobianOf<Values[Index]>;
}

/** What {@link hessian} returns. */
export interface HessianFunction<Args extends readonly unknown[], Index extends number> {
  /** Values in, values out; nodes in, nodes out: so derivatives can be nested. */
  <Values extends ValuesOf<Args>>(...values: Values): HessianOf<Values[Index]>;
}

/**
 * All derivatives of the result of a function with respect to its first (or another) argument.
 *
 * For each leaf of the argument there is a tensor: the shape of the result, then the shape of the leaf. A program for
 * one column or one row is made once per combination of shapes and run for each. Tracing, trees and nesting are as for
 * `grad`.
 *
 * @throws `ValueError` for an unknown mode, and as `grad` does; the result may be an array.
 * Complexity: O(min(n, m) (V + E)) time for n elements of the argument and m of the result; the graph grows by O(V + E),
 * and in a call on nodes by O(min(n, m) (V + E)).
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
export function jacobian<Args extends readonly unknown[], const Index extends number = 0>(
  f: (...args: Args) => GraphNode,
  options: JacobianOptions<Index> = {},
): JacobianFunction<Args, Index> {
  const argument: number = options.argument ?? 0;
  const mode = options.mode ?? 'auto';
  if (!['auto', 'forward', 'reverse'].includes(mode)) {
    throw new ValueError(`jacobian: the mode is ${mode}, expected auto, forward or reverse`);
  }
  const tracer = new Tracer(
    f as Traceable,
    { name: 'jacobian', varies: (position) => position === argument },
    options,
  );
  return ((...args: readonly Argument[]) => {
    checkArgument('jacobian', argument, args.length);
    const { trace, feeds } = tracer.call(args);
    const wrt = trace.leaves[argument]!;
    const [row] = matrices(trace, feeds, () => [trace.output], [trace.output], wrt, mode);
    let next = 0;
    return mapTree(args[argument]!, () => row![next++]!);
  }) as JacobianFunction<Args, Index>;
}

/**
 * All second derivatives of a scalar function with respect to its first (or another) argument, forward over reverse.
 *
 * For each pair of leaves of the argument there is a tensor of both shapes, found at the path of the first and then of
 * the second: `hessian(f)({ a, b }).a.b`. One program, the Hessian times a vector, is made once per combination of
 * shapes and run for each element. Tracing, trees and nesting are as for `grad`. Where only products with vectors are
 * needed, take `hvp`.
 *
 * @throws `ShapeError` when the result is not a scalar, and as `grad` does.
 * Complexity: O(n (V + E)) time for n elements of the argument; the graph grows by O(V + E), and in a call on nodes by
 * O(n (V + E)).
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
  const argument: number = options.argument ?? 0;
  const tracer = new Tracer(
    f as Traceable,
    { name: 'hessian', varies: (position) => position === argument },
    options,
  );
  return ((...args: readonly Argument[]) => {
    checkArgument('hessian', argument, args.length);
    const { trace, feeds } = tracer.call(args);
    checkScalar('hessian', trace.output);
    const wrt = trace.leaves[argument]!;
    const slopes = (): GraphNode[] => gradient(trace.output, wrt);
    const blocks = matrices(trace, feeds, slopes, wrt, wrt, 'forward');
    const arg = args[argument]!;
    let i = 0;
    return mapTree(arg, () => {
      const row = blocks[i++]!;
      let j = 0;
      return mapTree(arg, () => row[j++]!);
    });
  }) as HessianFunction<Args, Index>;
}

/**
 * The derivatives of each output with respect to each node of `wrt`.
 *
 * @param outputs - makes the outputs, when they are needed.
 * @param like - nodes of the shapes of the outputs.
 */
function matrices(
  trace: Trace,
  feeds: Feeds | undefined,
  outputs: () => GraphNode[],
  like: readonly GraphNode[],
  wrt: readonly GraphNode[],
  mode: JacobianMode,
): (Tensor | GraphNode)[][] {
  const count = (nodes: readonly GraphNode[]): number =>
    nodes.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const forward = mode === 'forward' || (mode === 'auto' && count(wrt) <= count(like));
  if (feeds === undefined) return forward ? columnNodes(outputs(), wrt) : rowNodes(outputs(), wrt);
  const blocks = like.map((output) =>
    wrt.map((x) => {
      const shape = [...output.shape, ...x.shape];
      return new Tensor(shape, 'real', new Float64Array(sizeOf(shape)));
    }),
  );
  if (forward) {
    const program = trace.program('columns', () =>
      pushforward(outputs(), wrt, inputsLike(trace, 'tangent', wrt)),
    );
    eachBasisVector(program, feeds, 'tangent', wrt, (j, element, columns) => {
      const width = sizeOf(wrt[j]!.shape);
      columns.forEach((column, i) => {
        const { data } = blocks[i]![j]!;
        for (let row = 0; row < column.length; row++) data[row * width + element] = column[row]!;
      });
    });
  } else {
    const program = trace.program('rows', () => {
      const seeds = inputsLike(trace, 'cotangent', like);
      const sums = outputs().map((output, i) => gradient(output, wrt, { seed: seeds[i]! }));
      return wrt.map((_, j) => sums.map((sum) => sum[j]!).reduce((a, b) => a.add(b)));
    });
    eachBasisVector(program, feeds, 'cotangent', like, (i, element, rows) => {
      rows.forEach((row, j) => {
        blocks[i]![j]!.data.set(row, element * row.length);
      });
    });
  }
  return blocks;
}

/** Runs a program once for each basis vector of the inputs made by `inputsLike`, and shows what it computes. */
function eachBasisVector(
  program: Program,
  feeds: Feeds,
  name: string,
  like: readonly GraphNode[],
  visit: (which: number, element: number, results: Program['outputs']) => void,
): void {
  const storage = like.map((_, k) => program.inputs[`${name}${k}`]);
  for (const data of storage) data?.fill(0); // whatever an earlier call that failed has left
  let fed = false;
  storage.forEach((data, which) => {
    if (data === undefined) return; // nothing depends on it: all zero
    for (let element = 0; element < data.length; element++) {
      data[element] = 1;
      if (fed) program.execute();
      else program.run(feeds);
      fed = true;
      visit(which, element, program.outputs);
      data[element] = 0;
    }
  });
}

/** Column by column: the tangents along each basis vector of each node, as nodes. */
function columnNodes(outputs: readonly GraphNode[], wrt: readonly GraphNode[]): GraphNode[][] {
  const blocks = wrt.map((x) => {
    const columns = basisOf(x).map((direction) => pushforward(outputs, x, direction));
    return outputs.map((output, i) =>
      assemble(
        columns.map((column) => column[i]!),
        output.shape.length,
        output,
        x,
      ),
    );
  });
  return outputs.map((_, i) => blocks.map((block) => block[i]!));
}

/** Row by row: the adjoints for each basis vector of each output, as nodes. */
function rowNodes(outputs: readonly GraphNode[], wrt: readonly GraphNode[]): GraphNode[][] {
  return outputs.map((output) => {
    const rows = basisOf(output).map((seed) => gradient(output, wrt, { seed }));
    return wrt.map((x, j) =>
      assemble(
        rows.map((row) => row[j]!),
        0,
        output,
        x,
      ),
    );
  });
}

/** The basis vectors in the shape of a node, as constants. */
function basisOf({ graph, shape }: GraphNode): GraphNode[] {
  const size = sizeOf(shape);
  return Array.from({ length: size }, (_, element) => {
    const data = new Float64Array(size);
    data[element] = 1;
    return graph.constant(new Tensor(shape, 'real', data));
  });
}

/** Rows or columns stacked along an axis, in the shape of the output followed by that of `x`. */
function assemble(
  parts: readonly GraphNode[],
  axis: number,
  output: GraphNode,
  x: GraphNode,
): GraphNode {
  const shape = [...output.shape, ...x.shape];
  if (parts.length > 0) return stack(parts, axis).reshape(shape);
  return output.graph.constant(new Tensor(shape, 'real', new Float64Array(0)));
}
