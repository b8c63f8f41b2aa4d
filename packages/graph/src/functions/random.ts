/** Functions that build nodes: random numbers as functions of a key, and keys made of keys. */
import { apply } from '../apply.ts';
import { ValueError } from '../errors.ts';
import { explain, type Operand } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import { USES } from '../random/philox.ts';
import * as rows from '../rows/random.ts';
import type { Shape } from '../shape.ts';
import { Tensor, tensor } from '../tensor.ts';
import { less } from './comparison.ts';
import { concat, reshape, slice } from './layout.ts';

/**
 * The key of a seed, the value for an integer input of shape [2]. All random numbers of a graph are functions of such
 * keys: the same key gives the same numbers, in every executor and on every machine.
 *
 * @throws {@link ValueError} when the seed is not an integer from 0 to $2^{53} - 1$.
 * @example
 * ```ts
 * import { evaluate, Graph, max, min, randomKey, uniform } from '@ad/graph';
 *
 * const key = new Graph().input('key', { value: randomKey(7) });
 * const x = uniform(key, [1000]);
 * evaluate(min(x)).item() >= 0; // => true
 * evaluate(max(x)).item() < 1; // => true
 * ```
 */
export function randomKey(seed: number): Tensor {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ValueError(
      `randomKey: seed is ${String(seed)}, expected an integer from 0 to 2^53 - 1`,
    );
  }
  return new Tensor([2], 'integer', Int32Array.of(seed | 0, Math.floor(seed / 2 ** 32) | 0));
}

/**
 * Philox 4x32-10: for each counter of four words along the last axis the block of four random words of the key. Words
 * are signed 32-bit integers. The other functions draw from here; use it for generators of your own.
 *
 * Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 *
 * @param counters - integers of shape [..., 4].
 * @param key - integers of shape [..., 2]; the axes before the last broadcast.
 * @throws {@link ShapeError} when one of them is not of kind integer or has another length.
 * @example
 * ```ts
 * import { evaluate, Graph, philox } from '@ad/graph';
 *
 * const graph = new Graph();
 * const counter = graph.input('counter', { kind: 'integer', value: [0, 0, 0, 0] });
 * const key = graph.input('key', { kind: 'integer', value: [0, 0] });
 * const block = evaluate(philox(counter, key)).data;
 * Array.from(block, (word) => word >>> 0); // => [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]
 * ```
 */
export function philox(counters: GraphNode, key: GraphNode): GraphNode {
  return apply(rows.philox, [counters, key]);
}

/**
 * Random numbers from the uniform distribution on [0, 1): multiples of $2^{-53}$, in an `f32` program the same numbers
 * cut off to multiples of $2^{-24}$. A discrete operation: keys have no derivatives.
 *
 * @param key - integers of shape [2], or a stack of keys [..., 2], each with numbers of its own.
 * @param shape - what to draw under each key; default a scalar.
 * @throws {@link ShapeError} when the key is not one.
 * @example
 * ```ts
 * import { evaluate, Graph, randomKey, uniform } from '@ad/graph';
 *
 * const key = new Graph().input('key', { value: randomKey(1) });
 * const mean = evaluate(uniform(key, [10000]).mean()).item();
 * Math.abs(mean - 0.5) < 0.01; // => true
 * ```
 */
export function uniform(key: GraphNode, shape: Shape = []): GraphNode {
  return apply(rows.uniform, [key], { shape });
}

/**
 * Random numbers from the normal distribution with mean 0 and variance 1: quantiles of the numbers of {@link uniform}
 * (moved to the middle between neighbours, so the largest is 8.3), the same in every engine; in an `f32` program they
 * are rounded. A distribution with parameters has derivatives with respect to them: `normal(key).mul(sigma).add(mu)`.
 *
 * @param key - integers of shape [2], or a stack of keys [..., 2], each with numbers of its own.
 * @param shape - what to draw under each key; default a scalar.
 * @throws {@link ShapeError} when the key is not one.
 * @example
 * ```ts
 * import { evaluate, Graph, normal, randomKey } from '@ad/graph';
 *
 * const key = new Graph().input('key', { value: randomKey(1) });
 * const variance = evaluate(normal(key, [10000]).square().mean()).item();
 * Math.abs(variance - 1) < 0.05; // => true
 * ```
 */
export function normal(key: GraphNode, shape: Shape = []): GraphNode {
  return apply(rows.normal, [key], { shape });
}

