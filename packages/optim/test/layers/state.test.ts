/** State of layers: running statistics and keys of masks, replaced by steps of training and by nothing else. */
import { Graph, type GraphNode, interpreter, tensor, type Tensor } from '@ad/graph';
import {
  adam,
  averaged,
  averagedWeights,
  batchNorm,
  crossEntropy,
  dense,
  dropout,
  fit,
  meanSquaredError,
  type Model,
  predict,
  sequential,
  sgd,
} from '@ad/optim';
import { describe, expect, test } from 'vitest';

const samples = {
  inputs: Array.from({ length: 24 }, (_, i) => [Math.sin(i), Math.cos(3 * i), i % 2]),
  targets: Array.from({ length: 24 }, (_, i) => i % 2),
};

describe('batch normalisation', () => {
  const layer = batchNorm(2, { momentum: 0.25 });
  const model = sequential([layer, dense(2, 2)]);
  const inputs = [
    [1, 5],
    [3, 5],
    [5, 8],
  ];

  test('moves its running statistics towards those of the batch, in each step', async () => {
    const start = model.init(3);
    const options = {
      loss: crossEntropy,
      epochs: 2,
      optimizer: sgd({ learningRate: 0 }),
      shuffle: false,
    };
    const { parameters } = await fit(
      model,
      { inputs, targets: [0, 1, 1] },
      { ...options, batchSize: 3, parameters: start },
    );
    const [{ mean, variance, scale }] = parameters.layers;
    // After two steps a share of (1 - 1/4)^2 is left of the beginning; the batch has means 3, 6, variances 4, 3.
    const left = 0.75 ** 2;
    [3, 6].forEach((value, k) => expect(mean.data[k]).toBeCloseTo(value * (1 - left), 12));
    [4, 3].forEach((value, k) =>
      expect(variance.data[k]).toBeCloseTo(left + value * (1 - left), 12),
    );
    expect(scale.data).toEqual(Float64Array.of(1, 1));
  });

  test('learns on the statistics of the batch and is used with the running ones', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: inputs });
    const nodes = Object.fromEntries(
      Object.entries(layer.init(0)).map(([name, value]) => [name, graph.input(name, { value })]),
    ) as Record<'scale' | 'offset' | 'mean' | 'variance', GraphNode>;
    const replaced: GraphNode[] = [];
    const trained = layer.apply(nodes, x, { replace: (state) => replaced.push(state) });
    expect(trained.mean({ axes: 0 }).tensor.data.every((m) => Math.abs(m) < 1e-12)).toBe(true);
    expect(trained.square().mean({ axes: 0 }).tensor.data[0]).toBeCloseTo(1, 4);
    expect(replaced.map(({ id }) => id)).toEqual([nodes.mean.id, nodes.variance.id]);
    expect(layer.apply(nodes, x).tensor.at(0, 0)).toBeCloseTo(1 / Math.sqrt(1 + 1e-5), 12);
    expect(() =>
      layer.apply(nodes, graph.input('one', { shape: [1, 2] }), { replace: () => 0 }),
    ).toThrow(/one element has no variance/);
  });
});

test('averaged weights have running statistics too, those before the last step', async () => {
  const model = sequential([batchNorm(3), dense(3, 2)]);
  const optimizer = averaged(sgd({ learningRate: 0.1 }), 0.5);
  const train = (epochs: number) =>
    fit(model, samples, { loss: crossEntropy, optimizer, batchSize: 24, epochs });
  const [one, two] = [await train(1), await train(2)];
  const average = averagedWeights(two.parameters, two.state);
  expect(average.layers[0].variance).toEqual(one.parameters.layers[0].variance);
});

