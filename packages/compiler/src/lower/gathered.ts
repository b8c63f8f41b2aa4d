/**
 * The plan of gathered loops: scalar operations of any graph as long loops over operations of one kind, so that
 * nothing is dispatched per operation and nothing mispredicts.
 *
 * Three steps, each linear. An operation that is used once joins its user, if what results is frequent: products join
 * sums. What remains is put in order by an agenda, block by block: all operations of one kind whose operands are there
 * make a group, the largest group first. Results lie in memory in this order, so stores are contiguous; operands are
 * gathered through a table of addresses. Groups are padded to whole vectors.
 */
import { ARITY, CONSTANT, PLACES, type ScalarCode } from './scalar-code.ts';
import type { ScalarResult } from './scalar-region.ts';
import type { Buffer, View } from './view.ts';

/** Operands gathered by one step of a loop, at most. */
const MAX_INPUTS = 4;
/** Operations in one step of a loop, at most. */
const MAX_SIZE = 8;
/**
 * A combination of operations gets a loop of its own if it makes up this share of all: with fewer kinds of steps, groups
 * are longer.
 */
const FREQUENT = 1 / 50;
/** Beyond this many kinds of steps none is combined any more. */
const MAX_KINDS = 2 ** 10;
/** Distinct constants that are part of the code of the loops, at most; more are read from memory like other numbers. */
const MAX_CONSTANTS = 32;
/** Steps among which the agenda chooses: those of neighbouring nodes, whose operands lie in the same caches. */
const BLOCK = 2 ** 16;
/** There are never so many kinds of steps, nor constants: three of them in one exact number. */
const KEY = 2 ** 15;

/** What a step of a loop does: an operation whose operands are gathered, constant, or steps themselves. */
export interface Step {
  /** The operation, or `CONSTANT`. */
  readonly operation: number;
  /** Index of the constant. */
  readonly constant: number;
  /** By operand: a step, or `undefined` for a number that is gathered. */
  readonly operands: readonly (Step | undefined)[];
  /** Numbers that are gathered. */
  readonly inputs: number;
  /** Operations. */
  readonly size: number;
  /** The index of the step in its list. */
  readonly id: number;
}

/** A region as gathered loops. */
export interface Gathered {
  readonly kind: 'gathered';
  /** The kinds of steps that have loops. */
  readonly steps: readonly Step[];
  /** By group, in the order in which they run: the index of its step. */
  readonly groupSteps: Int32Array;
  /** By group: where its results start in `slots`; one entry more than groups. Multiples of the lanes. */
  readonly groupStarts: Int32Array;
  /** The operands of the steps in the order of the slots, `inputs` for each; padding repeats the last step. */
  readonly inputs: Int32Array;
  /** The slot of each entry that has one; -1 for none. */
  readonly slotOf: Int32Array;
  /** The slot of each value that is read as an integer; -1 for those that are read where they are. */
  readonly slotOfRead: Int32Array;
  /** Where the constants are, if the loops do not contain them. */
  readonly numbers: Buffer | undefined;
  /** Where values wait to be read. */
  readonly slots: Buffer;
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
  const { kinds, stepOf } = combine(code, results, inline);
  const roots = rootsOf(stepOf);
  const inputsOf = gatherInputs(code, kinds, stepOf, roots);
  const groups = agenda(kinds, stepOf, roots, inputsOf);

  // Integers are converted once, into slots of their own at the beginning.
  const slotOfRead = new Int32Array(reads.length).fill(-1);
  let next = 0;
  reads.forEach((view, k) => {
    if (view.buffer.storage === 'integer') slotOfRead[k] = next++;
  });
  next = Math.ceil(next / lanes) * lanes;

  const used = new Int32Array(kinds.length).fill(-1);
  const steps: Step[] = [];
  const groupSteps = new Int32Array(groups.steps.length);
  const groupStarts = new Int32Array(groups.steps.length + 1);
  const slotOf = new Int32Array(code.length).fill(-1);
  let gathered = 0;
  groups.steps.forEach((kind, g) => {
    if (used[kind] === -1) used[kind] = steps.push(kinds[kind]!) - 1;
    groupSteps[g] = used[kind]!;
    groupStarts[g] = next;
    for (let i = groups.ends[g - 1] ?? 0; i < groups.ends[g]!; i++)
      slotOf[groups.order[i]!] = next++;
    next = Math.ceil(next / lanes) * lanes;
    gathered += (next - groupStarts[g]) * kinds[kind]!.inputs;
  });
  groupStarts[groups.steps.length] = next;

