/** The rules against the equations as PyTorch states them (Lion and LAMB: optax), in plain numbers. */
import {
  adadelta,
  type AdadeltaOptions,
  adagrad,
  type AdagradOptions,
  adam,
  adamax,
  type AdamaxOptions,
  type AdamOptions,
  adamW,
  lamb,
  type LambOptions,
  lion,
  type LionOptions,
  nadam,
  type NAdamOptions,
  type Optimizer,
  radam,
  type RAdamOptions,
  rmsprop,
  type RmspropOptions,
  rprop,
  type RpropOptions,
  sgd,
  type SgdOptions,
} from '@ad/optim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runRule } from '../support/run-rule.ts';
import { between } from '../support/numbers.ts';

const STEPS = 50;

/** Options as numbers: every one is given, and those that could be functions are none. */
type Plain<Options> = {
  readonly [K in keyof Required<Options>]: K extends 'learningRate' | 'weightDecay'
    ? number
    : Required<Options>[K];
};

/** One number and its gradient at step t (from 1): the number after the step. */
type Step = (x: number, g: number, t: number) => number;

function sgdByHand(o: Plain<SgdOptions>): Step {
  let buffer: number | undefined;
  return (x, g) => {
    if (o.decoupledDecay) x = x * (1 - o.learningRate * o.weightDecay);
    else g = g + o.weightDecay * x;
    if (o.momentum !== 0) {
      buffer = buffer === undefined ? g : o.momentum * buffer + (1 - o.dampening) * g;
      g = o.nesterov ? g + o.momentum * buffer : buffer;
    }
    return x - o.learningRate * g;
  };
}

function adamByHand(o: Plain<AdamOptions>, decoupled: boolean): Step {
  const [beta1, beta2] = o.betas;
  let [first, second, largest] = [0, 0, 0];
  return (x, g, t) => {
    if (decoupled) x = x * (1 - o.learningRate * o.weightDecay);
    else g = g + o.weightDecay * x;
    first = beta1 * first + (1 - beta1) * g;
    second = beta2 * second + (1 - beta2) * (g * g);
    largest = Math.max(largest, second);
    // The step and epsilon take the correction of the root, so that no element is divided by it.
    const correction = Math.sqrt(1 - beta2 ** t);
    const stepSize = (o.learningRate / (1 - beta1 ** t)) * correction;
    const root = Math.sqrt(o.amsgrad ? largest : second);
    return x - (stepSize * first) / (root + correction * o.epsilon);
  };
}

function nadamByHand(o: Plain<NAdamOptions>): Step {
  const [beta1, beta2] = o.betas;
  let [first, second, product] = [0, 0, 1];
  return (x, g, t) => {
    if (o.decoupledDecay) x = x * (1 - o.learningRate * o.weightDecay);
    else g = g + o.weightDecay * x;
    const now = beta1 * (1 - 0.5 * 0.96 ** (t * o.momentumDecay));
    const next = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * o.momentumDecay));
    product = product * now;
    first = beta1 * first + (1 - beta1) * g;
    second = beta2 * second + (1 - beta2) * g * g;
    const denominator = Math.sqrt(second / (1 - beta2 ** t)) + o.epsilon;
    x = x - (o.learningRate * (1 - now) * g) / (1 - product) / denominator;
    return x - (o.learningRate * next * first) / (1 - product * next) / denominator;
  };
}

function radamByHand(o: Plain<RAdamOptions>): Step {
  const [beta1, beta2] = o.betas;
  const infinity = 2 / (1 - beta2) - 1;
  let [first, second] = [0, 0];
  return (x, g, t) => {
    if (o.decoupledDecay) x = x * (1 - o.learningRate * o.weightDecay);
    else g = g + o.weightDecay * x;
    first = beta1 * first + (1 - beta1) * g;
    second = beta2 * second + (1 - beta2) * g * g;
    const corrected = first / (1 - beta1 ** t);
    const rho = infinity - (2 * t * beta2 ** t) / (1 - beta2 ** t);
    if (rho <= 5) return x - o.learningRate * corrected;
    const rectification = Math.sqrt(
      ((rho - 4) * (rho - 2) * infinity) / ((infinity - 4) * (infinity - 2) * rho),
    );
    const adaptive = Math.sqrt(1 - beta2 ** t) / (Math.sqrt(second) + o.epsilon);
    return x - o.learningRate * corrected * rectification * adaptive;
  };
}

