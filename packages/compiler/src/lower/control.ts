/**
 * Loops and branches as kernels. A body is lowered like a graph of its own, onto buffers of its own, all within the
 * memory of the program: what it uses from outside is read where it lies, carries have one buffer each in which every
 * step leaves them, and only those parts of the packed result are stored that somebody reads. What bodies compute on the
 * way lies in one block, whose place is known before anything runs.
 */
import {
  type Arena,
  type Body,
  type CondAttributes,
  type Graph,
  type GraphNode,
  type ScanAttributes,
  type Segment,
  type Segments,
  type Shape,
  sizeOf,
  type WhileLoopAttributes,
} from '@ad/graph';
import type { Precision } from '../code/expression.ts';
import { planMemory } from '../plan.ts';
import { type BodyBuffers, type Entries, onEntries } from './entries.ts';
import { updatesInPlace } from './in-place.ts';
import { buffersKept, buffersRead, buffersWritten, type Kernel } from './kernel.ts';
import type { Lowered } from './lowered.ts';
import type { PackedPart } from './packed.ts';
import { inStrips } from './strips.ts';
import { type Buffer, contiguousView, type View } from './view.ts';

/** A body made ready to be emitted. */
export interface LoweredBody {
  readonly kernels: readonly Kernel[];
  /** Where its wanted outputs are; `undefined` for those that nobody reads, and for entries of stacks. */
  readonly outputs: readonly (Buffer | undefined)[];
  /** Outputs that are computed in the place of a carry. */
  readonly inPlace: ReadonlyMap<Buffer, Buffer>;
  /** The buffers of its inputs that are filled before it runs; `undefined` where it does not need one. */
  readonly inputs: readonly (Buffer | undefined)[];
  /** The entries of stacks that the body of a scan reads and writes where they lie. */
  readonly entries: Entries | undefined;
  /** Constants, and what they hold. */
  readonly constants: ReadonlyMap<Buffer, ArrayLike<number>>;
  /** The buffers in the block. */
  readonly own: readonly Buffer[];
  /** Their size together. */
  readonly bytes: number;
}

/** A stack of entries that a loop reads or writes one at a time. */
export interface Stack {
  /** All entries, contiguous. There is room for one more where the last carry is an entry. */
  readonly view: View;
  /** Elements of one entry. */
  readonly size: number;
}

/** What a scan does besides running its body. */
interface ScanPlan {
  readonly kind: 'scan';
  readonly body: LoweredBody;
  readonly carries: readonly Buffer[];
  readonly length: number;
  readonly reverse: boolean;
  /** How many entries take part. */
  readonly count: View | undefined;
  /** By array: where its entries come from. */
  readonly scanned: readonly Stack[];
  /** By output after the carries, and by carry: where entries go; `undefined` where nobody reads them. */
  readonly stacked: readonly (Stack | undefined)[];
  readonly residuals: readonly (Stack | undefined)[];
}

/** What a branch does. */
interface CondPlan {
  readonly kind: 'cond';
  readonly predicate: View;
  /** The body that runs for false, and the one for true. */
  readonly branches: readonly [LoweredBody, LoweredBody];
  /** Where results go; `undefined` where nobody reads them. */
  readonly results: readonly (Buffer | undefined)[];
}

/** What a loop of unknown length does besides running its bodies. */
interface WhilePlan {
  readonly kind: 'while';
  readonly condition: LoweredBody;
  readonly body: LoweredBody;
  readonly carries: readonly Buffer[];
  /** The most steps; -1 for no limit. */
  readonly limit: number;
  readonly snapshots: number;
  readonly residuals: readonly (Stack | undefined)[];
  /** Where the numbers of steps, and of steps between snapshots, go. */
  readonly counters: readonly (Buffer | undefined)[];
}

/** A loop or branch. */
export interface Control {
  readonly kind: 'control';
  /** The operation, for the report. */
  readonly operation: string;
  readonly plan: ScanPlan | CondPlan | WhilePlan;
  readonly bodies: readonly LoweredBody[];
  /** The memory of the bodies. Its address is known when the graph around is planned, and those in it then. */
  readonly block: Buffer;
  readonly reads: readonly Buffer[];
  readonly writes: readonly Buffer[];
}

/** What the lowering of the graph around does for a loop or branch in it. */
export interface Surroundings {
  readonly precision: Precision;
  /** Where the value of a node is. */
  viewOf(node: number): View;
  /** The same, with elements in row-major order. */
  contiguousViewOf(node: number): View;
  /** The value in a fresh buffer. */
  copyOf(node: number): Buffer;
  /** A fresh buffer of zeros. */
  zeros(node: number, size: number): Buffer;
  /** Lowers a body; `given` tells where those of its inputs are that already have a place. */
  lowerBody(graph: Graph, wanted: readonly GraphNode[], given: ReadonlyMap<number, View>): Lowered;
}