  const inputs = new Int32Array(gathered);
  let at = 0;
  groups.steps.forEach((kind, g) => {
    const { inputs: count } = kinds[kind]!;
    const first = groups.ends[g - 1] ?? 0;
    const last = groups.ends[g]! - 1;
    const padded = groupStarts[g + 1]! - groupStarts[g]!;
    for (let i = 0; i < padded; i++) {
      const root = groups.order[Math.min(first + i, last)]!;
      const start = inputsOf.starts[root]!;
      for (let k = 0; k < count; k++) inputs[at++] = inputsOf.operands[start + k]!;
    }
  });
  const buffer = (storage: Buffer['storage'], size: number): Buffer => ({
    node,
    storage,
    size,
    address: -1,
  });
  return {
    kind: 'gathered',
    steps,
    groupSteps,
    groupStarts,
    inputs,
    slotOf,
    slotOfRead,
    numbers: inline ? undefined : buffer('real', code.constants.length),
    slots: buffer('real', next),
    table: buffer('integer', gathered + 2 * groupSteps.length + 2 * results.length),
  };
}

/**
 * The kinds of steps there are, and the kind of each entry; -1 for constants, and for what is part of another one's
 * step.
 *
 * @param inline - whether constants are part of steps.
 */
function combine(
  code: ScalarCode,
  results: readonly ScalarResult[],
  inline: boolean,
): { kinds: Step[]; stepOf: Int32Array } {
  const { length, operations, operands } = code;
  const uses = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    const count = ARITY[operations[i]!]!;
    for (let k = 0; k < count; k++) {
      const operand = operands[PLACES * i + k]!;
      if (operand >= 0) uses[operand]!++;
    }
  }
  // A result is stored, so it never joins its user.
  for (const { operand } of results) if (operand >= 0) uses[operand] = 2;

  const kinds: Step[] = [];
  const known = new Map<number, number>();
  /** The step with these operands: 0 for one that is gathered, else the index of a step plus 1. */
  const intern = (operation: number, constant: number, x: number, y: number, z: number): number => {
    const key = ((operation * KEY + (operation === CONSTANT ? constant : x)) * KEY + y) * KEY + z;
    const id = known.get(key);
    if (id !== undefined) return id;
    const list = [x, y, z].slice(0, ARITY[operation]).map((step) => kinds[step - 1]);
    let [inputs, size] = [0, operation === CONSTANT ? 0 : 1];
    for (const step of list) {
      inputs += step?.inputs ?? 1;
      size += step?.size ?? 0;
    }
    const made = kinds.length;
    kinds.push({ operation, constant, operands: list, inputs, size, id: made });
    known.set(key, made);
    return made;
  };

  const stepOf = new Int32Array(length);
  const joined = new Uint8Array(length);
  const counts: number[] = [];
  const parts: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    const operation = operations[i]!;
    if (operation === CONSTANT) {
      stepOf[i] = inline ? intern(CONSTANT, operands[PLACES * i]!, 0, 0, 0) : -1;
      continue;
    }
    const count = ARITY[operation]!;
    let [inputs, size] = [count, 1];
    parts.fill(0);
    const roomy = kinds.length < MAX_KINDS;
    for (let k = 0; k < count; k++) {
      const operand = operands[PLACES * i + k]!;
      if (operand < 0 || stepOf[operand] === -1) continue;
      const step = kinds[stepOf[operand]!]!;
      const isConstant = step.operation === CONSTANT;
      if (!isConstant && (!roomy || uses[operand] !== 1)) continue;
      if (inputs - 1 + step.inputs > MAX_INPUTS || size + step.size > MAX_SIZE) continue;
      inputs += step.inputs - 1;
      size += step.size;
      parts[k] = stepOf[operand]! + 1;
      if (!isConstant) joined[operand] = 1;
    }
    stepOf[i] = intern(operation, 0, parts[0], parts[1], parts[2]);
  }
  for (let i = 0; i < length; i++) {
    const kind = stepOf[i]!;
    if (joined[i] === 0 && kind >= 0) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  // From the top: what is rare is taken apart again, and its parts stand on their own.
  for (let i = length - 1; i >= 0; i--) {
    if (joined[i] === 1 || operations[i] === CONSTANT) continue;
    const step = kinds[stepOf[i]!]!;
    if (step.size < 2 || counts[step.id]! >= FREQUENT * length) continue;
    for (let k = 0; k < step.operands.length; k++) {
      const part = step.operands[k];
      parts[k] = part?.operation === CONSTANT ? part.id + 1 : 0;
      if (part === undefined || part.operation === CONSTANT) continue;
      joined[operands[PLACES * i + k]!] = 0;
      counts[part.id] = (counts[part.id] ?? 0) + 1;
    }
    parts.fill(0, step.operands.length);
    stepOf[i] = intern(step.operation, 0, parts[0], parts[1], parts[2]);
  }
  for (let i = 0; i < length; i++) {
    if (joined[i] === 1 || operations[i] === CONSTANT) stepOf[i] = -1;
  }
  return { kinds, stepOf };
}

