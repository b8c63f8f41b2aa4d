/**
 * Emission of expressions: a value that is used once stays on the stack, one that is used more often gets a local.
 * The local is given back at the last use, so that long straight-line code needs few.
 */
import type { FunctionBuilder, Local } from '../wasm/function-builder.ts';
import type { LaneInstruction, PlainInstruction } from '../wasm/instructions.ts';
import { type Expression, expressionsBelow, type Precision } from './expression.ts';

/** Where the values that are not computed come from. */
export interface EmitContext {
  /** The function being written. */
  readonly code: FunctionBuilder;
  /** The type of the lanes. */
  readonly precision: Precision;
  /** How many lanes hold elements: all, or 1 where a single element is computed. */
  readonly lanes: number;
  /** The constants that are in locals. */
  readonly constants?: ReadonlyMap<Expression, Local>;
  /** Pushes input `index`. */
  pushInput(index: number): void;
  /** The number of an imported function. */
  importOf(name: string): number;
}

/** Values deeper than this above their leaves go through a local, so that emission does not recurse further. */
const MAX_DEPTH = 48;

/**
 * Emits expressions one after the other; after each, `store` finds its value on the stack.
 *
 * @param roots - the expressions in the order in which they are to be stored.
 * @param abreast - of how many vectors they are, those of one after those of the other. Instruction by instruction the
 * vectors take turns, so that none waits for what the one before it has just begun.
 */
export function emitExpressions(
  context: EmitContext,
  roots: readonly Expression[],
  store: (index: number) => void,
  abreast: number = 1,
): void {
  const { order, uses } = analyse(roots);
  const locals = new Map<Expression, Local>();
  const { code } = context;

  /** Pushes a value: from its local if it has one, else by computing it where it is needed. */
  const push = (expression: Expression): void => {
    const local = locals.get(expression);
    if (local === undefined) {
      compute(expression);
      return;
    }
    code.get(local);
    const left = uses.get(expression)! - 1;
    uses.set(expression, left);
    if (left === 0) code.release('v128', local);
  };
  const compute = (expression: Expression): void => {
    switch (expression.kind) {
      case 'input':
        context.pushInput(expression.number);
        break;
      case 'constant':
        pushConstant(context, expression);
        break;
      case 'call':
        pushCall(context, expression, push);
        break;
      case 'callWhere':
        pushCallWhere(context, expression, push);
        break;
      case 'shuffle':
        for (const operand of expression.operands) push(operand);
        code.shuffle([...expression.bytes!]);
        break;
      case 'shift':
        push(expression.operands[0]!);
        code.i32(expression.number).op(expression.name as PlainInstruction);
        break;
      case 'instruction':
        for (const operand of expression.operands) push(operand);
        code.op(expression.name as PlainInstruction);
        break;
    }
  };

  // Ascending ids, also in turns: when an expression is stored in a local, the locals it reads are there.
  for (const expression of abreast === 1 ? order : inTurns(roots, abreast)) {
    const inline = expression.kind === 'constant' || (abreast === 1 && uses.get(expression) === 1);
    const deep = expression.depth > 0 && expression.depth % MAX_DEPTH === 0;
    if (inline && !deep) continue;
    compute(expression);
    const local = code.local('v128');
    code.set(local);
    locals.set(expression, local);
  }
  if (roots.length === 1) {
    push(roots[0]!);
    store(0);
    return;
  }
  // All are computed before any is stored, because a store may overwrite what another one reads.
  const results = roots.map((root) => {
    push(root);
    const local = code.local('v128');
    code.set(local);
    return local;
  });
  results.forEach((local, index) => {
    code.get(local);
    store(index);
    code.release('v128', local);
  });
}

/**
 * Puts the constants of expressions into locals, before a loop that computes them: the engines of Node 24 and 26 make a
 * constant anew wherever it is written, by four instructions, so polynomials took twice as long.
 */
