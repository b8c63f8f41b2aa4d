/**
 * Scalar operations as a list: what straight-line code and gathered loops are made from. An entry is one operation of
 * the algebra; rows that are expressions of several become several entries. Structure of arrays, no object per entry.
 *
 * An operand is the position of an earlier entry, or the complement `~k` of the number of a value read from memory.
 */
import {
  type AlgebraName,
  type Algebra,
  type ElementwiseRow,
  type FunctionName,
  numbers,
} from '@ad/graph';
import type { View } from './view.ts';

/** The functions that are called by their rows, and how many operands they have. */
const FUNCTIONS: Readonly<Record<FunctionName, 1 | 2>> = {
  acos: 1,
  acosh: 1,
  asin: 1,
  asinh: 1,
  atan: 1,
  atan2: 2,
  atanh: 1,
  cbrt: 1,
  cosh: 1,
  digamma: 1,
  erf: 1,
  erfc: 1,
  expm1: 1,
  fmod: 2,
  hypot: 2,
  lgamma: 1,
  log10: 1,
  log1p: 1,
  log2: 1,
  polygamma: 2,
  sinh: 1,
  softplus: 1,
  tan: 1,
};

/** Operations of the algebra that are no entries of their own. */
const OTHERS: ReadonlySet<string> = new Set(['constant', 'call']);

/** The operations by their code; the first one is `constant`. */
export const SCALAR_OPERATIONS: readonly AlgebraName[] = [
  'constant',
  ...(Object.keys(numbers) as AlgebraName[]).filter((name) => !OTHERS.has(name)),
  ...(Object.keys(FUNCTIONS) as FunctionName[]),
];

function isFunction(name: AlgebraName): name is FunctionName {
  return Object.hasOwn(FUNCTIONS, name);
}

/** The code of constants: their operand is an index into {@link ScalarCode.constants}. */
export const CONSTANT = 0;

/** How many operands the operation of each code has. */
export const ARITY: Uint8Array = Uint8Array.from(SCALAR_OPERATIONS, (name) =>
  name === 'constant' ? 0 : isFunction(name) ? FUNCTIONS[name] : numbers[name].length,
);

/** Operands have this many places, whether they are used or not. */
export const PLACES = 3;

/** An elementwise row as a part of a list: operand `~k` is the row's operand k. */
export interface Template {
  /** The list. */
  readonly code: ScalarCode;
  /** Its first entry there, and the one behind the last. */
  readonly start: number;
  readonly end: number;
  /** The operand that is the row's value. */
  readonly value: number;
  /** The operation, if the row is just one, of its operands in their order; -1 if it is more. */
  readonly single: number;
}

/** A value of a region that is read elsewhere. */
export interface ScalarResult {
  /** The entry, or `~k` for what is read as number k. */
  readonly operand: number;
  /** Where it goes. */
  readonly write: View;
}

/** A list of scalar operations being written. */
export class ScalarCode {
  /** The number of entries. */
  length = 0;
  /** The operation of each entry, an index into {@link SCALAR_OPERATIONS}. */
  operations: Uint8Array;
  /** The operands of each entry, {@link PLACES} per entry. */
  operands: Int32Array;
  /** The distinct constants. */
  readonly constants: number[] = [];
  readonly #constantIds = new Map<number, number>();

  /** An empty list with room for some entries. */
  constructor(capacity: number) {
    this.operations = new Uint8Array(capacity);
    this.operands = new Int32Array(PLACES * capacity);
  }

  /** Appends an operation and returns its position. */
  append(operation: number, x: number, y: number, z: number): number {
    const at = this.length;
    if (at === this.operations.length) this.#grow();
    this.operations[at] = operation;
    this.operands[PLACES * at] = x;
    this.operands[PLACES * at + 1] = y;
    this.operands[PLACES * at + 2] = z;
    this.length = at + 1;
    return at;
  }

  /** Appends a constant. */
  constant(value: number): number {
    let id = Object.is(value, -0) ? undefined : this.#constantIds.get(value);
    if (id === undefined) {
      id = this.constants.push(value) - 1;
      if (!Object.is(value, -0)) this.#constantIds.set(value, id);
    }
    return this.append(CONSTANT, id, 0, 0);
  }

  /** Appends what a row computes of these operands, and returns the operand that is its value. */
  row({ code, start, end, value }: Template, x: number, y: number, z: number): number {
    const shift = this.length - start;
    for (let i = start; i < end; i++) {
      const operation = code.operations[i]!;
      const first = code.operands[PLACES * i]!;
      if (operation === CONSTANT) {
        this.constant(code.constants[first]!);
        continue;
      }
      const second = code.operands[PLACES * i + 1]!;
      const third = code.operands[PLACES * i + 2]!;
      this.append(
        operation,
        resolve(first, shift, x, y, z),
        resolve(second, shift, x, y, z),
        resolve(third, shift, x, y, z),
      );
    }
    return resolve(value, shift, x, y, z);
  }

  #grow(): void {
    const capacity = 2 * this.operations.length + 16;
    const operations = new Uint8Array(capacity);
    operations.set(this.operations);
    this.operations = operations;
    const operands = new Int32Array(PLACES * capacity);
    operands.set(this.operands);
    this.operands = operands;
  }
}

/** An operand of a template whose entries have come to stand by `shift` further on. */
function resolve(operand: number, shift: number, x: number, y: number, z: number): number {
  if (operand >= 0) return shift + operand;
  return operand === -1 ? x : operand === -2 ? y : z;
}

/** Writes rows down, each once, by evaluating them over the algebra of entries. */
export class TemplateWriter {
  readonly #code = new ScalarCode(16);
  readonly #algebra: Algebra<number> = algebraOf(this.#code);

  /** A row as a part of the list of this writer. */
  templateOf(row: ElementwiseRow): Template {
    const code = this.#code;
    const start = code.length;
    const value = row.value(this.#algebra, -1, -2, -3);
    const operation = code.operations[start]!;
    const operands = code.operands.subarray(PLACES * start, PLACES * start + ARITY[operation]!);
    const isSingle =
      code.length === start + 1 &&
      value === start &&
      operation !== CONSTANT &&
      operands.every((operand, k) => operand === ~k);
    return { code, start, end: code.length, value, single: isSingle ? operation : -1 };
  }
}

/** The algebra whose operations append entries. */
function algebraOf(code: ScalarCode): Algebra<number> {
  const recorder: Record<string, (x: number, y?: number, z?: number) => number> = {};
  SCALAR_OPERATIONS.forEach((name, operation) => {
    recorder[name] = (x, y = 0, z = 0) => code.append(operation, x, y, z);
  });
  recorder['constant'] = (value) => code.constant(value);
  const call: Algebra<number>['call'] = (f, x, y) => recorder[f.name]!(x, y);
  return { ...recorder, call } as unknown as Algebra<number>;
}
