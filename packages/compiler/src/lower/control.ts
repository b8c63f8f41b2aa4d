/**
 * Loops and branches as kernels. Their rows say where bodies find what they use and leave what they compute, and write
 * the loop around them (`lowering` of the graph); here, bodies are lowered like graphs of their own, onto buffers of their
 * own, all within the memory of the program. What they compute on the way lies in one block, whose place is known before
 * anything runs.
 */
import {
  type Body as GraphBody,
  type ControlCompiler,
  type ControlRow,
  type Graph,
  type GraphNode,
  type PackedPart,
  type Segment,
  type Segments,
} from '@ad/graph';
import { sizeOfReal } from '../sizes.ts';
import { planMemory } from '../plan.ts';
import type { Draft } from './draft.ts';
import { type BodyBuffers, onEntries } from './entries.ts';
import { updatesInPlace } from './in-place.ts';
import { type Body, buffersKept, buffersRead, buffersWritten, type Kernel } from './kernel.ts';
import type { Lowered } from './lowered.ts';
import { inStrips } from './strips.ts';
import { type Buffer, contiguousView, isContiguous, newBuffer, type View } from './view.ts';

/** Lowers a graph; `given` tells where those of its inputs are that already have a place. */
export type LowerGraph = (
  graph: Graph,
  wanted: readonly GraphNode[],
  given: ReadonlyMap<number, View>,
) => Lowered;

/**
 * Adds the kernel of a loop or branch.
 *
 * @param isRead - whether somebody reads a part of the result.
 * @returns the parts of the result that are stored.
 */
export function lowerControl(
  draft: Draft,
  node: number,
  segments: Segments,
  isRead: (segment: Segment) => boolean,
  lowerGraph: LowerGraph,
): readonly PackedPart[] {
  const row = draft.arena.rowOf(node) as ControlRow;
  const elementSize = sizeOfReal(draft.precision);
  const compiler: ControlCompiler<Body> = {
    precision: draft.precision,
    viewOf: (operand) => draft.viewOf(operand),
    contiguousViewOf: (operand) => {
      const view = draft.viewOf(operand);
      return isContiguous(view) ? view : contiguousView(draft.copy(operand, view), view.shape);
    },
    copyOf: (operand) => draft.copy(operand, draft.viewOf(operand)),
    fresh: (size, zeros = false) => {
      const buffer = newBuffer(node, size);
      if (zeros) {
        const body = draft.loopOver([size]);
        draft.store(body, 'zero', body.expressions.constant(0), contiguousView(buffer, [size]));
      }
      return buffer;
    },
    body: (body, isWanted, views, carries, isStacked) =>
      lowerBody(lowerGraph, elementSize, body, isWanted, views, carries, isStacked),
  };
  const attributes = draft.arena.attributes.get(node)!;
  const operands = draft.simplified.operandsOf(node);
  const { parts, settle, ...kernel } = row.lower(compiler, attributes, segments, operands, isRead);
  // Bodies run one after the other, or only one of them: they share the block.
  const bytes = Math.max(...kernel.bodies.map((body) => body.bytes));
  const block = newBuffer(node, bytes / elementSize);
  draft.kernels.push({ kind: 'control', operation: row.name, block, settle, ...kernel });
  return parts;
}

/** Lowers a body and plans its block; for the parameters see {@link ControlCompiler}. */
function lowerBody(
  lowerGraph: LowerGraph,
  elementSize: number,
  body: GraphBody,
  isWanted: readonly boolean[],
  views: readonly (View | undefined)[],
  carries: readonly Buffer[],
  isStacked: readonly boolean[] | undefined,
): Body {
  const wanted = body.outputs.filter((_, k) => isWanted[k]!);
  const given = new Map<number, View>();
  body.inputs.forEach(({ id }, k) => {
    const view = views[k];
    if (view !== undefined) given.set(id, view);
  });
  const { bufferOf, constants, leaves, ...lowered } = lowerGraph(body.graph, wanted, given);
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
  const kernels = inStrips(onBuffers, kept, inPlace, elementSize);
  const elsewhere = new Set([
    ...Array.from(given.values(), ({ buffer }) => buffer),
    ...constants.keys(),
    ...kernels.flatMap(buffersKept),
    ...inPlace.keys(),
    ...entries,
  ]);
  const bytes = planMemory(kernels, permanent, new Map(), elementSize, elsewhere);
  const touched = kernels.flatMap((kernel) => [...buffersRead(kernel), ...buffersWritten(kernel)]);
  const own = [...new Set([...permanent, ...touched])].filter((buffer) => !elsewhere.has(buffer));
  return { kernels, outputs, inPlace, inputs, entries: onStacks?.entries, constants, own, bytes };
}

/** Sets the addresses within the blocks of loops and branches, when those of the graph around are set. */
export function settleBlocks(kernels: readonly Kernel[]): void {
  for (const kernel of kernels) {
    if (kernel.kind !== 'control') continue;
    kernel.settle?.();
    for (const { own, inPlace, kernels: inner } of kernel.bodies) {
      for (const buffer of own) buffer.address += kernel.block.address;
      for (const [from, to] of inPlace) from.address = to.address;
      settleBlocks(inner);
    }
  }
}
