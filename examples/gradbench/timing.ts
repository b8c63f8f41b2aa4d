/** Running a function as often as asked for. */
import type { Preparation } from './eval.ts';

/** One measured time. */
interface Timing {
  readonly name: string;
  readonly nanoseconds: number;
}

/** A result, and the times it took. */
export interface Timed {
  readonly output: unknown;
  readonly timings: readonly Timing[];
}

const clock = (): number => Math.round(performance.now() * 1e6);

/**
 * Prepares a function, which is reported under a name of its own, and runs it at least `minRuns` times and for
 * `minSeconds` in all.
 */
export function timed(
  prepare: Preparation,
  input: unknown,
  minRuns: number,
  minSeconds: number,
): Timed {
  const started = clock();
  const { run, output } = prepare(input);
  const prepared = clock() - started;
  const times: number[] = [];
  let total = 0;
  while (times.length < minRuns || total < minSeconds * 1e9) {
    const start = clock();
    run();
    const time = clock() - start;
    times.push(time);
    total += Math.max(time, 1);
  }
  return {
    output: output(),
    timings: [
      { name: 'prepare', nanoseconds: prepared },
      ...times.map((nanoseconds) => ({ name: 'evaluate', nanoseconds })),
    ],
  };
}
