/**
 * The steps of gathered loops: an operation that is used once joins its user, if what results is frequent, so that
 * products join sums. With fewer kinds of steps, the groups of one kind are longer.
 */
import { ARITY, CONSTANT, PLACES, type ScalarCode, type ScalarResult } from './scalar-code.ts';

/** Operands gathered by one step of a loop, at most. */
const MAX_INPUTS = 4;
/** Operations in one step of a loop, at most. */
const MAX_SIZE = 8;
/** A combination of operations gets a loop of its own if it makes up this share of all. */
const FREQUENT = 1 / 50;
/** Beyond this many kinds of steps none is combined any more. */
const MAX_KINDS = 2 ** 10;
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

/** The steps of a region, in the order of their last operations. */
export interface Steps {
  /** The kinds there are; not all of them occur. */
  readonly kinds: readonly Step[];
  /** By entry: its step; -1 for constants, and for what is part of another one's step. */
  readonly stepOf: Int32Array;
  /** By step: its kind. */
  readonly kindOf: Int32Array;
  /** By step: where its operands start in `inputs`; one entry more than steps. */
  readonly inputStarts: Int32Array;
  /** What is gathered, from left to right: a step, `~k` for what is read, and beyond that constants by their number. */
  readonly inputs: Int32Array;
}

/**
 * The steps of a region.
 *
 * @param reads - how many values it reads.
 * @param inline - whether constants are part of steps.
 */
export function stepsOf(
  code: ScalarCode,
  results: readonly ScalarResult[],
  reads: number,
  inline: boolean,
): Steps {
  const { length, operands, operations } = code;
  const kinds = new Kinds();
  const stepOf = combine(code, results, kinds, inline);
  const { list } = kinds;
  let [count, inputCount] = [0, 0];
  for (let i = 0; i < length; i++) {
    if (stepOf[i] === -1) continue;
    count++;
    inputCount += list[stepOf[i]!]!.inputs;
  }
  const kindOf = new Int32Array(count);
  const inputStarts = new Int32Array(count + 1);
  const inputs = new Int32Array(inputCount);
  let at = 0;
  const gather = (operand: number): void => {
    const isConstant = operand >= 0 && operations[operand] === CONSTANT;
    if (isConstant) inputs[at++] = ~(reads + operands[PLACES * operand]!);
    else inputs[at++] = operand < 0 ? operand : stepOf[operand]!;
  };
  /** Recursion as deep as a step, at most `MAX_SIZE`. */
  const visit = (entry: number, step: Step): void => {
    for (let k = 0; k < step.operands.length; k++) {
      const part = step.operands[k];
      if (part === undefined) gather(operands[PLACES * entry + k]!);
      else visit(operands[PLACES * entry + k]!, part);
    }
  };
  count = 0;
  for (let i = 0; i < length; i++) {
    const kind = stepOf[i]!;
    if (kind === -1) continue;
    visit(i, list[kind]!);
    kindOf[count] = kind;
    stepOf[i] = count++;
    inputStarts[count] = at;
  }
  return { kinds: list, stepOf, kindOf, inputStarts, inputs };
}

/** The kinds of steps, each once. */
class Kinds {
  readonly list: Step[] = [];
  readonly #known = new Map<number, number>();
  /** By operation: the kind that gathers all its operands; -1 if there is none yet. */
  readonly #plain = new Int32Array(ARITY.length).fill(-1);

  /** The kind of an operation on these operands: 0 for one that is gathered, else a kind plus 1. */
  of(operation: number, x: number, y: number, z: number): number {
    if (x !== 0 || y !== 0 || z !== 0) return this.#intern(operation, 0, x, y, z);
    if (this.#plain[operation] === -1) this.#plain[operation] = this.#intern(operation, 0, x, y, z);
    return this.#plain[operation]!;
  }

  /** The kind of a constant. */
  ofConstant(constant: number): number {
    return this.#intern(CONSTANT, constant, constant, 0, 0);
  }

  #intern(operation: number, constant: number, x: number, y: number, z: number): number {
    const key = ((operation * KEY + x) * KEY + y) * KEY + z;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const operands = [x, y, z].slice(0, ARITY[operation]).map((step) => this.list[step - 1]);
    let [inputs, size] = [0, operation === CONSTANT ? 0 : 1];
    for (const step of operands) {
      inputs += step?.inputs ?? 1;
      size += step?.size ?? 0;
    }
    const id = this.list.length;
    this.list.push({ operation, constant, operands, inputs, size, id });
    this.#known.set(key, id);
    return id;
  }
}

/** The kind of each entry; -1 for constants, and for what is part of another one's step. */
function combine(
  code: ScalarCode,
  results: readonly ScalarResult[],
  kinds: Kinds,
  inline: boolean,
): Int32Array {
  const { length, operations, operands } = code;
  const { list } = kinds;
  // By entry: how often it is used, where 2 stands for more; a result is stored, so it never joins its user.
  const uses = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const end = PLACES * i + ARITY[operations[i]!]!;
    for (let e = PLACES * i; e < end; e++) {
      const operand = operands[e]!;
      if (operand >= 0) uses[operand] = uses[operand] === 0 ? 1 : 2;
    }
  }
  for (const { operand } of results) if (operand >= 0) uses[operand] = 2;

  const kindOf = new Int32Array(length);
  const joined = new Uint8Array(length);
  const parts = new Int32Array(PLACES);
  for (let i = 0; i < length; i++) {
    const operation = operations[i]!;
    if (operation === CONSTANT) {
      kindOf[i] = inline ? kinds.ofConstant(operands[PLACES * i]!) : -1;
      continue;
    }
    const count = ARITY[operation]!;
    const roomy = list.length < MAX_KINDS;
    let inputs = count;
    let size = 1;
    parts[0] = parts[1] = parts[2] = 0;
    for (let k = 0; k < count; k++) {
      const operand = operands[PLACES * i + k]!;
      if (operand < 0) continue;
      const isConstant = operations[operand] === CONSTANT;
      if (isConstant ? !inline : !roomy || uses[operand] !== 1) continue;
      const step = list[kindOf[operand]!]!;
      if (inputs - 1 + step.inputs > MAX_INPUTS || size + step.size > MAX_SIZE) continue;
      inputs += step.inputs - 1;
      size += step.size;
      parts[k] = step.id + 1;
      if (!isConstant) joined[operand] = 1;
    }
    kindOf[i] = kinds.of(operation, parts[0], parts[1], parts[2]);
  }
  const counts: number[] = list.map(() => 0);
  for (let i = 0; i < length; i++) if (joined[i] === 0 && kindOf[i]! >= 0) counts[kindOf[i]!]!++;
  // From the top: what is rare is taken apart again, and its parts stand on their own.
  for (let i = length - 1; i >= 0; i--) {
    if (joined[i] === 1 || operations[i] === CONSTANT) continue;
    const step = list[kindOf[i]!]!;
    if (step.size < 2 || counts[step.id]! >= FREQUENT * length) continue;
    parts[0] = parts[1] = parts[2] = 0;
    for (let k = 0; k < step.operands.length; k++) {
      const part = step.operands[k];
      if (part === undefined) continue;
      if (part.operation === CONSTANT) {
        parts[k] = part.id + 1;
        continue;
      }
      joined[operands[PLACES * i + k]!] = 0;
      counts[part.id]!++;
    }
    kindOf[i] = kinds.of(step.operation, parts[0], parts[1], parts[2]);
  }
  for (let i = 0; i < length; i++)
    if (joined[i] === 1 || operations[i] === CONSTANT) kindOf[i] = -1;
  return kindOf;
}
