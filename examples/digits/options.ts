/** The options of the command line. */
import { parseArgs } from 'node:util';

/** What was asked for. */
export interface Options {
  /** Train for a moment only. */
  readonly short: boolean;
  /** Where the network starts and in which order it meets the images. */
  readonly seed: number;
  /** Train the convolutional network. */
  readonly convolutional: boolean;
  /** Only say what the options are. */
  readonly help: boolean;
}

/** The options in words. */
export const usage = `Trains a network on handwritten digits and writes a report.

  --convolutional  a network of convolutions, slower and better
  --short          a few epochs only
  --seed <n>       start from other weights, and meet the images in another order (default 1)
  --help           show this`;

/**
 * Reads the options.
 *
 * @throws Error when there is one too many or one is wrong; the message says which.
 */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      convolutional: { type: 'boolean', default: false },
      short: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  const seed = /^\d+$/.test(values.seed) ? Number(values.seed) : Number.NaN;
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError(
      `--seed is ${JSON.stringify(values.seed)}, expected a whole number of 0 or more`,
    );
  }
  return { short: values.short, seed, convolutional: values.convolutional, help: values.help };
}
