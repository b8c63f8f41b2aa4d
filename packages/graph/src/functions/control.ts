/**
 * Functions that build loops and branches. Each calls the functions it is given once, with nodes that stand for what a
 * step or a branch gets, and keeps what they build as a closed body. Whatever they use of the graph around is taken up by
 * itself.
 *
 * Values that go from step to step ("carries") and results are trees: nodes, or objects and arrays of nodes.
 */
import { apply } from '../apply.ts';
import { callSite } from '../call-site.ts';
import { GraphError, KindError, ShapeError, ValueError } from '../errors.ts';
import { isGraphNode } from '../explain.ts';
import type { Graph } from '../graph.ts';
import type { GraphNode } from '../node.ts';
import * as rows from '../rows/control.ts';
import type { Segment } from '../rows/row.ts';
import * as rounding from '../rows/rounding.ts';
import { notEqual } from '../rows/comparison.ts';
import { reshape } from '../rows/layout.ts';
import { slice } from '../rows/parts.ts';
import { innermost } from '../scope.ts';
import { formatShape, sizeOf } from '../shape.ts';
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

/** What one step of a {@link scan} returns. */
export interface ScanStep<C, Y> {
  /** What the next step starts from, in the form and of the types of the first one. */
  readonly carry: C;
  /** What is stacked up; left out for nothing. */
  readonly y?: Y;
}

/** What {@link scan} returns. */
export interface ScanResult<C, Y> {
  /** The carry after the last step. */
  readonly carry: C;
  /** The results of all steps, each with a new first axis; `undefined` if the steps returned none. */
  readonly ys: Y;
}

