/**
 * From a graph to kernels: the nodes needed, in order, become loop nests, contractions, views that cost nothing, and
 * calls of the interpreter's kernels for what has no lowering of its own. One pass over the nodes.
 */
import { type ControlRow, type Graph, type GraphNode, type PackedPart } from '@ad/graph';
import type { Precision } from '../code/expression.ts';
import { asNumbers, type VectorMath } from '../code/vector-algebra.ts';
import { lanesOfVector } from '../sizes.ts';
import { type Cluster, clusterNodes, type NodeFacts } from './cluster.ts';
import { lowerControl } from './control.ts';
import { Draft } from './draft.ts';
import { costOf, lowerCluster } from './fused-loop.ts';
import { lowerGather } from './gather.ts';
import { lowerHost } from './host-call.ts';
import type { Lowered } from './lowered.ts';
import { partsRead, rangeRead, viewOfRange } from './packed.ts';
import { Places } from './places.ts';
import { lowerProduct } from './product.ts';
import { ScalarRegions, STRAIGHT_LINE_LIMIT } from './scalar-region.ts';
import { type Buffer, contiguousView, type View } from './view.ts';
import { VIEWS } from './view-rules.ts';

/**
 * Lowers what the wanted nodes need.
 *
 * @param inputs - inputs that get a buffer even if nothing reads them.
 * @param straightLineLimit - scalar operations up to which a region of them becomes straight-line code.
 * @param given - where inputs are that need no buffer of their own.
 */
export function lower(
  graph: Graph,
  wanted: readonly GraphNode[],
  inputs: readonly GraphNode[],
  precision: Precision,
  math: VectorMath,
  straightLineLimit: number = STRAIGHT_LINE_LIMIT,
  given: ReadonlyMap<number, View> = new Map(),
): Lowered {
  const draft = new Draft(graph, wanted, precision, math);
  return new Lowering(draft, straightLineLimit, given).run(inputs);
}

class Lowering {
  readonly #draft: Draft;
  readonly #leaves = new Map<number, Buffer>();
  readonly #constants = new Map<Buffer, ArrayLike<number>>();
  readonly #clusters: ReadonlyMap<number, Cluster>;
  readonly #places: Places;
  readonly #regions: ScalarRegions;
  /** The parts of the results of loops and branches that are stored one by one. */
  readonly #packed = new Map<number, readonly PackedPart[]>();
  readonly #given: ReadonlyMap<number, View>;
  readonly #straightLineLimit: number;
  /** In the order of nodes: where the scalar region begins, and the node that is being lowered. */
  #regionStart = 0;
  #at = 0;

