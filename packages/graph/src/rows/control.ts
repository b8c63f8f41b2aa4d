/**
 * Rows: loops and branches. Their bodies are closed graphs, so the size of the graph around does not depend on how often
 * a body runs. Results are packed one after the other into one vector of reals (truth values as 0 and 1, integers as
 * numbers), since a node has one value.
 */
import type { Body } from '../body.ts';
import type { ControlRows } from '../control/derivatives.ts';
import { Parts, sliceOf } from '../control/parts.ts';
import { condMessages, scanMessages } from '../control/pullback.ts';
import { pushCond, pushScan, pushWhile } from '../control/pushforward.ts';
import { whileMessages } from '../control/reverse-while.ts';
import { scanKernel, condKernel, whileLoopKernel } from '../interpreter/control.ts';
import { lowerCond } from '../lowering/cond.ts';
import { lowerScan } from '../lowering/scan.ts';
import { lowerWhileLoop } from '../lowering/while-loop.ts';
import { formatShape, sameShape, sizeOf } from '../shape.ts';
import type { Type } from '../tensor.ts';
import { type AttributeValue, type ControlRow, RuleViolation } from './row.ts';
import type { Segments } from './segments.ts';
import { packed } from './packed.ts';

/**
 * The attributes of a scan. Operands: the count (if `counted`), the carries, the arrays that are scanned, and what the
 * body uses from outside. Inputs of the body: the index, the carries, one entry of each array, and what it uses from
 * outside. Outputs: the new carries, and what is stacked.
 */
export interface ScanAttributes {
  readonly [name: string]: AttributeValue;
  /** The step. */
  readonly body: Body;
  /** How many carries there are. */
  readonly carries: number;
  /** How many arrays are scanned. */
  readonly scanned: number;
  /** The number of steps; the most steps if `counted`. */
  readonly length: number;
  /** Whether steps go from the last entry to the first. */
  readonly reverse: boolean;
  /** Whether the first operand says how many entries, from the first one on, take part. */
  readonly counted: boolean;
  /**
   * How many carries reverse mode may keep at a time, from which it computes the others again; 0 for all. Then the carries
   * before each step are part of the result.
   */
  readonly checkpoints: number;
}

/** The attributes of a branch. Both bodies have the same inputs, the operands after the predicate. */
export interface CondAttributes {
  readonly [name: string]: AttributeValue;
  /** The first branch. */
  readonly whenTrue: Body;
  /** The other one. */
  readonly whenFalse: Body;
}

/**
 * The attributes of a loop of unknown length. Operands: the carries, and what the bodies use from outside; both bodies
 * have these as inputs. The condition has one output, the body the new carries.
 */
export interface WhileLoopAttributes {
  readonly [name: string]: AttributeValue;
  /** Whether there is another step. */
  readonly condition: Body;
  /** The step. */
  readonly body: Body;
  /** How many carries there are. */
  readonly carries: number;
  /** The most steps; -1 for no limit. With a limit, the carries before each step are part of the result. */
  readonly limit: number;
  /** Without a limit: how many carries are kept for reverse mode, an even number. */
  readonly snapshots: number;
}

const index: Type = { shape: [], kind: 'integer' };
const real: Type = { shape: [], kind: 'real' };
const boolean: Type = { shape: [], kind: 'boolean' };

/** The type of `length` entries of a type. */
function stackOf({ shape, kind }: Type, length: number): Type {
  return { shape: [length, ...shape], kind };
}

function describe({ shape, kind }: Type): string {
  return `${kind} ${formatShape(shape)}`;
}

function checkTypes(what: string, got: readonly Type[], expected: readonly Type[]): void {
  if (got.length !== expected.length)
    throw new RuleViolation(`${what}: there are ${got.length}, expected ${expected.length}`);
  got.forEach((type, k) => {
    const wanted = expected[k]!;
    if (sameShape(type.shape, wanted.shape) && type.kind === wanted.kind) return;
    throw new RuleViolation(
      `${what}: number ${k + 1} is ${describe(type)}, expected ${describe(wanted)}`,
    );
  });
}

function checkCount(name: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw new RuleViolation(`${name} is ${value}, expected a number from ${least} to ${most}`);
}

/** Whether nothing in a body is empty. */
function hasElements({ inputs, outputs }: Body): boolean {
  return [...inputs, ...outputs].every(({ shape }) => sizeOf(shape) > 0);
}

function scanSegments({ body, carries, length, checkpoints }: ScanAttributes): Segments {
  const last = body.outputs.slice(0, carries);
  return packed({
    results: last,
    stacked: body.outputs.slice(carries).map((type) => stackOf(type, length)),
    residuals: checkpoints === 0 ? last.map((type) => stackOf(type, length)) : [],
    counters: [],
  });
}