function adamaxByHand(o: Plain<AdamaxOptions>): Step {
  const [beta1, beta2] = o.betas;
  let [first, largest] = [0, 0];
  return (x, g, t) => {
    g = g + o.weightDecay * x;
    first = beta1 * first + (1 - beta1) * g;
    largest = Math.max(beta2 * largest, Math.abs(g) + o.epsilon);
    return x - ((o.learningRate / (1 - beta1 ** t)) * first) / largest;
  };
}

function adagradByHand(o: Plain<AdagradOptions>): Step {
  let sum = o.initialSum;
  return (x, g, t) => {
    g = g + o.weightDecay * x;
    sum = sum + g * g;
    const rate = o.learningRate / (1 + (t - 1) * o.rateDecay);
    return x - (rate * g) / (Math.sqrt(sum) + o.epsilon);
  };
}

function adadeltaByHand(o: Plain<AdadeltaOptions>): Step {
  let [squares, moves] = [0, 0];
  return (x, g) => {
    g = g + o.weightDecay * x;
    squares = o.rho * squares + (1 - o.rho) * g * g;
    const move = (Math.sqrt(moves + o.epsilon) / Math.sqrt(squares + o.epsilon)) * g;
    moves = o.rho * moves + (1 - o.rho) * move * move;
    return x - o.learningRate * move;
  };
}

function rmspropByHand(o: Plain<RmspropOptions>): Step {
  let [squares, mean, buffer] = [0, 0, 0];
  return (x, g) => {
    g = g + o.weightDecay * x;
    squares = o.rho * squares + (1 - o.rho) * g * g;
    let spread = squares;
    if (o.centered) {
      mean = o.rho * mean + (1 - o.rho) * g;
      spread = squares - mean * mean;
    }
    const scaled = g / (Math.sqrt(spread) + o.epsilon);
    buffer = o.momentum * buffer + scaled;
    return x - o.learningRate * buffer;
  };
}

function rpropByHand(o: Plain<RpropOptions>): Step {
  let [length, last] = [o.learningRate, 0];
  return (x, g) => {
    const sign = Math.sign(g * last);
    length = length * (sign > 0 ? o.factors[1] : sign < 0 ? o.factors[0] : 1);
    length = Math.min(Math.max(length, o.limits[0]), o.limits[1]);
    if (sign < 0) g = 0;
    last = g;
    return x - Math.sign(g) * length;
  };
}

function lionByHand(o: Plain<LionOptions>): Step {
  const [beta1, beta2] = o.betas;
  let momentum = 0;
  return (x, g) => {
    const direction = Math.sign(beta1 * momentum + (1 - beta1) * g);
    momentum = beta2 * momentum + (1 - beta2) * g;
    return x - o.learningRate * (direction + o.weightDecay * x);
  };
}

const real = between(-10, 10);
const problems = fc.record({
  start: fc.tuple(real, real),
  gradients: fc.array(fc.tuple(real, real), { minLength: STEPS, maxLength: STEPS }),
});
const rate = between(0, 1);
const belowOne = between(0, 0.9999);
const betas = fc.tuple(belowOne, belowOne);
const epsilon = between(1e-12, 0.1);
const weightDecay = fc.oneof(fc.constant(0), rate);
const common = { learningRate: rate, betas, epsilon, weightDecay };

/** The trajectory of both numbers. */
function byHand(
  make: () => Step,
  start: readonly number[],
  gradients: readonly (readonly number[])[],
): number[][] {
  const steps = start.map(make);
  let x = [...start];
  return gradients.map((g, t) => (x = x.map((xk, k) => steps[k]!(xk, g[k]!, t + 1))));
}

function expectNear(got: readonly number[][], expected: readonly number[][], tolerance: number) {
  expect(got).toHaveLength(expected.length);
  got.forEach((point, t) => {
    point.forEach((x, k) => {
      const exact = expected[t]![k]!;
      expect(Math.abs(x - exact)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(exact)));
    });
  });
}

/** A rule, options that stand for all of them, the equations, and how near they are. */
interface Case<O> {
  readonly name: string;
  readonly rule: (options?: Partial<O>) => Optimizer;
  readonly options: fc.Arbitrary<O>;
  readonly equations: (options: O) => Step;
  readonly defaults: O;
  /** 0 where the order of operations is the same: bit for bit. */
  readonly tolerance: number;
}
const caseOf = <O>(given: Case<O>): Case<never> => given as unknown as Case<never>;

