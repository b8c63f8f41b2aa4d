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
/** Kinds that are found without a search. */
const RECENT = 2 ** 10;

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
  /** By kind: how many steps are of it. */
  readonly counts: readonly number[];
  /** By entry: its step; of no meaning for what is part of another one's step. */
  readonly stepOf: Int32Array;
  /** By step: its kind. */
  readonly kindOf: Int16Array;
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
  const kinds = new Kinds();
  const uses = usesOf(code, results);
  const kindOf = combine(code, uses, kinds, inline);
  takeApart(code, uses, kinds, kindOf);
  return listSteps(code, uses, kinds, kindOf, reads);
}

/** The kinds of steps, each once. */
class Kinds {
  readonly list: Step[] = [];
  /** By kind: its inputs and its size, which loops over all entries read, and how many steps are of it. */
  readonly inputs: number[] = [];
  readonly sizes: number[] = [];
  readonly counts: number[] = [];
  readonly #known = new Map<number, number>();
  /** Kinds that were asked for, and by which key, at the places of what they are made of: most are asked for again. */
  readonly #recentKeys = new Float64Array(RECENT).fill(-1);
  readonly #recent = new Int16Array(RECENT);

  /** The kind of an operation on these operands: 0 for one that is gathered, else a kind plus 1. */
  of(operation: number, x: number, y: number, z: number): number {
    const key = ((operation * KEY + x) * KEY + y) * KEY + z;
    const place = (operation + 3 * x + 5 * y + 7 * z) & (RECENT - 1);
    if (this.#recentKeys[place] === key) return this.#recent[place]!;
    const kind = this.#known.get(key) ?? this.#make(operation, 0, [x, y, z]);
    this.#known.set(key, kind);
    this.#recentKeys[place] = key;
    this.#recent[place] = kind;
    return kind;
  }

  /** The kind of a constant, which no other operation has. */
  ofConstant(constant: number): number {
    const key = constant * KEY;
    const kind = this.#known.get(key) ?? this.#make(CONSTANT, constant, []);
    this.#known.set(key, kind);
    return kind;
  }

  #make(operation: number, constant: number, parts: readonly number[]): number {
    const operands = parts.slice(0, ARITY[operation]).map((part) => this.list[part - 1]);
    let [inputs, size] = [0, operation === CONSTANT ? 0 : 1];
    for (const step of operands) {
      inputs += step?.inputs ?? 1;
      size += step?.size ?? 0;
    }
    const id = this.list.length;
    this.list.push({ operation, constant, operands, inputs, size, id });
    this.inputs.push(inputs);
    this.sizes.push(size);
    this.counts.push(0);
    return id;
  }
}

/** Stands for any number of uses but one. */
const MANY = 2;
/** Stands for one use by an operation that the entry is joined to. */
const JOINED = 3;

/** By entry: how often it is used; a result is stored, so it never joins its user. */
function usesOf(code: ScalarCode, results: readonly ScalarResult[]): Uint8Array {
  const { length, operations, operands } = code;
  const uses = new Uint8Array(length);
  for (const { operand } of results) if (operand >= 0) uses[operand] = MANY;
  for (let i = 0; i < length; i++) {
    const end = PLACES * i + ARITY[operations[i]!]!;
    for (let e = PLACES * i; e < end; e++) {
      const operand = operands[e]!;
      if (operand < 0) continue;
      // From 0 to 1 to 2 and no further, without a branch that nobody can foresee.
      const before = uses[operand]!;
      uses[operand] = before + 1 - (before >> 1);
    }
  }
  return uses;
}

