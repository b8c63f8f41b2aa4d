/** Rules made of rules: clipping, groups, masks, averages, accumulation. */
import { evaluate, Graph, type Tensor, tensor } from '@ad/graph';
import { leavesOf } from '@ad/backprop';
import {
  accumulated,
  adagrad,
  adam,
  adamW,
  averaged,
  averagedWeights,
  clipByNorm,
  clipByValue,
  fit,
  groups,
  meanSquaredError,
  mlp,
  type MlpParameters,
  type Optimizer,
  sgd,
  withGradients,
} from '@ad/optim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { between } from '../support/numbers.ts';
import { runRule } from '../support/run-rule.ts';

const real = between(-10, 10);
const slopes = fc.array(fc.tuple(real, real), { minLength: 12, maxLength: 12 });
const numbersOf = (parameters: MlpParameters): number[] =>
  leavesOf<Tensor>(parameters as never).flatMap(({ leaf }) => Array.from(leaf.data));

/** 24 samples of a smooth function. */
const curve = {
  inputs: Array.from({ length: 24 }, (_, i) => [Math.sin(i), Math.cos(2 * i)]),
  targets: Array.from({ length: 24 }, (_, i) => [Math.sin(3 * i)]),
};
const model = mlp([2, 5, 1], { activation: 'tanh' });
const common = { loss: meanSquaredError, shuffle: false, seed: 4 };

describe('clipping', () => {
  test('by norm multiplies all gradients by one factor, of all parameters together', () => {
    fc.assert(
      fc.property(fc.tuple(real, real, real), between(0.1, 20), ([a, b, c], limit) => {
        const graph = new Graph();
        const nodes = { u: graph.input('u', { value: [0, 0] }), v: graph.input('v', { value: 0 }) };
        const rule = clipByNorm(sgd({ learningRate: 1 }), limit);
        const slopes = { u: graph.constant([a, b]), v: graph.constant(c) };
        const { parameters } = rule.update(nodes, slopes, {});
        const [u, v] = evaluate([parameters.u, parameters.v]);
        const factor = Math.min(1, limit / (Math.hypot(a, b, c) + 1e-6));
        [u.at(0), u.at(1), v.item()].forEach((x, k) =>
          expect(x).toBeCloseTo(-factor * [a, b, c][k]!, 12),
        );
        expect(Math.hypot(u.at(0), u.at(1), v.item())).toBeLessThanOrEqual(limit);
      }),
    );
  });

  test('by norm leaves gradients of 0 alone, and short ones bit for bit', () => {
    expect(runRule(clipByNorm(sgd(), 1), [3], [[0], [0]])).toEqual([[3], [3]]);
    fc.assert(
      fc.property(fc.tuple(real, real), slopes, (start, slopes) => {
        const free = runRule(adam(), start, slopes);
        expect(runRule(clipByNorm(adam(), 1e3), start, slopes)).toEqual(free);
        expect(runRule(clipByValue(adam(), 10), start, slopes)).toEqual(free);
      }),
      { numRuns: 20 },
    );
  });

  test('by norm survives gradients whose squares overflow', () => {
    const [[x, y]] = runRule(
      clipByNorm(sgd({ learningRate: 1 }), 5),
      [0, 0],
      [[3e200, -4e200]],
    ) as [[number, number]];
    expect(x).toBeCloseTo(-3, 12);
    expect(y).toBeCloseTo(4, 12);
  });

  test('by value bounds each element', () => {
    fc.assert(
      fc.property(fc.tuple(real, real), between(0.1, 5), (g, limit) => {
        const [point] = runRule(clipByValue(sgd({ learningRate: 1 }), limit), [0, 0], [g]);
        g.forEach((x, k) => expect(point![k]! + 0).toBe(-Math.min(Math.max(x, -limit), limit) + 0));
      }),
    );
  });

  test('passes over parameters without gradient', () => {
    const graph = new Graph();
    const nodes = { a: graph.input('a', { value: 3 }), b: graph.input('b', { value: 5 }) };
    const rule = clipByNorm(sgd({ learningRate: 1 }), 1);
    const update = rule.update(nodes, { a: null, b: graph.constant(7) }, {});
    expect(update.parameters.a.id).toBe(nodes.a.id);
    expect(evaluate(update.parameters.b).item()).toBeCloseTo(4, 5);
  });
});