describe('dropout', () => {
  const model = sequential([dense(3, 16, { activation: 'tanh' }), dropout(0.5), dense(16, 2)]);
  const options = { loss: crossEntropy, optimizer: adam(), batchSize: 7 };

  test('sets a share of the elements to 0 and keeps the mean, with another mask in each step', () => {
    const layer = dropout(0.25);
    const graph = new Graph();
    const key = graph.input('key', { value: layer.init(5).key });
    const x = graph.input('x', { value: new Float64Array(8000).fill(3) });
    const updates: [GraphNode, GraphNode][] = [];
    const y = layer.apply({ key }, x, { replace: (state, value) => updates.push([state, value]) });
    const program = interpreter({ outputs: [y], updates });
    const draw = (): Tensor => program.run()[0]!;
    const [first, second] = [draw(), draw()];
    expect(first.data).not.toEqual(second.data);
    for (const { data } of [first, second]) {
      expect(new Set(data)).toEqual(new Set([0, 4]));
      const share = data.filter((value) => value === 0).length / data.length;
      // Five standard deviations of the share of 8000 with probability 1/4.
      expect(Math.abs(share - 0.25)).toBeLessThan(5 * Math.sqrt(0.1875 / 8000));
    }
  });

  test('does nothing when the model is used, or with rate 0', () => {
    const x = [[1, 2, 3]];
    const none = dropout(0);
    expect(predict(dropout(0.9), dropout(0.9).init(0), x).toArray()).toEqual(x);
    expect(predict(none, none.init(0), x).toArray()).toEqual(x);
    expect(() => dropout(1)).toThrow(
      /dropout: rate is 1, expected a number from 0 up to but not including 1/,
    );
    expect(() => dropout(undefined as never)).toThrow(/rate is missing/);
  });

  test('training is the same with the same seed, and goes on from where it was left', async () => {
    const whole = await fit(model, samples, { ...options, epochs: 2, shuffle: false });
    const again = await fit(model, samples, { ...options, epochs: 2, shuffle: false });
    expect(again.parameters).toEqual(whole.parameters);
    const half = await fit(model, samples, { ...options, epochs: 1, shuffle: false });
    const { parameters, state } = half;
    const rest = await fit(model, samples, {
      ...options,
      epochs: 1,
      shuffle: false,
      parameters,
      state,
    });
    expect(rest.parameters).toEqual(whole.parameters);
    expect(rest.parameters.layers[1].key).not.toEqual(half.parameters.layers[1].key);
  });

  test('keys pass through rules that average', async () => {
    const optimizer = averaged(sgd({ learningRate: 0.1 }), 0.5);
    const { stopped } = await fit(model, samples, { ...options, optimizer, epochs: 1 });
    expect(stopped).toBe('finished');
  });
});

describe('what a model may replace', () => {
  const replacing = (
    f: (
      nodes: Readonly<Record<'w' | 'count', GraphNode>>,
      x: GraphNode,
    ) => [GraphNode, GraphNode][],
  ): Model<{ w: Tensor; count: Tensor }> => ({
    init: () => ({ w: tensor([[1]]), count: tensor(0) }),
    apply(nodes, x, training) {
      for (const [state, value] of f(nodes, x)) training?.replace(state, value);
      return x.matmul(nodes.w).add(nodes.count.mul(0));
    },
  });
  const line = { inputs: [[1], [2]], targets: [[2], [4]] };
  const train = (model: Model<{ w: Tensor; count: Tensor }>) =>
    fit(model, line, { loss: meanSquaredError, epochs: 3, batchSize: 1, shuffle: false });

  test('is what it counts, without a gradient for it', async () => {
    const { parameters } = await train(replacing(({ count }) => [[count, count.add(1)]]));
    expect(parameters.count.item()).toBe(6);
  });

  test.each<[Parameters<typeof replacing>[0], RegExp]>([
    [(_nodes, x) => [[x, x]], /which is none of its parameters/],
    [
      ({ count }) => [
        [count, count],
        [count, count],
      ],
      /twice in a step/,
    ],
    [
      ({ count, w }) => [[count, w]],
      /by a node of shape \[1, 1\], real; expected \[\] \(a scalar\), real/,
    ],
  ])('is refused otherwise: %#', async (f, message) => {
    await expect(train(replacing(f))).rejects.toThrow(message);
  });
});