/** The kind of each entry, where all that can be is joined. */
function combine(code: ScalarCode, uses: Uint8Array, kinds: Kinds, inline: boolean): Int16Array {
  const { length, operations, operands } = code;
  const kindOf = new Int16Array(length);
  const parts = new Int32Array(PLACES);
  for (let i = 0; i < length; i++) {
    const operation = operations[i]!;
    if (operation === CONSTANT) {
      // A constant that is gathered is no step; one that is not is part of those of its users.
      if (inline) kindOf[i] = kinds.ofConstant(operands[PLACES * i]!);
      uses[i] = inline ? JOINED : MANY;
      continue;
    }
    const count = ARITY[operation]!;
    let inputs = count;
    let size = 1;
    parts[0] = parts[1] = parts[2] = 0;
    for (let k = 0; k < count; k++) {
      const operand = operands[PLACES * i + k]!;
      if (operand < 0) continue;
      const use = uses[operand]!;
      if (use === MANY) continue;
      const kind = kindOf[operand]!;
      if (use === 1) {
        if (kinds.list.length >= MAX_KINDS) continue;
        if (inputs - 1 + kinds.inputs[kind]! > MAX_INPUTS) continue;
        if (size + kinds.sizes[kind]! > MAX_SIZE) continue;
        uses[operand] = JOINED;
        kinds.counts[kind]!--;
      }
      inputs += kinds.inputs[kind]! - 1;
      size += kinds.sizes[kind]!;
      parts[k] = kind + 1;
    }
    const kind = kinds.of(operation, parts[0], parts[1], parts[2]);
    kindOf[i] = kind;
    kinds.counts[kind]!++;
  }
  return kindOf;
}

/** From the top: what is rare is taken apart again, and its parts stand on their own. */
function takeApart(code: ScalarCode, uses: Uint8Array, kinds: Kinds, kindOf: Int16Array): void {
  const { length, operations, operands } = code;
  const { counts, list, sizes } = kinds;
  const parts = new Int32Array(PLACES);
  for (let i = length - 1; i >= 0; i--) {
    const kind = kindOf[i]!;
    if (sizes[kind]! < 2 || counts[kind]! >= FREQUENT * length) continue;
    if (uses[i] === JOINED || operations[i] === CONSTANT) continue;
    const step = list[kind]!;
    parts[0] = parts[1] = parts[2] = 0;
    for (let k = 0; k < step.operands.length; k++) {
      const part = step.operands[k];
      if (part === undefined) continue;
      if (part.operation === CONSTANT) {
        parts[k] = part.id + 1;
        continue;
      }
      uses[operands[PLACES * i + k]!] = 1;
      counts[part.id]!++;
    }
    const other = kinds.of(step.operation, parts[0], parts[1], parts[2]);
    kindOf[i] = other;
    counts[kind]!--;
    counts[other]!++;
  }
}

/** The entries that are no part of others, as steps. */
function listSteps(
  code: ScalarCode,
  uses: Uint8Array,
  kinds: Kinds,
  kindOfEntry: Int16Array,
  reads: number,
): Steps {
  const { length, operations, operands } = code;
  const { counts, list } = kinds;
  let [total, totalInputs] = [0, 0];
  for (let kind = 0; kind < list.length; kind++) {
    total += counts[kind]!;
    totalInputs += counts[kind]! * kinds.inputs[kind]!;
  }
  const stepOf = new Int32Array(length);
  const kindOf = new Int16Array(total);
  const inputStarts = new Int32Array(total + 1);
  const inputs = new Int32Array(totalInputs);
  /** Lists what is gathered for an entry, from a place on, and returns the next place. Recursion as deep as a step. */
  const gather = (entry: number, step: Step, from: number): number => {
    let at = from;
    for (let k = 0; k < step.operands.length; k++) {
      const operand = operands[PLACES * entry + k]!;
      const part = step.operands[k];
      if (part !== undefined) at = gather(operand, part, at);
      else inputs[at++] = operand < 0 ? operand : stepOf[operand]!;
    }
    return at;
  };
  // By kind: how many operands it has, if it gathers all of them.
  const plain = list.map((step) => (step.operands.some(Boolean) ? 0 : step.operands.length));
  let count = 0;
  let at = 0;
  for (let i = 0; i < length; i++) {
    if (operations[i] === CONSTANT) stepOf[i] = ~(reads + operands[PLACES * i]!);
    else if (uses[i] !== JOINED) {
      const kind = kindOfEntry[i]!;
      const end = PLACES * i + plain[kind]!;
      if (end === PLACES * i) at = gather(i, list[kind]!, at);
      for (let e = PLACES * i; e < end; e++) {
        const operand = operands[e]!;
        inputs[at++] = operand < 0 ? operand : stepOf[operand]!;
      }
      kindOf[count] = kind;
      stepOf[i] = count++;
      inputStarts[count] = at;
    }
  }
  return { kinds: list, counts, stepOf, kindOf, inputStarts, inputs };
}