/** Options of {@link scan}. */
export interface ScanOptions {
  /** The number of steps; default the length of the arrays scanned. */
  readonly length?: number;
  /** Whether to go from the last entry to the first; results are stacked in the order of the entries. Default false. */
  readonly reverse?: boolean;
  /**
   * How many entries, from the first one on, take part: an integer node, at least 0 and at most the length. Results of
   * the others are 0. Default all.
   */
  readonly count?: GraphNode;
  /**
   * How many carries reverse mode may keep at a time, 1 or more. It computes the others again from these, with the fewest
   * steps possible (Griewank and Walther's binomial schedule). Not together with `count`. Default: it keeps all of them.
   */
  readonly checkpoints?: number;
}

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
  options: ScanOptions = {},
): ScanResult<NodesOf<C>, NodesOf<Y>> {
  const [first, arrays] = [init as Values, xs as Values | undefined];
  const graph = graphAround('scan', first, arrays);
  const carries = nodesOf(graph, first);
  const scanned = nodesOf(graph, arrays);
  const length = lengthOf(scanned, options.length);
  const checkpoints = checkpointsOf(options);
  const parameters = [
    { name: 'index', shape: [], kind: 'integer' as const },
    ...carries.map(({ path, node }) => parameter(`carry${path}`, node)),
    ...scanned.map(({ path, node: { shape, kind } }) =>
      parameter(`x${path}`, { shape: shape.slice(1), kind }),
    ),
  ];
  const traced = traceBody(graph, parameters, ([index, ...nodes]) =>
    step(
      treeOf(first, nodes) as NodesOf<C>,
      treeOf(arrays, nodes.slice(carries.length)) as NodesOf<X>,
      index!,
    ),
  );
  const { carry, y } = stepOf(traced.result);
  const next = matching(traced, 'scan: the carry', carry, carries);
  const ys = y === undefined ? [] : liftAll(traced, 'scan: the result y', y);
  const attributes: rows.ScanAttributes = {
    body: closed(traced, [...next, ...ys]),
    carries: carries.length,
    scanned: scanned.length,
    length,
    reverse: options.reverse ?? false,
    counted: options.count !== undefined,
    checkpoints,
  };
  const operands = [...carries, ...scanned].map(({ node }) => node);
  const count = options.count === undefined ? [] : [options.count];
  const node = apply(rows.scan, [...count, ...operands, ...traced.captured], attributes);
  const { results, stacked } = rows.scan.segments(attributes);
  return {
    carry: treeOf(
      first,
      results.map((part) => unpack(node, part)),
    ) as NodesOf<C>,
    ys: treeOf(
      y as Values | undefined,
      stacked.map((part) => unpack(node, part)),
    ) as NodesOf<Y>,
  };
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
  return scan<C>(step, init, undefined, { length: count }).carry;
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
  const given = operands as Values | undefined;
  const around = innermost(predicate.graph);
  const nodes = nodesOf(around, given);
  const parameters = nodes.map(({ path, node }) => parameter(`operand${path}`, node));
  const branch = (f: (operands: NodesOf<T>) => unknown): TracedBody =>
    traceBody(around, parameters, (inputs) => f(treeOf(given, inputs) as NodesOf<T>));
  const [first, second] = [branch(then), branch(otherwise)];
  const result = first.result as Values;
  const results = leavesOf(result).map(({ path, leaf }) => {
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

/** Options of {@link whileLoop}. */
export interface WhileLoopOptions {
  /** The most steps: the loop ends after them whatever the condition says. Default: no limit. */
  readonly maxSteps?: number;
}

/** Elements that the snapshots of a loop of unknown length may have together, and how many snapshots there are. */
const SNAPSHOT_ELEMENTS = 2 ** 20;
const FEWEST_SNAPSHOTS = 16;
const MOST_SNAPSHOTS = 1024;

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
  options: WhileLoopOptions = {},
): NodesOf<C> {
  const limit = options.maxSteps ?? -1;
  if (options.maxSteps !== undefined) checkLength('whileLoop: maxSteps', options.maxSteps);
  const first = init as Values;
  const around = graphAround('whileLoop', first, undefined);
  const carries = nodesOf(around, first);
  if (carries.length === 0) throw new ValueError('whileLoop: there is no carry; a loop needs one');
  const parameters = carries.map(({ path, node }) => parameter(`carry${path}`, node));
  const trace = (f: (carry: NodesOf<C>) => unknown): TracedBody =>
    traceBody(around, parameters, (inputs) => f(treeOf(first, inputs) as NodesOf<C>));
  const [test, step] = [trace(condition), trace(body)];
  if (!isGraphNode(test.result))
    throw new GraphError(
      `whileLoop: the condition returned ${String(test.result)}, expected a node`,
    );
  checkPredicate('whileLoop: the condition', test.result);
  const next = matching(step, 'whileLoop: the carry', step.result, carries);
  const goesOn = test.lift(test.result, 'whileLoop: the condition');
  const shared = sharedCaptures(test, step);
  const elements = carries.reduce((sum, { node: { shape } }) => sum + sizeOf(shape), 0);
  const room = 2 * Math.floor(SNAPSHOT_ELEMENTS / Math.max(1, elements) / 2);
  const attributes: rows.WhileLoopAttributes = {
    condition: closed(test, [goesOn], shared),
    body: closed(step, next, shared),
    carries: carries.length,
    limit,
    snapshots: Math.min(Math.max(room, FEWEST_SNAPSHOTS), MOST_SNAPSHOTS),
  };
  const node = apply(
    rows.whileLoop,
    [...carries.map((carry) => carry.node), ...shared],
    attributes,
  );
  const { results } = rows.whileLoop.segments(attributes);
  return treeOf(
    first,
    results.map((part) => unpack(node, part)),
  ) as NodesOf<C>;
}

/** The part of a packed result, in its shape and kind. */
export function unpack(node: GraphNode, { start, type }: Segment): GraphNode {
  const length = sizeOf(type.shape);
  const at = length === 0 ? 0 : start;
  const flat = apply(slice, [node], { starts: [at], lengths: [length], steps: [1] });
  const part = apply(reshape, [flat], { shape: type.shape });
  if (type.kind === 'boolean') return apply(notEqual, [part, 0]);
  return type.kind === 'integer' ? apply(rounding.toInteger, [part]) : part;
}

function parameter(
  name: string,
  { shape, kind }: Pick<GraphNode, 'shape' | 'kind'>,
): Pick<GraphNode, 'shape' | 'kind'> & { readonly name: string } {
  return { name, shape, kind };
}

/** The graph that a loop is built in: that of the first node among its arguments, or the body being traced in it. */
function graphAround(name: string, ...trees: readonly (Values | undefined)[]): Graph {
  const leaves = trees.flatMap((tree) => (tree === undefined ? [] : leavesOf(tree)));
  for (const { leaf } of leaves) if (isGraphNode(leaf)) return innermost(leaf.graph);
  const site = callSite();
  throw new GraphError(
    `${name}: there is no graph node among the ${leaves.length} values that it starts from, so its graph is unknown; ` +
      `make one of them a node, as in graph.constant(0)${site === undefined ? '' : `\n  at ${site}`}`,
  );
}

/** The number of steps: the length of all arrays, and as asked for. */
function lengthOf(
  scanned: readonly { readonly path: string; readonly node: GraphNode }[],
  asked: number | undefined,
): number {
  if (asked !== undefined) checkLength('scan: the length', asked);
  let length = asked;
  for (const { path, node } of scanned) {
    const own = node.shape[0];
    const name = `the array xs${path}`;
    if (own === undefined)
      throw new ShapeError(`scan: ${name} is a scalar, expected an array with an entry per step`);
    if (length !== undefined && length !== own) {
      throw new ShapeError(
        `scan: ${name} of shape ${formatShape(node.shape)} has ${own} entries, expected ${length} as for the others or in \`length\``,
      );
    }
    length = own;
  }
  if (length !== undefined) return length;
  throw new ValueError(
    'scan: the number of steps is unknown; give arrays to scan, or the option `length`',
  );
}

function checkLength(what: string, length: number): void {
  if (Number.isInteger(length) && length >= 0 && length < 2 ** 31) return;
  throw new ValueError(`${what} is ${length}, expected an integer from 0 to 2^31 - 1`);
}

function checkpointsOf({ checkpoints, count }: ScanOptions): number {
  if (checkpoints === undefined) return 0;
  if (!Number.isInteger(checkpoints) || checkpoints < 1 || checkpoints > 2 ** 20)
    throw new ValueError(
      `scan: checkpoints is ${checkpoints}, expected an integer from 1 to 2^20; leave it out to keep the carries of all steps`,
    );
  if (count !== undefined)
    throw new ValueError('scan: checkpoints and count exclude each other; leave one of them out');
  return checkpoints;
}

function stepOf(result: unknown): ScanStep<unknown, unknown> {
  if (typeof result === 'object' && result !== null && !isGraphNode(result) && 'carry' in result)
    return result;
  throw new ValueError('scan: the step returned no object with a carry; expected { carry, y }');
}

function liftAll(traced: TracedBody, what: string, tree: unknown): GraphNode[] {
  return leavesOf(tree as Values).map(({ path, leaf }) => traced.lift(leaf, `${what}${path}`));
}

function checkPredicate(what: string, node: GraphNode): void {
  if (node.shape.length > 0) {
    throw new ShapeError(
      `${what} has shape ${formatShape(node.shape)}, expected a scalar; reduce it with any() or all(), or choose between elements with where`,
    );
  }
  if (node.kind !== 'boolean') {
    throw new KindError(
      `${what} is of kind ${node.kind}, expected boolean; compare it with something first, for example notEqual(x, 0)`,
    );
  }
}
