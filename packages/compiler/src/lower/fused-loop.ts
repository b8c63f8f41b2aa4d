/** Clusters as kernels: loops that compute fused operations, or a product of matrices that does so on the way. */
import type { ElementwiseRow, Shape } from '@ad/graph';
import { countInstructions } from '../code/expression.ts';
import { asNumbers, type VectorValue } from '../code/vector-algebra.ts';
import { COMBINE } from './classes.ts';
import { type Cluster, paddedElements } from './cluster.ts';
import type { Draft } from './draft.ts';
import type { Epilogue } from './kernel.ts';
import type { LoopBody } from './loop-body.ts';
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
    const body = draft.loopOver(piece.shape);
    const values = computeIn(draft, body, cluster, piece);
    const results = writes.flatMap(({ node, write }) => {
      const [position] = layout.positionsOf(node) as [Position];
      if (!isInside(piece, write.shape, position)) return [];
      const isReduction = reducing.includes(node);
      const value = values(isReduction ? draft.simplified.operand(node, 0) : node, position);
      return {
        expression: isReduction
          ? asNumbers(body.expressions, value)
          : places.storedExpression(body, node, value),
        write: pieceOf(write, piece, position),
        combine: isReduction ? COMBINE[draft.simplified.rowOf(node).lowering!] : undefined,
      };
    });
    if (product !== undefined) {
      const isRead = kept.includes(product);
      const epilogue = body.asEpilogue(operations, results);
      if (isEpilogue(epilogue)) {
        lowerProduct(draft, product, isRead, epilogue);
        return;
      }
      lowerProduct(draft, product, true, undefined);
    }
    draft.kernels.push(body.finish(operations, reduced, results));
  }
}

/** The nodes of a cluster that must be stored. */
function readFromOutside(draft: Draft, nodes: readonly number[]): number[] {
  const inside = new Set(nodes);
  const isInside = (user: number): boolean => inside.has(user);
  return nodes.filter((node) => draft.stored.has(node) || draft.users.anyOutside(node, isInside));
}

/** Computes the elementwise nodes of a cluster in a piece of its loop; returns the value of a node at a position. */
function computeIn(
  draft: Draft,
  body: LoopBody,
  cluster: Cluster,
  piece: Piece,
): (node: number, position: Position) => VectorValue {
  const { nodes, shape, product, layout } = cluster;
  const values = layout.positions.map(() => new Map<number, VectorValue>());
  const valueAt = (node: number, position: Position, around: Shape): VectorValue => {
    const known = values[position.index]!.get(node);
    if (known !== undefined) return known;
    const uniform = draft.simplified.uniformValue(node);
    const value =
      uniform === undefined
        ? body.read(pieceOf(broadcastView(draft.viewOf(node), around), piece, position))
        : body.algebra.constant(uniform);
    values[position.index]!.set(node, value);
    return value;
  };
  if (product !== undefined) valueAt(product, layout.positions[0]!, shape);
  for (const node of nodes) {
    const row = draft.simplified.rowOf(node);
    if (node === product || draft.classOf(node) === 'reduction') continue;
    const around = draft.arena.typeOf(node).shape;
    for (const position of layout.positionsOf(node)) {
      if (!isInside(piece, around, position)) continue;
      const operands = draft.simplified.operandsOf(node);
      if (row.family === 'elementwise') {
        const [x, y, z] = operands.map((operand) => valueAt(operand, position, around));
        values[position.index]!.set(node, row.value(body.algebra, x!, y!, z!));
      } else {
        const { before, shape: source } = paddedElements(draft.simplified, node);
        const inner = layout.moved(position, before);
        const value = isInside(piece, source, inner)
          ? valueAt(operands[0]!, inner, source)
          : body.algebra.constant(0);
        values[position.index]!.set(node, value);
      }
    }
  }
  return (node, position) => valueAt(node, position, shape);
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
function isEpilogue({ reads, results }: Epilogue): boolean {
  const { instructions, calls } = countInstructions(results.map((result) => result.expression));
  const whole = reads.filter(({ strides }) => strides.every((stride) => stride !== 0));
  return (
    !calls &&
    instructions <= MAX_EPILOGUE &&
    whole.length + results.length <= MAX_EPILOGUE_ARRAYS &&
    results.every(({ write }) => isContiguous(write))
  );
}