const cases = [
  caseOf<Plain<SgdOptions>>({
    name: 'sgd',
    rule: sgd,
    options: fc
      .record({
        learningRate: rate,
        momentum: fc.oneof(fc.constant(0), belowOne),
        dampening: fc.oneof(fc.constant(0), rate),
        nesterov: fc.boolean(),
        weightDecay,
        decoupledDecay: fc.boolean(),
      })
      .filter(({ momentum, dampening, nesterov }) =>
        nesterov ? momentum > 0 && dampening === 0 : dampening === 0 || momentum > 0,
      ),
    equations: sgdByHand,
    defaults: {
      learningRate: 1e-3,
      momentum: 0,
      dampening: 0,
      nesterov: false,
      weightDecay: 0,
      decoupledDecay: false,
    },
    tolerance: 0,
  }),
  ...(
    [
      ['adam', adam, 0],
      ['adamW', adamW, 1e-2],
    ] as const
  ).map(([name, rule, weightDecay]) =>
    caseOf<Plain<AdamOptions>>({
      name,
      rule,
      options: fc.record({ ...common, amsgrad: fc.boolean() }),
      equations: (o) => adamByHand(o, name === 'adamW'),
      defaults: {
        learningRate: 1e-3,
        betas: [0.9, 0.999],
        epsilon: 1e-8,
        weightDecay,
        amsgrad: false,
      },
      tolerance: 0,
    }),
  ),
  caseOf<Plain<NAdamOptions>>({
    name: 'nadam',
    rule: nadam,
    options: fc.record({ ...common, decoupledDecay: fc.boolean(), momentumDecay: between(0, 0.1) }),
    equations: nadamByHand,
    defaults: {
      learningRate: 2e-3,
      betas: [0.9, 0.999],
      epsilon: 1e-8,
      weightDecay: 0,
      decoupledDecay: false,
      momentumDecay: 4e-3,
    },
    tolerance: 1e-11,
  }),
  caseOf<Plain<RAdamOptions>>({
    name: 'radam',
    rule: radam,
    options: fc.record({ ...common, decoupledDecay: fc.boolean() }),
    equations: radamByHand,
    defaults: {
      learningRate: 1e-3,
      betas: [0.9, 0.999],
      epsilon: 1e-8,
      weightDecay: 0,
      decoupledDecay: false,
    },
    tolerance: 1e-11,
  }),
  caseOf<Plain<AdamaxOptions>>({
    name: 'adamax',
    rule: adamax,
    options: fc.record(common),
    equations: adamaxByHand,
    defaults: { learningRate: 2e-3, betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0 },
    tolerance: 0,
  }),
  caseOf<Plain<AdagradOptions>>({
    name: 'adagrad',
    rule: adagrad,
    options: fc.record({
      learningRate: rate,
      rateDecay: fc.oneof(fc.constant(0), rate),
      initialSum: rate,
      epsilon,
      weightDecay,
    }),
    equations: adagradByHand,
    defaults: { learningRate: 1e-2, rateDecay: 0, initialSum: 0, epsilon: 1e-10, weightDecay: 0 },
    tolerance: 0,
  }),
  caseOf<Plain<AdadeltaOptions>>({
    name: 'adadelta',
    rule: adadelta,
    options: fc.record({ learningRate: rate, rho: belowOne, epsilon, weightDecay }),
    equations: adadeltaByHand,
    defaults: { learningRate: 1, rho: 0.9, epsilon: 1e-6, weightDecay: 0 },
    tolerance: 1e-12,
  }),
  caseOf<Plain<RmspropOptions>>({
    name: 'rmsprop',
    rule: rmsprop,
    options: fc.record({
      learningRate: rate,
      // The difference of mean square and squared mean must not vanish.
      rho: between(0.5, 0.9999),
      epsilon: between(1e-3, 0.1),
      momentum: fc.oneof(fc.constant(0), belowOne),
      centered: fc.boolean(),
      weightDecay: fc.oneof(fc.constant(0), between(0, 0.1)),
    }),
    equations: rmspropByHand,
    defaults: {
      learningRate: 1e-2,
      rho: 0.99,
      epsilon: 1e-8,
      momentum: 0,
      centered: false,
      weightDecay: 0,
    },
    tolerance: 1e-11,
  }),
  caseOf<Plain<RpropOptions>>({
    name: 'rprop',
    rule: rprop,
    options: fc.record({
      learningRate: rate,
      factors: fc.tuple(between(0.1, 0.9), between(1.1, 3)),
      limits: fc.tuple(between(0, 0.01), between(1, 100)),
    }),
    equations: rpropByHand,
    defaults: { learningRate: 1e-2, factors: [0.5, 1.2], limits: [1e-6, 50] },
    tolerance: 0,
  }),
  caseOf<Plain<LionOptions>>({
    name: 'lion',
    rule: lion,
    options: fc.record({ learningRate: rate, betas, weightDecay }),
    equations: lionByHand,
    defaults: { learningRate: 1e-4, betas: [0.9, 0.99], weightDecay: 1e-3 },
    tolerance: 1e-12,
  }),
];

