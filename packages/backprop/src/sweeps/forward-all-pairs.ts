/**
 * The obvious algorithm (the lecture's Observation 2), as a baseline: all derivatives du_i/du_j by induction over i,
 *
 *   du_i/du_j = sum over operands z_k of u_i of (du_i/dz_k) (dz_k/du_j).
 *
 * It fills a table with one entry for every pair of nodes of which one depends on the other: Omega(V^2) work and
 * storage on a connected graph, where the sweep of messages needs O(V + E) and O(V).
 */
import {
  activations,
  ancestorsOf,
  CapacityError,
  carriesMessage,
  checkNames,
  type Feeds,
  GraphError,
  type GraphNode,
  guardsBranches,
} from '@ad/graph';
import { checkScalarGraph, formatBytes } from './limits.ts';
import { localDerivative, times } from './local-derivative.ts';
import { noCounts, ReadCounter, type SweepCounts } from './counts.ts';

/** Options of {@link forwardAllPairs} and {@link recomputingSweep}. */
export interface BaselineOptions {
  /** Values of the inputs; those not named keep their current values. */
  readonly feeds?: Feeds;
  /** Refuse to start when more memory than this would be needed; default 2^30 bytes. */
  readonly maxBytes?: number;
}

/** The work and the memory of filling the table: as for a sweep, with entries in the place of messages. */
export interface TableCounts extends Omit<SweepCounts, 'messages'> {
  /** Entries of the table: pairs of nodes of which one depends on the other, each with itself included. */
  entries: number;
}

/** The table of all derivatives of nodes with respect to nodes below them. */
export interface AllPairs {
  /** What was done; no messages are passed. */
  readonly counts: TableCounts;
  /**
   * The derivative of one node with respect to another; 0 where there is no path.
   *
   * @throws `GraphError` when the output does not depend on one of the nodes.
   */
  derivative(of: GraphNode, withRespectTo: GraphNode): number;
}

/**
 * The derivatives of every node below `output` with respect to every other, by forward induction. For scalar
 * graphs; quadratic in time and memory, meant for comparison.
 *
 * @throws `CapacityError` when the table would not fit in `maxBytes`: says how much it would need.
 * @throws `ShapeError` when a node on the way is an array.
 * @example
 * ```ts
 * import { Graph } from '@ad/graph';
 * import { forwardAllPairs } from '@ad/backprop';
 *
 * const x = new Graph().input('x');
 * const y = x.mul(x);
 * const z = y.mul(y);
 * const table = forwardAllPairs(z, { feeds: { x: 3 } });
 * table.derivative(z, x); // => 108
 * table.derivative(z, y); // => 18
 * table.counts.entries; // => 6
 * ```
 */
export function forwardAllPairs(output: GraphNode, options: BaselineOptions = {}): AllPairs {
  checkNames('forwardAllPairs', options, ['feeds', 'maxBytes']);
  const { graph } = output;
  const { arena } = graph;
  const order = ancestorsOf(arena, [output.id]);
  const size = order.length;
  checkScalarGraph(output, order, 'forwardAllPairs');
  // A row of derivatives and one of flags for each node, up to the diagonal.
  const bytes = 9 * ((size * (size + 1)) / 2);
  const limit = options.maxBytes ?? 2 ** 30;
  if (bytes > limit) {
    throw new CapacityError(
      `forwardAllPairs: the table of ${size} nodes would need ${formatBytes(bytes)}, more than the limit of ${formatBytes(limit)}; ` +
        'use reverseSweep, or raise maxBytes',
    );
  }
  const { scalars } = activations([output], options.feeds);
  const indexOf = new Map<number, number>();
  order.forEach((id, index) => indexOf.set(id, index));
  const derivatives: Float64Array[] = [];
  const reachable: Uint8Array[] = [];
  const { messages: _none, ...zeros } = noCounts();
  const counts: TableCounts = { ...zeros, entries: 0 };
  const reader = new ReadCounter();

  for (let i = 0; i < size; i++) {
    const id = order[i]!;
    const du = new Float64Array(i + 1);
    const reached = new Uint8Array(i + 1);
    du[i] = 1;
    reached[i] = 1;
    counts.entries++;
    const row = arena.rowOf(id);
    const first = arena.operandStarts[id]!;
    const operands = arena.operandsOf(id);
    const strong = guardsBranches(row) ? 1 : 0; // nothing comes up from a branch not taken, not even NaN
    for (let k = 0; k < operands.length; k++) {
      if (row.family !== 'elementwise' || !carriesMessage(arena, id, k, first + k)) continue;
      const derivative = localDerivative(arena, row, id, k, scalars);
      counts.partials++;
      counts.activationReads += reader.reads(row, k);
      const below = indexOf.get(operands[k]!)!;
      const dz = derivatives[below]!;
      const reachedByOperand = reachable[below]!;
      for (let j = 0; j <= below; j++) {
        if (reachedByOperand[j] === 0) continue;
        const term = times(dz[j]!, derivative, strong);
        counts.multiplications++;
        if (reached[j] === 1) counts.additions++;
        else counts.entries++;
        du[j] = reached[j] === 1 ? du[j]! + term : term;
        reached[j] = 1;
      }
    }
    if (row.family !== 'leaf') counts.evaluations++;
    derivatives.push(du);
    reachable.push(reached);
  }
  counts.nodes = size;
  counts.activations = size;
  counts.peakLiveCells = size + counts.entries;

  const place = (node: GraphNode): number => {
    const index = node.graph === graph ? indexOf.get(node.id) : undefined;
    if (index === undefined) {
      throw new GraphError(
        `derivative: the output does not depend on ${node.toString()}, so it is not in the table`,
      );
    }
    return index;
  };
  return {
    counts,
    derivative: (of, withRespectTo) => derivatives[place(of)]![place(withRespectTo)] ?? 0,
  };
}
