/** Schedules against the formulas and loops of PyTorch's schedulers, in plain numbers. */
import { evaluate, Graph } from '@ad/graph';
import { compile } from '@ad/compiler';
import {
  constantRate,
  cosineDecay,
  cosineRestarts,
  exponentialDecay,
  inSequence,
  oneCycle,
  polynomialDecay,
  productOf,
  rateAt,
  rateNode,
  type Schedule,
  sgd,
  stepDecay,
  warmUp,
} from '@ad/optim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { between } from '../support/numbers.ts';
import { runRule } from '../support/run-rule.ts';

const T = 12;

/** Restarts as a loop: subtract waves until the step is in one. */
function restartsByHand(rate: number, first: number, stretch: number, lowest: number, t: number) {
  let length = first;
  while (t >= length) {
    t -= length;
    length *= stretch;
  }
  return lowest + ((rate - lowest) * (1 + Math.cos((Math.PI * t) / length))) / 2;
}

/** OneCycleLR: phases that end at steps, tried from the first. */
function oneCycleByHand(
  highest: number,
  total: number,
  rise: number,
  three: boolean,
  anneal: (from: number, to: number, share: number) => number,
  t: number,
) {
  const initial = highest / 25;
  const phases = three
    ? [
        [rise * total - 1, initial, highest],
        [2 * rise * total - 2, highest, initial],
        [total - 1, initial, initial / 1e4],
      ]
    : [
        [rise * total - 1, initial, highest],
        [total - 1, highest, initial / 1e4],
      ];
  let start = 0;
  for (const [end, from, to] of phases as [number, number, number][]) {
    if (t <= end) return anneal(from, to, (t - start) / (end - start));
    start = end;
  }
  return initial / 1e4;
}
const cosine = (from: number, to: number, share: number): number =>
  to + ((from - to) / 2) * (Math.cos(Math.PI * share) + 1);
const linear = (from: number, to: number, share: number): number => from + (to - from) * share;

const cases: readonly (readonly [string, Schedule, (t: number) => number])[] = [
  ['constant', constantRate(0.3), () => 0.3],
  ['step', stepDecay({ rate: 0.5, every: T }), (t) => 0.5 * 0.1 ** Math.floor(t / T)],
  ['exponential', exponentialDecay({ rate: 0.5, factor: 0.9 }), (t) => 0.5 * 0.9 ** t],
  [
    'cosine',
    cosineDecay({ rate: 0.5, steps: T, lowest: 0.1 }),
    (t) => 0.1 + (0.4 * (1 + Math.cos((Math.PI * t) / T))) / 2,
  ],
  [
    'restarts',
    cosineRestarts({ rate: 0.5, steps: T, lowest: 0.1 }),
    (t) => restartsByHand(0.5, T, 1, 0.1, t),
  ],
  [
    'restarts that stretch',
    cosineRestarts({ rate: 0.5, steps: 3, stretch: 2 }),
    (t) => restartsByHand(0.5, 3, 2, 0, t),
  ],
  [
    'one cycle',
    oneCycle({ highest: 2, steps: T }),
    (t) => oneCycleByHand(2, T, 0.3, false, cosine, t),
  ],
  [
    'one cycle of three straight phases',
    oneCycle({ highest: 2, steps: T, rise: 0.4, shape: 'linear', threePhases: true }),
    (t) => oneCycleByHand(2, T, 0.4, true, linear, t),
  ],
  [
    'warm-up',
    warmUp({ rate: 0.6, steps: T }),
    (t) => 0.6 * (1 / 3 + ((1 - 1 / 3) * Math.min(t, T)) / T),
  ],
  [
    'polynomial',
    polynomialDecay({ rate: 0.6, steps: T, power: 2 }),
    (t) => 0.6 * (1 - Math.min(t, T) / T) ** 2,
  ],
  [
    'sequence',
    inSequence(
      [
        warmUp({ rate: 1, steps: 4, from: 0 }),
        exponentialDecay({ rate: 1, factor: 0.5 }),
        constantRate(0.01),
      ],
      [4, T],
    ),
    (t) => (t < 4 ? t / 4 : t < T ? 0.5 ** (t - 4) : 0.01),
  ],
  [
    'product',
    productOf([
      stepDecay({ rate: 1, every: 5, factor: 0.5 }),
      warmUp({ rate: 1, steps: T, from: 0 }),
    ]),
    (t) => (0.5 ** Math.floor(t / 5) * Math.min(t, T)) / T,
  ],
];

