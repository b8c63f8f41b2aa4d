/** What is said of a training, in one line. */
import type { EpochRecord, Progress } from '../training/fit-options.ts';
import type { Evaluation } from '../training/evaluation.ts';

/** Cells of the bar, where there is room. */
const CELLS = 30;
/** A shorter bar says nothing. */
const FEWEST_CELLS = 8;

/** The share of all epochs that is done, from 0 to 1. Epochs of unknown length count when they are over. */
export function shareDone({ epoch, epochs, step, steps }: Progress): number {
  return (epoch - 1 + (steps === undefined ? 0 : step / steps)) / epochs;
}

/** A line of at most so many columns: the epoch, a bar that takes what room is left, loss and metrics, the time left. */
export function barLine(
  progress: Progress,
  validation: Evaluation | undefined,
  secondsLeft: number | undefined,
  columns: number,
): string {
  const head = `epoch ${progress.epoch}/${progress.epochs}`;
  const left = secondsLeft === undefined ? '' : `  ${durationOf(secondsLeft)} left`;
  const tail = `${numbersOf(progress)}${validationOf(validation)}${left}`;
  const cells = Math.min(CELLS, columns - head.length - tail.length - 4);
  const bar = cells < FEWEST_CELLS ? '' : `${barOf(shareDone(progress), cells)}  `;
  return `${head}  ${bar}${tail}`.slice(0, Math.max(0, columns));
}

/** The line of an epoch that is over. */
export function epochLine(record: EpochRecord, epochs: number): string {
  return `epoch ${record.epoch}/${epochs}: ${numbersOf(record)}${validationOf(record.validation)}`;
}

const barOf = (share: number, cells: number): string =>
  '\u2588'.repeat(Math.floor(share * cells)).padEnd(cells, '\u2591');

const numbersOf = ({ loss, metrics }: Evaluation): string =>
  [['loss', loss] as const, ...Object.entries<number>(metrics)]
    .map(([name, value]) => `${name} ${value.toPrecision(4)}`)
    .join('  ');

const validationOf = (validation: Evaluation | undefined): string =>
  validation === undefined ? '' : `  validation ${numbersOf(validation)}`;

function durationOf(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
