/**
 * Random numbers that are the same on every machine and in every engine.
 *
 * The generator is Threefry-2x32 with 20 rounds: a keyed bijection of 64-bit counters, so the n-th number of a
 * stream is a function of seed and n, and independent streams cost nothing. It needs only additions, exclusive
 * ors and rotations of 32-bit words. Everything built on it here uses only what IEEE 754 rounds exactly (the
 * four operations and the square root): `Math.log` and `Math.cos` may differ between engines in the last bit.
 *
 * Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011. The test vectors are those of the Random123 library.
 */
import { ValueError } from '@ad/graph';

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const ROUNDS = 20;
/** The parity constant of the key schedule, from the cipher Threefish. */
const PARITY = 0x1bd11bda;
/** The upper word of the counters that derive seeds; those of a stream stay below 2^21. */
const DERIVATION = 0xffffffff;

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

/**
 * The Threefry-2x32-20 block: two words made of a key of two words and a counter of two words.
 *
 * @returns unsigned 32-bit integers.
 * @example
 * ```ts
 * import { threefry } from '@ad/optim';
 *
 * threefry([0, 0], [0, 0]); // => [0x6b200159, 0x99ba4efe]
 * ```
 */
export function threefry(
  key: readonly [number, number],
  counter: readonly [number, number],
): [number, number] {
  const schedule = [key[0] | 0, key[1] | 0, PARITY ^ key[0] ^ key[1]];
  let x = (counter[0] + schedule[0]!) | 0;
  let y = (counter[1] + schedule[1]!) | 0;
  for (let round = 0; round < ROUNDS; round++) {
    x = (x + y) | 0;
    y = rotate(y, ROTATIONS[round % 8]!) ^ x;
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      x = (x + schedule[injection % 3]!) | 0;
      y = (y + schedule[(injection + 1) % 3]! + injection) | 0;
    }
  }
  return [x >>> 0, y >>> 0];
}

/** 53 random bits as an integer: all of the first word and the upper 21 bits of the second. */
const bits53 = ([high, low]: readonly [number, number]): number => high * 2 ** 21 + (low >>> 11);

/**
 * Checks a seed and gives it as the key of a generator.
 *
 * @throws `ValueError` when it is not an integer from 0 to $2^{53} - 1$.
 */
function keyOfSeed(seed: number, caller: string): [number, number] {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ValueError(
      `${caller}: seed is ${String(seed)}, expected an integer from 0 to 2^53 - 1`,
    );
  }
  return [seed >>> 0, Math.floor(seed / 2 ** 32)];
}

/**
 * The seed of an independent stream: another one for each number of the stream.
 *
 * @param stream - an integer from 0 to $2^{32} - 1$, such as the number of a layer or of an epoch.
 * @throws `ValueError` when the seed is not an integer from 0 to $2^{53} - 1$, or the stream not one of its own
 * range.
 * @example
 * ```ts
 * import { deriveSeed } from '@ad/optim';
 *
 * deriveSeed(7, 0) === deriveSeed(7, 0); // => true
 * deriveSeed(7, 0) === deriveSeed(7, 1); // => false
 * ```
 */
export function deriveSeed(seed: number, stream: number): number {
  if (stream !== stream >>> 0) {
    throw new ValueError(
      `deriveSeed: stream is ${String(stream)}, expected an integer from 0 to 2^32 - 1`,
    );
  }
  return bits53(threefry(keyOfSeed(seed, 'deriveSeed'), [stream, DERIVATION]));
}

/**
 * A stream of random numbers.
 *
 * @example
 * ```ts
 * import { Random } from '@ad/optim';
 *
 * const random = new Random(1);
 * const x = random.uniform();
 * x >= 0 && x < 1; // => true
 * new Random(1).uniform() === x; // => true
 * ```
 */
export class Random {
  readonly #key: readonly [number, number];
  #count = 0;
  /** The second of a pair of normal deviates, kept for the next call. */
  #spare: number | undefined;

  /**
   * The stream of a seed, from its beginning.
   *
   * @param seed - an integer from 0 to $2^{53} - 1$.
   * @throws `ValueError` when it is not.
   */
  constructor(seed: number) {
    this.#key = keyOfSeed(seed, 'Random');
  }

  /** A number from the uniform distribution on [0, 1): one of the $2^{53}$ equidistant ones. */
  uniform(): number {
    const count = this.#count++;
    return bits53(threefry(this.#key, [count >>> 0, Math.floor(count / 2 ** 32)])) / 2 ** 53;
  }

  /**
   * A whole number from 0 to `count - 1`, all equally likely: draws that would favour some are rejected.
   *
   * @throws `ValueError` when `count` is not an integer from 1 to $2^{53} - 1$.
   */
  below(count: number): number {
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new ValueError(`Random: below(${String(count)}) needs an integer of 1 or more`);
    }
    const fair = 2 ** 53 - (2 ** 53 % count);
    for (;;) {
      const draw = this.uniform() * 2 ** 53;
      if (draw < fair) return draw % count;
    }
  }

  /**
   * A number from the normal distribution with mean 0 and variance 1, by the polar method: of a point that is
   * uniform in the unit disc, with $s = x^2 + y^2$, both $x \sqrt{-2 \ln s / s}$ and the same with $y$ are normal
   * and independent.
   *
   * Source: G. Marsaglia, T. A. Bray, "A convenient method for generating normal variables", SIAM Review 6, 1964.
   */
  normal(): number {
    const spare = this.#spare;
    if (spare !== undefined) {
      this.#spare = undefined;
      return spare;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const s = x * x + y * y;
      if (s >= 1 || s === 0) continue;
      const stretch = Math.sqrt((-2 * naturalLogarithm(s)) / s);
      this.#spare = y * stretch;
      return x * stretch;
    }
  }

  /** The numbers from 0 to `count - 1` in random order, all orders equally likely (Fisher and Yates; Durstenfeld 1964). */
  permutation(count: number): Int32Array {
    const order = Int32Array.from({ length: count }, (_, i) => i);
    for (let last = count - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const moved = order[last]!;
      order[last] = order[other]!;
      order[other] = moved;
    }
    return order;
  }
}

/**
 * Natural logarithm of a positive normal number, the same in every engine; to about 2 ulp, or $10^{-16}$ near 1.
 *
 * With $x = 2^k m$ and $f = (m - 1) / (m + 1)$ it is $k \ln 2 + 2 (f + f^3/3 + f^5/5 + \dots)$, where
 * $f^2 < 0.03$, so that what is left out is below $2^{-60}$.
 *
 * @internal
 */
export function naturalLogarithm(x: number): number {
  let exponent = 0;
  while (x < Math.SQRT1_2) {
    x *= 2;
    exponent--;
  }
  while (x > Math.SQRT2) {
    x /= 2;
    exponent++;
  }
  const f = (x - 1) / (x + 1);
  const square = f * f;
  let series = 0;
  for (let odd = 23; odd >= 1; odd -= 2) series = series * square + 1 / odd;
  return exponent * Math.LN2 + 2 * f * series;
}