describe.each(cases)('%s', (_name, schedule, byHand) => {
  test('has the values of its formula: at 0, 1, T, T + 1 and everywhere', () => {
    for (const t of [0, 1, T, T + 1, ...Array.from({ length: 100 }, (_, t) => t)]) {
      expect(Math.abs(rateAt(schedule, t) - byHand(t))).toBeLessThanOrEqual(1e-14);
    }
  });

  test('is the same as a node, interpreted and compiled', () => {
    const step = new Graph().input('step');
    const node = rateNode(schedule, step);
    const program = compile({ outputs: [node] });
    for (let t = 0; t < 60; t++) {
      const exact = rateAt(schedule, t);
      expect(evaluate(node, { step: t }).item()).toBe(exact);
      expect(Math.abs(program.run({ step: t })[0]!.item() - exact)).toBeLessThanOrEqual(1e-14);
    }
  });

  test('is plain data that survives a file', () => {
    const copy = JSON.parse(JSON.stringify(schedule)) as Schedule;
    expect(copy).toEqual(schedule);
    expect(rateAt(copy, 7)).toBe(rateAt(schedule, 7));
  });

  test('is what a rule follows, from 0', () => {
    const slopes = Array.from({ length: T + 2 }, () => [1]);
    let x = 0;
    runRule(sgd({ learningRate: schedule }), [0], slopes).forEach(([got], t) => {
      x -= byHand(t);
      expect(got).toBeCloseTo(x, 12);
    });
  });
});

test('restarts begin exactly where their waves do, however often', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 2, max: 5 }),
      (steps, stretch) => {
        const schedule = cosineRestarts({ rate: 1, steps, stretch });
        let [start, length] = [0, steps];
        for (let n = 0; n < 12; n++) {
          expect(rateAt(schedule, start)).toBe(1);
          const beforeLast = rateAt(schedule, start + length - 1);
          const share = (length - 1) / length;
          expect(beforeLast).toBeCloseTo((1 + Math.cos(Math.PI * share)) / 2, 14);
          start += length;
          length *= stretch;
        }
      },
    ),
  );
});

test('a product does not depend on the order, and a sequence repeats its parts', () => {
  const rates = fc.tuple(between(0, 1), between(0, 1), fc.integer({ min: 1, max: 20 }), fc.nat(50));
  fc.assert(
    fc.property(rates, ([a, b, milestone, t]) => {
      const [first, second] = [
        exponentialDecay({ rate: a, factor: 0.9 }),
        cosineDecay({ rate: b, steps: 10 }),
      ];
      expect(rateAt(productOf([first, second]), t)).toBe(rateAt(productOf([second, first]), t));
      const both = inSequence([first, second], [milestone]);
      const expected = t < milestone ? rateAt(first, t) : rateAt(second, t - milestone);
      expect(rateAt(both, t)).toBe(expected);
    }),
  );
});

test.each([
  ['no rate', () => stepDecay({ every: 3 } as never), /^stepDecay: rate is missing, expected/],
  [
    'a negative rate',
    () => cosineDecay({ rate: -1, steps: 3 }),
    /^cosineDecay: rate is -1, expected a finite number of 0 or more$/,
  ],
  ['no steps', () => warmUp({ rate: 1, steps: 0 }), /steps is 0, expected an integer of 1 or more/],
  [
    'an unknown option',
    () => warmUp({ rate: 1, steps: 3, start: 0 } as never),
    /^warmUp: there is no option "start"; the options are rate, steps, from, to$/,
  ],
  [
    'a shape that is none',
    () => oneCycle({ highest: 1, steps: 9, shape: 'round' as never }),
    /shape is "round", expected "cosine" or "linear"/,
  ],
  [
    'a cycle without a way up',
    () => oneCycle({ highest: 1, steps: 3, rise: 0.3 }),
    /^oneCycle: with 3 steps and rise 0\.3 the phases would end at the steps -0\.\d+, 2/,
  ],
  ['no schedules', () => inSequence([], []), /schedules is a list of 0, expected a list of at/],
  [
    'milestones that descend',
    () => inSequence([constantRate(1), constantRate(1), constantRate(1)], [5, 3]),
    /milestones is \[5, 3\], expected ascending integers of 1 or more/,
  ],
  [
    'too few milestones',
    () => inSequence([constantRate(1), constantRate(1)], []),
    /2 schedules need 1 milestones, got 0/,
  ],
  [
    'a part that is no schedule',
    () => productOf([constantRate(1), { kind: 'linear' } as never]),
    /^productOf: factors\[1\]: an object of kind "linear" is no schedule; .* one of constant, step,/,
  ],
  [
    'a file with a wrong field',
    () => rateAt({ kind: 'step', rate: 1, every: 0.5, factor: 1 }, 0),
    /^rateAt: every is 0\.5, expected an integer/,
  ],
  ['a step before the first', () => rateAt(constantRate(1), -1), /rateAt: step is -1/],
  [
    'a rate of a rule that is no schedule',
    () => sgd({ learningRate: { rate: 1 } as never }),
    /^sgd: learningRate: an object is no schedule/,
  ],
])('%s is refused', (_name, make, message) => {
  expect(make).toThrow(
    expect.objectContaining({
      name: 'ValueError',
      message: expect.stringMatching(message) as string,
    }),
  );
});