describe('weight decay of some parameters', () => {
  test.each([
    ['sgd', (weightDecay: never) => sgd({ weightDecay, momentum: 0.5 })],
    ['sgd, decoupled', (weightDecay: never) => sgd({ weightDecay, decoupledDecay: true })],
    ['adam', (weightDecay: never) => adam({ weightDecay })],
    ['adamW', (weightDecay: never) => adamW({ weightDecay })],
    ['adagrad', (weightDecay: never) => adagrad({ weightDecay })],
  ])('is that of groups with and without: %s', async (_name, make) => {
    const isWeight = (path: string): boolean => path.endsWith('.weights');
    const rules: Optimizer[] = [
      make({ factor: 0.3, of: isWeight } as never),
      groups([{ of: isWeight, rule: make(0.3 as never) }, { rule: make(0 as never) }]),
    ];
    const [masked, grouped] = await Promise.all(
      rules.map((optimizer) => fit(model, curve, { ...common, optimizer, epochs: 3 })),
    );
    expect(masked!.parameters).toEqual(grouped!.parameters);
    const all = await fit(model, curve, { ...common, optimizer: make(0.3 as never), epochs: 3 });
    expect(all.parameters).not.toEqual(masked!.parameters);
  });

  test('is refused where it is malformed', () => {
    const decay = (weightDecay: unknown) => () => adamW({ weightDecay: weightDecay as never });
    expect(decay({ factor: 0.1 })).toThrow(
      /adamW: weightDecay\.of is undefined, expected a function/,
    );
    expect(decay({ of: () => true })).toThrow(/weightDecay\.factor is missing/);
    expect(decay({ factor: -1, of: () => true })).toThrow(/weightDecay\.factor is -1/);
    expect(decay({ factor: 1, of: () => true, mask: 1 })).toThrow(/no option "mask"/);
    const w = new Graph().input('w');
    const state = { step: w, first: { w }, second: { w } };
    const rule = adamW({ weightDecay: { factor: 1, of: (() => 1) as never } });
    expect(() => rule.update({ w }, { w }, state)).toThrow(
      /weightDecay\.of\("\.w"\) returned 1, expected true or false/,
    );
  });
});

describe('groups', () => {
  test('one group of all parameters is the rule itself, and so are two with the same rule', async () => {
    const options = { ...common, epochs: 3 };
    const plain = await fit(model, curve, { ...options, optimizer: adamW() });
    const one = await fit(model, curve, { ...options, optimizer: groups([{ rule: adamW() }]) });
    const isFirst = (path: string): boolean => path.startsWith('.layers[0]');
    const two = groups([{ of: isFirst, rule: adamW() }, { rule: adamW() }]);
    expect(one.parameters).toEqual(plain.parameters);
    expect((await fit(model, curve, { ...options, optimizer: two })).parameters).toEqual(
      plain.parameters,
    );
  });

  test('rates differ, and frozen parameters stay as they are', async () => {
    const isBias = (path: string): boolean => path.endsWith('.bias');
    const isLast = (path: string): boolean => path.startsWith('.layers[1]');
    const optimizer = groups([
      { of: isBias, rule: null },
      { of: isLast, rule: sgd({ learningRate: 0.2 }) },
      { rule: sgd({ learningRate: 0.1 }) },
    ]);
    const one = { ...common, batchSize: 24, epochs: 1 };
    const got = await fit(model, curve, { ...one, optimizer });
    const fast = await fit(model, curve, { ...one, optimizer: sgd({ learningRate: 0.2 }) });
    const slow = await fit(model, curve, { ...one, optimizer: sgd({ learningRate: 0.1 }) });
    const start = model.init(4);
    expect(got.parameters.layers[0]!.bias).toEqual(start.layers[0]!.bias);
    expect(got.parameters.layers[1]!.bias).toEqual(start.layers[1]!.bias);
    expect(got.parameters.layers[0]!.weights).toEqual(slow.parameters.layers[0]!.weights);
    expect(got.parameters.layers[1]!.weights).toEqual(fast.parameters.layers[1]!.weights);
  });

  test('say which parameter or group is left over', () => {
    const some = groups([{ of: (path) => path === '.a', rule: sgd() }]);
    expect(() => some.init({ a: 1, b: [2] })).toThrow(/the parameter \.b\[0\] belongs to no group/);
    const none = groups([{ of: () => false, rule: sgd() }, { rule: sgd() }]);
    expect(() => none.init({ a: 1, b: [2] })).toThrow(
      /group 0 has no parameter; the paths are \.a, \.b\[0\]/,
    );
    expect(() => groups([])).toThrow(/got a list of 0, expected a list of groups/);
    expect(() => groups([{ rule: 3 as never }])).toThrow(/groups: group 0: optimizer is 3/);
    expect(() => groups([{ of: 3 as never, rule: null }])).toThrow(/group 0: of is 3/);
  });
});

