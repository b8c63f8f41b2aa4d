/**
 * A network learns to read handwritten digits by backpropagation: it trains for some seconds, is examined on images
 * it has never learned from, and what came of it is printed and written to a page.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { fitWithBar } from '@ad/optim/terminal';
import { accuracyOf, formatConfusion } from './confusion.ts';
import { loadDigits, splitDigits } from './data.ts';
import type { Split } from './data.ts';
import { type Network, networks, parameterCount } from './networks.ts';
import { readOptions, usage } from './options.ts';
import type { Options } from './options.ts';
import { percent } from './percent.ts';
import { picture } from './picture.ts';
import { reportPage } from './report.ts';
import type { Results } from './report.ts';
import { examine, train } from './train.ts';
import type { Training } from './train.ts';

async function main(options: Options): Promise<void> {
  const digits = loadDigits(pathOf('data/digits.csv'));
  const split = splitDigits(digits, 1);
  const { training, heldOut } = split;
  console.log(
    `${training.lines.length} handwritten digits to learn from, ${heldOut.lines.length} held out`,
  );
  const network = options.convolutional ? networks.convolutional : networks.dense;
  console.log(`a network of ${network.description} with ${parameterCount(network)} parameters\n`);

  const start = performance.now();
  const planned = options.short ? (options.convolutional ? 2 : 6) : network.epochs;
  const { parameters, epochs } = await trainInView(network, split, planned, options.seed);
  const seconds = (performance.now() - start) / 1000;
  if (epochs.length === 0)
    throw new Error('stopped before the first epoch was over: nothing to report');

  const { table, mistakes } = examine(network, parameters, heldOut);
  const trainingCount = training.lines.length;
  const results = {
    network: network.description,
    parameterCount: parameterCount(network),
    trainingCount,
    seconds,
    epochs,
    table,
    mistakes,
  };
  console.log(`\n${formatConfusion(table)}\n`);
  console.log(`test accuracy: ${percent(accuracyOf(table))}`);
  console.log(`report: ${writeReport(results)}`);
}

/** Trains with a progress bar. An interrupt ends the training, and what was learned so far is used. */
async function trainInView(
  network: Network,
  split: Split,
  epochs: number,
  seed: number,
): Promise<Training> {
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort();
  process.once('SIGINT', stop);
  try {
    return await train(network, split, {
      epochs,
      seed,
      signal: interrupt.signal,
      fit: fitWithBar,
    });
  } finally {
    process.removeListener('SIGINT', stop);
  }
}

/** Writes the page, and the picture beside it; returns where the page is. */
function writeReport(results: Results): string {
  mkdirSync(pathOf('out'), { recursive: true });
  writeFileSync(pathOf('out/digits.svg'), picture(results));
  writeFileSync(pathOf('out/report.html'), reportPage(results));
  return pathOf('out/report.html');
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(usage);
  else await main(options);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
