/**
 * Functions that build loops and branches. Each calls the functions it is given once, with nodes that stand for what a
 * step or a branch gets, and keeps what they build as a closed body. Whatever they use of the graph around is taken up by
 * itself.
 *
 * Values that go from step to step ("carries") and results are trees: nodes, or objects and arrays of nodes.
 */
import { apply } from '../apply.ts';
import {
  checkLength,
  checkPredicate,
  parameter,
  type ScanOptions,
  type ScanResult,
  type ScanStep,
  traceScan,
  traceWhileLoop,
  type WhileLoopOptions,
} from '../control/trace-loops.ts';
import { unpack } from '../control/unpack.ts';
import { ValueError } from '../errors.ts';
import type { GraphNode } from '../node.ts';
import { describeValue } from '../options.ts';
import * as rows from '../rows/control.ts';
import { innermost } from '../scope.ts';
import {
  closed,
  matching,
  nodesOf,
  sharedCaptures,
  traceBody,
  type TracedBody,
  treeOf,
  type Values,
} from '../trace-body.ts';
import { leavesOf, type NodesOf } from '../tree.ts';

export type { ScanOptions, ScanResult, ScanStep, WhileLoopOptions };

/**
 * A loop of a known number of steps that carries values along, reads one entry of some arrays in each step, and stacks up
 * results: `for t: (carry, y[t]) = step(carry, xs[t], t)`.
 *
 * The graph does not grow with the number of steps: the loop is one node, and the step is a body of its own, traced
 * once. Derivatives are loops again. Forward mode carries tangents along and needs no more memory than the loop; reverse
 * mode keeps the carries of all steps and computes each step once more on the way back.
 *
 * @param step - gets the carry, an entry of each array in the form of `xs`, and the index of the entry (an integer node).
 * Nodes of the graph around may be used in it.
 * @param init - the first carry: a tree of nodes and values.
 * @param xs - a tree of arrays of one length, along whose first axis the loop goes; `undefined` for none.
 * @throws {@link ShapeError} when lengths differ or a carry changes its shape or kind; {@link ValueError} when it changes
 * its form or the length is unknown; {@link GraphError} when there is no node among `init` and `xs`.
 * Complexity: one evaluation of the step per entry. In reverse mode memory for the carries of all steps.
 * @example
 * ```ts
 * import { evaluate, Graph, scan } from '@ad/graph';
 *
 * const graph = new Graph();
 * const xs = graph.input('xs', { value: [1, 2, 3] });
 * const factor = graph.input('factor', { value: 10 });
 * const { carry, ys } = scan(
 *   (sum, x) => {
 *     const next = sum.add(x.mul(factor));
 *     return { carry: next, y: next };
 *   },
 *   0,
 *   xs,
 * );
 * evaluate(carry).item(); // => 60
 * evaluate(ys).toArray(); // => [10, 30, 60]
 * ```
 */
export function scan<C, X = undefined, Y = undefined>(
  step: (carry: NodesOf<C>, x: NodesOf<X>, index: GraphNode) => ScanStep<unknown, Y>,
  init: C,
  xs?: X,
  options?: ScanOptions,
): ScanResult<NodesOf<C>, NodesOf<Y>> {
  return traceScan(rows.scan, step, init, xs, options);
}

/**
 * A loop over the integers from 0 to `count` - 1 that carries values along: `for i: carry = body(i, carry)`. It is a
 * {@link scan} without arrays.
 *
 * @param body - gets the index, an integer node, and the carry; returns the next carry.
 * @param init - the first carry: a tree of nodes and values.
 * @throws as {@link scan}.
 * @example
 * ```ts
 * import { evaluate, fori, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: 2 });
 * evaluate(fori(10, (_i, power) => power.mul(x), x)).item(); // => 2048
 * ```
 */
export function fori<C>(
  count: number,
  body: (index: GraphNode, carry: NodesOf<C>) => unknown,
  init: C,
): NodesOf<C> {
  const step = (
    carry: NodesOf<C>,
    _x: unknown,
    index: GraphNode,
  ): ScanStep<unknown, undefined> => ({
    carry: body(index, carry),
  });
  checkLength('fori: the count', count);
  return traceScan(rows.scan, step, init, undefined, { length: count }, 'fori').carry;
}

