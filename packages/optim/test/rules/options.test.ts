import { Graph, sign, type Tensor, tensor } from '@ad/graph';
import { leavesOf } from '@ad/backprop';
import {
  accumulated,
  adadelta,
  adagrad,
  adam,
  adamax,
  adamW,
  clipByNorm,
  groups,
  lamb,
  lion,
  nadam,
  onPlateau,
  type Optimizer,
  optimizerOf,
  radam,
  rmsprop,
  rprop,
  sgd,
} from '@ad/optim';
import { describe, expect, test } from 'vitest';

const wrong: readonly (readonly [name: string, make: () => unknown, message: RegExp])[] = [
  [
    'a negative rate',
    () => sgd({ learningRate: -0.1 }),
    /^sgd: learningRate is -0\.1, expected a finite number of 0 or more, a schedule, or a function of the step$/,
  ],
  [
    'a rate that is NaN',
    () => adam({ learningRate: Number.NaN }),
    /^adam: learningRate is NaN, expected a finite/,
  ],
  ['an infinite rate', () => adamW({ learningRate: Infinity }), /^adamW: learningRate is Infinity/],
  [
    'a rate that is a string',
    () => adam({ learningRate: '0.1' as never }),
    /learningRate is "0\.1", expected/,
  ],
  [
    'momentum 1',
    () => sgd({ momentum: 1 }),
    /momentum is 1, expected a number from 0 up to but not including 1/,
  ],
  ['negative momentum', () => sgd({ momentum: -0.1 }), /momentum is -0\.1/],
  [
    'dampening above 1',
    () => sgd({ momentum: 0.9, dampening: 1.5 }),
    /dampening is 1\.5, expected a number from 0 to 1/,
  ],
  [
    'dampening without momentum',
    () => sgd({ dampening: 0.5 }),
    /there is no momentum to dampen; give a momentum above 0/,
  ],
  [
    'Nesterov without momentum',
    () => sgd({ nesterov: true }),
    /nesterov needs a momentum above 0 and no dampening, got momentum 0 and/,
  ],
  [
    'Nesterov with dampening',
    () => sgd({ nesterov: true, momentum: 0.9, dampening: 0.1 }),
    /dampening 0\.1/,
  ],
  [
    'Nesterov that is not a truth value',
    () => sgd({ nesterov: 1 as never }),
    /nesterov is 1, expected true or false/,
  ],
  [
    'negative decay',
    () => sgd({ weightDecay: -1 }),
    /weightDecay is -1, expected a finite number of 0 or more/,
  ],
  ['beta 1', () => adam({ betas: [0.9, 1] }), /betas\[1\] is 1, expected a number from 0 up to/],
  ['a negative beta', () => adam({ betas: [-0.1, 0.9] }), /betas\[0\] is -0\.1/],
  [
    'one beta',
    () => adam({ betas: [0.9] as never }),
    /betas is a list of 1, expected two numbers, such as/,
  ],
  [
    'a beta that is no list',
    () => adam({ betas: 0.9 as never }),
    /betas is 0\.9, expected two numbers/,
  ],
  [
    'a negative epsilon',
    () => adam({ epsilon: -1e-8 }),
    /epsilon is -1e-8, expected a finite number of 0 or more/,
  ],
  [
    'an unknown option',
    () => adam({ lr: 0.1 } as never),
    /^adam: there is no option "lr"; the options are learningRate, betas, epsilon, weightDecay, amsgrad$/,
  ],
  [
    'another unknown option',
    () => sgd({ beta: 0.1 } as never),
    /^sgd: there is no option "beta"; the options are/,
  ],
  [
    'a number in the place of options',
    () => sgd(0.1 as never),
    /^sgd: the options are 0\.1, expected an object of /,
  ],
  ['a negative rate of nadam', () => nadam({ learningRate: -1 }), /^nadam: learningRate is -1/],
  ['a negative momentum decay', () => nadam({ momentumDecay: -1 }), /momentumDecay is -1/],
  ['a beta of radam', () => radam({ betas: [1, 0.5] }), /^radam: betas\[0\] is 1/],
  ['an epsilon of adamax', () => adamax({ epsilon: -1 }), /^adamax: epsilon is -1/],
  ['a negative sum', () => adagrad({ initialSum: -1 }), /^adagrad: initialSum is -1/],
  ['a negative decay of the rate', () => adagrad({ rateDecay: -1 }), /^adagrad: rateDecay is -1/],
  ['a rho of 1', () => adadelta({ rho: 1 }), /^adadelta: rho is 1/],
  ['another rho of 1', () => rmsprop({ rho: 1 }), /^rmsprop: rho is 1/],
  ['momentum 1 of rmsprop', () => rmsprop({ momentum: 1 }), /^rmsprop: momentum is 1/],
  [
    'a schedule for rprop',
    () => rprop({ learningRate: (() => 1) as never }),
    /^rprop: learningRate/,
  ],
  [
    'one factor',
    () => rprop({ factors: 2 as never }),
    /^rprop: factors is 2, expected two numbers/,
  ],
  [
    'a factor that grows',
    () => rprop({ factors: [1, 2] }),
    /factors\[0\] is 1, expected a number above 0 and below 1/,
  ],
  [
    'limits in the wrong order',
    () => rprop({ limits: [2, 1] }),
    /limits\[1\] is 1, expected a number of 2/,
  ],
  ['a decay of lion', () => lion({ weightDecay: -1 }), /^lion: weightDecay is -1/],
  [
    'an option that lamb lacks',
    () => lamb({ amsgrad: true } as never),
    /^lamb: there is no option/,
  ],
  ['no options at all', () => adamW(null as never), /the options are null, expected an object/],
];

