/** Patterns: which derivatives can be other than 0, whatever the values. */
import {
  ancestorsOf,
  carriesMessage,
  dependents,
  evaluate,
  type GraphNode,
  sizeOf,
  type TensorData,
} from '@ad/graph';
import { dependenceOf } from './dependence.ts';
import { IndexSets } from './index-sets.ts';

/** Where a matrix has entries, by rows: those of row `i` are `columns[rowStarts[i]]` to before `columns[rowStarts[i + 1]]`. */
export interface SparsityPattern {
  /** How many rows and columns. */
  readonly shape: readonly [rows: number, columns: number];
  /** For each row where its entries begin, and at the end their number. */
  readonly rowStarts: Int32Array;
  /** The column of each entry, ascending in each row. */
  readonly columns: Int32Array;
}

/**
 * Which elements of the outputs depend on which elements of the nodes of `wrt`, both counted through all nodes.
 *
 * One ascending loop, with the invariant that the sets of all operands are complete. Time and memory grow with the sum
 * of the sizes of the sets that are different.
 */
export function patternOf(
  outputs: readonly GraphNode[],
  wrt: readonly GraphNode[],
): SparsityPattern {
  const { graph } = outputs[0]!;
  const { arena } = graph;
  const counts = wrt.map(({ shape }) => sizeOf(shape));
  const all = new IndexSets(counts.reduce((sum, count) => sum + count, 0));
  const known = new Map<number, Int32Array>();
  let next = 1; // the set of the first element alone
  wrt.forEach(({ id }, k) => {
    const start = next;
    const own = Int32Array.from({ length: counts[k]! }, (_, i) => start + i);
    const before = known.get(id); // a node may be asked for twice
    known.set(id, before === undefined ? own : own.map((set, i) => all.union(before[i]!, set)));
    next += counts[k]!;
  });
  const ids = outputs.map(({ id }) => id);
  const depends = dependents(arena, wrt, Math.max(...ids));
  for (const u of ancestorsOf(arena, ids)) {
    if (depends[u] === 0 || known.has(u)) continue;
    const operands = Array.from(arena.operandsOf(u));
    const first = arena.operandStarts[u]!;
    const sets = operands.map((id, k) =>
      carriesMessage(arena, u, k, first + k) ? known.get(id) : undefined,
    );
    if (sets.every((each) => each === undefined)) continue;
    const application = {
      row: arena.rowOf(u),
      attributes: arena.attributes.get(u) ?? {},
      operands: operands.map((id) => arena.typeOf(id)),
      result: arena.typeOf(u),
      sets,
      constantAt: (k: number) => constantValue(graph.node(operands[k]!)),
    };
    known.set(u, dependenceOf(all, application));
  }
  return readOut(outputs, known, all, next - 1);
}

/** The value of a node that is computed from constants alone. */
function constantValue(node: GraphNode): TensorData | undefined {
  const { graph, id } = node;
  const isConstant = ancestorsOf(graph.arena, [id]).every((each) => !graph.inputName(each));
  return isConstant ? evaluate(node).data : undefined;
}

function readOut(
  outputs: readonly GraphNode[],
  known: ReadonlyMap<number, Int32Array>,
  all: IndexSets,
  width: number,
): SparsityPattern {
  const sets = outputs.map(({ id, shape }) => known.get(id) ?? new Int32Array(sizeOf(shape)));
  const height = sets.reduce((sum, { length }) => sum + length, 0);
  const rowStarts = new Int32Array(height + 1);
  let row = 0;
  for (const own of sets) {
    for (const set of own) {
      rowStarts[row + 1] = rowStarts[row]! + all.sizeOf(set);
      row++;
    }
  }
  const columns = new Int32Array(rowStarts[height]!);
  row = 0;
  for (const own of sets) for (const set of own) columns.set(all.members(set), rowStarts[row++]);
  return { shape: [height, width], rowStarts, columns };
}

/** The pattern of the transposed matrix. */
export function transposed({
  shape: [m, n],
  rowStarts,
  columns,
}: SparsityPattern): SparsityPattern {
  const starts = new Int32Array(n + 1);
  for (const column of columns) starts[column + 1]!++;
  for (let j = 0; j < n; j++) starts[j + 1]! += starts[j]!;
  const next = starts.slice(0, n);
  const rows = new Int32Array(columns.length);
  for (let i = 0; i < m; i++) {
    for (let e = rowStarts[i]!; e < rowStarts[i + 1]!; e++) rows[next[columns[e]!]!++] = i;
  }
  return { shape: [n, m], rowStarts: starts, columns: rows };
}

/** The entries of a square pattern that are in its transpose, too. */
export function symmetric(pattern: SparsityPattern): SparsityPattern {
  const { shape, rowStarts, columns } = pattern;
  const other = transposed(pattern);
  const starts = new Int32Array(rowStarts.length);
  const kept: number[] = [];
  for (let i = 0; i < shape[0]; i++) {
    let b = other.rowStarts[i]!;
    const end = other.rowStarts[i + 1]!;
    for (let a = rowStarts[i]!; a < rowStarts[i + 1]!; a++) {
      while (b < end && other.columns[b]! < columns[a]!) b++;
      if (b < end && other.columns[b] === columns[a]) kept.push(columns[a]!);
    }
    starts[i + 1] = kept.length;
  }
  return { shape, rowStarts: starts, columns: Int32Array.from(kept) };
}
