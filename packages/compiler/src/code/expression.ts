/**
 * Expressions over vectors of 128 bits: what a fused loop computes for its elements.
 *
 * An expression is a DAG of SIMD instructions. Equal expressions are one object (hash-consing), so whatever two fused
 * operations have in common is computed once. Every value is a vector: two lanes in double precision, four in
 * single; code for single elements uses the first lane and ignores the others, so there is one form of everything.
 */
import type { PlainInstruction } from '../wasm/instructions.ts';

/** The floating-point type of a program. */
export type Precision = 'f64' | 'f32';

/** An expression: an instruction on expressions, a constant, a value that the loop provides, or calls of the platform. */
export interface Expression {
  /** Ascending in order of creation: operands have smaller ids. */
  readonly id: number;
  /** What to do. */
  readonly kind: 'instruction' | 'shift' | 'shuffle' | 'constant' | 'input' | 'call' | 'callWhere';
  /** The instruction, or the imported function. */
  readonly name: string;
  /** What to do it with. */
  readonly operands: readonly Expression[];
  /** The bytes of a constant, or the bytes that a shuffle picks. */
  readonly bytes: Uint8Array | undefined;
  /** The number of an input, or how far to shift. */
  readonly number: number;
  /** The longest path to a leaf. */
  readonly depth: number;
}

/** Makes expressions of one precision and shares equal ones. */
export class Expressions {
  /** The type of the lanes. */
  readonly precision: Precision;
  /** The prefix of instructions on the lanes: `f64x2` or `f32x4`. */
  readonly lanes: 'f64x2' | 'f32x4';
  /** The prefix of instructions on the lanes as integers. */
  readonly integers: 'i64x2' | 'i32x4';
  readonly #known: KnownExpressions;
  /** Constants by their number; -0 is looked up the long way. */
  readonly #constants = new Map<number, Expression>();

  /**
   * No expressions yet.
   *
   * @param known - expressions to share with another maker.
   */
  constructor(precision: Precision, known: KnownExpressions = new KnownExpressions()) {
    this.#known = known;
    this.precision = precision;
    this.lanes = precision === 'f64' ? 'f64x2' : 'f32x4';
    this.integers = precision === 'f64' ? 'i64x2' : 'i32x4';
  }

  /**
   * The same expressions with vectors taken as two doubles, for code in single precision that computes in double.
   * Inputs and calls belong to the program's own precision.
   */
  get doubles(): Expressions {
    return this.precision === 'f64' ? this : new Expressions('f64', this.#known);
  }

  /** Value number `index` that the loop provides. */
  input(index: number): Expression {
    return this.#make('input', '', [], undefined, index);
  }

  /** The same number in every lane. */
  constant(value: number): Expression {
    const known = Object.is(value, -0) ? undefined : this.#constants.get(value);
    if (known !== undefined) return known;
    const { lanes } = this.#known;
    if (this.precision === 'f64') lanes.doubles.fill(value);
    else lanes.singles.fill(value);
    const made = this.#make('constant', '', [], lanes.bytes.slice(), 0);
    if (!Object.is(value, -0)) this.#constants.set(value, made);
    return made;
  }

  /** The same integer in every lane, as wide as the numbers. */
  integer(value: bigint): Expression {
    const { lanes } = this.#known;
    if (this.precision === 'f64') lanes.longs.fill(BigInt.asIntN(64, value));
    else lanes.integers.fill(Number(BigInt.asIntN(32, value)));
    return this.#make('constant', '', [], lanes.bytes.slice(), 0);
  }

  /** An instruction on the lanes as numbers, such as `add` or `lt`. */
  real(operation: string, ...operands: readonly Expression[]): Expression {
    return this.instruction(`${this.lanes}.${operation}` as PlainInstruction, ...operands);
  }

  /** An instruction on the lanes as integers, such as `add`. */
  int(operation: string, ...operands: readonly Expression[]): Expression {
    return this.instruction(`${this.integers}.${operation}` as PlainInstruction, ...operands);
  }

  /** The lanes as integers, shifted by a fixed number of bits: `shl`, `shr_s` or `shr_u`. */
  shift(
    operation: 'shl' | 'shr_s' | 'shr_u',
    x: Expression,
    bits: number,
    lanes: 'i32x4' | 'i64x2' = this.integers,
  ): Expression {
    return this.#make('shift', `${lanes}.${operation}`, [x], undefined, bits);
  }

  /** Any instruction without immediates. */
  instruction(name: PlainInstruction, ...operands: readonly Expression[]): Expression {
    return this.#make('instruction', name, operands, undefined, 0);
  }

  /** The bytes at these 16 positions of the 32 that two vectors have. */
  shuffle(x: Expression, y: Expression, positions: readonly number[]): Expression {
    return this.#make('shuffle', '', [x, y], Uint8Array.from(positions), 0);
  }

  /** Lane by lane `x` where the mask is set, else `y`. */
  select(mask: Expression, x: Expression, y: Expression): Expression {
    return x === y ? x : this.instruction('v128.bitselect', x, y, mask);
  }

  /** A function of the platform, called lane by lane in double precision. */
  call(name: string, ...operands: readonly Expression[]): Expression {
    return this.#make('call', name, operands, undefined, 0);
  }

  /**
   * Lane by lane a function of the platform where the mask is set, else `otherwise`. Where no lane is set this costs
   * a test: it serves what vector code cannot do, if that is rare.
   */
  callWhere(
    mask: Expression,
    name: string,
    operands: readonly Expression[],
    otherwise: Expression,
  ): Expression {
    return this.#make('callWhere', name, [mask, otherwise, ...operands], undefined, 0);
  }

  /** The expression with other operands in the places of its own. */
  withOperands(expression: Expression, operands: readonly Expression[]): Expression {
    const { kind, name, bytes, number } = expression;
    return this.#make(kind, name, operands, bytes, number);
  }

  #make(
    kind: Expression['kind'],
    name: string,
    operands: readonly Expression[],
    bytes: Uint8Array | undefined,
    number: number,
  ): Expression {
    const group = this.#known.group(kind === 'instruction' ? name : `${kind} ${name} ${number}`);
    const key = keyOf(operands, bytes);
    const known = group.get(key);
    if (known !== undefined) return known;
    let depth = 0;
    for (const operand of operands) depth = Math.max(depth, operand.depth + 1);
    const id = this.#known.nextId();
    const made: Expression = { id, kind, name, operands, bytes, number, depth };
    group.set(key, made);
    return made;
  }
}

