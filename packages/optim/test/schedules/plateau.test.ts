/** The rate on a plateau, against PyTorch's `ReduceLROnPlateau` in plain numbers. */
import type { Tensor } from '@ad/graph';
import { tensor } from '@ad/graph';
import {
  accumulated,
  adam,
  averaged,
  clipByNorm,
  fit,
  groups,
  meanSquaredError,
  type Model,
  type Optimizer,
  onPlateau,
  type OptimizerState,
  type Plateau,
  sgd,
} from '@ad/optim';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { between } from '../support/numbers.ts';

/** The rates after each judgement. */
function byHand(o: Omit<Plateau, 'kind'>, losses: readonly number[]): number[] {
  let [rate, best, bad, cooldown] = [o.rate, Infinity, 0, 0];
  return losses.map((loss) => {
    const isBetter =
      o.mode === 'relative' ? loss < best * (1 - o.threshold) : loss < best - o.threshold;
    if (isBetter) {
      best = loss;
      bad = 0;
    } else bad += 1;
    if (cooldown > 0) {
      cooldown -= 1;
      bad = 0;
    }
    if (bad > o.patience) {
      const next = Math.max(rate * o.factor, o.lowest);
      if (rate - next > o.epsilon) rate = next;
      cooldown = o.cooldown;
      bad = 0;
    }
    return rate;
  });
}

const rateOf = (state: OptimizerState): number =>
  (state['plateau'] as { readonly rate: Tensor }).rate.item();

test('follows the losses as PyTorch does', () => {
  const options = fc.record({
    rate: between(0, 1),
    factor: between(0, 0.9),
    patience: fc.nat(3),
    threshold: between(0, 0.5),
    mode: fc.constantFrom('relative' as const, 'absolute' as const),
    cooldown: fc.nat(3),
    lowest: between(0, 0.2),
    epsilon: between(0, 0.1),
  });
  const losses = fc.array(fc.oneof(between(0, 3), fc.constant(Number.NaN)), { maxLength: 30 });
  fc.assert(
    fc.property(options, losses, (options, losses) => {
      const rule = sgd({ learningRate: onPlateau(options) });
      let state = rule.init({ w: 1 });
      const rates = losses.map((loss) => rateOf((state = rule.observe!(state, loss))));
      expect(rates).toEqual(byHand(options, losses));
    }),
  );
});

type Line = { readonly w: Tensor };
const line: Model<Line> = { init: () => ({ w: tensor(0) }), apply: ({ w }, x) => x.mul(w) };
const ramp = { inputs: [[1], [2], [3]], targets: [[3], [5], [7]] };
const common = { loss: meanSquaredError, batchSize: 2, shuffle: false };

test.each<[string, (rule: Optimizer) => Optimizer, (state: OptimizerState) => OptimizerState]>([
  ['alone', (rule) => rule, (state) => state],
  ['clipped', (rule) => clipByNorm(rule, 1), (state) => state],
  ['averaged', (rule) => averaged(rule, 0.9), (s) => s['inner'] as OptimizerState],
  ['accumulated', (rule) => accumulated(rule, 2), (s) => s['inner'] as OptimizerState],
  ['in a group', (rule) => groups([{ rule }]), (s) => s['group0'] as OptimizerState],
])('fit drives it by the validation loss, %s', async (_name, wrap, inner) => {
  const plateau = onPlateau({ rate: 0.01, factor: 0.5, patience: 1, threshold: 0.5 });
  const rule = wrap(adam({ learningRate: plateau }));
  const { history, state } = await fit(line, ramp, {
    ...common,
    optimizer: rule,
    validation: { inputs: [[1]], targets: [[2.5]] },
    epochs: 9,
  });
  const expected = byHand(
    plateau,
    history.map(({ validation }) => validation!.loss),
  ).at(-1)!;
  expect(expected).toBeLessThan(0.01);
  expect(rateOf(inner(state))).toBe(expected);
});

test('what it remembers is resumed with the state', async () => {
  const optimizer = adam({ learningRate: onPlateau({ rate: 0.1, factor: 0.5, patience: 1 }) });
  const options = { ...common, optimizer };
  const whole = await fit(line, ramp, { ...options, epochs: 40 });
  const { parameters, state } = await fit(line, ramp, { ...options, epochs: 23 });
  const rest = await fit(line, ramp, { ...options, epochs: 17, parameters, state });
  expect(rateOf(whole.state)).toBeLessThan(0.1);
  expect(rest.parameters).toEqual(whole.parameters);
  expect(rest.state).toEqual(whole.state);
});

test.each([
  ['no rate', () => onPlateau({} as never), /^onPlateau: rate is missing/],
  [
    'a factor of 1',
    () => onPlateau({ rate: 1, factor: 1 }),
    /factor is 1, expected a number from 0/,
  ],
  [
    'half a patience',
    () => onPlateau({ rate: 1, patience: 0.5 }),
    /patience is 0\.5, expected an int/,
  ],
  [
    'a mode that is none',
    () => onPlateau({ rate: 1, mode: 'max' as never }),
    /mode is "max", expected/,
  ],
  [
    'an unknown option',
    () => onPlateau({ rate: 1, verbose: true } as never),
    /no option "verbose"/,
  ],
  [
    'a file with a wrong field',
    () => sgd({ learningRate: { ...onPlateau({ rate: 1 }), cooldown: -1 } }),
    /cooldown is -1/,
  ],
])('%s is refused', (_name, make, message) => {
  expect(make).toThrow(message);
});
