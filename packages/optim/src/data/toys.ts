/**
 * Toy sets: points in the plane that simple rules cannot tell apart, the same for the same seed. Classes take turns, so
 * they are equally large to within one. (Sines and cosines may differ between engines in the last bit.)
 */
import { Tensor } from '@ad/graph';
import {
  BETWEEN_0_AND_1,
  checkNames,
  NON_NEGATIVE,
  numberOption,
  POSITIVE_INTEGER,
  SEED,
} from '../options.ts';
import { Random } from '../random.ts';
import type { SampleTensors } from './samples.ts';

/** Options of every toy set. */
export interface ToyOptions {
  /** How many points; default 200. */
  readonly samples?: number;
  /** The standard deviation of the noise that is added to each coordinate; default 0.1. */
  readonly noise?: number;
  /** Decides the points: an integer from 0 to $2^{53} - 1$. Default 0. */
  readonly seed?: number;
}

/** The place of a point of a class. */
type Place = (label: number, random: Random) => readonly [x: number, y: number];

/** The options of all sets. */
const COMMON = ['samples', 'noise', 'seed'];

function toy(caller: string, options: ToyOptions, classes: number, placeOf: Place): SampleTensors {
  const count = numberOption(caller, 'samples', options.samples, 200, POSITIVE_INTEGER);
  const noise = numberOption(caller, 'noise', options.noise, 0.1, NON_NEGATIVE);
  const random = new Random(numberOption(caller, 'seed', options.seed, 0, SEED));
  const points = new Float64Array(2 * count);
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  for (let i = 0; i < count; i++) {
    const [x, y] = placeOf(labels[i]!, random);
    points[2 * i] = x + noise * random.normal();
    points[2 * i + 1] = y + noise * random.normal();
  }
  return {
    inputs: new Tensor([count, 2], 'real', points),
    targets: new Tensor([count], 'integer', labels),
  };
}

/**
 * Two half moons that reach into each other: one around (0, 0), one upside down around (1, 0.5), both of radius 1.
 *
 * @returns inputs of shape [samples, 2], labels 0 and 1.
 * @throws `ValueError` when an option is unknown or wrong.
 * @example
 * ```ts
 * import { moons } from '@ad/optim';
 *
 * moons({ samples: 50, seed: 1 }).inputs.shape; // => [50, 2]
 * ```
 */
export function moons(options: ToyOptions = {}): SampleTensors {
  checkNames('moons', options, COMMON);
  return toy('moons', options, 2, (label, random) => {
    const angle = Math.PI * random.uniform();
    const [x, y] = [Math.cos(angle), Math.sin(angle)];
    return label === 0 ? [x, y] : [1 - x, 0.5 - y];
  });
}

/** Options of {@link circles}. */
export interface CirclesOptions extends ToyOptions {
  /** The radius of the inner circle, above 0 and below 1. Default 0.5. */
  readonly factor?: number;
}

/**
 * Two circles around (0, 0): the outer one of radius 1 with the label 0, the inner one with the label 1.
 *
 * @returns inputs of shape [samples, 2], labels 0 and 1.
 * @throws `ValueError` when an option is unknown or wrong.
 * @example
 * ```ts
 * import { circles } from '@ad/optim';
 *
 * const { inputs } = circles({ samples: 2, noise: 0, factor: 0.25 });
 * Math.hypot(inputs.at(1, 0), inputs.at(1, 1)); // ≈ 0.2500
 * ```
 */
export function circles(options: CirclesOptions = {}): SampleTensors {
  checkNames('circles', options, [...COMMON, 'factor']);
  const factor = numberOption('circles', 'factor', options.factor, 0.5, BETWEEN_0_AND_1);
  return toy('circles', options, 2, (label, random) => {
    const angle = 2 * Math.PI * random.uniform();
    const radius = label === 0 ? 1 : factor;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

/** Options of {@link spirals}. */
export interface SpiralsOptions extends ToyOptions {
  /** How many arms, each a class; default 2. */
  readonly arms?: number;
  /** How often an arm goes around, above 0; default 1. */
  readonly turns?: number;
}

/**
 * Arms that wind around each other, from the middle to radius 1.
 *
 * @returns inputs of shape [samples, 2], labels from 0 to `arms - 1`. The default noise is 0.02.
 * @throws `ValueError` when an option is unknown or wrong.
 * @example
 * ```ts
 * import { spirals } from '@ad/optim';
 *
 * [...new Set(spirals({ arms: 3 }).targets.data)]; // => [0, 1, 2]
 * ```
 */
export function spirals(options: SpiralsOptions = {}): SampleTensors {
  checkNames('spirals', options, [...COMMON, 'arms', 'turns']);
  const arms = numberOption('spirals', 'arms', options.arms, 2, POSITIVE_INTEGER);
  const turns = numberOption('spirals', 'turns', options.turns, 1, {
    words: 'a finite number above 0',
    holds: (x) => x > 0 && x < Infinity,
  });
  const quiet = { noise: 0.02, ...options };
  return toy('spirals', quiet, arms, (label, random) => {
    const share = random.uniform();
    const angle = 2 * Math.PI * (turns * share + label / arms);
    return [share * Math.cos(angle), share * Math.sin(angle)];
  });
}

/** Options of {@link blobs}. */
export interface BlobsOptions extends ToyOptions {
  /** How many clouds, each a class; default 3. */
  readonly centers?: number;
}

/**
 * Clouds of normally distributed points around centers on a circle of radius 5, with the deviation `noise`.
 *
 * @returns inputs of shape [samples, 2], labels from 0 to `centers - 1`. The default noise is 1.
 * @throws `ValueError` when an option is unknown or wrong.
 * @example
 * ```ts
 * import { blobs } from '@ad/optim';
 *
 * blobs({ samples: 4, centers: 4, noise: 0 }).inputs.at(0, 0); // => 5
 * ```
 */
export function blobs(options: BlobsOptions = {}): SampleTensors {
  checkNames('blobs', options, [...COMMON, 'centers']);
  const centers = numberOption('blobs', 'centers', options.centers, 3, POSITIVE_INTEGER);
  return toy('blobs', { noise: 1, ...options }, centers, (label) => {
    const angle = (2 * Math.PI * label) / centers;
    return [5 * Math.cos(angle), 5 * Math.sin(angle)];
  });
}

/**
 * The corners of the unit square, with noise: the label is 1 where exactly one coordinate is 1.
 *
 * @returns inputs of shape [samples, 2], labels 0 and 1.
 * @throws `ValueError` when an option is unknown or wrong.
 * @example
 * ```ts
 * import { xor } from '@ad/optim';
 *
 * const { inputs, targets } = xor({ samples: 4, noise: 0 });
 * inputs.data.every((x) => x === 0 || x === 1); // => true
 * targets.data.every((label, i) => label === (inputs.at(i, 0) ^ inputs.at(i, 1))); // => true
 * ```
 */
export function xor(options: ToyOptions = {}): SampleTensors {
  checkNames('xor', options, COMMON);
  return toy('xor', options, 2, (label, random) => {
    const x = random.below(2);
    return [x, x === label ? 0 : 1];
  });
}