/** A loop or branch lowered: its kernel, and the parts of its result that are stored. */
export interface LoweredControl {
  readonly kernel: Control;
  readonly parts: readonly PackedPart[];
}

/** Whether a control node can be lowered: nothing in it is empty. */
export function canLower(arena: Arena, node: number): boolean {
  const attributes = arena.attributes.get(node)!;
  const { length, limit } = attributes;
  if (length === 0 || limit === 0) return false;
  return Object.values(attributes).every((value) => {
    if (typeof value !== 'object' || !('inputs' in value)) return true;
    return [...value.inputs, ...value.outputs].every(({ shape }) => sizeOf(shape) > 0);
  });
}

/**
 * Lowers a loop or branch.
 *
 * @param operands - the nodes around that it reads.
 * @param isRead - whether somebody reads a part of the result.
 */
export function lowerControl(
  around: Surroundings,
  arena: Arena,
  node: number,
  operands: readonly number[],
  isRead: (segment: Segment) => boolean,
): LoweredControl {
  const lowering = new ControlLowering(around, node, isRead);
  const row = arena.rowOf(node);
  if (row.family !== 'control') throw new Error(`${row.name} is no loop or branch`);
  const attributes = arena.attributes.get(node)!;
  const segments = row.segments(attributes);
  if (row.name === 'scan') return lowering.scan(attributes as ScanAttributes, segments, operands);
  if (row.name === 'cond') return lowering.cond(attributes as CondAttributes, segments, operands);
  return lowering.whileLoop(attributes as WhileLoopAttributes, segments, operands);
}

class ControlLowering {
  readonly #around: Surroundings;
  readonly #node: number;
  readonly #isRead: (segment: Segment) => boolean;
  readonly #elementSize: number;
  readonly #parts: PackedPart[] = [];

  constructor(around: Surroundings, node: number, isRead: (segment: Segment) => boolean) {
    this.#around = around;
    this.#node = node;
    this.#isRead = isRead;
    this.#elementSize = around.precision === 'f64' ? 8 : 4;
  }

