/** Numbers that are the same in every run, for data and random graphs. */

/** A generator of numbers in [0, 1): the 32-bit mixing generator of T. Ettinger's mulberry32. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Numbers between -`scale` and `scale`. */
export function uniform(random: () => number, size: number, scale = 1): number[] {
  return Array.from({ length: size }, () => scale * (2 * random() - 1));
}
