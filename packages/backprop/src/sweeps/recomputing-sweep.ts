/**
 * The reverse sweep without cached activations, as a baseline. Whatever activations the local derivatives of a node
 * read are computed anew from the inputs, which costs a forward pass over everything below them: the lecture's "if
 * recalculating these, runtime would be quadratic".
 */
import {
  activations,
  ancestorsOf,
  CapacityError,
  carriesMessage,
  checkNames,
  type ElementwiseRow,
  type GraphNode,
  guardsBranches,
  NodeValues,
  READS_RESULT,
  readsOf,
} from '@ad/graph';
import { Adjoints } from './adjoints.ts';
import type { BaselineOptions } from './forward-all-pairs.ts';
import { checkScalarGraph, formatBytes } from './limits.ts';
import { localDerivative, times } from './local-derivative.ts';
import { seedOf } from '../seed.ts';
import { noCounts, ReadCounter } from './counts.ts';

/** Bytes per node: an activation, a sum, and two flags. */
const BYTES_PER_NODE = 18;
/** The activations that constant derivatives, such as those of a sum, read. */
const NOTHING = new Float64Array(0);

/**
 * The same derivatives as {@link reverseSweep}, counted, but with every activation recomputed where it is read. For
 * scalar graphs; quadratic in time, meant for comparison.
 *
 * @throws `CapacityError` when more than `maxBytes` would be needed; says how much.
 * @throws `ShapeError` when a node on the way is an array.
 * @example
 * ```ts
 * import { Graph } from '@ad/graph';
 * import { recomputingSweep } from '@ad/backprop';
 *
 * const x = new Graph().input('x');
 * const y = x.sin().sin().sin();
 * const sweep = recomputingSweep(y, { feeds: { x: 0 } });
 * sweep.adjoint(x); // => 1
 * sweep.counts.evaluations; // => 3
 * ```
 */
export function recomputingSweep(output: GraphNode, options: BaselineOptions = {}): Adjoints {
  checkNames('recomputingSweep', options, ['feeds', 'maxBytes']);
  const seed = seedOf(output, undefined, 'recomputingSweep');
  const { graph } = output;
  const { arena } = graph;
  const order = ancestorsOf(arena, [output.id]);
  checkScalarGraph(output, order, 'recomputingSweep');
  const bytes = BYTES_PER_NODE * arena.nodeCount;
  const limit = options.maxBytes ?? 2 ** 30;
  if (bytes > limit) {
    throw new CapacityError(
      `recomputingSweep: ${arena.nodeCount} nodes would need ${formatBytes(bytes)}, more than the limit of ${formatBytes(limit)}; raise maxBytes`,
    );
  }
  const sums = new NodeValues(arena);
  const { present: reached, scalars: S } = sums;
  const strong = new Uint8Array(output.id + 1);
  const counts = noCounts();
  const reader = new ReadCounter();
  counts.nodes = 1;
  sums.set(output.id, seed);

  for (let u = output.id; u >= 0; u--) {
    const row = arena.rowOf(u);
    if (reached[u] === 0 || row.family !== 'elementwise') continue;
    if (guardsBranches(row)) strong[u] = 1;
    const operands = Array.from(arena.operandsOf(u));
    // The only difference to the reverse sweep: values are not at hand but made anew, and dropped after this node.
    const read = nodesRead(row, u, operands);
    const reading = read.map((id) => graph.node(id));
    const scalars = read.length === 0 ? NOTHING : activations(reading, options.feeds).scalars;
    const recomputed = ancestorsOf(arena, read);
    counts.activations = Math.max(counts.activations, recomputed.length);
    counts.evaluations += recomputed.filter((id) => arena.rowOf(id).family !== 'leaf').length;
    for (let k = 0; k < operands.length; k++) {
      const to = operands[k]!;
      if (strong[u] === 1) strong[to] = 1;
      if (!carriesMessage(arena, u, k, arena.operandStarts[u]! + k)) continue;
      const message = times(S[u]!, localDerivative(arena, row, u, k, scalars), strong[u]!);
      counts.messages++;
      counts.partials++;
      counts.multiplications++;
      counts.activationReads += reader.reads(row, k);
      if (reached[to] === 1) counts.additions++;
      else counts.nodes++;
      S[to] = reached[to] === 1 ? S[to]! + message : message;
      reached[to] = 1;
    }
  }
  counts.peakLiveCells = counts.activations + counts.nodes;
  return new Adjoints(output, activations([output], options.feeds), sums, counts);
}

/** The nodes whose activations the local derivatives of node `u` read. */
function nodesRead(row: ElementwiseRow, u: number, operands: readonly number[]): number[] {
  let reads = 0;
  for (const partial of row.partials) if (typeof partial !== 'number') reads |= readsOf(partial);
  const nodes = operands.filter((_, k) => (reads & (2 << k)) !== 0);
  return (reads & READS_RESULT) === 0 ? nodes : [...nodes, u];
}
