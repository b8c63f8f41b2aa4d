import {
  elu,
  evaluate,
  gelu,
  Graph,
  type GraphNode,
  leakyRelu,
  relu,
  sigmoid,
  silu,
  softplus,
  tanh,
  tensor,
} from '@ad/graph';
import {
  conv2d,
  dense,
  layerNorm,
  maxPool2d,
  mlp,
  type Model,
  predict,
  predictor,
  residual,
  sequential,
} from '@ad/optim';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { between } from '../support/numbers.ts';

const real = between(-3, 3);

test('a dense layer is the activation of x W + b', () => {
  const cases = fc.record({
    x: fc.array(fc.tuple(real, real), { minLength: 1, maxLength: 4 }),
    w: fc.tuple(fc.tuple(real, real, real), fc.tuple(real, real, real)),
    b: fc.tuple(real, real, real),
  });
  fc.assert(
    fc.property(cases, ({ x, w, b }) => {
      const layer = dense(2, 3, { activation: 'tanh' });
      const got = predict(layer, { weights: tensor(w), bias: tensor(b) }, x);
      const byHand = x.map((row) =>
        b.map((bj, j) => Math.tanh(row[0] * w[0][j]! + row[1] * w[1][j]! + bj)),
      );
      expect(got.shape).toEqual([x.length, 3]);
      got.data.forEach((value, i) =>
        expect(value).toBeCloseTo(byHand[Math.floor(i / 3)]![i % 3]!, 14),
      );
    }),
  );
});

test('activations by name are the functions of that name', () => {
  const functions = { relu, leakyRelu, elu, gelu, silu, softplus, sigmoid, tanh };
  const x = new Graph().input('x', { value: [[-1.5], [0], [2]] });
  const parameters = { weights: x.graph.constant([[1]]), bias: x.graph.constant([0]) };
  const same = (name: keyof typeof functions | 'identity', direct: GraphNode): void => {
    const layer = dense(1, 1, { activation: name });
    expect(evaluate(layer.apply(parameters, x)).data).toEqual(evaluate(direct.add(0)).data);
  };
  same('identity', x);
  for (const [name, apply] of Object.entries(functions))
    same(name as keyof typeof functions, apply(x));
  const own = dense(1, 1, { activation: (x: GraphNode) => x.square() });
  expect(evaluate(own.apply(parameters, x)).toArray()).toEqual([[2.25], [0], [4]]);
});

test('an mlp has an activation after each layer but the last', () => {
  const model = mlp([1, 1, 1], { activation: 'relu' });
  const one = { weights: tensor([[1]]), bias: tensor([0]) };
  const minus = { weights: tensor([[-1]]), bias: tensor([0]) };
  expect(predict(model, { layers: [one, minus] }, [[-2], [2]]).toArray()).toEqual([[0], [-2]]);
});

test('the parameters of an mlp have readable names and the shapes of its sizes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 2, maxLength: 6 }),
      fc.maxSafeNat(),
      (sizes, seed) => {
        const { layers } = mlp(sizes).init(seed);
        expect(layers.map(({ weights }) => weights.shape)).toEqual(
          sizes.slice(1).map((size, k) => [sizes[k], size]),
        );
        expect(layers.map(({ bias }) => bias.shape)).toEqual(sizes.slice(1).map((size) => [size]));
        expect(layers.map((layer) => Object.keys(layer))).toEqual(
          layers.map(() => ['weights', 'bias']),
        );
      },
    ),
    { numRuns: 30 },
  );
});

test('layers of any kind follow each other', () => {
  const double: Model<Record<string, never>> = {
    init: () => ({}),
    apply: (_parameters, x) => x.mul(2),
  };
  const model = sequential([dense(2, 2, { bias: false }), double, sequential([dense(2, 1)])]);
  const parameters = model.init(1);
  expect(Object.keys(parameters.layers[0])).toEqual(['weights']);
  const [a, , { layers }] = parameters.layers;
  const expected = [1, 1].reduce((total, _, j) => {
    const hidden = 2 * (3 * a.weights.at(0, j) + 5 * a.weights.at(1, j));
    return total + hidden * layers[0].weights.at(j, 0);
  }, 0);
  expect(predict(model, parameters, [[3, 5]]).item()).toBeCloseTo(expected, 13);
});

type Untyped = (...args: readonly unknown[]) => unknown;

test.each([
  ['no units', () => dense(0, 3), /dense: inputs is 0, expected an integer of 1 or more/],
  ['half a unit', () => dense(2, 2.5), /dense: outputs is 2\.5/],
  [
    'an unknown activation',
    () => dense(1, 1, { activation: 'relo' as never }),
    /activation is "relo", expected a function of nodes or one of identity, relu/,
  ],
  [
    'an inherited name',
    () => dense(1, 1, { activation: 'toString' as never }),
    /activation is "toString"/,
  ],
  [
    'an unknown initialiser',
    () => dense(1, 1, { initializer: 'xavier' as never }),
    /initializer is "xavier", expected a function or one of glorotUniform/,
  ],
  [
    'a bias that is a number',
    () => dense(1, 1, { bias: 0 as never }),
    /bias is 0, expected true or false/,
  ],
  [
    'an unknown option',
    () => dense(1, 1, { units: 3 } as never),
    /there is no option "units"; the options are activation, initializer, bias/,
  ],
  ['one size', () => mlp([3]), /mlp: sizes is a list of 1, expected two or more/],
  ['no list of sizes', () => mlp(3 as never), /mlp: sizes is 3, expected two or more/],
  ['a size that is not a number', () => mlp([3, '4' as never]), /outputs is "4"/],
  [
    'another unknown option',
    () => mlp([3, 4], { hidden: 3 } as never),
    /mlp: there is no option "hidden"/,
  ],
  ['no size', () => (conv2d as Untyped)(1, 2), /conv2d: size is undefined, expected a number or a/],
  ['no window', () => (maxPool2d as Untyped)(), /maxPool2d: size is undefined, expected a number/],
  [
    'no shape',
    () => (layerNorm as Untyped)(),
    /layerNorm: shape is undefined, expected the length/,
  ],
  ['no model', () => (residual as Untyped)(), /residual: the model is undefined, expected \{ init/],
  [
    'parameters as options',
    () => predictor(mlp([3, 4]), mlp([3, 4]).init(0) as never),
    /predictor: there is no option "layers"; the options are executor/,
  ],
  ['a seed that is none', () => mlp([3, 4]).init(0.5), /seed is 0\.5/],
])('%s is refused', (_name, make, message) => {
  expect(make).toThrow(
    expect.objectContaining({
      name: 'ValueError',
      message: expect.stringMatching(message) as string,
    }),
  );
});

test('inputs of the wrong size are refused, naming the layer', () => {
  const model = mlp([4, 3]);
  expect(() => predict(model, model.init(0), [[1, 2, 3]])).toThrow(
    /dense\(4, 3\): the input has shape \[1, 3\], expected \[samples, 4\]/,
  );
});

test('an initialiser that makes another shape is refused', () => {
  expect(() => dense(2, 3, { initializer: () => tensor([1]) }).init(0)).toThrow(
    /the initializer made weights of shape \[1\], expected \[2, 3\]/,
  );
});