describe('averaged weights', () => {
  test('are the moving average of the trajectory, which stays the same', async () => {
    const decay = 0.8;
    const trajectory: MlpParameters[] = [];
    const options = { ...common, batchSize: 24 };
    for (let epochs = 1; epochs <= 5; epochs++) {
      trajectory.push(
        (await fit(model, curve, { ...options, optimizer: adam(), epochs })).parameters,
      );
    }
    const result = await fit(model, curve, {
      ...options,
      optimizer: averaged(adam(), decay),
      epochs: 5,
    });
    expect(result.parameters).toEqual(trajectory.at(-1));
    const mean = trajectory
      .map(numbersOf)
      .reduce((mean, x) => mean.map((m, i) => decay * m + (1 - decay) * x[i]!));
    numbersOf(averagedWeights(result.parameters, result.state)).forEach((x, i) =>
      expect(x).toBeCloseTo(mean[i]!, 14),
    );
  });

  test('are those of the start where nothing is learned, and need a state that has them', () => {
    const rule = averaged(sgd(), 0.9);
    const parameters = { w: tensor([1, 2]), b: 3 };
    expect(averagedWeights(parameters, rule.init(parameters))).toEqual(parameters);
    expect(() => averagedWeights(parameters, sgd().init(parameters))).toThrow(
      /averagedWeights: the averages must have the form/,
    );
    expect(() => averaged(sgd(), 1)).toThrow(/averaged: decay is 1, expected a number from 0 up/);
    expect(() => averaged('sgd' as never, 0.9)).toThrow(/averaged: optimizer is "sgd"/);
  });
});

describe('accumulation', () => {
  test.each([
    ['sgd with momentum', () => sgd({ learningRate: 0.1, momentum: 0.9, dampening: 0.5 })],
    ['adamW', () => adamW({ learningRate: 0.01, weightDecay: 0.1 })],
    ['clipped adam', () => clipByNorm(adam({ learningRate: 0.01 }), 0.1)],
  ] as const)('of k batches is one batch k times as large: %s', async (_name, make) => {
    const whole = await fit(model, curve, {
      ...common,
      optimizer: make(),
      batchSize: 24,
      epochs: 10,
    });
    for (const k of [1, 2, 3, 8]) {
      const parts = await fit(model, curve, {
        ...common,
        optimizer: accumulated(make(), k),
        batchSize: 24 / k,
        epochs: 10,
      });
      const expected = numbersOf(whole.parameters);
      numbersOf(parts.parameters).forEach((x, i) =>
        expect(Math.abs(x - expected[i]!)).toBeLessThanOrEqual(1e-12),
      );
    }
  });

  test('moves nothing before the last batch', () => {
    const points = runRule(
      accumulated(sgd({ learningRate: 1 }), 3),
      [0],
      [[3], [6], [3], [9], [9]],
    );
    expect(points).toEqual([[0], [0], [-4], [-4], [-4]]);
  });

  test('leaves parameters without gradient alone', () => {
    const graph = new Graph();
    const nodes = { a: graph.input('a'), b: graph.input('b') };
    const state = {
      batches: graph.input('batches'),
      sum: { a: graph.input('sum a'), b: graph.input('sum b') },
      inner: { momentum: { a: graph.input('m a'), b: graph.input('m b') } },
    };
    const rule = accumulated(sgd({ momentum: 0.5 }), 2);
    const update = rule.update(nodes, { a: null, b: nodes.b }, state);
    expect(update.parameters.a.id).toBe(nodes.a.id);
    const news = update.state as typeof state;
    expect(news.sum.a.id).toBe(state.sum.a.id);
    expect(news.inner.momentum.a.id).toBe(state.inner.momentum.a.id);
    expect(news.inner.momentum.b.id).not.toBe(state.inner.momentum.b.id);
  });

  test('refuses what it cannot count', () => {
    expect(() => accumulated(sgd(), 0)).toThrow(/accumulated: count is 0, expected an integer/);
    expect(() => accumulated(sgd(), undefined as never)).toThrow(/count is missing/);
    expect(() => accumulated(null as never, 2)).toThrow(/accumulated: optimizer is null/);
  });
});

test("a change of the gradients of one's own is applied before the rule", () => {
  const ascent = withGradients('ascent', sgd({ learningRate: 1 }), (all) =>
    all.map((g) => g.neg()),
  );
  expect(runRule(ascent, [0], [[2], [3]])).toEqual([[2], [5]]);
  expect(() => clipByNorm(sgd(), 0)).toThrow(
    /clipByNorm: limit is 0, expected a finite number above 0/,
  );
  expect(() => clipByValue(sgd(), Infinity)).toThrow(/clipByValue: limit is Infinity/);
  expect(() => withGradients('mine', {} as never, (g) => g)).toThrow(
    /mine: optimizer is an object/,
  );
});