test.each(wrong)('%s is refused at construction', (_name, make, message) => {
  expect(make).toThrow(
    expect.objectContaining({
      name: 'ValueError',
      message: expect.stringMatching(message) as string,
    }),
  );
});

const rules: readonly (readonly [string, Optimizer, readonly string[]])[] = [
  ['sgd', sgd(), []],
  ['sgd with momentum', sgd({ momentum: 0.9 }), ['momentum']],
  ['sgd with dampening', sgd({ momentum: 0.9, dampening: 0.5 }), ['step', 'momentum']],
  ['sgd with a schedule', sgd({ learningRate: (step) => step }), ['step']],
  ['adam', adam(), ['step', 'first', 'second']],
  ['adamW with amsgrad', adamW({ amsgrad: true }), ['step', 'first', 'second', 'largest']],
  ['radam', radam(), ['step', 'first', 'second']],
  ['adamax', adamax(), ['step', 'first', 'largest']],
  ['adagrad', adagrad(), ['sum']],
  ['adagrad with decay', adagrad({ rateDecay: 0.1 }), ['step', 'sum']],
  ['adadelta', adadelta(), ['squares', 'moves']],
  ['rmsprop', rmsprop(), ['squares']],
  [
    'rmsprop, all of it',
    rmsprop({ centered: true, momentum: 0.9 }),
    ['squares', 'mean', 'momentum'],
  ],
  ['lion', lion(), ['momentum']],
  ['lamb', lamb(), ['step', 'first', 'second']],
  ['clipped adam', clipByNorm(adam(), 1), ['step', 'first', 'second']],
];

