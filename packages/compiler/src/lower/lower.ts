/**
 * From a graph to kernels: the nodes needed, in order, become loop nests, contractions, views that cost nothing, and
 * calls of the interpreter's kernels for what has no lowering of its own. One pass over the nodes.
 */
import {
  type Arena,
  type ControlRow,
  type ElementwiseRow,
  type Graph,
  type GraphNode,
  kernelOf,
  type Operation,
  type OperationName,
  operations,
  SCALAR_BOOLEAN,
  SCALAR_REAL,
  sameShape,
  sizeOf,
  type Shape,
  type Type,
} from '@ad/graph';
import { countInstructions, type Expression, type Precision } from '../code/expression.ts';
import { asNumbers, type VectorMath, type VectorValue } from '../code/vector-algebra.ts';
import { spaceOf } from '../emit/contraction/plan.ts';
import { hostKernel, type HostWork } from '../host-kernel.ts';
import { simplify } from '../passes/simplify.ts';
import type { Simplified } from '../passes/simplified.ts';
import { assembliesOf, type Assemblies, type Part, placeOf, readByWholes } from './assembly.ts';
import { type Cluster, clusterNodes, type NodeClass, paddedElements } from './cluster.ts';
import { lowerConvolution, lowerOverlapAdd, type WindowSteps } from './convolution.ts';
import { canLower, lowerControl, type Surroundings } from './control.ts';
import {
  type Combine,
  type Epilogue,
  epilogueViews,
  type HostCall,
  type Kernel,
  type Result,
} from './kernel.ts';
import { indexedKernel } from './indexed.ts';
import { LoopBody } from './loop-body.ts';
import type { Lowered } from './lowered.ts';
import { type PackedPart, partsRead, rangeRead, viewOfRange } from './packed.ts';
import { isInside, type Piece, pieceOf, type Position } from './pieces.ts';
import { ScalarRegions, STRAIGHT_LINE_LIMIT } from './scalar-region.ts';
import { Users } from './users.ts';
import {
  broadcastView,
  type Buffer,
  contiguousView,
  isContiguous,
  reshapedView,
  type View,
} from './view.ts';
import { VIEWS } from './view-rules.ts';

/** Where a node is written that is part of another. */
interface Place {
  readonly whole: number;
  readonly view: View;
}

/** How a reduction row is combined, where one loop does it. Truth values are 1 and 0. */
const COMBINE: Readonly<Record<string, Combine>> = {
  sum: 'add',
  prod: 'mul',
  max: 'max',
  min: 'min',
  any: 'max',
  all: 'min',
};

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
  return new Lowering(graph, wanted, precision, math, straightLineLimit, given).run(inputs);
}

class Lowering {
  readonly #arena: Arena;
  readonly #simplified: Simplified;
  readonly #stored: Set<number>;
  readonly #precision: Precision;
  readonly #math: VectorMath;
  readonly #kernels: Kernel[] = [];
  readonly #views = new Map<number, View>();
  readonly #leaves = new Map<number, Buffer>();
  readonly #clusters: Map<number, Cluster>;
  readonly #users: Users;
  readonly #classes: NodeClass[];
  readonly #regions: ScalarRegions;
  readonly #assemblies: Assemblies;
  /** Where nodes are to be written that are parts of others, and the whole. */
  readonly #places = new Map<number, Place>();
  readonly #placed = new Set<Part>();
  readonly #wholeBuffers = new Map<number, Buffer>();
  /** The parts of the results of loops and branches that are stored one by one. */
  readonly #packed = new Map<number, readonly PackedPart[]>();
  readonly #given: ReadonlyMap<number, View>;
  readonly #straightLineLimit: number;
  /** Sums over whole stacks of products, and these: one product with a longer inner dimension. */
  readonly #stackSums = new Map<number, number>();
  #scalars: number[] = [];

