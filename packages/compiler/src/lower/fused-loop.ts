/** Clusters as kernels: loops that compute fused operations, or a product of matrices that does so on the way. */
import type { ElementwiseRow, Shape } from '@ad/graph';
import { countInstructions } from '../code/expression.ts';
import { asNumbers, type VectorValue } from '../code/vector-algebra.ts';
import { COMBINE } from './classes.ts';
import { type Cluster, paddedElements } from './cluster.ts';
import type { Draft } from './draft.ts';
import type { Epilogue, Result } from './kernel.ts';
import { LoopCode } from './loop-code.ts';
import { isInside, type Piece, pieceOf, type Position } from './pieces.ts';
import type { Places } from './places.ts';
import { lowerProduct } from './product.ts';
import { broadcastView, isContiguous, reshapedView, type View } from './view.ts';

/** Loops that compute the nodes of a cluster and store some of them, or a product that does so on the way. */
export function lowerCluster(draft: Draft, places: Places, cluster: Cluster): void {
  const { nodes, shape, product, layout } = cluster;
  const kept = readFromOutside(draft, nodes);
  if (product !== undefined) places.placeFor(product);
  const reducing = nodes.filter((node) => draft.classOf(node) === 'reduction');
  const writes = nodes
    .filter((node) => node !== product && (reducing.includes(node) || kept.includes(node)))
    .map((node) => ({ node, write: resultView(draft, places, node, shape) }));
  const reduced = reducing.length === 0 ? shape.map(() => false) : draft.reducedAxes(nodes.at(-1)!);
  const operations = nodes
    .filter((node) => node !== product)
    .map((node) => draft.simplified.rowOf(node).name);
  for (const piece of layout.pieces) {
    const code = new LoopCode(piece.shape);
    const entryOf = describe(draft, code, cluster, piece);
    const stored = writes.flatMap(({ node, write }) => {
      const [position] = layout.positionsOf(node) as [Position];
      if (!isInside(piece, write.shape, position)) return [];
      const isReduction = reducing.includes(node);
      const value = isReduction ? draft.simplified.operand(node, 0) : node;
      return {
        wanted: {
          entry: entryOf(value, position),
          addsZero: !isReduction && places.addsZero(node),
        },
        write: pieceOf(write, piece, position),
        combine: isReduction ? COMBINE[draft.simplified.rowOf(node).lowering!] : undefined,
      };
    });
    const wanted = stored.map((each) => each.wanted);
    const { values, expressions, cost } = draft.bodies.of(code, wanted);
    const results = stored.map(({ write, combine }, k): Result => ({
      expression: values[k]!,
      write,
      combine,
    }));
    const { reads } = code;
    if (product !== undefined) {
      const isRead = kept.includes(product);
      // The product is what is read first.
      const epilogue = { operations, reads: reads.slice(1), results, expressions };
      if (isEpilogue(epilogue, cost)) {
        lowerProduct(draft, product, isRead, epilogue);
        return;
      }
      lowerProduct(draft, product, true, undefined);
    }
    const { shape: elements } = piece;
    draft.kernels.push({
      kind: 'loop',
      operations,
      shape: elements,
      reduced,
      reads,
      results,
      expressions,
    });
  }
}

/** The nodes of a cluster that must be stored. */
function readFromOutside(draft: Draft, nodes: readonly number[]): number[] {
  const inside = new Set(nodes);
  const isInside = (user: number): boolean => inside.has(user);
  return nodes.filter((node) => draft.stored.has(node) || draft.users.anyOutside(node, isInside));
}

/** Writes down the elementwise nodes of a cluster in a piece of its loop; returns the entry of a node at a position. */
function describe(
  draft: Draft,
  code: LoopCode,
  cluster: Cluster,
  piece: Piece,
): (node: number, position: Position) => number {
  const { simplified } = draft;
  const { nodes, shape, product, layout } = cluster;
  const entries = layout.positions.map(() => new Map<number, number>());
  const entryAt = (node: number, position: Position, around: Shape): number => {
    let entry = entries[position.index]!.get(node);
    if (entry === undefined) {
      const uniform = simplified.uniformValue(node);
      entry =
        uniform === undefined
          ? code.read(pieceOf(broadcastView(draft.viewOf(node), around), piece, position))
          : code.constant(uniform);
      entries[position.index]!.set(node, entry);
    }
    return entry;
  };
  if (product !== undefined) entryAt(product, layout.positions[0]!, shape);
  for (const node of nodes) {
    const row = simplified.rowOf(node);
    if (node === product || draft.classOf(node) === 'reduction') continue;
    const around = draft.arena.typeOf(node).shape;
    for (const position of layout.positionsOf(node)) {
      if (!isInside(piece, around, position)) continue;
      const operands = simplified.operandsOf(node);
      if (row.family === 'elementwise') {
        const known = operands.map((operand) => entryAt(operand, position, around));
        entries[position.index]!.set(node, code.apply(row, simplified.codes[node]!, known));
      } else {
        const { before, shape: source } = paddedElements(simplified, node);
        const inner = layout.moved(position, before);
        const entry = isInside(piece, source, inner)
          ? entryAt(operands[0]!, inner, source)
          : code.constant(0);
        entries[position.index]!.set(node, entry);
      }
    }
  }
  return (node, position) => entryAt(node, position, shape);
}

/** Where the value of a node goes, seen in the shape of the loop that computes it. */
function resultView(draft: Draft, places: Places, node: number, shape: Shape): View {
  const view = places.placeFor(node);
  if (draft.simplified.rowOf(node).family === 'elementwise') return view;
  const reduced = draft.reducedAxes(node);
  const kept = shape.map((length, axis) => (reduced[axis] ? 1 : length));
  return broadcastView(reshapedView(view, kept)!, shape);
}

/** Instructions for an element of an elementwise node. */
export function costOf(draft: Draft, node: number): number {
  const { algebra, expressions } = draft.loopOver([]);
  const [x, y, z] = draft.simplified
    .operandsOf(node)
    .map((_, k): VectorValue => ({ expression: expressions.input(k), isMask: false }));
  const row = draft.simplified.rowOf(node) as ElementwiseRow;
  const value = asNumbers(expressions, row.value(algebra, x!, y!, z!));
  const { instructions, calls } = countInstructions([value]);
  return calls ? Infinity : instructions;
}

/** Instructions and arrays of an epilogue: beyond, a loop of its own has more registers and a simpler way through memory. */
const MAX_EPILOGUE = 24;
const MAX_EPILOGUE_ARRAYS = 3;

/** Whether results can be computed and stored while the sums of a product are at hand. */
function isEpilogue(
  { reads, results }: Epilogue,
  { instructions, calls }: ReturnType<typeof countInstructions>,
): boolean {
  const whole = reads.filter(({ strides }) => strides.every((stride) => stride !== 0));
  return (
    !calls &&
    instructions <= MAX_EPILOGUE &&
    whole.length + results.length <= MAX_EPILOGUE_ARRAYS &&
    results.every(({ write }) => isContiguous(write))
  );
}
