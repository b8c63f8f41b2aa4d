/**
 * The binomial schedule of checkpointing: how to go back through many steps with room for few snapshots, at the least
 * number of steps computed again. Source: Griewank and Walther, "Algorithm 799: Revolve", ACM TOMS 26 (2000).
 *
 * Going back through n steps from a snapshot before the first one, with c snapshots in all, starts by running k steps on
 * to another snapshot; then the n - k steps behind it are gone back through with one snapshot less, then the k steps
 * before it. With $\beta(c, r) = \binom{c + r}{c}$ steps none of them is computed more than r times; k is least
 * costly where both parts are of the sizes that belong to r and r - 1.
 */
import { ValueError } from '../errors.ts';

/** From the state in one slot so many steps on, to be kept in another slot. */
export interface Advance {
  /** The slot to start from. */
  readonly from: number;
  /** The number of the step that its state is before. */
  readonly position: number;
  /** How many steps. */
  readonly steps: number;
  /** The slot to keep the state in. */
  readonly to: number;
}

/** How one step is gone back through. */
export interface StepBack {
  /** What has to be computed again first, in order. */
  readonly advances: readonly Advance[];
  /** The slot that holds the state before the step then. */
  readonly slot: number;
}

/**
 * The schedule for so many steps: what to do before each step is gone back through, from the last one to the first.
 * Slot 0 holds the state before the first step; slot `snapshots` is for work.
 *
 * @param steps - 0 or more.
 * @param snapshots - 1 or more, slot 0 included.
 * @returns the entries by step: the last one comes first in time.
 * @throws `ValueError` when one of the numbers is no integer in its range.
 * Complexity: O(number of steps and of advances), no recursion. All advances together make
 * $r n - \binom{c + r}{r - 1}$ steps for $\beta(c, r - 1) < n \le \beta(c, r)$, the least possible.
 * @example
 * ```ts
 * import { binomialSchedule } from '@ad/backprop';
 *
 * const again = (steps: number, snapshots: number) =>
 *   binomialSchedule(steps, snapshots)
 *     .flatMap(({ advances }) => advances)
 *     .reduce((sum, advance) => sum + advance.steps, 0);
 * again(10, 10); // => 9
 * again(10, 3); // => 15
 * again(10, 1); // => 45
 * ```
 */
export function binomialSchedule(steps: number, snapshots: number): StepBack[] {
  for (const [name, value, least] of [
    ['steps', steps, 0],
    ['snapshots', snapshots, 1],
  ] as const) {
    if (Number.isInteger(value) && value >= least) continue;
    throw new ValueError(
      `binomialSchedule: ${name} is ${value}, expected an integer from ${least} up`,
    );
  }
  const schedule = new Array<StepBack>(steps);
  let advances: Advance[] = [];
  // The parts still to be gone back through, the next one on top.
  const parts = steps === 0 ? [] : [{ start: 0, end: steps, slot: 0 }];
  while (parts.length > 0) {
    const { start, end, slot } = parts.pop()!;
    const count = end - start;
    const free = snapshots - 1 - slot; // slots are taken in order
    if (count === 1) {
      schedule[start] = { advances, slot };
      advances = [];
    } else if (free === 0) {
      // The last step by the working slot; the rest in the same way.
      advances.push({ from: slot, position: start, steps: count - 1, to: snapshots });
      schedule[end - 1] = { advances, slot: snapshots };
      advances = [];
      parts.push({ start, end: end - 1, slot });
    } else {
      const on = bestAdvance(count, free + 1);
      advances.push({ from: slot, position: start, steps: on, to: slot + 1 });
      parts.push({ start, end: start + on, slot }, { start: start + on, end, slot: slot + 1 });
    }
  }
  return schedule;
}

/** How far to run on to the next snapshot, for the least number of steps computed again. */
function bestAdvance(steps: number, snapshots: number): number {
  let repeats = 1;
  while (binomial(snapshots, repeats) < steps) repeats++;
  return Math.min(binomial(snapshots, repeats - 1), steps - binomial(snapshots - 1, repeats - 1));
}

/** How many steps can be gone back through with c snapshots and none computed more than r times. */
function binomial(c: number, r: number): number {
  let value = 1;
  for (let i = 1; i <= Math.min(c, r); i++) value = (value * (c + r + 1 - i)) / i;
  return value;
}
