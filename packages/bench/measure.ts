/**
 * Measuring: contestants take turns in one process, so that whatever slows the machine down slows all of them, and
 * only ratios between them mean something. Each turn is as many calls as fill a slice of time; the median, the best
 * and the worst of the turns are reported.
 */
import type { Precision } from '@ad/compiler';
import type { ProgramSpec } from '@ad/graph';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a contestant runs: `--profile` takes it apart. */
export interface Source {
  /** What is computed. */
  readonly spec: ProgramSpec;
  /** In which precision. */
  readonly precision: Precision;
}

/** One engine at one task. */
export interface Contestant {
  /** Its name; this project is `@ad`. */
  readonly engine: string;
  /** What is measured. */
  readonly step: () => void;
  /** What the step computed, such as a loss: after as many steps it is the same for all contestants of a race. */
  readonly result?: () => number;
  /** The program that is run, if it is one of this project. */
  readonly source?: Source;
  /** Done before each of its turns, such as choosing a back end; not measured. */
  readonly enter?: () => Promise<unknown>;
}

/** What is reported of one engine. */
export interface Row {
  readonly workload: string;
  readonly engine: string;
  readonly metric: string;
  readonly unit: string;
  readonly median: number;
  readonly best: number;
  readonly worst: number;
}

/** A task for several engines. */
export interface Race {
  /** What is measured, such as `step`. */
  readonly metric: string;
  /** The unit of the values. */
  readonly unit: string;
  /** The value from the seconds that one call took; default microseconds. */
  readonly value?: (seconds: number) => number;
  readonly contestants: readonly Contestant[];
  /**
   * `cpu`, the default, counts the time that the operating system gave to this process, so that other processes do
   * not count; `wall` is for steps that wait for another process.
   */
  readonly clock?: 'cpu' | 'wall';
}

/** How long to measure. */
export interface Effort {
  /** Turns of each contestant. */
  readonly rounds: number;
  /** Seconds that a turn lasts at least. */
  readonly slice: number;
  /** Seconds that each contestant runs before it is measured. */
  readonly warmUp: number;
}

/** Seconds of processor time that this process has used. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function wallSeconds(): number {
  return performance.now() / 1e3;
}

setFlagsFromString('--expose-gc');
/**
 * Collects young garbage: what a contestant leaves behind is not collected in the turns of the others. Not all garbage:
 * code is optimized for objects that are there, and is given up when none of them is left.
 */
const collectYoung = runInNewContext('gc') as (options: { readonly type: 'minor' }) => void;

/** Seconds that `calls` calls take, all in all. */
function time(step: () => void, calls: number, now: () => number): number {
  const start = now();
  for (let call = 0; call < calls; call++) step();
  return now() - start;
}

/**
 * Turns before those that are measured: code that contestants share, such as that which draws a graph, is optimized anew
 * when the next one meets it with other objects.
 */
const SETTLING = 8;

/** Lets the contestants take turns. */
export async function race(workload: string, task: Race, effort: Effort): Promise<Row[]> {
  const now = task.clock === 'wall' ? wallSeconds : cpuSeconds;
  const value = task.value ?? ((seconds: number) => seconds * 1e6);
  await checkAgreement(workload, task);
  const runners: { contestant: Contestant; calls: number; values: number[] }[] = [];
  for (const contestant of task.contestants) {
    await contestant.enter?.();
    const start = wallSeconds();
    let calls = 1;
    let seconds = time(contestant.step, 1, now);
    // Until the engine's best code runs, and as many calls as a slice needs are known.
    while (wallSeconds() - start < effort.warmUp || (seconds < effort.slice && calls < 2 ** 30)) {
      if (seconds < effort.slice)
        calls = Math.ceil(calls * Math.min(8, (1.2 * effort.slice) / Math.max(seconds, 1e-6)));
      seconds = time(contestant.step, calls, now);
      if (wallSeconds() - start > 20 * effort.warmUp) break;
    }
    runners.push({ contestant, calls, values: [] });
  }
  for (let round = -SETTLING; round < effort.rounds; round++) {
    for (const { contestant, calls, values } of runners) {
      await contestant.enter?.();
      collectYoung({ type: 'minor' });
      const seconds = time(contestant.step, calls, now);
      if (round >= 0) values.push(value(seconds / calls));
    }
  }
  const { metric, unit } = task;
  return runners.map(({ contestant: { engine }, values }) => {
    const { median, best, worst } = summaryOf(values, unit);
    return { workload, engine, metric, unit, median, best, worst };
  });
}

/** How far results may lie apart, relatively: some engines compute in single precision. */
const TOLERANCE = 1e-3;

/**
 * Compares what the contestants compute in their first steps: engines that do not do the same are no rivals.
 *
 * @throws Error when two of them differ.
 */
async function checkAgreement(workload: string, { metric, contestants }: Race): Promise<void> {
  let first: { readonly engine: string; readonly value: number } | undefined;
  for (const { engine, step, enter, result } of contestants) {
    if (result === undefined) continue;
    await enter?.();
    for (let k = 0; k < 3; k++) step();
    const value = result();
    first ??= { engine, value };
    if (!(Math.abs(value - first.value) <= TOLERANCE * Math.abs(first.value)))
      throw new Error(
        `${workload}, ${metric}: after three steps ${engine} has ${value}, ${first.engine} ${first.value}`,
      );
  }
}

/** Larger is better in these units. */
const RATES: ReadonlySet<string> = new Set(['GFLOP/s']);

/** Whether larger values are better. */
export function isRate(unit: string): boolean {
  return RATES.has(unit);
}

/** Median, best and worst of values. */
export function summaryOf(
  values: readonly number[],
  unit: string,
): Pick<Row, 'median' | 'best' | 'worst'> {
  const sorted = [...values].sort((a, b) => a - b);
  const ends = [sorted[0]!, sorted.at(-1)!] as const;
  const [best, worst] = isRate(unit) ? [ends[1], ends[0]] : ends;
  return { median: sorted[sorted.length >> 1]!, best, worst };
}