/** The number that is in every lane of a constant; `undefined` for what is not a constant of one number. */
export function constantValue(e: Expressions, { kind, bytes }: Expression): number | undefined {
  if (kind !== 'constant') return undefined;
  const { buffer } = bytes!;
  const lanes = e.precision === 'f64' ? new Float64Array(buffer) : new Float32Array(buffer);
  return lanes.every((lane) => lane === lanes[0]) ? lanes[0] : undefined;
}

/** All expressions below the roots, in no particular order. */
function reachedFrom(roots: readonly Expression[]): Set<Expression> {
  const reached = new Set<Expression>(roots);
  // Also visits what is added on the way.
  for (const { operands } of reached) for (const operand of operands) reached.add(operand);
  return reached;
}

/** All expressions below the roots, operands before their users. */
export function expressionsBelow(roots: readonly Expression[]): Expression[] {
  return [...reachedFrom(roots)].sort((a, b) => a.id - b.id);
}

/** How many instructions expressions have, each counted once, and whether there are calls of the platform. */
export function countInstructions(roots: readonly Expression[]): {
  readonly instructions: number;
  readonly calls: boolean;
} {
  let instructions = 0;
  let calls = false;
  for (const { kind, operands } of reachedFrom(roots)) {
    if (operands.length > 0) instructions++;
    if (kind === 'call' || kind === 'callWhere') calls = true;
  }
  return { instructions, calls };
}

/** The expressions with other inputs: `inputOf` gives the number of the input that takes the place of each. */
export function withInputs(
  e: Expressions,
  roots: readonly Expression[],
  inputOf: (input: number) => number,
): Expression[] {
  const made = new Map<Expression, Expression>();
  for (const expression of expressionsBelow(roots)) {
    const operands = expression.operands.map((operand) => made.get(operand)!);
    const changed = operands.some((operand, k) => operand !== expression.operands[k]);
    if (expression.kind === 'input') made.set(expression, e.input(inputOf(expression.number)));
    else made.set(expression, changed ? e.withOperands(expression, operands) : expression);
  }
  return roots.map((root) => made.get(root)!);
}

/** A vector in memory, to write its lanes and read its bytes. */
class VectorLanes {
  readonly doubles: Float64Array<ArrayBuffer> = new Float64Array(2);
  readonly singles: Float32Array = new Float32Array(this.doubles.buffer);
  readonly longs: BigInt64Array = new BigInt64Array(this.doubles.buffer);
  readonly integers: Int32Array = new Int32Array(this.doubles.buffer);
  readonly bytes: Uint8Array = new Uint8Array(this.doubles.buffer);
}

/** The expressions there are: by what is done, then by what it is done with. */
class KnownExpressions {
  /** Where constants are written, one after the other. */
  readonly lanes: VectorLanes = new VectorLanes();
  readonly #groups = new Map<string, Map<number | string, Expression>>();
  #count = 0;

  /** The expressions of one kind, name and number. */
  group(name: string): Map<number | string, Expression> {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = new Map();
      this.#groups.set(name, group);
    }
    return group;
  }

  /** Ids ascend in order of creation. */
  nextId(): number {
    return this.#count++;
  }
}

/** Two ids in one exact number: there are never 2^26 expressions in a loop. */
const ID_LIMIT = 2 ** 26;

/** What tells apart the expressions of a group; numbers, where they will do, because they are quick to look up. */
function keyOf(operands: readonly Expression[], bytes: Uint8Array | undefined): number | string {
  const [x, y] = operands;
  if (bytes !== undefined) return `${operands.map(({ id }) => id).join()} ${bytes.join()}`;
  if (x === undefined) return 0;
  if (operands.length === 1) return x.id;
  if (operands.length === 2) return x.id * ID_LIMIT + y!.id;
  return operands.map(({ id }) => id).join();
}
