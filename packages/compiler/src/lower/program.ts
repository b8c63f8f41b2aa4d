/**
 * A specification as kernels whose buffers have addresses: its updates are made in place where that is possible, loops over
 * the same rows run in strips, and all of it lies in one memory.
 */
import { checkSpec, type Graph, type GraphNode, type ProgramSpec } from '@ad/graph';
import type { Precision } from '../code/expression.ts';
import { type Functions, functionsCalled, vectorMath } from '../code/vector-math.ts';
import { planMemory } from '../plan.ts';
import { sizeOfReal } from '../sizes.ts';
import { tooLarge } from '../too-large.ts';
import { PAGE } from '../webassembly.ts';
import { settleBlocks } from './control.ts';
import { guardedUpdate, keepOldElements } from './guarded-update.ts';
import { type UpdateBuffers, updatesInPlace } from './in-place.ts';
import { buffersWritten, type Kernel } from './kernel.ts';
import { lower } from './lower.ts';
import type { Lowered } from './lowered.ts';
import { STRAIGHT_LINE_LIMIT } from './scalar-region.ts';
import { inStrips } from './strips.ts';
import type { Buffer } from './view.ts';

/** The kernels of a program and the memory that they work on. */
export interface PlacedProgram extends Pick<Lowered, 'kernels' | 'leaves' | 'constants'> {
  /** Where they come from. */
  readonly graph: Graph;
  /** The nodes that are computed: the outputs, and what the updates need. */
  readonly wanted: readonly GraphNode[];
  /** The functions that operations call by their rows. */
  readonly functions: Functions;
  /** Where the outputs are. */
  readonly outputs: readonly Buffer[];
  /** Updates that are made in place, by the buffer of the new value. */
  readonly inPlace: ReadonlyMap<Buffer, Buffer>;
  /** Updates that are copied after all kernels; those under a condition where it holds. */
  readonly copies: readonly UpdateBuffers[];
  /** What is put back after all kernels where a condition does not hold. */
  readonly restored: readonly UpdateBuffers[];
  /** Bytes of memory. */
  readonly bytes: number;
}

/** The most that 32-bit addresses reach. */
const MAX_BYTES = 2 ** 32 - PAGE;

/**
 * Lowers a specification.
 *
 * @param straightLineLimit - scalar operations up to which a region of them becomes straight-line code.
 * @throws `CapacityError` when the program would need more memory than 32-bit addresses reach.
 */
export function lowerProgram(
  spec: ProgramSpec,
  precision: Precision,
  straightLineLimit: number = STRAIGHT_LINE_LIMIT,
): PlacedProgram {
  const { graph, updates } = checkSpec(spec);
  const functions = functionsCalled(graph);
  const math = vectorMath(functions);
  const size = sizeOfReal(precision);
  const guarded = updates.map(([input, value]) => guardedUpdate(input, value));
  const inputs = updates.map(([input]) => input);
  const wanted = [
    ...spec.outputs,
    ...guarded.flatMap(({ value, condition }) => (condition ? [condition, value] : [value])),
  ];
  const lowered = lower(graph, wanted, inputs, precision, math, straightLineLimit);
  const { leaves, constants, bufferOf } = lowered;

  const outputs = spec.outputs.map((node) => bufferOf(node.id));
  const writes = guarded.map(({ input, value, condition }): UpdateBuffers => ({
    from: bufferOf(value.id),
    to: leaves.get(input.id)!,
    condition: condition && bufferOf(condition.id),
  }));
  const inPlace = updatesInPlace(lowered.kernels, writes, new Set(outputs));
  const { kernels: safe, restored } = keepOldElements(lowered.kernels, writes, inPlace);
  const copies = writes.filter(({ from }) => !inPlace.has(from));
  const permanent = [
    ...leaves.values(),
    ...outputs,
    ...[...copies, ...restored].flatMap(({ from, condition }) =>
      condition === undefined ? [from] : [from, condition],
    ),
  ];
  const kernels: readonly Kernel[] = inStrips(safe, new Set(permanent), inPlace, size);
  const bytes = planMemory(kernels, permanent, inPlace, size);
  if (bytes > MAX_BYTES)
    throw tooLarge(graph, [...permanent, ...kernels.flatMap(buffersWritten)], bytes, size);
  settleBlocks(kernels);
  return {
    graph,
    wanted,
    functions,
    outputs,
    kernels,
    leaves,
    constants,
    inPlace,
    copies,
    restored,
    bytes,
  };
}