/** The entries that have steps of their own, ascending. */
function rootsOf(stepOf: Int32Array): Int32Array {
  let count = 0;
  for (const step of stepOf) if (step >= 0) count++;
  const roots = new Int32Array(count);
  count = 0;
  for (let i = 0; i < stepOf.length; i++) if (stepOf[i]! >= 0) roots[count++] = i;
  return roots;
}

/** What each root gathers, from left to right. */
interface Inputs {
  /** By entry: where its operands start; set for roots. */
  readonly starts: Int32Array;
  readonly operands: Int32Array;
}

function gatherInputs(
  code: ScalarCode,
  kinds: readonly Step[],
  stepOf: Int32Array,
  roots: Int32Array,
): Inputs {
  const starts = new Int32Array(code.length);
  let count = 0;
  for (const root of roots) {
    starts[root] = count;
    count += kinds[stepOf[root]!]!.inputs;
  }
  const operands = new Int32Array(count);
  let at = 0;
  /** Recursion as deep as a step, at most `MAX_SIZE`. */
  const visit = (entry: number, step: Step): void => {
    for (let k = 0; k < step.operands.length; k++) {
      const operand = code.operands[PLACES * entry + k]!;
      const part = step.operands[k];
      if (part === undefined) operands[at++] = operand;
      else visit(operand, part);
    }
  };
  for (const root of roots) visit(root, kinds[stepOf[root]!]!);
  return { starts, operands };
}

/** Groups of roots in the order in which they run. */
interface Groups {
  /** By group: its kind of step. */
  readonly steps: readonly number[];
  /** By group: where it ends in `order`. */
  readonly ends: readonly number[];
  /** The roots, group by group. */
  readonly order: Int32Array;
}

/** All roots, each after those it reads: in each block again and again the kind of which most are ready. */
function agenda(
  kinds: readonly Step[],
  stepOf: Int32Array,
  roots: Int32Array,
  { starts, operands }: Inputs,
): Groups {
  const waitsFor = new Int32Array(stepOf.length);
  const userStarts = new Int32Array(stepOf.length + 1);
  for (const root of roots) {
    const end = starts[root]! + kinds[stepOf[root]!]!.inputs;
    for (let e = starts[root]!; e < end; e++) {
      const operand = operands[e]!;
      if (operand < 0 || stepOf[operand] === -1) continue;
      waitsFor[root]!++;
      userStarts[operand + 1]!++;
    }
  }
  for (let i = 0; i < stepOf.length; i++) userStarts[i + 1]! += userStarts[i]!;
  const users = new Int32Array(userStarts.at(-1)!);
  const nextUser = userStarts.slice();
  for (const root of roots) {
    const end = starts[root]! + kinds[stepOf[root]!]!.inputs;
    for (let e = starts[root]!; e < end; e++) {
      const operand = operands[e]!;
      if (operand >= 0 && stepOf[operand] !== -1) users[nextUser[operand]!++] = root;
    }
  }

  const ready: number[][] = kinds.map(() => []);
  const order = new Int32Array(roots.length);
  const steps: number[] = [];
  const ends: number[] = [];
  const present = [...new Set(roots.map((root) => stepOf[root]!))];
  let done = 0;
  for (let start = 0; start < roots.length; start += BLOCK) {
    const block = roots.subarray(start, start + BLOCK);
    const last = block.at(-1)!;
    for (const root of block) if (waitsFor[root] === 0) ready[stepOf[root]!]!.push(root);
    while (done < start + block.length) {
      let largest = present[0]!;
      for (const kind of present) if (ready[kind]!.length > ready[largest]!.length) largest = kind;
      const group = ready[largest]!;
      ready[largest] = [];
      steps.push(largest);
      for (const root of group) {
        order[done++] = root;
        const end = userStarts[root + 1]!;
        for (let e = userStarts[root]!; e < end; e++) {
          const user = users[e]!;
          if (--waitsFor[user]! === 0 && user <= last) ready[stepOf[user]!]!.push(user);
        }
      }
      ends.push(done);
    }
  }
  return { steps, ends, order };
}