  constructor(
    graph: Graph,
    roots: readonly GraphNode[],
    precision: Precision,
    math: VectorMath,
    straightLineLimit: number,
    given: ReadonlyMap<number, View>,
  ) {
    this.#arena = graph.arena;
    this.#given = given;
    this.#straightLineLimit = straightLineLimit;
    const ids = roots.map((root) => root.id);
    this.#simplified = simplify(graph, ids, precision);
    this.#stored = new Set(ids.map((id) => this.#simplified.nodeFor(id)));
    this.#precision = precision;
    this.#math = math;
    const { order } = this.#simplified;
    const top = order.at(-1) ?? -1;
    const lanes = precision === 'f64' ? 2 : 4;
    this.#regions = new ScalarRegions(this.#simplified, top, lanes, straightLineLimit);
    const users = new Users(this.#simplified);
    this.#assemblies = assembliesOf(this.#simplified, users, this.#stored);
    this.#users = readByWholes(this.#simplified, users, this.#assemblies);
    this.#classes = new Array<NodeClass>(top + 1);
    for (const node of order) this.#classes[node] = this.#classify(node);
    this.#findStackSums(order);
    this.#clusters = clusterNodes(this.#simplified, this.#users, {
      classOf: (node) => this.#classOf(node),
      isStored: (node) => this.#stored.has(node),
      costOf: (node) => this.#costOf(node),
    });
    for (const whole of this.#assemblies.wholes.keys())
      if (!this.#clusters.has(whole)) this.#placeParts(whole);
  }

  run(inputs: readonly GraphNode[]): Lowered {
    for (const node of this.#simplified.order) this.#lowerNode(node);
    this.#flushScalars();
    for (const { id } of inputs)
      if (!this.#leaves.has(id)) this.#leaves.set(id, this.#allocate(id));
    for (const node of this.#stored) this.#materialize(node);
    return {
      kernels: this.#kernels,
      leaves: this.#leaves,
      bufferOf: (node) => this.#views.get(this.#simplified.nodeFor(node))!.buffer,
    };
  }

  #classOf(node: number): NodeClass {
    return this.#classes[node]!;
  }

  #classify(node: number): NodeClass {
    const row = this.#simplified.rowOf(node);
    if (this.#simplified.uniformValue(node) !== undefined) return 'uniform';
    if (row.family === 'leaf') return 'leaf';
    // By far the most frequent: a scalar elementwise result has scalar operands.
    const typeId = this.#arena.typeIds[node]!;
    if (row.family === 'elementwise' && (typeId === SCALAR_REAL || typeId === SCALAR_BOOLEAN))
      return 'scalar';
    if (row.family === 'control') return canLower(this.#arena, node) ? 'control' : 'host';
    if (this.#assemblies.wholes.has(node)) return 'assembly';
    if (this.#assemblies.inner.has(node)) return 'inner';
    const result = this.#arena.typeOf(node);
    const operands = this.#simplified
      .operandsOf(node)
      .map((operand) => this.#arena.typeOf(operand));
    if ([result, ...operands].some((type) => sizeOf(type.shape) === 0)) return 'host';
    if (VIEWS.has(row.name) && row.family === 'linear') return 'view';
    if (row.family === 'elementwise' && result.kind !== 'integer') {
      return 'elementwise';
    }
    if (row.family === 'bilinear' && !operands.every((type) => type.kind === 'real')) return 'host';
    if (row.name === 'matmul' && row.family === 'bilinear') return 'contraction';
    if (row === operations.convolution) return 'convolution';
    if (row === operations.strongMatmul || row === operations.strongConvolution) return 'strong';
    if (row === operations.overlapAdd)
      return operands.every((type) => type.kind === 'real') ? 'overlapAdd' : 'host';
    if (isCombined(row) && operands[0]!.kind !== 'integer') return 'reduction';
    return 'host';
  }

  #lowerNode(node: number): void {
    const nodeClass = this.#classOf(node);
    // Numbers in the code of their users, and sums that are never formed.
    if (nodeClass === 'uniform' || nodeClass === 'inner') return;
    if (nodeClass === 'leaf') {
      const place = this.#given.get(node);
      if (place !== undefined) {
        this.#views.set(node, place);
        return;
      }
      const buffer = this.#allocate(node);
      this.#leaves.set(node, buffer);
      this.#views.set(node, contiguousView(buffer, this.#arena.typeOf(node).shape));
      return;
    }
    if (nodeClass === 'scalar') {
      this.#scalars.push(node);
      return;
    }
    const cluster = this.#clusters.get(node);
    if (cluster !== undefined && cluster.nodes.at(-1) !== node) return; // computed with its last node
    this.#flushScalars();
    if (cluster !== undefined) this.#lowerCluster(cluster);
    else if (nodeClass === 'view') this.#lowerView(node);
    else if (nodeClass === 'assembly') this.#lowerAssembly(node);
    else if (nodeClass === 'contraction') this.#lowerContraction(node);
    else if (nodeClass === 'convolution') this.#lowerConvolution(node);
    else if (nodeClass === 'overlapAdd') this.#lowerOverlapAdd(node);
    else if (nodeClass === 'strong') this.#lowerStrong(node);
    else if (nodeClass === 'control') this.#lowerControl(node);
    else if (
      this.#simplified.rowOf(node).name === 'logSumExp' &&
      sizeOf(this.#operandType(node).shape) > 0
    )
      this.#lowerLogSumExp(node);
    else this.#lowerHost(node);
  }

  /** One kernel of the scalar operations since the last array kernel. */
  #flushScalars(): void {
    const nodes = this.#scalars;
    this.#scalars = [];
    const last = nodes.at(-1);
    if (last === undefined) return;
    const isInside = (user: number): boolean => user <= last && this.#classes[user] === 'scalar';
    const kernel = this.#regions.lower(
      nodes,
      (node) => this.#views.get(node)!,
      (node) => this.#stored.has(node) || this.#users.anyOutside(node, isInside),
      (node) => this.#resultView(node, []),
    );
    this.#kernels.push(kernel);
  }

  #lowerCluster(cluster: Cluster): void {
    this.#emitCluster(cluster, this.#readFromOutside(cluster.nodes));
  }

  /** The nodes of a cluster that must be stored. */
  #readFromOutside(nodes: readonly number[]): number[] {
    const inside = new Set(nodes);
    const isInside = (user: number): boolean => inside.has(user);
    return nodes.filter((node) => this.#stored.has(node) || this.#users.anyOutside(node, isInside));
  }

  /** Loops that compute the nodes of a cluster and store some of them, or a product that does so on the way. */
  #emitCluster(cluster: Cluster, kept: readonly number[]): void {
    const { nodes, shape, product, layout } = cluster;
    if (product !== undefined) this.#placeFor(product);
    const reducing = nodes.filter((node) => this.#classOf(node) === 'reduction');
    const writes = nodes
      .filter((node) => node !== product && (reducing.includes(node) || kept.includes(node)))
      .map((node) => ({ node, write: this.#resultView(node, shape) }));
    const reduced =
      reducing.length === 0 ? shape.map(() => false) : this.#reducedAxes(nodes.at(-1)!);
    const operations = nodes
      .filter((node) => node !== product)
      .map((node) => this.#simplified.rowOf(node).name);
    for (const piece of layout.pieces) {
      const body = new LoopBody(piece.shape, this.#precision, this.#math);
      const values = this.#computeIn(body, cluster, piece);
      const results = writes.map(({ node, write }) => {
        const isReduction = reducing.includes(node);
        const value = values(isReduction ? this.#simplified.operand(node, 0) : node);
        return {
          expression: isReduction
            ? asNumbers(body.expressions, value)
            : this.#storedExpression(body, node, value),
          write: pieceOf(write, piece, layout.positions[0]!),
          combine: isReduction ? COMBINE[this.#simplified.rowOf(node).name] : undefined,
        };
      });
      if (product !== undefined) {
        const isRead = kept.includes(product);
        const epilogue = body.asEpilogue(operations, results);
        if (isEpilogue(epilogue)) {
          this.#emitProduct(product, isRead, epilogue);
          return;
        }
        this.#emitProduct(product, true, undefined);
      }
      this.#kernels.push(body.finish(operations, reduced, results));
    }
  }

  /** Computes the elementwise nodes of a cluster in a piece of its loop; returns the value of a node at the origin. */
  #computeIn(body: LoopBody, cluster: Cluster, piece: Piece): (node: number) => VectorValue {
    const { nodes, shape, product, layout } = cluster;
    const values = layout.positions.map(() => new Map<number, VectorValue>());
    const valueAt = (node: number, position: Position, around: Shape): VectorValue => {
      const known = values[position.index]!.get(node);
      if (known !== undefined) return known;
      const uniform = this.#simplified.uniformValue(node);
      const value =
        uniform === undefined
          ? body.read(pieceOf(broadcastView(this.#viewOf(node), around), piece, position))
          : body.algebra.constant(uniform);
      values[position.index]!.set(node, value);
      return value;
    };
    if (product !== undefined) valueAt(product, layout.positions[0]!, shape);
    for (const node of nodes) {
      const row = this.#simplified.rowOf(node);
      if (node === product || this.#classOf(node) === 'reduction') continue;
      const around = this.#arena.typeOf(node).shape;
      for (const position of layout.positionsOf(node)) {
        if (!isInside(piece, around, position)) continue;
        const operands = this.#simplified.operandsOf(node);
        if (row.family === 'elementwise') {
          const [x, y, z] = operands.map((operand) => valueAt(operand, position, around));
          values[position.index]!.set(node, row.value(body.algebra, x!, y!, z!));
        } else {
          const { before, shape: source } = paddedElements(this.#simplified, node);
          const inner = layout.moved(position, before);
          const value = isInside(piece, source, inner)
            ? valueAt(operands[0]!, inner, source)
            : body.algebra.constant(0);
          values[position.index]!.set(node, value);
        }
      }
    }
    return (node) => valueAt(node, layout.positions[0]!, shape);
  }

  /** Instructions for an element of an elementwise node. */
  #costOf(node: number): number {
    const { algebra, expressions } = new LoopBody([], this.#precision, this.#math);
    const [x, y, z] = this.#simplified
      .operandsOf(node)
      .map((_, k): VectorValue => ({ expression: expressions.input(k), isMask: false }));
    const row = this.#simplified.rowOf(node) as ElementwiseRow;
    const value = asNumbers(expressions, row.value(algebra, x!, y!, z!));
    const { instructions, calls } = countInstructions([value]);
    return calls ? Infinity : instructions;
  }

  /** Where the value of a node is. A known number is written to memory when a kernel asks for it there. */
  #viewOf(node: number): View {
    const known = this.#views.get(node);
    if (known !== undefined) return known;
    const { kind, shape } = this.#arena.typeOf(node);
    const buffer: Buffer = { node, storage: 'real', size: 1, address: -1 };
    const body = new LoopBody([], this.#precision, this.#math);
    const number = body.expressions.constant(this.#simplified.uniformValue(node)!);
    const write = contiguousView(buffer, []);
    this.#kernels.push(
      body.finish([kind], [], [{ expression: number, write, combine: undefined }]),
    );
    const view = broadcastView(write, shape);
    this.#views.set(node, view);
    return view;
  }

  /** The value of an elementwise node, to be stored in its place. */
  #storedExpression(body: LoopBody, node: number, value: VectorValue): Expression {
    const number = asNumbers(body.expressions, value);
    const whole = this.#places.get(node)?.whole;
    return whole === undefined ? number : this.#asPart(body, whole, number);
  }

  /** Where the value of a node goes: its place, if it is part of another array, or else a fresh buffer. */
  #placeFor(node: number): View {
    const place = this.#places.get(node);
    if (place !== undefined) this.#wholeBuffer(place.whole);
    const view =
      place?.view ?? contiguousView(this.#allocate(node), this.#arena.typeOf(node).shape);
    this.#views.set(node, view);
    return view;
  }

  /** An element as it is in an assembly: where zeros are added to it, -0 becomes 0. */
  #asPart(body: LoopBody, whole: number, expression: Expression): Expression {
    const e = body.expressions;
    return this.#assemblies.wholes.get(whole)!.adds
      ? e.real('add', expression, e.constant(0))
      : expression;
  }

  /** Parts that only their cluster and the whole read are written to their places when they are computed. */
  #placeParts(whole: number): void {
    const { shape } = this.#arena.typeOf(whole);
    const buffer = this.#allocate(whole);
    this.#wholeBuffers.set(whole, buffer);
    const { parts, adds } = this.#assemblies.wholes.get(whole)!;
    for (const part of parts) {
      let { node } = part;
      let view: View | undefined = placeOf(part, buffer, shape);
      // Through reshapings to the operation that computes the elements.
      while (view !== undefined && this.#isOnlyReshaped(node)) {
        node = this.#simplified.operand(node, 0);
        view = reshapedView(view, this.#arena.typeOf(node).shape);
      }
      if (view === undefined || this.#stored.has(node) || this.#places.has(node)) continue;
      const nodeClass = this.#classOf(node);
      const canBePlaced =
        nodeClass === 'elementwise' ||
        nodeClass === 'reduction' ||
        (nodeClass === 'scalar' && !adds) ||
        (nodeClass === 'contraction' && isContiguous(view));
      const cluster = this.#clusters.get(node);
      const outside = this.#users
        .of(node)
        .filter((user) => cluster === undefined || this.#clusters.get(user) !== cluster);
      // Other kernels may read the part where it is, unless its zeros have lost their sign there.
      if (!canBePlaced || (adds && outside.length > 1)) continue;
      this.#places.set(node, { whole, view });
      this.#placed.add(part);
    }
  }

  #isOnlyReshaped(node: number): boolean {
    return (
      this.#simplified.rowOf(node).name === 'reshape' &&
      this.#classOf(node) === 'view' &&
      !this.#stored.has(node) &&
      this.#users.of(node).length === 1
    );
  }

  /** The buffer of an assembly, which is cleared before the first part is written. */
  #wholeBuffer(whole: number): Buffer {
    const buffer = this.#wholeBuffers.get(whole)!;
    if (this.#views.has(whole)) return buffer;
    const { shape } = this.#arena.typeOf(whole);
    this.#views.set(whole, contiguousView(buffer, shape));
    if (!this.#assemblies.wholes.get(whole)!.covered) {
      const body = new LoopBody(shape, this.#precision, this.#math);
      const write = contiguousView(buffer, shape);
      const zero: Result = { expression: body.expressions.constant(0), write, combine: undefined };
      this.#kernels.push(
        body.finish(
          ['zero'],
          shape.map(() => false),
          [zero],
        ),
      );
    }
    return buffer;
  }

  /** Writes the parts that have not been written where they were computed. */
  #lowerAssembly(whole: number): void {
    const { shape } = this.#arena.typeOf(whole);
    const buffer = this.#wholeBuffer(whole);
    for (const part of this.#assemblies.wholes.get(whole)!.parts) {
      if (this.#placed.has(part)) continue;
      const body = new LoopBody(part.shape, this.#precision, this.#math);
      const value = asNumbers(body.expressions, this.#operandIn(body, part.node));
      const write = placeOf(part, buffer, shape);
      const result: Result = {
        expression: this.#asPart(body, whole, value),
        write,
        combine: undefined,
      };
      this.#kernels.push(
        body.finish(
          [this.#simplified.rowOf(whole).name],
          shape.map(() => false),
          [result],
        ),
      );
    }
  }

  /** The element of a node that a loop stands at: a number, or what it reads. */
  #operandIn(body: LoopBody, node: number): VectorValue {
    const uniform = this.#simplified.uniformValue(node);
    return uniform === undefined ? body.read(this.#viewOf(node)) : body.algebra.constant(uniform);
  }

  /** Where the value of a node goes, seen in the shape of the loop that computes it. */
  #resultView(node: number, shape: Shape): View {
    const view = this.#placeFor(node);
    if (this.#simplified.rowOf(node).family === 'elementwise') return view;
    const reduced = this.#reducedAxes(node);
    const kept = shape.map((length, axis) => (reduced[axis] ? 1 : length));
    return broadcastView(reshapedView(view, kept)!, shape);
  }

  #reducedAxes(node: number): boolean[] {
    const { axes } = this.#arena.attributes.get(node) as { axes: readonly number[] };
    return this.#operandType(node).shape.map((_, axis) => axes.includes(axis));
  }

  #operandType(node: number): Type {
    return this.#arena.typeOf(this.#simplified.operand(node, 0));
  }

  #lowerView(node: number): void {
    const operand = this.#simplified.operand(node, 0);
    const attributes = this.#arena.attributes.get(node)!;
    const { shape } = this.#arena.typeOf(node);
    const parts = this.#packed.get(operand);
    if (parts !== undefined) {
      this.#views.set(node, viewOfRange(parts, rangeRead(this.#simplified, node)!));
      return;
    }
    const source = this.#views.get(operand)!;
    const view = VIEWS.get(this.#simplified.rowOf(node).name)!(source, shape, attributes);
    if (view !== undefined) {
      this.#views.set(node, view);
      return;
    }
    const copy = contiguousView(this.#copy(operand, source), source.shape);
    this.#views.set(node, VIEWS.get(this.#simplified.rowOf(node).name)!(copy, shape, attributes)!);
  }

  /** A strong product: the ordinary one, and then a look at what is not finite. */
  #lowerStrong(node: number): void {
    const type = this.#arena.typeOf(node);
    const result = contiguousView(this.#allocate(node), type.shape);
    this.#views.set(node, result);
    const isMatmul = this.#simplified.rowOf(node) === operations.strongMatmul;
    if (isMatmul) this.#emitProduct(node, true, undefined);
    else this.#emitConvolution(node);
    const operands = this.#simplified.operandsOf(node);
    const work: HostWork = {
      operation: isMatmul ? 'repair matmul' : 'repair convolution',
      attributes: this.#arena.attributes.get(node) ?? {},
      operands: operands.map((operand) => this.#arena.typeOf(operand)),
      result: type,
    };
    this.#kernels.push({
      kind: 'host',
      operation: this.#simplified.rowOf(node).name,
      kernel: hostKernel(work),
      work,
      operands: operands.map((operand) => this.#contiguous(operand)),
      result: result.buffer,
    });
  }

  #lowerContraction(node: number): void {
    this.#placeFor(node);
    this.#emitProduct(node, true, undefined);
  }

  /** A product of matrices; its sums are stored if they are read from memory. */
  #emitProduct(node: number, isRead: boolean, epilogue: Epilogue | undefined): void {
    const [left, right] = this.#factorsOf(node);
    const result = this.#views.get(node)!;
    const others = epilogueViews(epilogue);
    const operands = { left, right, result, others };
    const { resultUse, scratch: size } = spaceOf(operands, this.#precision, isRead);
    const scratch: Buffer | undefined =
      size === 0 ? undefined : { node, storage: 'real', size, address: -1 };
    this.#kernels.push({
      kind: 'contraction',
      left,
      right,
      result,
      resultUse,
      scratch,
      epilogue,
    });
  }

  #lowerConvolution(node: number): void {
    this.#placeFor(node);
    this.#emitConvolution(node);
  }

  #emitConvolution(node: number): void {
    const [image, kernel] = this.#simplified
      .operandsOf(node)
      .map((operand) => this.#viewOf(operand)) as [View, View];
    const steps = this.#arena.attributes.get(node) as WindowSteps;
    const result = this.#views.get(node)!;
    this.#kernels.push(
      ...lowerConvolution(image, kernel, result, steps, this.#precision, this.#math),
    );
  }

  #lowerOverlapAdd(node: number): void {
    const source = this.#viewOf(this.#simplified.operand(node, 0));
    const steps = this.#arena.attributes.get(node) as WindowSteps;
    const result = this.#placeFor(node);
    this.#kernels.push(...lowerOverlapAdd(source, result, steps, this.#precision, this.#math));
  }

  /** The factors of a product, their stacks broadcast to that of the result. */
  #factorsOf(node: number): readonly [View, View] {
    const { shape } = this.#arena.typeOf(node);
    const stacked = this.#stackSums.get(node);
    if (stacked !== undefined) {
      const [left, right] = this.#simplified.operandsOf(stacked) as [number, number];
      const turned = (view: View): View => ({
        ...view,
        shape: [...view.shape.slice(0, -2), view.shape.at(-1)!, view.shape.at(-2)!],
        strides: [...view.strides.slice(0, -2), view.strides.at(-1)!, view.strides.at(-2)!],
      });
      const flatLeft = turned(this.#flatStack(left, turned(this.#forwards(left))));
      const flatRight = this.#flatStack(right, this.#forwards(right));
      const ones = shape.slice(0, -2);
      return [
        broadcastView(flatLeft, [...ones, ...flatLeft.shape]),
        broadcastView(flatRight, [...ones, ...flatRight.shape]),
      ];
    }
    return this.#simplified.operandsOf(node).map((operand) => {
      const view = this.#forwards(operand);
      return broadcastView(view, [...shape.slice(0, -2), ...view.shape.slice(-2)]);
    }) as [View, View];
  }

  /** A stack of matrices as one matrix with all their rows; copied where the rows are not evenly spaced. */
  #flatStack(node: number, view: View): View {
    const columns = view.shape.at(-1)!;
    const shape = [sizeOf(view.shape) / columns, columns];
    const spaced = view.shape
      .slice(0, -2)
      .every(
        (length, axis) =>
          length === 1 || view.strides[axis] === view.shape[axis + 1]! * view.strides[axis + 1]!,
      );
    if (!spaced) return contiguousView(this.#copy(node, view), shape);
    return { ...view, shape, strides: [view.strides.at(-2)!, view.strides.at(-1)!] };
  }

  /** Finds sums over all axes of a stack of products that nothing else reads. */
  #findStackSums(order: Int32Array): void {
    for (const node of order) {
      if (this.#simplified.rowOf(node) !== operations.sum || this.#classOf(node) !== 'reduction')
        continue;
      const product = this.#simplified.operand(node, 0);
      const { shape } = this.#arena.typeOf(product);
      const { axes } = this.#arena.attributes.get(node) as { axes: readonly number[] };
      const isStack =
        this.#classOf(product) === 'contraction' &&
        axes.length === shape.length - 2 &&
        axes.every((axis, k) => axis === k) &&
        axes.length > 0;
      if (!isStack || this.#stored.has(product) || this.#users.of(product).length !== 1) continue;
      const whole = this.#simplified.operandsOf(product).every((operand) => {
        const stack = this.#arena.typeOf(operand).shape.slice(0, -2);
        return sameShape(stack, shape.slice(0, -2));
      });
      if (!whole) continue;
      this.#stackSums.set(node, product);
      this.#classes[node] = 'contraction';
      this.#classes[product] = 'inner';
    }
  }

  /** An operand that is not read backwards along any axis. */
  #forwards(node: number): View {
    const view = this.#viewOf(node);
    return view.strides.every((stride) => stride >= 0)
      ? view
      : contiguousView(this.#copy(node, view), view.shape);
  }

  /** The largest element, the sum of exponentials below it, and the logarithm: three loops. */
  #lowerLogSumExp(node: number): void {
    const source = this.#viewOf(this.#simplified.operand(node, 0));
    const reduced = this.#reducedAxes(node);
    const kept = source.shape.map((length, axis) => (reduced[axis] ? 1 : length));
    const largest = contiguousView(this.#allocate(node), kept);
    const total = contiguousView(this.#allocate(node), kept);
    const result = contiguousView(this.#allocate(node), kept);
    this.#views.set(node, contiguousView(result.buffer, this.#arena.typeOf(node).shape));

    const first = new LoopBody(source.shape, this.#precision, this.#math);
    const x = asNumbers(first.expressions, first.read(source));
    const spread = (view: View): View => broadcastView(view, source.shape);
    this.#kernels.push(
      first.finish(['max'], reduced, [{ expression: x, write: spread(largest), combine: 'max' }]),
    );

    const second = new LoopBody(source.shape, this.#precision, this.#math);
    const { algebra: A } = second;
    const term = A.exp(A.sub(second.read(source), second.read(largest)));
    const sum: Result = {
      expression: asNumbers(second.expressions, term),
      write: spread(total),
      combine: 'add',
    };
    this.#kernels.push(second.finish(['sub', 'exp', 'sum'], reduced, [sum]));

    const third = new LoopBody(kept, this.#precision, this.#math);
    const m = third.read(largest);
    const B = third.algebra;
    const infinite = B.equal(B.abs(m), B.constant(Infinity));
    const value = B.select(infinite, m, B.add(m, B.log(third.read(total))));
    const log: Result = {
      expression: asNumbers(third.expressions, value),
      write: result,
      combine: undefined,
    };
    this.#kernels.push(
      third.finish(
        ['log', 'add'],
        kept.map(() => false),
        [log],
      ),
    );
  }

  #lowerControl(node: number): void {
    const row = this.#arena.rowOf(node) as ControlRow;
    const segments = row.segments(this.#arena.attributes.get(node)!);
    const isRead = this.#stored.has(node)
      ? undefined
      : partsRead(this.#simplified, this.#users.of(node), segments);
    const { kernel, parts } = lowerControl(
      this.#surroundings,
      this.#arena,
      node,
      this.#simplified.operandsOf(node),
      isRead ?? (() => true),
    );
    this.#kernels.push(kernel);
    if (isRead === undefined) this.#pack(node, parts);
    else this.#packed.set(node, parts);
  }

  /** The parts of a result copied into one vector. */
  #pack(node: number, parts: readonly PackedPart[]): void {
    const buffer = this.#allocate(node);
    for (const { segment, view } of parts) {
      const body = new LoopBody(view.shape, this.#precision, this.#math);
      const expression = asNumbers(body.expressions, body.read(view));
      const write = { ...contiguousView(buffer, view.shape), offset: segment.start };
      this.#kernels.push(
        body.finish(['pack'], [false], [{ expression, write, combine: undefined }]),
      );
    }
    this.#views.set(node, contiguousView(buffer, this.#arena.typeOf(node).shape));
  }

  get #surroundings(): Surroundings {
    return {
      precision: this.#precision,
      viewOf: (node) => this.#viewOf(node),
      contiguousViewOf: (node) => {
        const view = this.#viewOf(node);
        return isContiguous(view) ? view : contiguousView(this.#copy(node, view), view.shape);
      },
      copyOf: (node) => this.#copy(node, this.#viewOf(node)),
      zeros: (node, size) => {
        const buffer: Buffer = { node, storage: 'real', size, address: -1 };
        const body = new LoopBody([size], this.#precision, this.#math);
        const write = contiguousView(buffer, [size]);
        const expression = body.expressions.constant(0);
        this.#kernels.push(
          body.finish(['zero'], [false], [{ expression, write, combine: undefined }]),
        );
        return buffer;
      },
      lowerBody: (graph, wanted, given) =>
        lower(graph, wanted, [], this.#precision, this.#math, this.#straightLineLimit, given),
    };
  }

  #lowerHost(node: number): void {
    const operands = this.#simplified.operandsOf(node).map((operand) => this.#contiguous(operand));
    const result = this.#allocate(node);
    this.#views.set(node, contiguousView(result, this.#arena.typeOf(node).shape));
    const work = this.#workOf(node);
    const call: HostCall = {
      kind: 'host',
      operation: this.#simplified.rowOf(node).name,
      kernel: kernelOf(this.#arena, node),
      ...(work === undefined ? {} : { work }),
      operands,
      result,
    };
    this.#kernels.push(indexedKernel(this.#simplified, node, call) ?? call);
  }

  /** What the interpreter does for a node, as data; `undefined` for rows that are not in the table, and for bodies. */
  #workOf(node: number): HostWork | undefined {
    const row = this.#arena.rowOf(node);
    const { name, family } = row;
    if (family === 'control' || operations[name as keyof typeof operations] !== row)
      return undefined;
    const typeOf = (id: number): Type => this.#arena.typeOf(id);
    return {
      operation: name,
      attributes: this.#arena.attributes.get(node) ?? {},
      operands: Array.from(this.#arena.operandsOf(node), typeOf),
      result: typeOf(node),
    };
  }

  /** The value of a node in a buffer of its own, row-major. */
  #contiguous(node: number): Buffer {
    const view = this.#viewOf(node);
    return view.offset === 0 && isContiguous(view) && view.buffer.size === sizeOf(view.shape)
      ? view.buffer
      : this.#copy(node, view);
  }

  /** Outputs are buffers that nothing else owns: views and leaves are copied. */
  #materialize(node: number): void {
    const nodeClass = this.#classOf(node);
    if (nodeClass !== 'view' && nodeClass !== 'leaf' && nodeClass !== 'uniform') return;
    const view = this.#viewOf(node);
    this.#views.set(node, contiguousView(this.#copy(node, view), view.shape));
  }

  #copy(node: number, source: View): Buffer {
    if (source.buffer.storage === 'integer') return this.#copyIntegers(node, source);
    const body = new LoopBody(source.shape, this.#precision, this.#math);
    const buffer = this.#allocate(node);
    const write = contiguousView(buffer, source.shape);
    const result: Result = {
      expression: asNumbers(body.expressions, body.read(source)),
      write,
      combine: undefined,
    };
    this.#kernels.push(
      body.finish(
        ['copy'],
        source.shape.map(() => false),
        [result],
      ),
    );
    return buffer;
  }

  /** Loops compute with numbers of the program's precision, which may not hold every integer. */
  #copyIntegers(node: number, source: View): Buffer {
    const buffer = this.#allocate(node);
    const { shape, strides, offset } = source;
    const work: HostWork = {
      operation: 'copy',
      attributes: { shape, strides, offset },
      operands: [{ kind: 'integer', shape: [source.buffer.size] }],
      result: this.#arena.typeOf(node),
    };
    this.#kernels.push({
      kind: 'host',
      operation: 'copy',
      kernel: hostKernel(work),
      work,
      operands: [source.buffer],
      result: buffer,
    });
    return buffer;
  }

  #allocate(node: number): Buffer {
    const { kind, shape } = this.#arena.typeOf(node);
    return {
      node,
      storage: kind === 'integer' ? 'integer' : 'real',
      size: sizeOf(shape),
      address: -1,
    };
  }
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

/** Whether a row of the table, not one of the user's own, is combined in a loop. */
function isCombined(row: Operation): boolean {
  return Object.hasOwn(COMBINE, row.name) && row === operations[row.name as OperationName];
}
