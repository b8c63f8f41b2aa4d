/**
 * Rows: random numbers as functions of a key. Nothing has a derivative with respect to a key; a distribution with
 * parameters is made of these by ordinary operations, which do have one.
 */
import { normalQuantile } from '../random/normal-quantile.ts';
import { drawWords, philoxBlock } from '../random/philox.ts';
import { broadcastShapes, broadcastStrides, checkShape, sizeOf, type Shape } from '../shape.ts';
import type { TensorData, Type } from '../tensor.ts';
import { lowerRoutine } from '../routines/lower.ts';
import * as routines from '../routines/random.ts';
import { alignBatch } from './batch.ts';
import type { ShapeAttributes } from './layout.ts';
import { type DiscreteRow, type Kernel, RuleViolation } from './row.ts';
import { viewPositions } from './views.ts';

/** The words of a key, and of a counter or block. */
const KEY = 2;
const BLOCK = 4;

function checkWords(type: Type, length: number, what: string): void {
  if (type.kind === 'integer' && type.shape.at(-1) === length) return;
  throw new RuleViolation(
    `${what} consists of ${length} integers along the last axis, got ${type.kind} of shape [${type.shape.join(', ')}]`,
    length === KEY ? 'make one with randomKey(seed), splitKey or foldIn' : undefined,
  );
}

export const philox: DiscreteRow = {
  name: 'philox',
  family: 'discrete',
  lower: (compiler) => lowerRoutine(compiler, routines.philox),
  arity: 2,
  formula: '\\operatorname{Philox}_k(c)',
  attributes: {},
  infer([counters, keys]) {
    checkWords(counters!, BLOCK, 'a counter');
    checkWords(keys!, KEY, 'a key');
    const stack = broadcastShapes(counters!.shape.slice(0, -1), keys!.shape.slice(0, -1));
    return { shape: [...stack, BLOCK], kind: 'integer' };
  },
  prepare([counters, keys], _attributes, result) {
    const stack = result.shape.slice(0, -1);
    const startsOf = ({ shape }: Type, words: number): Int32Array =>
      viewPositions(
        stack,
        broadcastStrides(shape.slice(0, -1), stack).map((stride) => stride * words),
      );
    const [counterAt, keyAt] = [startsOf(counters!, BLOCK), startsOf(keys!, KEY)];
    const block = new Int32Array(BLOCK);
    return (data, [counter, key]) => {
      for (let i = 0; i < counterAt.length; i++) {
        for (let word = 0; word < BLOCK; word++) block[word] = counter![counterAt[i]! + word]!;
        philoxBlock(block, 0, key![keyAt[i]!]!, key![keyAt[i]! + 1]!);
        data.set(block, i * BLOCK);
      }
    };
  },
  // As a stack of more blocks.
  batch: (B, operands, batched) => B.apply(philox, alignBatch(B, operands, batched)),
};

/** The shape of what is drawn under each of a stack of keys. */
function drawnShape(key: Type, shape: Shape): Type {
  checkWords(key, KEY, 'a key');
  checkShape(shape, 'the shape to draw');
  return { shape: [...key.shape.slice(0, -1), ...shape], kind: 'real' };
}

/**
 * A kernel that makes each number of one or two random words.
 *
 * @param single - the number of an `f32` program, if the first word is enough for it.
 * @param double - the number made of both words.
 */
function drawing(
  { shape }: ShapeAttributes,
  single: ((word: number) => number) | undefined,
  double: (first: number, second: number) => number,
): Kernel {
  const size = sizeOf(shape);
  const first = new Int32Array(Math.ceil(size / BLOCK) * BLOCK);
  const second = new Int32Array(first.length);
  return (result: TensorData, [keys]) => {
    const isSingle = result instanceof Float32Array;
    for (let from = 0, k = 0; from < result.length; from += size, k += KEY) {
      drawWords(first, 0, keys![k]!, keys![k + 1]!);
      if (isSingle && single !== undefined) {
        for (let i = 0; i < size; i++) result[from + i] = single(first[i]!);
        continue;
      }
      drawWords(second, 1, keys![k]!, keys![k + 1]!);
      for (let i = 0; i < size; i++) result[from + i] = double(first[i]!, second[i]!);
    }
  };
}

/** 53 random bits as an integer: all of the first word and the upper 21 bits of the second. */
const bits53 = (first: number, second: number): number => (first >>> 0) * 2 ** 21 + (second >>> 11);

export const uniform: DiscreteRow<ShapeAttributes> = {
  name: 'uniform',
  family: 'discrete',
  lower: (compiler) => lowerRoutine(compiler, routines.uniform),
  arity: 1,
  formula: 'u \\sim U[0, 1)',
  attributes: { shape: 'integers' },
  infer: ([key], { shape }) => drawnShape(key!, shape),
  // With 24 bits in f32: those of the 53 that come first, so the number is never rounded up to 1.
  prepare: (_operands, attributes) =>
    drawing(
      attributes,
      (word) => (word >>> 8) / 2 ** 24,
      (first, second) => bits53(first, second) / 2 ** 53,
    ),
  batch: (B, operands, _batched, attributes) => B.apply(uniform, operands, attributes),
};

export const normal: DiscreteRow<ShapeAttributes> = {
  name: 'normal',
  family: 'discrete',
  lower: (compiler) => lowerRoutine(compiler, routines.normal),
  arity: 1,
  formula: 'z \\sim N(0, 1)',
  attributes: { shape: 'integers' },
  infer: ([key], { shape }) => drawnShape(key!, shape),
  // The quantile of the middle of one of 2^53 equal intervals: symmetric about 0, and never infinite.
  prepare: (_operands, attributes) =>
    drawing(attributes, undefined, (first, second) =>
      normalQuantile((bits53(first, second) - 2 ** 52 + 0.5) / 2 ** 53),
    ),
  batch: (B, operands, _batched, attributes) => B.apply(normal, operands, attributes),
};
