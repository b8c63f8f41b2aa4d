/** Rprop: steps of a length of their own, of which only the sign follows the gradient. */
import { clamp, greater, less, sign, ValueError, where } from '@ad/graph';
import {
  BETWEEN_0_AND_1,
  checkNames,
  describeValue,
  NON_NEGATIVE,
  numberOption,
} from '../options.ts';
import type { Optimizer } from './optimizer.ts';
import { optimizerOf } from './rule.ts';

/** Options of {@link rprop}. */
export interface RpropOptions {
  /** The length of the first step: a finite number of 0 or more. Default 0.01. */
  readonly learningRate?: number;
  /** By what a step is multiplied when the sign changed, in (0, 1), and when it did not, above 1. Default [0.5, 1.2]. */
  readonly factors?: readonly [number, number];
  /** The smallest and the largest step. Default [$10^{-6}$, 50]. */
  readonly limits?: readonly [number, number];
}

/**
 * Resilient propagation. With the gradient $g_t$ of all samples at $x$, for each element:
 *
 * $$s_t = \operatorname{clamp}(s_{t-1} \cdot \{\eta^+ \text{ if } g_t g_{t-1} > 0,\ \eta^- \text{ if } g_t g_{t-1} < 0,\ 1 \text{ else}\})$$
 * $$g_t \leftarrow 0 \text{ if } g_t g_{t-1} < 0, \qquad x \leftarrow x - s_t \operatorname{sign}(g_t)$$
 *
 * For steps on all samples; batches change signs at random. Equations and defaults are PyTorch's: the variant without
 * backtracking, which after a change of sign does not move and forgets the gradient. There is no schedule, because the
 * rate is only the first length.
 *
 * The state holds `length` $s$ and `last` $g_{t-1}$.
 *
 * @throws `ValueError` when an option is unknown or outside its range.
 * Sources: M. Riedmiller, H. Braun, ICNN 1993; C. Igel, M. Hüsken, 2000.
 * @example
 * ```ts
 * import { rprop } from '@ad/optim';
 *
 * Object.keys(rprop({ learningRate: 0.1 }).init({ w: 0.5 })); // => ['length', 'last']
 * rprop({ factors: [0.5, 1] }); // throws /factors\[1\] is 1, expected a finite number above 1/
 * ```
 */
export function rprop(options: RpropOptions = {}): Optimizer {
  checkNames('rprop', options, ['learningRate', 'factors', 'limits']);
  const start = numberOption('rprop', 'learningRate', options.learningRate, 1e-2, NON_NEGATIVE);
  const [shrink, grow] = pairOption('factors', options.factors, [0.5, 1.2]);
  numberOption('rprop', 'factors[0]', shrink, 0, BETWEEN_0_AND_1);
  numberOption('rprop', 'factors[1]', grow, 0, {
    words: 'a finite number above 1',
    holds: (x) => x > 1 && x < Infinity,
  });
  const [least, most] = pairOption('limits', options.limits, [1e-6, 50]);
  numberOption('rprop', 'limits[0]', least, 0, NON_NEGATIVE);
  numberOption('rprop', 'limits[1]', most, 0, {
    words: `a number of ${least} or more, the smallest step`,
    holds: (x) => x >= least,
  });

  return optimizerOf<'length' | 'last'>({
    name: 'rprop',
    slots: ['length', 'last'],
    starts: { length: start },
    counts: false,
    begin: () => (x, gradient, slots) => {
      const product = gradient.mul(slots.last);
      const hasTurned = less(product, 0);
      const factor = where(hasTurned, shrink, where(greater(product, 0), grow, 1));
      const length = clamp(slots.length.mul(factor), least, most);
      const last = where(hasTurned, 0, gradient);
      return { parameter: x.sub(sign(last).mul(length)), slots: { length, last } };
    },
  });
}

function pairOption(
  name: string,
  value: readonly [number, number] | undefined,
  fallback: readonly [number, number],
): readonly [number, number] {
  if (value === undefined) return fallback;
  if (Array.isArray(value) && value.length === 2) return [value[0], value[1]];
  throw new ValueError(
    `rprop: ${name} is ${describeValue(value)}, expected two numbers, such as [${fallback.join(', ')}]`,
  );
}