/**
 * One of two results, of which only one is computed: `predicate ? then(operands) : otherwise(operands)`.
 *
 * Where `where` computes both branches and chooses between elements, this runs one of them; nothing of the other, not
 * even NaN, reaches a value or a derivative. The derivative is a branch again.
 *
 * @param predicate - a scalar of kind boolean.
 * @param then - gets the operands and returns a tree of nodes. Nodes of the graph around may be used in it, too.
 * @param otherwise - returns a tree of the same form and types.
 * @param operands - a tree of nodes and values; default none.
 * @throws {@link ShapeError} when the predicate is no scalar or results differ in shape or kind; {@link KindError} when
 * the predicate is no condition; {@link ValueError} when the results differ in form.
 * @example
 * ```ts
 * import { cond, evaluate, Graph, greater } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * const root = cond(greater(x, 0), () => x.sqrt(), () => x.neg());
 * evaluate(root, { x: 9 }).item(); // => 3
 * evaluate(root, { x: -9 }).item(); // => 9
 * ```
 */
export function cond<R, T = undefined>(
  predicate: GraphNode,
  then: (operands: NodesOf<T>) => R,
  otherwise: (operands: NodesOf<T>) => unknown,
  operands?: T,
): NodesOf<R> {
  checkPredicate('cond: the predicate', predicate);
  for (const branch of [then, otherwise] as readonly unknown[]) {
    if (typeof branch !== 'function') {
      throw new ValueError(
        `cond: a branch is ${describeValue(branch)}, expected a function; where(condition, x, y) chooses between nodes`,
      );
    }
  }
  const given = operands as Values | undefined;
  const around = innermost(predicate.graph);
  const nodes = nodesOf(around, given);
  const parameters = nodes.map(({ path, node }) => parameter(`operand${path}`, node));
  const branch = (f: (operands: NodesOf<T>) => unknown): TracedBody =>
    traceBody(around, parameters, (inputs) => f(treeOf(given, inputs) as NodesOf<T>));
  const [first, second] = [branch(then), branch(otherwise)];
  const result = first.result as Values;
  const results = leavesOf(result, 'cond: the result').map(({ path, leaf }) => {
    return { path, node: first.lift(leaf, `cond: the result${path}`) };
  });
  if (results.length === 0) throw new ValueError('cond: the branches returned nothing');
  const others = matching(second, 'cond: the result of the branches', second.result, results);
  const shared = sharedCaptures(first, second);
  const attributes: rows.CondAttributes = {
    whenTrue: closed(
      first,
      results.map(({ node }) => node),
      shared,
    ),
    whenFalse: closed(second, others, shared),
  };
  const node = apply(
    rows.cond,
    [predicate, ...nodes.map((operand) => operand.node), ...shared],
    attributes,
  );
  const parts = rows.cond.segments(attributes).results.map((part) => unpack(node, part));
  return treeOf(result, parts) as NodesOf<R>;
}

/**
 * A loop that goes on while a condition holds: `while (condition(carry)) carry = body(carry)`.
 *
 * Forward mode carries tangents along. Reverse mode needs the carries before each step: with `maxSteps` they are kept in
 * a stack of that length. Without, some hundred snapshots are kept, at distances that double when there is no more room,
 * and the way back computes the steps between two of them again.
 *
 * @param condition - gets the carry and returns a scalar of kind boolean.
 * @param body - gets the carry and returns the next one. Nodes of the graph around may be used in both.
 * @param init - the first carry: a tree of nodes and values.
 * @throws as {@link scan}, and as {@link cond} for the condition.
 * @example
 * ```ts
 * import { evaluate, Graph, greater, whileLoop } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: 2 });
 * const root = whileLoop(
 *   (y) => greater(y.square().sub(x).abs(), 1e-12),
 *   (y) => y.add(x.div(y)).mul(0.5),
 *   x,
 * );
 * evaluate(root).item(); // ≈ 1.41421356
 * ```
 */
export function whileLoop<C>(
  condition: (carry: NodesOf<C>) => GraphNode,
  body: (carry: NodesOf<C>) => unknown,
  init: C,
  options?: WhileLoopOptions,
): NodesOf<C> {
  return traceWhileLoop(rows.whileLoop, condition, body, init, options);
}