/**
 * Conditions that are true with probability `p`, independently: where {@link uniform} is below `p`.
 *
 * @param p - a number from 0 to 1, or a node that broadcasts with the result.
 * @param shape - what to draw under each key; default a scalar.
 * @throws {@link ValueError} when `p` is a number outside [0, 1]; {@link ShapeError} when the key is not one.
 * @example
 * ```ts
 * import { bernoulli, evaluate, Graph, randomKey } from '@ad/graph';
 *
 * const key = new Graph().input('key', { value: randomKey(3) });
 * const share = evaluate(bernoulli(key, 0.25, [10000]).mean()).item();
 * Math.abs(share - 0.25) < 0.02; // => true
 * ```
 */
export function bernoulli(key: GraphNode, p: Operand, shape: Shape = []): GraphNode {
  if (typeof p === 'number' && !(p >= 0 && p <= 1))
    throw new ValueError(`bernoulli: p is ${p}, expected a probability from 0 to 1`);
  return less(uniform(key, shape), p);
}

/**
 * Keys made of a key, for independent streams. Draw from them and no longer from the key they come from.
 *
 * @param count - how many; default 2.
 * @throws {@link ValueError} when the count is not an integer from 1 to $2^{31} - 1$; {@link ShapeError} when the key
 * is not one of shape [2].
 * @example
 * ```ts
 * import { Graph, randomKey, splitKey } from '@ad/graph';
 *
 * const key = new Graph().input('key', { value: randomKey(5) });
 * splitKey(key, 3).map(({ shape }) => shape); // => [[2], [2], [2]]
 * ```
 */
export function splitKey(key: GraphNode, count: number = 2): GraphNode[] {
  explain('splitKey', [key], () => {
    if (!Number.isInteger(count) || count < 1 || count >= 2 ** 31)
      throw new ValueError(`count is an integer from 1 to 2^31 - 1, got ${count}`);
    checkKey(key);
  });
  const counters = Array.from({ length: count }, (_, i) => [i, 0, 0, USES.split]);
  const words = philox(key.graph.constant(tensor(counters, { kind: 'integer' })), key);
  return counters.map((_, i) => reshape(slice(words, [{ start: i, end: i + 1 }, { end: 2 }]), [2]));
}

/**
 * A key made of a key and a number, such as that of a step: another stream for each number. A program that replaces its
 * key by `foldIn(key, 0)` in every run draws new numbers in every run, and the same ones when it is started again.
 *
 * @param n - an integer from 0 to $2^{53} - 1$, or an integer node that is a scalar.
 * @throws {@link ValueError} when `n` is a number of another kind; {@link ShapeError} when the key is not one of
 * shape [2], or `n` no integer scalar.
 * @example
 * ```ts
 * import { foldIn, Graph, interpreter, randomKey, uniform } from '@ad/graph';
 *
 * const key = new Graph().input('key', { value: randomKey(5) });
 * const spec = { outputs: [uniform(key)], updates: [[key, foldIn(key, 0)]] } as const;
 * const draws = (): number[] => {
 *   const program = interpreter(spec);
 *   return [program.run()[0].item(), program.run()[0].item()];
 * };
 * draws()[0] === draws()[1]; // => false
 * draws()[1] === draws()[1]; // => true
 * ```
 */
export function foldIn(key: GraphNode, n: number | GraphNode): GraphNode {
  const operands = typeof n === 'number' ? [key] : [key, n];
  explain('foldIn', operands, () => {
    checkKey(key);
    if (typeof n !== 'number') {
      if (n.kind !== 'integer' || n.shape.length > 0)
        throw new ValueError('the number to fold in is an integer scalar');
    } else if (!Number.isSafeInteger(n) || n < 0) {
      throw new ValueError(`the number to fold in is an integer from 0 to 2^53 - 1, got ${n}`);
    }
  });
  const { graph } = key;
  const words = (...list: number[]): GraphNode => graph.constant(tensor(Int32Array.from(list)));
  const counter =
    typeof n === 'number'
      ? words(n | 0, Math.floor(n / 2 ** 32) | 0, 0, USES.fold)
      : concat([reshape(n, [1]), words(0, 0, USES.fold)]);
  return slice(philox(counter, key), [{ end: 2 }]);
}

function checkKey(key: GraphNode): void {
  if (key.kind !== 'integer' || key.shape.length !== 1 || key.shape[0] !== 2) {
    throw new ValueError(
      'a key consists of 2 integers, shape [2]; make one with randomKey(seed) or splitKey',
    );
  }
}
