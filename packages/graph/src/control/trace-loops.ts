/**
 * How loops are traced: the functions that they are given are called once, with nodes that stand for what a step gets, and
 * what they build is kept as a closed body. The rows are handed in, so that derivatives, which the rows state, can be
 * written as loops.
 */
import { apply } from '../apply.ts';
import { callSite } from '../call-site.ts';
import { GraphError, KindError, ShapeError, ValueError } from '../errors.ts';
import { isGraphNode } from '../explain.ts';
import type { Graph } from '../graph.ts';
import type { GraphNode } from '../node.ts';
import { checkNames } from '../options.ts';
import type { ScanAttributes, WhileLoopAttributes } from '../rows/control.ts';
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
import type { ControlRows } from './derivatives.ts';
import { unpack } from './unpack.ts';

/** What one step of a `scan` returns. */
export interface ScanStep<C, Y> {
  /** What the next step starts from, in the form and of the types of the first one. */
  readonly carry: C;
  /** What is stacked up; left out for nothing. */
  readonly y?: Y;
}

/** What `scan` returns. */
export interface ScanResult<C, Y> {
  /** The carry after the last step. */
  readonly carry: C;
  /** The results of all steps, each with a new first axis; `undefined` if the steps returned none. */
  readonly ys: Y;
}

/** Options of `scan`. */
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
 * The loop that `scan` builds.
 *
 * @param name - the function that was called, for messages.
 */
export function traceScan<C, X = undefined, Y = undefined>(
  row: ControlRows['scan'],
  step: (carry: NodesOf<C>, x: NodesOf<X>, index: GraphNode) => ScanStep<unknown, Y>,
  init: C,
  xs?: X,
  options: ScanOptions = {},
  name: string = 'scan',
): ScanResult<NodesOf<C>, NodesOf<Y>> {
  checkNames(name, options, ['length', 'reverse', 'count', 'checkpoints']);
  const [first, arrays] = [init as Values, xs as Values | undefined];
  const graph = graphAround(name, first, arrays);
  const carries = nodesOf(graph, first);
  const scanned = nodesOf(graph, arrays);
  const length = lengthOf(name, scanned, options.length);
  const checkpoints = checkpointsOf(name, options);
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
  const { carry, y } = stepOf(name, traced.result);
  const next = matching(traced, `${name}: the carry`, carry, carries);
  const ys = y === undefined ? [] : liftAll(traced, `${name}: the result y`, y);
  const attributes: ScanAttributes = {
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
  const node = apply(row, [...count, ...operands, ...traced.captured], attributes);
  const { results, stacked } = row.segments(attributes);
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

/** Options of `whileLoop`. */
export interface WhileLoopOptions {
  /** The most steps: the loop ends after them whatever the condition says. Default: no limit. */
  readonly maxSteps?: number;
}

/** Elements that the snapshots of a loop of unknown length may have together, and how many snapshots there are. */
const SNAPSHOT_ELEMENTS = 2 ** 20;
const FEWEST_SNAPSHOTS = 16;
const MOST_SNAPSHOTS = 1024;

/** The loop that `whileLoop` builds. */
export function traceWhileLoop<C>(
  row: ControlRows['whileLoop'],
  condition: (carry: NodesOf<C>) => GraphNode,
  body: (carry: NodesOf<C>) => unknown,
  init: C,
  options: WhileLoopOptions = {},
): NodesOf<C> {
  checkNames('whileLoop', options, ['maxSteps']);
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
  const attributes: WhileLoopAttributes = {
    condition: closed(test, [goesOn], shared),
    body: closed(step, next, shared),
    carries: carries.length,
    limit,
    snapshots: Math.min(Math.max(room, FEWEST_SNAPSHOTS), MOST_SNAPSHOTS),
  };
  const node = apply(row, [...carries.map((carry) => carry.node), ...shared], attributes);
  const { results } = row.segments(attributes);
  return treeOf(
    first,
    results.map((part) => unpack(node, part)),
  ) as NodesOf<C>;
}

/** An input of a body that stands for a node. */
export function parameter(
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
  caller: string,
  scanned: readonly { readonly path: string; readonly node: GraphNode }[],
  asked: number | undefined,
): number {
  if (asked !== undefined) checkLength(`${caller}: the length`, asked);
  let length = asked;
  for (const { path, node } of scanned) {
    const own = node.shape[0];
    const name = `the array xs${path}`;
    if (own === undefined)
      throw new ShapeError(
        `${caller}: ${name} is a scalar, expected an array with an entry per step`,
      );
    if (length !== undefined && length !== own) {
      throw new ShapeError(
        `${caller}: ${name} of shape ${formatShape(node.shape)} has ${own} entries, expected ${length} as for the others or in \`length\``,
      );
    }
    length = own;
  }
  if (length !== undefined) return length;
  throw new ValueError(
    `${caller}: the number of steps is unknown; give arrays to scan, or the option \`length\``,
  );
}

/**
 * Checks a number of steps.
 *
 * @throws {@link ValueError} unless it is an integer from 0 to 2^31 - 1.
 */
export function checkLength(what: string, length: number): void {
  if (Number.isInteger(length) && length >= 0 && length < 2 ** 31) return;
  throw new ValueError(`${what} is ${length}, expected an integer from 0 to 2^31 - 1`);
}

function checkpointsOf(caller: string, { checkpoints, count }: ScanOptions): number {
  if (checkpoints === undefined) return 0;
  if (!Number.isInteger(checkpoints) || checkpoints < 1 || checkpoints > 2 ** 20)
    throw new ValueError(
      `${caller}: checkpoints is ${checkpoints}, expected an integer from 1 to 2^20; leave it out to keep the carries of all steps`,
    );
  if (count !== undefined)
    throw new ValueError(
      `${caller}: checkpoints and count exclude each other; leave one of them out`,
    );
  return checkpoints;
}

function stepOf(caller: string, result: unknown): ScanStep<unknown, unknown> {
  if (typeof result === 'object' && result !== null && !isGraphNode(result) && 'carry' in result)
    return result;
  throw new ValueError(
    `${caller}: the step returned no object with a carry; expected { carry, y }`,
  );
}

function liftAll(traced: TracedBody, what: string, tree: unknown): GraphNode[] {
  return leavesOf(tree as Values).map(({ path, leaf }) => traced.lift(leaf, `${what}${path}`));
}

/**
 * Checks what decides on a branch or on another step.
 *
 * @throws {@link ShapeError} or {@link KindError} unless it is a scalar of kind boolean.
 */
export function checkPredicate(what: string, node: GraphNode): void {
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
