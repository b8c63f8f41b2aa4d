/** Scalar operations as instructions. */
import type { Precision } from '../../code/expression.ts';
import { ARITY, SCALAR_OPERATIONS } from '../../lower/scalar-code.ts';
import type { FunctionBuilder, Local } from '../../wasm/function-builder.ts';
import type { PlainInstruction } from '../../wasm/instructions.ts';
import type { Callees } from '../callees.ts';

/** Operations that are one instruction on numbers. */
const INSTRUCTION: Readonly<Record<string, string>> = {
  add: 'add',
  sub: 'sub',
  mul: 'mul',
  div: 'div',
  neg: 'neg',
  abs: 'abs',
  minimum: 'min',
  maximum: 'max',
  sqrt: 'sqrt',
  floor: 'floor',
  round: 'nearest',
};

/** Comparisons: two numbers, one truth value. */
const COMPARISON: Readonly<Record<string, string>> = { equal: 'eq', less: 'lt', lessEqual: 'le' };

/** Operations whose value is a truth value, an integer 1 or 0 in this code. */
const TRUTHS: ReadonlySet<string> = new Set([...Object.keys(COMPARISON), 'and', 'or', 'not']);

/** Operations that have code of their own in {@link ScalarOperations}. */
const OWN_CODE: ReadonlySet<string> = new Set(['constant', 'sign', 'strongMul', 'select']);

/** How operands get onto the stack. */
export interface Operands {
  /** The function being written. */
  readonly code: FunctionBuilder;
  /** Pushes an operand as a number. */
  pushNumber(operand: number): void;
  /** Pushes an operand as a truth value. */
  pushTruth(operand: number): void;
}

/** What an operation is in straight-line code. */
interface Form {
  /** The instruction, if it is one. */
  readonly instruction: PlainInstruction | undefined;
  /** Whether vector code computes it. */
  readonly isVector: boolean;
  /** Whether its value is a truth value. */
  readonly isTruth: boolean;
}

/** The scalar operations of a module, by their numbers. */
export class ScalarOperations {
  readonly #precision: Precision;
  readonly #callees: Callees;
  /** By operation, from when it is first met: programs use few of them. */
  readonly #forms: (Form | undefined)[] = [];

  constructor(precision: Precision, callees: Callees) {
    this.#precision = precision;
    this.#callees = callees;
  }

  /** What an operation is. */
  form(operation: number): Form {
    return (this.#forms[operation] ??= this.#formOf(SCALAR_OPERATIONS[operation]!));
  }

  #formOf(name: string): Form {
    const instruction = INSTRUCTION[name] ?? COMPARISON[name];
    return {
      instruction:
        instruction === undefined
          ? undefined
          : (`${this.#precision}.${instruction}` as PlainInstruction),
      isVector:
        this.#callees.hasVector(name) && INSTRUCTION[name] === undefined && !OWN_CODE.has(name),
      isTruth: TRUTHS.has(name),
    };
  }

  /** Computes an operation of up to three operands and leaves its value on the stack. */
  emit(operation: number, operands: Operands, x: number, y: number, z: number): void {
    const { code } = operands;
    const { instruction } = this.form(operation);
    if (instruction !== undefined) {
      operands.pushNumber(x);
      if (ARITY[operation] === 2) operands.pushNumber(y);
      code.op(instruction);
      return;
    }
    const name: string = SCALAR_OPERATIONS[operation]!;
    switch (name) {
      case 'and':
      case 'or':
        operands.pushTruth(x);
        operands.pushTruth(y);
        code.op(name === 'and' ? 'i32.and' : 'i32.or');
        break;
      case 'not':
        operands.pushTruth(x);
        code.op('i32.eqz');
        break;
      case 'select':
        operands.pushNumber(y);
        operands.pushNumber(z);
        operands.pushTruth(x);
        code.op('select');
        break;
      case 'sign':
        this.#sign(operands, x);
        break;
      case 'strongMul':
        this.#strongMul(operands, x, y);
        break;
      default:
        this.#callPlatform(operation, operands, x, y);
    }
  }

  /** The sign of NaN is NaN and that of -0 is -0: the number itself where it is neither above nor below 0. */
  #sign(operands: Operands, x: number): void {
    const { code } = operands;
    const number = this.#precision;
    const local = this.#local(operands, x);
    code[number](1)[number](-1).get(local);
    code.get(local)[number](0).op(`${number}.lt`).op('select');
    code.get(local)[number](0).op(`${number}.gt`).op('select');
    code.release(number, local);
  }

  /** The product, which is 0 where a factor is, whatever the other one is. */
  #strongMul(operands: Operands, x: number, y: number): void {
    const { code } = operands;
    const number = this.#precision;
    const [left, right] = [this.#local(operands, x), this.#local(operands, y)];
    code.get(left).get(right).op(`${number}.mul`)[number](0);
    for (const factor of [left, right]) code.get(factor)[number](0).op(`${number}.ne`);
    code.op('i32.and').op('select');
    code.release(number, left);
    code.release(number, right);
  }

  /** An operand in a local of its own. */
  #local(operands: Operands, operand: number): Local {
    operands.pushNumber(operand);
    const local = operands.code.local(this.#precision);
    operands.code.set(local);
    return local;
  }

  #callPlatform(operation: number, operands: Operands, x: number, y: number): void {
    const { code } = operands;
    const single = this.#precision === 'f32';
    for (const operand of [x, y].slice(0, ARITY[operation])) {
      operands.pushNumber(operand);
      if (single) code.op('f64.promote_f32');
    }
    code.call(this.#callees.onNumbers(SCALAR_OPERATIONS[operation]!));
    if (single) code.op('f32.demote_f64');
  }
}
