/**
 * Matrices of derivatives, block by block: all derivatives of some nodes with respect to others. Tangents along many
 * basis vectors (columns, forward mode) or adjoints for many of them (rows, reverse mode) are computed together, as
 * batches, so what is built does not grow with their number.
 */
import {
  ancestorsOf,
  type Feeds,
  type Graph,
  type GraphNode,
  moveAxes,
  nodeMessages,
  sizeOf,
  slice,
  Tensor,
} from '@ad/graph';
import { zerosLike } from '../graphs/activity.ts';
import { pullbacks, pushforwards } from '../graphs/many-directions.ts';
import type { Trace } from './tracing.ts';

/** What is differentiated with respect to what. */
export interface Derivatives {
  /** Makes the outputs, when they are needed. */
  readonly outputs: () => readonly GraphNode[];
  /** Nodes of the shapes of the outputs. */
  readonly like: readonly GraphNode[];
  /** With respect to which nodes. */
  readonly wrt: readonly GraphNode[];
  /** By columns rather than rows. */
  readonly forward: boolean;
}

/**
 * For each output and each node of `wrt` all derivatives, in the shape of the one followed by that of the other: as
 * tensors, or as nodes where there are no values to feed.
 */
export function derivativeBlocks(
  trace: Trace,
  feeds: Feeds | undefined,
  derivatives: Derivatives,
): (Tensor | GraphNode)[][] {
  return feeds === undefined
    ? blockNodes(trace.graph, derivatives)
    : blockValues(trace, feeds, derivatives);
}

/** How many elements nodes have together. */
export function elementsOf(nodes: readonly GraphNode[]): number {
  return nodes.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

function blockNodes(graph: Graph, { outputs, like, wrt, forward }: Derivatives): GraphNode[][] {
  const moving = forward ? wrt : like;
  const count = elementsOf(moving);
  const blockOf = (output: GraphNode, x: GraphNode): readonly number[] => [
    ...output.shape,
    ...x.shape,
  ];
  if (count === 0) {
    return like.map((output) => wrt.map((x) => zerosLike({ graph, shape: blockOf(output, x) })));
  }
  const directions = basisOf(moving, count).map((each) => graph.constant(each));
  const swept = (forward ? pushforwards : pullbacks)(outputs(), wrt, directions);
  const B = nodeMessages(graph);
  const starts = startsOf(moving);
  /** The directions of one of the nodes that move. */
  const part = (all: GraphNode, k: number): GraphNode =>
    slice(all, [{ start: starts[k]!, end: starts[k]! + sizeOf(moving[k]!.shape) }]);
  return like.map((output, i) =>
    wrt.map((x, j) => {
      const block = forward
        ? moveAxes(B, part(swept[i]!, j), 0, 1, output.shape.length)
        : part(swept[j]!, i);
      return block.reshape(blockOf(output, x));
    }),
  );
}

/** About how many elements the largest array of a program shall have: half a megabyte, which stays in a cache. */
const LARGEST_BATCH = 2 ** 16;

/** Runs one program, for as many directions at a time as its arrays should have room for. */
function blockValues(
  trace: Trace,
  feeds: Feeds,
  { outputs, like, wrt, forward }: Derivatives,
): Tensor[][] {
  const [moving, swept] = forward ? [wrt, like] : [like, wrt];
  const blocks = like.map((output) =>
    wrt.map((x) => {
      const shape = [...output.shape, ...x.shape];
      return new Tensor(shape, 'real', new Float64Array(sizeOf(shape)));
    }),
  );
  const count = elementsOf(moving);
  if (count === 0 || elementsOf(swept) === 0) return blocks;
  const program = trace.program('derivatives', () => {
    const results = outputs();
    const room = Math.floor(LARGEST_BATCH / largestBelow(results));
    const width = Math.min(count, Math.max(1, room));
    const directions = moving.map(({ graph, shape }, k) =>
      graph.input(`direction${k}`, { shape: [width, ...shape] }),
    );
    return (forward ? pushforwards : pullbacks)(results, wrt, directions);
  });
  const some = swept.findIndex(({ shape }) => sizeOf(shape) > 0);
  const width = program.outputs[some]!.length / sizeOf(swept[some]!.shape);
  const sizes = moving.map(({ shape }) => sizeOf(shape));
  const starts = startsOf(moving);
  for (let from = 0; from < count; from += width) {
    moving.forEach((_, k) => {
      const data = program.inputs[`direction${k}`];
      if (data === undefined) return; // nothing depends on it
      data.fill(0);
      for (let row = 0; row < width; row++) {
        const element = from + row - starts[k]!;
        if (element >= 0 && element < sizes[k]!) data[row * sizes[k]! + element] = 1;
      }
    });
    if (from === 0) program.run(feeds);
    else program.execute();
    // Direction `from + row` is element `element` of node k, and its results are a column or a row of block k.
    for (let row = 0, k = 0; row < width && from + row < count; row++) {
      while (from + row >= starts[k]! + sizes[k]!) k++;
      const element = from + row - starts[k]!;
      swept.forEach(({ shape }, i) => {
        const size = sizeOf(shape);
        const result = program.outputs[i]!;
        const { data } = forward ? blocks[i]![k]! : blocks[k]![i]!;
        if (forward) {
          for (let r = 0; r < size; r++) data[r * sizes[k]! + element] = result[row * size + r]!;
        } else data.set(result.subarray(row * size, (row + 1) * size), element * size);
      });
    }
  }
  return blocks;
}

/** The most elements that a node has among those that others are computed from. */
function largestBelow(nodes: readonly GraphNode[]): number {
  const { arena } = nodes[0]!.graph;
  const ids = nodes.map(({ id }) => id);
  return ancestorsOf(arena, ids).reduce(
    (most, id) => Math.max(most, sizeOf(arena.typeOf(id).shape)),
    1,
  );
}

/** For each node the number of elements of those before it. */
export function startsOf(nodes: readonly GraphNode[]): number[] {
  let start = 0;
  return nodes.map(({ shape }) => {
    start += sizeOf(shape);
    return start - sizeOf(shape);
  });
}

/** All basis vectors of the space of several nodes: for each node its parts of them, [count, ...shape]. */
function basisOf(nodes: readonly GraphNode[], count: number): Tensor[] {
  const starts = startsOf(nodes);
  return nodes.map(({ shape }, k) => {
    const size = sizeOf(shape);
    const data = new Float64Array(count * size);
    for (let element = 0; element < size; element++)
      data[(starts[k]! + element) * size + element] = 1;
    return new Tensor([count, ...shape], 'real', data);
  });
}