  scan(
    attributes: ScanAttributes,
    { results, stacked, residuals }: Segments,
    operands: readonly number[],
  ): LoweredControl {
    const { body, carries: carryCount, scanned, length, reverse, counted } = attributes;
    const first = counted ? 1 : 0;
    const given = operands.slice(first);
    const carries = given.slice(0, carryCount).map((operand) => this.#around.copyOf(operand));
    const arrays = given
      .slice(carryCount, carryCount + scanned)
      .map((operand): Stack => this.#stackOf(operand, length));
    const outside = given
      .slice(carryCount + scanned)
      .map((operand) => this.#around.viewOf(operand));
    const isWanted = [...carries.map(() => true), ...stacked.map((part) => this.#isRead(part))];
    const views: (View | undefined)[] = [
      undefined,
      ...viewsOf(carries, body.inputs.slice(1)),
      ...arrays.map(() => undefined),
      ...outside,
    ];
    const isStacked = (part: Segment | undefined): boolean =>
      part !== undefined && this.#isRead(part);
    const lowered = this.#body(body, isWanted, views, carries, residuals.map(isStacked));
    this.#keepCarries(carries, results);
    const more = reverse ? 'before' : 'after';
    const plan: ScanPlan = {
      kind: 'scan',
      body: lowered,
      carries,
      length,
      reverse,
      count: counted ? this.#around.contiguousViewOf(operands[0]!) : undefined,
      scanned: arrays,
      // Entries that do not take part are zeros.
      stacked: stacked.map((part) => this.#stack(part, length, counted)),
      residuals: carries.map(
        (_, j) =>
          residuals[j] &&
          this.#stack(residuals[j], length, false, lowered.entries?.carries[j] && more),
      ),
    };
    const counts = plan.count === undefined ? [] : [plan.count.buffer];
    const reads = [...counts, ...arrays.map(({ view }) => view.buffer)];
    return this.#finish(
      'scan',
      plan,
      [lowered],
      [...reads, ...outside.map(({ buffer }) => buffer)],
      [...carries, ...buffersOf([...plan.stacked, ...plan.residuals])],
    );
  }

  cond(
    { whenTrue, whenFalse }: CondAttributes,
    { results }: Segments,
    [predicate, ...operands]: readonly number[],
  ): LoweredControl {
    const outside = operands.map((operand) => this.#around.viewOf(operand));
    const isWanted = results.map((part) => this.#isRead(part));
    const branches = [whenFalse, whenTrue].map((body) => this.#body(body, isWanted, outside, []));
    const places = results.map((part, j) => (isWanted[j]! ? this.#part(part) : undefined));
    const test = this.#around.contiguousViewOf(predicate!);
    const plan: CondPlan = {
      kind: 'cond',
      predicate: test,
      branches: branches as [LoweredBody, LoweredBody],
      results: places,
    };
    const reads = [test.buffer, ...outside.map(({ buffer }) => buffer)];
    const writes = places.filter((buffer) => buffer !== undefined);
    return this.#finish('cond', plan, branches, reads, writes);
  }

  whileLoop(
    attributes: WhileLoopAttributes,
    { results, residuals, counters }: Segments,
    operands: readonly number[],
  ): LoweredControl {
    const { condition, body, carries: carryCount, limit, snapshots } = attributes;
    const carries = operands.slice(0, carryCount).map((operand) => this.#around.copyOf(operand));
    const outside = operands.slice(carryCount).map((operand) => this.#around.viewOf(operand));
    const views = [...viewsOf(carries, body.inputs), ...outside];
    const bodies = [
      this.#body(condition, [true], views, []),
      this.#body(body, carries.map(() => true), views, carries), // prettier-ignore
    ];
    this.#keepCarries(carries, results);
    const length = limit >= 0 ? limit : snapshots;
    const plan: WhilePlan = {
      kind: 'while',
      condition: bodies[0]!,
      body: bodies[1]!,
      carries,
      limit,
      snapshots,
      residuals: residuals.map((part) => this.#stack(part, length, false)),
      counters: counters.map((part) => (this.#isRead(part) ? this.#part(part) : undefined)),
    };
    const written = plan.counters.filter((buffer) => buffer !== undefined);
    return this.#finish(
      'whileLoop',
      plan,
      bodies,
      outside.map(({ buffer }) => buffer),
      [...carries, ...buffersOf(plan.residuals), ...written],
    );
  }

  /**
   * Lowers a body and plans its block.
   *
   * @param isWanted - which of its outputs somebody reads.
   * @param views - by input: where it is; `undefined` for one that is filled before each step.
   * @param carries - the buffers that the first outputs go to.
   * @param isStacked - by carry of a scan: whether all of its values are kept.
   */
  #body(
    body: Body,
    isWanted: readonly boolean[],
    views: readonly (View | undefined)[],
    carries: readonly Buffer[],
    isStacked?: readonly boolean[],
  ): LoweredBody {
    const { graph } = body;
    const wanted = body.outputs.filter((_, k) => isWanted[k]!);
    const given = new Map<number, View>();
    body.inputs.forEach(({ id }, k) => {
      const view = views[k];
      if (view !== undefined) given.set(id, view);
    });
    const lowered = this.#around.lowerBody(graph, wanted, given);
    const { leaves, bufferOf } = lowered;
    const constants = new Map<Buffer, ArrayLike<number>>();
    for (const [id, buffer] of leaves)
      if (graph.inputName(id) === undefined) constants.set(buffer, constantOf(graph, id));
    const used: BodyBuffers = {
      inputs: body.inputs.map(({ id }) => (given.has(id) ? undefined : leaves.get(id))),
      carries,
      outputs: body.outputs.map(({ id }, k) => (isWanted[k]! ? bufferOf(id) : undefined)),
    };
    const onStacks = isStacked && onEntries(lowered.kernels, used, isStacked);
    const { inputs, outputs } = onStacks ?? used;
    const onBuffers = onStacks?.kernels ?? lowered.kernels;
    const updates = carries.flatMap((to, j) => {
      const from = outputs[j];
      return from === undefined ? [] : [{ from, to }];
    });
    const stored = outputs.slice(carries.length).filter((buffer) => buffer !== undefined);
    const inPlace = updatesInPlace(onBuffers, updates, new Set(stored));
    const permanent = [...inputs, ...outputs, onStacks?.entries.at].filter(
      (buffer) => buffer !== undefined,
    );
    const entries = onStacks?.buffers ?? [];
    const kept = new Set([...permanent, ...entries]);
    const kernels = inStrips(onBuffers, kept, inPlace, this.#elementSize);
    const elsewhere = new Set([
      ...Array.from(given.values(), ({ buffer }) => buffer),
      ...constants.keys(),
      ...kernels.flatMap(buffersKept),
      ...inPlace.keys(),
      ...entries,
    ]);
    const bytes = planMemory(kernels, permanent, new Map(), this.#elementSize, elsewhere);
    const touched = kernels.flatMap((kernel) => [
      ...buffersRead(kernel),
      ...buffersWritten(kernel),
    ]);
    const own = [...new Set([...permanent, ...touched])].filter((buffer) => !elsewhere.has(buffer));
    return { kernels, outputs, inPlace, inputs, entries: onStacks?.entries, constants, own, bytes };
  }

  #finish(
    operation: string,
    plan: Control['plan'],
    bodies: readonly LoweredBody[],
    reads: readonly Buffer[],
    writes: readonly Buffer[],
  ): LoweredControl {
    // Bodies run one after the other, or only one of them: they share the block.
    const bytes = Math.max(...bodies.map((body) => body.bytes));
    const block = this.#buffer(bytes / this.#elementSize);
    const kernel: Control = { kind: 'control', operation, plan, bodies, block, reads, writes };
    return { kernel, parts: this.#parts };
  }

  /** The last carries are where every step has left them. */
  #keepCarries(carries: readonly Buffer[], results: readonly Segment[]): void {
    results.forEach((segment, j) => {
      const buffer = carries[j]!;
      this.#parts.push({ segment, view: contiguousView(buffer, [buffer.size]) });
    });
  }

  /** A buffer for a part of the result. */
  #part(segment: Segment): Buffer {
    const buffer = this.#buffer(sizeOf(segment.type.shape));
    this.#parts.push({ segment, view: contiguousView(buffer, [buffer.size]) });
    return buffer;
  }

  /** A stack for a part of the result, with room for one entry more at one of its ends where that is asked for. */
  #stack(
    segment: Segment,
    length: number,
    zeros: boolean,
    more?: 'before' | 'after',
  ): Stack | undefined {
    if (!this.#isRead(segment)) return undefined;
    const { shape } = segment.type;
    const size = sizeOf(shape);
    const entry = size / length;
    const buffer = zeros
      ? this.#around.zeros(this.#node, size)
      : this.#buffer(more === undefined ? size : size + entry);
    const offset = more === 'before' ? entry : 0;
    this.#parts.push({ segment, view: { ...contiguousView(buffer, [size]), offset } });
    return { view: { ...contiguousView(buffer, shape), offset }, size: entry };
  }

  #stackOf(operand: number, length: number): Stack {
    const view = this.#around.contiguousViewOf(operand);
    return { view, size: sizeOf(view.shape) / length };
  }

  #buffer(size: number): Buffer {
    return { node: this.#node, storage: 'real', size, address: -1 };
  }
}

function viewsOf(buffers: readonly Buffer[], types: readonly { readonly shape: Shape }[]): View[] {
  return buffers.map((buffer, j) => contiguousView(buffer, types[j]!.shape));
}

function buffersOf(stacks: readonly (Stack | undefined)[]): Buffer[] {
  return stacks.flatMap((stack) => (stack === undefined ? [] : [stack.view.buffer]));
}

/** The value of a constant, as a list. */
export function constantOf(graph: Graph, node: number): ArrayLike<number> {
  const value = graph.constantValue(node)!;
  return typeof value === 'number' ? [value] : value.data;
}

/**
 * Sets the addresses within the blocks of loops and branches, when those of the graph around are set.
 */
export function settleBlocks(kernels: readonly Kernel[], elementSize: number): void {
  for (const kernel of kernels) {
    if (kernel.kind !== 'control') continue;
    if (kernel.plan.kind === 'scan') settleEntries(kernel.plan, elementSize);
    for (const { own, inPlace, kernels: inner } of kernel.bodies) {
      for (const buffer of own) buffer.address += kernel.block.address;
      for (const [from, to] of inPlace) from.address = to.address;
      settleBlocks(inner, elementSize);
    }
  }
}

/** Entries of stacks begin where those of number 0 are, or the one after. */
function settleEntries(
  { body: { entries }, scanned, residuals, stacked, reverse }: ScanPlan,
  elementSize: number,
): void {
  if (entries === undefined) return;
  const settle = (entry: Buffer | undefined, stack: Stack | undefined, after = 0): void => {
    if (entry === undefined) return;
    const { view, size } = stack!;
    const bytes = entry.storage === 'integer' ? 4 : elementSize;
    entry.address = view.buffer.address + (view.offset + after * size) * bytes;
  };
  scanned.forEach((stack, k) => {
    settle(entries.scanned[k], stack);
  });
  stacked.forEach((stack, k) => {
    settle(entries.stacked[k], stack);
  });
  residuals.forEach((stack, j) => {
    settle(entries.carries[j]?.[0], stack);
    settle(entries.carries[j]?.[1], stack, reverse ? -1 : 1);
  });
}
