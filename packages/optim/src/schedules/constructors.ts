/** One function for each kind of schedule: it fills in defaults, checks, and returns plain data. */
import { type Kinds, makeSchedule, type Schedule, type ScheduleKind } from './kinds.ts';

/** The fields of a kind, of which those named have a default. */
export type OptionsOf<Kind extends ScheduleKind, Optional extends keyof Kinds[Kind]> = Omit<
  Kinds[Kind],
  Optional
> &
  Partial<Pick<Kinds[Kind], Optional>>;

/**
 * Always the same rate: as a part of other schedules.
 *
 * @throws `ValueError` when the rate is negative or not finite.
 * @example
 * ```ts
 * import { constantRate, rateAt } from '@ad/optim';
 *
 * rateAt(constantRate(0.1), 1000); // => 0.1
 * ```
 */
export function constantRate(rate: number): Schedule {
  return makeSchedule('constantRate', 'constant', { rate });
}

/**
 * Steps down: $\alpha_t = \alpha\, \gamma^{\lfloor t / n \rfloor}$. PyTorch's `StepLR`.
 *
 * @param options - the rate $\alpha$, the steps `every` $n$, and the `factor` $\gamma \ge 0$, by default 0.1.
 * @throws `ValueError` when an option is unknown, missing or outside its range.
 * @example
 * ```ts
 * import { rateAt, stepDecay } from '@ad/optim';
 *
 * const schedule = stepDecay({ rate: 1, every: 2, factor: 0.5 });
 * [0, 1, 2, 3, 4].map((step) => rateAt(schedule, step)); // => [1, 1, 0.5, 0.5, 0.25]
 * ```
 */
export function stepDecay(options: OptionsOf<'step', 'factor'>): Schedule {
  return makeSchedule('stepDecay', 'step', options);
}

/**
 * Exponential decay: $\alpha_t = \alpha\, \gamma^t$. PyTorch's `ExponentialLR`.
 *
 * @param options - the rate $\alpha$ and the `factor` $\gamma \ge 0$.
 * @throws `ValueError` when an option is unknown, missing or outside its range.
 * @example
 * ```ts
 * import { exponentialDecay, rateAt } from '@ad/optim';
 *
 * rateAt(exponentialDecay({ rate: 8, factor: 0.5 }), 3); // => 1
 * ```
 */
export function exponentialDecay(options: OptionsOf<'exponential', never>): Schedule {
  return makeSchedule('exponentialDecay', 'exponential', options);
}

/**
 * Half a cosine wave from the rate $\alpha$ down to the lowest one $\beta$ in $T$ steps:
 * $\alpha_t = \beta + (\alpha - \beta) (1 + \cos(\pi t / T)) / 2$.
 *
 * As in PyTorch's `CosineAnnealingLR` the wave goes on: after $T$ steps the rate rises again. To stay at the lowest
 * one, follow it by a {@link constantRate} ({@link inSequence}).
 *
 * @param options - the rate, the number of `steps` $T$, and the `lowest` rate, by default 0.
 * @throws `ValueError` when an option is unknown, missing or outside its range.
 * Source: I. Loshchilov, F. Hutter, ICLR 2017.
 * @example
 * ```ts
 * import { cosineDecay, rateAt } from '@ad/optim';
 *
 * const schedule = cosineDecay({ rate: 1, steps: 100 });
 * rateAt(schedule, 0); // => 1
 * rateAt(schedule, 50); // ≈ 0.5
 * rateAt(schedule, 100); // => 0
 * ```
 */
export function cosineDecay(options: OptionsOf<'cosine', 'lowest'>): Schedule {
  return makeSchedule('cosineDecay', 'cosine', options);
}

/**
 * Half cosine waves one after the other, each from the full rate: the first takes `steps`, each of the others
 * `stretch` times as many as the one before. PyTorch's `CosineAnnealingWarmRestarts`.
 *
 * @param options - the rate, the number of `steps` of the first wave, the factor `stretch` of 1 or more, by
 * default 1 (PyTorch asks for a whole number), and the `lowest` rate, by default 0.
 * @throws `ValueError` when an option is unknown, missing or outside its range.
 * Source: I. Loshchilov, F. Hutter, ICLR 2017.
 * @example
 * ```ts
 * import { cosineRestarts, rateAt } from '@ad/optim';
 *
 * const schedule = cosineRestarts({ rate: 1, steps: 10, stretch: 2 });
 * [0, 10, 30, 70].map((step) => rateAt(schedule, step)); // => [1, 1, 1, 1]
 * rateAt(schedule, 20); // ≈ 0.5
 * ```
 */
export function cosineRestarts(options: OptionsOf<'restarts', 'stretch' | 'lowest'>): Schedule {
  return makeSchedule('cosineRestarts', 'restarts', options);
}

