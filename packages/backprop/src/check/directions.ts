/** Random directions, the same for the same seed. */
import { Tensor } from '@ad/graph';

/** A source of random directions. */
export class Directions {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = uniform(seed);
  }

  /** Random numbers in the shape of a tensor, with signs, in proportion to its elements beyond 1. */
  like({ shape, data }: Tensor): Tensor {
    return new Tensor(
      shape,
      'real',
      Float64Array.from(data, (x) => {
        const sign = this.#random() < 0.5 ? -1 : 1;
        return sign * (0.25 + 0.75 * this.#random()) * Math.max(1, Math.abs(x));
      }),
    );
  }

  /** One for each tensor that can move. */
  likeReals(values: readonly Tensor[]): Tensor[] {
    return values.filter(({ kind }) => kind === 'real').map((x) => this.like(x));
  }
}

/** Random numbers from 0 to 1 (mulberry32), the same for the same seed. */
function uniform(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