export const scan: ControlRow<ScanAttributes> = {
  name: 'scan',
  family: 'control',
  arity: null,
  formula: '(c_{t+1}, y_t) = f(c_t, x_t)',
  attributes: {
    body: 'body',
    carries: 'integer',
    scanned: 'integer',
    length: 'integer',
    reverse: 'boolean',
    counted: 'boolean',
    checkpoints: 'integer',
  },
  segments: scanSegments,
  infer(operands, attributes) {
    const { body, carries, scanned, length, counted, checkpoints } = attributes;
    checkCount('length', length, 0, 2 ** 31 - 1);
    checkCount('checkpoints', checkpoints, 0, 2 ** 20);
    const first = counted ? 1 : 0;
    if (counted) checkTypes('the count', operands.slice(0, 1), [index]);
    checkCount('carries', carries, 0, operands.length - first);
    checkCount('scanned', scanned, 0, operands.length - first - carries);
    const inits = operands.slice(first, first + carries);
    const xs = operands.slice(first + carries, first + carries + scanned);
    xs.forEach(({ shape }, k) => {
      if (shape[0] === length) return;
      throw new RuleViolation(
        `scanned array ${k + 1} has shape ${formatShape(shape)}, expected ${length} entries along the first axis`,
      );
    });
    const entries = xs.map(({ shape, kind }): Type => ({ shape: shape.slice(1), kind }));
    const outside = operands.slice(first + carries + scanned);
    checkTypes('the inputs of the body', body.inputs, [index, ...inits, ...entries, ...outside]);
    checkTypes('the carries that the body returns', body.outputs.slice(0, carries), inits);
    return { shape: [scanSegments(attributes).size], kind: 'real' };
  },
  prepare: (operands, attributes) => scanKernel(operands, attributes, scanSegments(attributes)),
  parts: (attributes) => new Parts(scanSegments(attributes)),
  partRead: sliceOf,
  pullback: (...given) => scanMessages(rows, ...given),
  pushforward: (...given) => {
    pushScan(rows, ...given);
  },
  canLower: ({ body, length }) => length > 0 && hasElements(body),
  lower: lowerScan,
};

function condSegments(attributes: CondAttributes): Segments {
  return packed({
    results: attributes.whenTrue.outputs,
    stacked: [],
    residuals: [],
    counters: [],
  });
}

export const cond: ControlRow<CondAttributes> = {
  name: 'cond',
  family: 'control',
  arity: null,
  formula: 'f(x) \\text{ if } p \\text{ else } g(x)',
  attributes: { whenTrue: 'body', whenFalse: 'body' },
  segments: condSegments,
  infer([predicate, ...operands], attributes) {
    checkTypes('the predicate', [predicate!], [boolean]);
    checkTypes('the inputs of the first branch', attributes.whenTrue.inputs, operands);
    checkTypes('the inputs of the second branch', attributes.whenFalse.inputs, operands);
    checkTypes(
      'the results of the second branch',
      attributes.whenFalse.outputs,
      attributes.whenTrue.outputs,
    );
    return { shape: [condSegments(attributes).size], kind: 'real' };
  },
  prepare: (_operands, attributes) => condKernel(attributes, condSegments(attributes)),
  parts: (attributes) => new Parts(condSegments(attributes)),
  partRead: sliceOf,
  pullback: (...given) => condMessages(rows, ...given),
  pushforward: (...given) => {
    pushCond(rows, ...given);
  },
  canLower: ({ whenTrue, whenFalse }) => hasElements(whenTrue) && hasElements(whenFalse),
  lower: lowerCond,
};

function whileLoopSegments({ body, limit, snapshots }: WhileLoopAttributes): Segments {
  const isLimited = limit >= 0;
  return packed({
    results: body.outputs,
    stacked: [],
    residuals: body.outputs.map((type) => stackOf(type, isLimited ? limit : snapshots)),
    counters: isLimited ? [real] : [real, real],
  });
}

export const whileLoop: ControlRow<WhileLoopAttributes> = {
  name: 'whileLoop',
  family: 'control',
  arity: null,
  formula: 'c_{t+1} = f(c_t) \\text{ while } p(c_t)',
  attributes: {
    condition: 'body',
    body: 'body',
    carries: 'integer',
    limit: 'integer',
    snapshots: 'integer',
  },
  segments: whileLoopSegments,
  infer(operands, attributes) {
    const { condition, body, carries, limit, snapshots } = attributes;
    checkCount('carries', carries, 1, operands.length);
    checkCount('limit', limit, -1, 2 ** 31 - 1);
    checkCount('snapshots', snapshots, 2, 2 ** 20);
    if (snapshots % 2 === 1) throw new RuleViolation(`snapshots is ${snapshots}, which is odd`);
    checkTypes('the inputs of the condition', condition.inputs, operands);
    checkTypes('the results of the condition', condition.outputs, [boolean]);
    checkTypes('the inputs of the body', body.inputs, operands);
    checkTypes('the carries that the body returns', body.outputs, operands.slice(0, carries));
    return { shape: [whileLoopSegments(attributes).size], kind: 'real' };
  },
  prepare: (_operands, attributes) => whileLoopKernel(attributes, whileLoopSegments(attributes)),
  parts: (attributes) => new Parts(whileLoopSegments(attributes)),
  partRead: sliceOf,
  pullback: (...given) => whileMessages(rows, ...given),
  pushforward: (...given) => {
    pushWhile(rows, ...given);
  },
  canLower: ({ condition, body, limit }) =>
    limit !== 0 && hasElements(condition) && hasElements(body),
  lower: lowerWhileLoop,
};

/** What derivatives are made of. */
const rows: ControlRows = { scan, cond, whileLoop };
