/**
 * The counter-based generator Philox 4x32 with 10 rounds: a keyed bijection of blocks of four 32-bit words. The n-th
 * number of a stream is a function of key and n, so numbers can be drawn in any order, and by any executor. Integer
 * arithmetic alone, hence exact.
 *
 * Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */

/**
 * The numbers that make up the generator.
 *
 * @internal
 */
export const PHILOX = {
  /** The multipliers of a round. */
  multipliers: [0xd2511f53, 0xcd9e8d57],
  /** What is added to the key from round to round: the golden ratio and the root of 3 less 1. */
  keySteps: [0x9e3779b9, 0xbb67ae85],
  /** Rounds of a block. */
  rounds: 10,
} as const;

/** The upper 32 bits of the product of two words, unsigned. */
function mulHigh(a: number, b: number): number {
  const [al, ah] = [a & 0xffff, a >>> 16];
  const [bl, bh] = [b & 0xffff, b >>> 16];
  // Each sum is below 2^32.
  const middle = ah * bl + ((al * bl) >>> 16);
  const other = al * bh + (middle & 0xffff);
  return ah * bh + (middle >>> 16) + (other >>> 16);
}

/**
 * One block: writes four words, as signed integers, to `words` from `at` on.
 *
 * @param words - also holds the counter there before.
 */
export function philoxBlock(words: Int32Array, at: number, key0: number, key1: number): void {
  const { multipliers, keySteps, rounds } = PHILOX;
  let [c0, c1] = [words[at]!, words[at + 1]!];
  let [c2, c3] = [words[at + 2]!, words[at + 3]!];
  let [k0, k1] = [key0, key1];
  for (let round = 0; round < rounds; round++) {
    const high0 = mulHigh(multipliers[0], c0);
    const high1 = mulHigh(multipliers[1], c2);
    const low0 = Math.imul(multipliers[0], c0);
    const low1 = Math.imul(multipliers[1], c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + keySteps[0]) | 0;
    k1 = (k1 + keySteps[1]) | 0;
  }
  words[at] = c0;
  words[at + 1] = c1;
  words[at + 2] = c2;
  words[at + 3] = c3;
}

/** The last word of counters by use: what is drawn, split off and folded in under one key never meets. */
export const USES = {
  /** Numbers. */
  draw: 0,
  /** Keys of parts. */
  split: 1,
  /** Keys for integers. */
  fold: 2,
} as const;

/**
 * Word `layer` of every number of a stream: word `i % 4` of the block with counter `[i div 4, layer, 0, draw]`.
 *
 * @param words - filled from the beginning; its length is a multiple of 4.
 */
export function drawWords(words: Int32Array, layer: number, key0: number, key1: number): void {
  for (let at = 0; at < words.length; at += 4) {
    words[at] = at / 4;
    words[at + 1] = layer;
    words[at + 2] = 0;
    words[at + 3] = USES.draw;
    philoxBlock(words, at, key0, key1);
  }
}