/**
 * One cycle: up from `highest / startDivisor` to the highest rate, and down to the first rate over `endDivisor`.
 * PyTorch's `OneCycleLR` with its defaults; the highest rate comes at step `rise * steps - 1`.
 *
 * Not PyTorch's: the momentum is not cycled, and after all steps the rate stays the last one instead of an error.
 *
 * @param options - the `highest` rate; the number of `steps` in all; `rise`, the share of them that leads up, by
 * default 0.3; `startDivisor`, by default 25; `endDivisor`, by default $10^4$; the `shape` of the ways, `cosine`
 * (the default) or `linear`; `threePhases`, whether the way down is first as long as the way up and leads to the
 * first rate, by default false.
 * @throws `ValueError` when an option is unknown, missing or outside its range, or a phase would be empty.
 * Source: L. N. Smith, N. Topin, "Super-convergence", 2018.
 * @example
 * ```ts
 * import { oneCycle, rateAt } from '@ad/optim';
 *
 * const schedule = oneCycle({ highest: 1, steps: 11, rise: 6 / 11, shape: 'linear' });
 * [0, 5].map((step) => rateAt(schedule, step)); // => [0.04, 1]
 * rateAt(schedule, 10); // ≈ 0.0000040
 * ```
 */
export function oneCycle(
  options: OptionsOf<'oneCycle', 'rise' | 'startDivisor' | 'endDivisor' | 'shape' | 'threePhases'>,
): Schedule {
  return makeSchedule('oneCycle', 'oneCycle', options);
}

/**
 * A straight line from the share `from` of the rate to the share `to` in $T$ steps, then constant:
 * $\alpha_t = \alpha\, (a + (b - a) \min(t, T) / T)$. PyTorch's `LinearLR` (with its 5 steps as no default).
 *
 * @param options - the rate $\alpha$, the number of `steps` $T$, the shares `from` $a$, by default 1/3, and `to`
 * $b$, by default 1.
 * @throws `ValueError` when an option is unknown, missing or outside its range.
 * @example
 * ```ts
 * import { rateAt, warmUp } from '@ad/optim';
 *
 * const schedule = warmUp({ rate: 0.5, steps: 4, from: 0 });
 * [0, 1, 2, 4, 5].map((step) => rateAt(schedule, step)); // => [0, 0.125, 0.25, 0.5, 0.5]
 * ```
 */
export function warmUp(options: OptionsOf<'warmUp', 'from' | 'to'>): Schedule {
  return makeSchedule('warmUp', 'warmUp', options);
}

/**
 * Down to 0 in $T$ steps: $\alpha_t = \alpha\, (1 - \min(t, T) / T)^p$. PyTorch's `PolynomialLR`.
 *
 * @param options - the rate $\alpha$, the number of `steps` $T$, and the `power` $p > 0$, by default 1.
 * @throws `ValueError` when an option is unknown, missing or outside its range.
 * @example
 * ```ts
 * import { polynomialDecay, rateAt } from '@ad/optim';
 *
 * const schedule = polynomialDecay({ rate: 1, steps: 4, power: 2 });
 * [0, 2, 4, 5].map((step) => rateAt(schedule, step)); // => [1, 0.25, 0, 0]
 * ```
 */
export function polynomialDecay(options: OptionsOf<'polynomial', 'power'>): Schedule {
  return makeSchedule('polynomialDecay', 'polynomial', options);
}

/**
 * Schedules one after the other, each counting its own steps from 0. PyTorch's `SequentialLR`.
 *
 * @param schedules - one or more.
 * @param milestones - the steps at which the second and the others begin: ascending, one fewer than schedules.
 * @throws `ValueError` when something is not a schedule, or the milestones do not fit.
 * @example
 * ```ts
 * import { cosineDecay, inSequence, rateAt, warmUp } from '@ad/optim';
 *
 * const schedule = inSequence(
 *   [warmUp({ rate: 1, steps: 10, from: 0 }), cosineDecay({ rate: 1, steps: 90 })],
 *   [10],
 * );
 * [0, 5, 10, 100].map((step) => rateAt(schedule, step)); // => [0, 0.5, 1, 0]
 * ```
 */
export function inSequence(
  schedules: readonly Schedule[],
  milestones: readonly number[],
): Schedule {
  return makeSchedule('inSequence', 'sequence', { schedules, milestones });
}

/**
 * The product of schedules: one gives the rate, the others are factors with the rate 1. PyTorch's
 * `ChainedScheduler`.
 *
 * @throws `ValueError` when there is none, or something is not a schedule.
 * @example
 * ```ts
 * import { exponentialDecay, productOf, rateAt, warmUp } from '@ad/optim';
 *
 * const schedule = productOf([exponentialDecay({ rate: 8, factor: 0.5 }), warmUp({ rate: 1, steps: 2, from: 0 })]);
 * [0, 1, 2].map((step) => rateAt(schedule, step)); // => [0, 2, 2]
 * ```
 */
export function productOf(factors: readonly Schedule[]): Schedule {
  return makeSchedule('productOf', 'product', { factors });
}