describe.each(cases)('$name', ({ rule, options, equations, defaults, tolerance }) => {
  test(`follows its equations${tolerance === 0 ? ' bit for bit' : ' to rounding'}`, () => {
    fc.assert(
      fc.property(problems, options, ({ start, gradients }, options) => {
        const got = runRule(rule(options), start, gradients);
        expectNear(
          got,
          byHand(() => equations(options), start, gradients),
          tolerance,
        );
      }),
      { numRuns: 40 },
    );
  });

  test('has their defaults', () => {
    const start = [0.5, -2];
    const gradients = Array.from({ length: STEPS }, (_, t) => [Math.sin(t + 1), 1.5 - t]);
    const got = runRule(rule(), start, gradients);
    expectNear(
      got,
      byHand(() => equations(defaults), start, gradients),
      tolerance,
    );
  });
});

describe('lamb', () => {
  const expectFollows = (
    options: LambOptions,
    o: Plain<LambOptions>,
    start: number[],
    all: number[][],
  ) => {
    const [beta1, beta2] = o.betas;
    const norm = (values: readonly number[]): number => Math.hypot(...values);
    let x = start;
    let first = start.map(() => 0);
    let second = start.map(() => 0);
    const expected = all.map((g, k) => {
      const t = k + 1;
      first = first.map((m, i) => beta1 * m + (1 - beta1) * g[i]!);
      second = second.map((v, i) => beta2 * v + (1 - beta2) * g[i]! ** 2);
      const r = x.map((xi, i) => {
        const m = first[i]! / (1 - beta1 ** t);
        return m / (Math.sqrt(second[i]! / (1 - beta2 ** t)) + o.epsilon) + o.weightDecay * xi;
      });
      const ratio = norm(x) === 0 || norm(r) === 0 ? 1 : norm(x) / norm(r);
      x = x.map((xi, i) => xi - o.learningRate * ratio * r[i]!);
      return x;
    });
    expectNear(runRule(lamb(options), start, all), expected, 1e-10);
  };

  test('follows its equations to rounding', () => {
    fc.assert(
      fc.property(problems, fc.record(common), ({ start, gradients }, options) => {
        // A rate near 1 throws the parameter to and fro through 0, where the ratio has no digits left.
        const slow = { ...options, learningRate: options.learningRate / 20 };
        expectFollows(slow, slow, start, gradients);
      }),
      { numRuns: 40 },
    );
  });

  test('has their defaults, and moves a parameter that starts at 0', () => {
    const defaults = {
      learningRate: 1e-3,
      betas: [0.9, 0.999],
      epsilon: 1e-6,
      weightDecay: 0,
    } as const;
    expectFollows(
      {},
      defaults,
      [0, 0],
      [
        [1, 2],
        [0, 3],
        [-1, -1],
      ],
    );
    expectFollows(
      {},
      defaults,
      [3, 0],
      [
        [0, 0],
        [0, 3],
        [-1, -1],
      ],
    );
  });
});

test('centered RMSProp takes a variance that rounds below 0 for 0', () => {
  // After equal gradients the mean square is the squared mean, but for the last bit.
  const gradients = Array.from({ length: 400 }, () => [0.1, 0.3]);
  const last = runRule(rmsprop({ centered: true, rho: 0.5, epsilon: 1 }), [0, 0], gradients).at(
    -1,
  )!;
  expect(last.every((x) => Number.isFinite(x))).toBe(true);
});