describe.each(rules)('%s', (_name, rule, quantities) => {
  const parameters = {
    layers: [
      {
        weights: tensor([
          [1, 2],
          [3, 4],
        ]),
        'the bias': tensor([5]),
      },
    ],
    scale: 2,
  };

  test('remembers what it needs in the form of the parameters, as zeros, without changing them', () => {
    const before = JSON.stringify(leavesOf<Tensor | number>(parameters));
    const state = rule.init(parameters);
    expect(Object.keys(state)).toEqual(quantities);
    const paths = leavesOf<Tensor | number>(parameters).map(({ path }) => path);
    for (const quantity of quantities) {
      const leaves = leavesOf<Tensor>(state[quantity]!);
      expect(leaves.map(({ path }) => path)).toEqual(quantity === 'step' ? [''] : paths);
      for (const { leaf } of leaves) expect(leaf.data.every((x) => x === 0)).toBe(true);
    }
    expect(JSON.stringify(leavesOf<Tensor | number>(parameters))).toBe(before);
  });

  test('leaves a parameter without gradient alone', () => {
    const graph = new Graph();
    const nodes = { a: graph.input('a'), b: graph.input('b') };
    const state = Object.fromEntries(
      quantities.map((quantity) => [
        quantity,
        quantity === 'step'
          ? graph.input('step')
          : { a: graph.input(`${quantity}.a`), b: graph.input(`${quantity}.b`) },
      ]),
    );
    const update = rule.update(nodes, { a: nodes.a, b: null }, state);
    expect(update.parameters.b.id).toBe(nodes.b.id);
    expect(update.parameters.a.id).not.toBe(nodes.a.id);
    for (const quantity of quantities.filter((name) => name !== 'step')) {
      const [old, now] = [state[quantity], update.state[quantity]] as { b: { id: number } }[];
      expect(now!.b.id).toBe(old!.b.id);
    }
  });

  test('says what is wrong with trees that do not match', () => {
    const graph = new Graph();
    const x = graph.input('x', { shape: [2] });
    const state = Object.fromEntries(
      quantities.map((name) => [name, name === 'step' ? graph.input(name) : { w: x }]),
    );
    expect(() => rule.update({ w: x }, {} as never, state)).toThrow(
      /the gradients must have the form .* \.w is undefined/,
    );
    expect(() => rule.update({ w: x }, { w: x.sum() }, state)).toThrow(
      /the gradient of the parameter \.w has shape \[\]/,
    );
    expect(() => rule.update({ w: x }, { w: 1 } as never, state)).toThrow(
      /gradient of the parameter \.w is 1, expected a node or null/,
    );
    expect(() => rule.update({}, {}, state)).toThrow(/there are no parameters/);
    expect(() => rule.update({ w: 1 }, { w: x } as never, state)).toThrow(
      /update takes trees of graph nodes, got 1/,
    );
    for (const missing of quantities) {
      const { [missing]: _dropped, ...others } = state;
      expect(() => rule.update({ w: x }, { w: x }, others)).toThrow(`the state .${missing}`);
    }
  });

  test('refuses parameters that are conditions, or none', () => {
    expect(() => rule.init({ flags: tensor([true]) })).toThrow(
      /the parameter \.flags is of kind boolean/,
    );
    expect(() => rule.init({ layers: [] })).toThrow(/there are no parameters/);
  });
});

test('a schedule must return a scalar node', () => {
  const x = new Graph().input('x', { shape: [2] });
  const step = x.graph.input('step');
  const update = (learningRate: never): unknown =>
    sgd({ learningRate }).update({ x }, { x }, { step });
  expect(() => update((() => 0.1) as never)).toThrow(
    /the function of the step returned 0\.1, expected a scalar node/,
  );
  expect(() => update((() => x) as never)).toThrow(
    /returned #0 "x" = input \[2\] real, expected a scalar node/,
  );
});

test("a rule of one's own is treated like the others", () => {
  const mine = optimizerOf<'average'>({
    name: 'lion',
    slots: ['average'],
    counts: false,
    begin:
      () =>
      (x, g, { average }) => ({
        parameter: x.sub(sign(average.mul(0.9).add(g.mul(0.1))).mul(0.01)),
        slots: { average: average.mul(0.99).add(g.mul(0.01)) },
      }),
  });
  expect(Object.keys(mine.init({ w: 1 }))).toEqual(['average']);
});

test('what is not 0 at first begins as it should', () => {
  expect(rprop({ learningRate: 0.1 }).init({ w: [1, 2] })['length']).toEqual({
    w: [tensor(0.1), tensor(0.1)],
  });
  expect(adagrad({ initialSum: 2 }).init({ w: 1 })['sum']).toEqual({ w: tensor(2) });
  expect(nadam().init({ w: 1 })['product']).toEqual(tensor(1));
  expect(sgd({ learningRate: onPlateau({ rate: 0.5 }) }).init({ w: 1 })).toEqual({
    plateau: {
      rate: tensor(0.5),
      best: tensor(Infinity),
      waited: tensor(0),
      cooldown: tensor(0),
    },
  });
});

test('rules made of rules say what their state lacks', () => {
  const w = new Graph().input('w');
  const update = (rule: Optimizer, state: object): unknown =>
    rule.update({ w }, { w }, state as never);
  const rule = sgd({ learningRate: onPlateau({ rate: 0.5 }) });
  expect(() => update(rule, {})).toThrow(/the state \.plateau is undefined, expected an object/);
  expect(() => update(rule, { plateau: {} })).toThrow(/\.plateau: the state \.rate is undefined/);
  expect(() => update(accumulated(adam(), 2), {})).toThrow(/the state \.batches is undefined/);
  expect(() => update(nadam(), { step: w, first: { w }, second: { w } })).toThrow(
    /the state \.product is undefined/,
  );
  expect(() => update(groups([{ rule: adam() }]), {})).toThrow(/adam: the state \.first must/);
});