export function keepConstants(
  code: FunctionBuilder,
  roots: readonly Expression[],
): ReadonlyMap<Expression, Local> {
  const constants = expressionsBelow(roots).filter(({ kind }) => kind === 'constant');
  return new Map(
    constants.map((constant) => {
      const local = code.local('v128');
      code.v128(constant.bytes!).set(local);
      return [constant, local];
    }),
  );
}

function pushConstant({ code, constants }: EmitContext, constant: Expression): void {
  const local = constants?.get(constant);
  if (local === undefined) code.v128(constant.bytes!);
  else code.get(local);
}

/** The expressions below the roots of so many vectors: one of each in turn. */
function inTurns(roots: readonly Expression[], vectors: number): Iterable<Expression> {
  const each = roots.length / vectors;
  const orders = Array.from({ length: vectors }, (_, v) =>
    expressionsBelow(roots.slice(v * each, (v + 1) * each)),
  );
  // All vectors have as many, in the same places; those that they share are known from the first.
  return new Set(orders[0]!.flatMap((_, k) => orders.map((order) => order[k]!)));
}

/** All expressions below the roots by ascending id, and how often each is used. */
function analyse(roots: readonly Expression[]): {
  order: Expression[];
  uses: Map<Expression, number>;
} {
  const order = expressionsBelow(roots);
  const uses = new Map<Expression, number>();
  for (const root of roots) uses.set(root, (uses.get(root) ?? 0) + 1);
  for (const { operands } of order)
    for (const operand of operands) uses.set(operand, (uses.get(operand) ?? 0) + 1);
  return { order, uses };
}

/** Calls an imported function once per lane and gathers the results. */
function pushCall(
  context: EmitContext,
  expression: Expression,
  push: (operand: Expression) => void,
): void {
  const { code, precision, lanes } = context;
  const operands = expression.operands.map((operand) => pushToLocal(code, operand, push));
  const result = code.local('v128');
  for (let lane = 0; lane < lanes; lane++) {
    if (lane > 0) code.get(result);
    callOnLane(context, expression.name, operands, lane);
    if (lane === 0) code.op(precision === 'f64' ? 'f64x2.splat' : 'f32x4.splat');
    else code.lane(replaceLane(precision), lane);
    code.set(result);
  }
  code.get(result);
  for (const operand of [...operands, result]) code.release('v128', operand);
}

/** Pushes the second operand, with a call for each lane in which the first, a mask, is set. */
function pushCallWhere(
  context: EmitContext,
  expression: Expression,
  push: (operand: Expression) => void,
): void {
  const { code, precision, lanes } = context;
  const locals = expression.operands.map((operand) => pushToLocal(code, operand, push));
  const [mask, result, ...operands] = locals as [Local, Local, ...Local[]];
  code.get(mask).op('v128.any_true');
  code.if(() => {
    for (let lane = 0; lane < lanes; lane++) {
      code.get(mask).lane('i32x4.extract_lane', precision === 'f64' ? 2 * lane : lane);
      code.if(() => {
        code.get(result);
        callOnLane(context, expression.name, operands, lane);
        code.lane(replaceLane(precision), lane).set(result);
      });
    }
  });
  code.get(result);
  for (const local of locals) code.release('v128', local);
}

function pushToLocal(
  code: FunctionBuilder,
  operand: Expression,
  push: (operand: Expression) => void,
): Local {
  const local = code.local('v128');
  push(operand);
  code.set(local);
  return local;
}

/** Calls an imported function of doubles on one lane and leaves a number of the lane's type on the stack. */
function callOnLane(
  context: EmitContext,
  name: string,
  operands: readonly Local[],
  lane: number,
): void {
  const { code, precision } = context;
  const double = precision === 'f64';
  for (const operand of operands) {
    code.get(operand).lane(double ? 'f64x2.extract_lane' : 'f32x4.extract_lane', lane);
    if (!double) code.op('f64.promote_f32');
  }
  code.call(context.importOf(name));
  if (!double) code.op('f32.demote_f64');
}

function replaceLane(precision: Precision): LaneInstruction {
  return precision === 'f64' ? 'f64x2.replace_lane' : 'f32x4.replace_lane';
}