  constructor(draft: Draft, straightLineLimit: number, given: ReadonlyMap<number, View>) {
    this.#draft = draft;
    this.#given = given;
    this.#straightLineLimit = straightLineLimit;
    const { simplified, views } = draft;
    const lanes = lanesOfVector(draft.precision);
    this.#regions = new ScalarRegions(
      simplified,
      (node) => views.get(node)!,
      lanes,
      straightLineLimit,
      draft.isScalar ? simplified.order.length : 0,
    );
    const costs: (number | undefined)[] = []; // by operation code
    const facts: NodeFacts = {
      classOf: (node) => draft.classOf(node),
      isStored: (node) => draft.stored.has(node),
      costOf: (node) => (costs[simplified.codes[node]!] ??= costOf(draft, node)),
    };
    this.#clusters = draft.isScalar ? new Map() : clusterNodes(simplified, draft.users, facts);
    this.#places = new Places(draft, this.#clusters);
  }

  run(inputs: readonly GraphNode[]): Lowered {
    const { bounds, kernels, simplified, stored, views } = this.#draft;
    this.#lowerAll();
    this.#flushScalars();
    for (const { id } of inputs)
      if (!this.#leaves.has(id)) this.#leaves.set(id, this.#draft.allocate(id));
    for (const node of stored) this.#materialize(node);
    return {
      kernels: [...bounds.values(), ...kernels],
      leaves: this.#leaves,
      constants: this.#constants,
      bufferOf: (node) => views.get(simplified.nodeFor(node))!.buffer,
    };
  }

  #lowerAll(): void {
    const { classes, simplified } = this.#draft;
    const { order } = simplified;
    for (; this.#at < order.length; this.#at++) {
      const node = order[this.#at]!;
      if (classes.isScalarOperation(node)) this.#regions.append(node);
      else this.#lowerNode(node);
    }
  }

  #lowerNode(node: number): void {
    const draft = this.#draft;
    const nodeClass = draft.classOf(node);
    // Numbers in the code of their users, and sums that are never formed.
    if (nodeClass === 'uniform' || nodeClass === 'inner') return;
    if (nodeClass === 'leaf') {
      this.#lowerLeaf(node);
      return;
    }
    const cluster = this.#clusters.get(node);
    if (cluster !== undefined && cluster.nodes.at(-1) !== node) return; // computed with its last node
    // Another look at what is there already does not end a region.
    if (nodeClass !== 'view' || !this.#isThere(draft.simplified.operand(node, 0)))
      this.#flushScalars();
    if (cluster !== undefined) lowerCluster(draft, this.#places, cluster);
    else if (nodeClass === 'view') this.#lowerView(node);
    else if (nodeClass === 'assembly') this.#places.lowerAssembly(node);
    else if (nodeClass === 'contraction') {
      this.#places.placeFor(node);
      lowerProduct(draft, node, true, undefined);
    } else if (nodeClass === 'gather') lowerGather(draft, this.#places, node);
    else if (nodeClass === 'control') this.#lowerControl(node);
    else lowerHost(draft, node);
  }

  #lowerLeaf(node: number): void {
    const { arena, views } = this.#draft;
    const place = this.#given.get(node);
    if (place !== undefined) {
      views.set(node, place);
      return;
    }
    const buffer = this.#draft.allocate(node);
    this.#leaves.set(node, buffer);
    const constant = this.#draft.simplified.graph.constantValue(node);
    if (constant !== undefined)
      this.#constants.set(buffer, typeof constant === 'number' ? [constant] : constant.data);
    views.set(node, contiguousView(buffer, arena.typeOf(node).shape));
  }

  /** Whether the place of a node is known. */
  #isThere(node: number): boolean {
    return this.#draft.views.has(node) || this.#packed.has(node);
  }

  /** One kernel of the scalar operations since the last array kernel. */
  #flushScalars(): void {
    const draft = this.#draft;
    const nodes = draft.simplified.order.subarray(this.#regionStart, this.#at);
    this.#regionStart = this.#at;
    if (this.#regions.isEmpty) return;
    draft.kernels.push(this.#regions.finish(nodes, this.#readOutside(nodes), this.#places));
  }

  /** The scalar operations among the nodes that are wanted, or read by others than themselves. */
  #readOutside(nodes: Int32Array): readonly number[] {
    const { classes, stored, users } = this.#draft;
    // One region is the whole program: nothing else reads.
    if (this.#draft.isScalar)
      return [...stored].filter((node) => classes.isScalarOperation(node)).sort((a, b) => a - b);
    const last = nodes.at(-1)!;
    const isInside = (user: number): boolean => user <= last && classes.isScalarOperation(user);
    return [...nodes].filter(
      (node) =>
        classes.isScalarOperation(node) && (stored.has(node) || users.anyOutside(node, isInside)),
    );
  }

  #lowerView(node: number): void {
    const { arena, simplified, views } = this.#draft;
    const operand = simplified.operand(node, 0);
    const attributes = arena.attributes.get(node)!;
    const { shape } = arena.typeOf(node);
    const parts = this.#packed.get(operand);
    if (parts !== undefined) {
      views.set(node, viewOfRange(parts, rangeRead(simplified, node)!));
      return;
    }
    const source = views.get(operand)!;
    const rule = VIEWS.get(simplified.rowOf(node).lowering)!;
    const copy = (): View => contiguousView(this.#draft.copy(operand, source), source.shape);
    views.set(node, rule(source, shape, attributes) ?? rule(copy(), shape, attributes)!);
  }

  #lowerControl(node: number): void {
    const draft = this.#draft;
    const { arena, simplified, stored, users } = draft;
    const row = arena.rowOf(node) as ControlRow;
    const segments = row.segments(arena.attributes.get(node)!);
    const isRead = stored.has(node) ? undefined : partsRead(simplified, users.of(node), segments);
    const limit = this.#straightLineLimit;
    const parts = lowerControl(draft, node, segments, isRead ?? (() => true), (...of) => {
      const [graph, wanted, given] = of;
      return lower(graph, wanted, [], draft.precision, draft.math, limit, given);
    });
    if (isRead === undefined) this.#pack(node, parts);
    else this.#packed.set(node, parts);
  }

  /** The parts of a result copied into one vector. */
  #pack(node: number, parts: readonly PackedPart[]): void {
    const draft = this.#draft;
    const buffer = draft.allocate(node);
    for (const { segment, view } of parts) {
      const body = draft.loopOver(view.shape);
      const write = { ...contiguousView(buffer, view.shape), offset: segment.start };
      draft.store(body, 'pack', asNumbers(body.expressions, body.read(view)), write);
    }
    draft.views.set(node, contiguousView(buffer, draft.arena.typeOf(node).shape));
  }

  /** Outputs are buffers that nothing else owns: views and leaves are copied. */
  #materialize(node: number): void {
    const draft = this.#draft;
    const nodeClass = draft.classOf(node);
    if (nodeClass !== 'view' && nodeClass !== 'leaf' && nodeClass !== 'uniform') return;
    const view = draft.viewOf(node);
    draft.views.set(node, contiguousView(draft.copy(node, view), view.shape));
  }
}
