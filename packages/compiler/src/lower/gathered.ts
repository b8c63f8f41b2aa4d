/**
 * The plan of gathered loops: scalar operations of any graph as long loops over operations of one kind, so that
 * nothing is dispatched per operation and nothing mispredicts.
 *
 * Each part is linear. Operations become steps (`steps.ts`), steps of one kind groups (`agenda.ts`). Results lie in
 * memory in this order, so stores are contiguous; operands are gathered through a table of addresses. Groups are padded
 * to whole vectors.
 */
import { agenda, type Groups } from './agenda.ts';
import type { ScalarCode, ScalarResult } from './scalar-code.ts';
import { type Step, type Steps, stepsOf } from './steps.ts';
import { type Buffer, newBuffer, type View } from './view.ts';

/** Distinct constants that are part of the code of the loops, at most; more are read from memory like other numbers. */
const MAX_CONSTANTS = 32;

/** A region as gathered loops. */
export interface Gathered {
  readonly kind: 'gathered';
  /** The kinds of steps that have loops. */
  readonly kinds: readonly Step[];
  /** By group, in the order in which they run: the index of its kind. */
  readonly groupKinds: Int32Array;
  /** By group: where its results start in `slots`; one entry more than groups. Multiples of the lanes. */
  readonly groupStarts: Int32Array;
  /** The steps, and their order in groups. */
  readonly steps: Steps;
  readonly groups: Groups;
  /** By step: the slot of its result. */
  readonly slotOf: Int32Array;
  /** The slot of each value that is read as an integer; -1 for those that are read where they are. */
  readonly slotOfRead: Int32Array;
  /** Where the constants are, if the loops do not contain them. */
  readonly numbers: Buffer | undefined;
  /** Where values wait to be read. */
  readonly slots: Buffer;
  /** How many addresses of operands the table has. */
  readonly gathered: number;
  /** Addresses of operands, then pairs of addresses of results; see the emission. */
  readonly table: Buffer;
}

/** Plans gathered loops; `node` is to be named in messages about their memory. */
export function planGathered(
  code: ScalarCode,
  reads: readonly View[],
  results: readonly ScalarResult[],
  lanes: number,
  node: number,
): Gathered {
  const inline = code.constants.length <= MAX_CONSTANTS;
  const steps = stepsOf(code, results, reads.length, inline);
  const groups = agenda(steps);

  // Integers are converted once, into slots of their own at the beginning.
  const slotOfRead = new Int32Array(reads.length).fill(-1);
  let next = 0;
  reads.forEach((view, k) => {
    if (view.buffer.storage === 'integer') slotOfRead[k] = next++;
  });
  next = Math.ceil(next / lanes) * lanes;

  const used = new Int32Array(steps.kinds.length).fill(-1);
  const kinds: Step[] = [];
  const count = groups.kinds.length;
  const groupKinds = new Int32Array(count);
  const groupStarts = new Int32Array(count + 1);
  const slotOf = new Int32Array(groups.order.length);
  let gathered = 0;
  let at = 0;
  for (let g = 0; g < count; g++) {
    const kind = groups.kinds[g]!;
    if (used[kind] === -1) used[kind] = kinds.push(steps.kinds[kind]!) - 1;
    groupKinds[g] = used[kind]!;
    groupStarts[g] = next;
    for (const end = groups.ends[g]!; at < end; at++) slotOf[groups.order[at]!] = next++;
    next = Math.ceil(next / lanes) * lanes;
    gathered += (next - groupStarts[g]!) * steps.kinds[kind]!.inputs;
  }
  groupStarts[count] = next;

  return {
    kind: 'gathered',
    kinds,
    groupKinds,
    groupStarts,
    steps,
    groups,
    slotOf,
    slotOfRead,
    numbers: inline ? undefined : newBuffer(node, code.constants.length),
    slots: newBuffer(node, next),
    gathered,
    table: newBuffer(node, gathered + 2 * count + 2 * results.length, 'integer'),
  };
}
