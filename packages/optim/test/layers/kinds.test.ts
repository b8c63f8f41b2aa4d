/** Layers against plain numbers: each by its published formula, and its derivatives by differences. */
import { Graph, type GraphNode, type Shape, sizeOf, Tensor, tensor } from '@ad/graph';
import { leavesOf, mapTree, type Leaf, tensorOfLeaf, type Tree } from '@ad/backprop';
import { expectGradients } from '@ad/backprop/testing';
import {
  activation,
  avgPool1d,
  avgPool2d,
  batchNorm,
  conv1d,
  conv2d,
  dense,
  embedding,
  flatten,
  groupNorm,
  gru,
  layerNorm,
  layerOf,
  lstm,
  maxPool1d,
  maxPool2d,
  type Model,
  multiHeadAttention,
  positionEmbedding,
  predict,
  reshape,
  residual,
  rmsNorm,
  rnn,
  sequential,
  summary,
} from '@ad/optim';
import { describe, expect, test } from 'vitest';

/** Numbers between -1 and 1, none equal. */
const numbers = (shape: Shape, phase: number): Tensor =>
  new Tensor(
    shape,
    'real',
    Float64Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * 12.9898 + phase)),
  );

/** Parameters of the form of a model's own, all different from where they start. */
const parametersOf = <P>(model: Model<P>): P => {
  let k = 0;
  return mapTree(model.init(1) as Tree<Leaf>, (leaf) => {
    const { shape, kind } = tensorOfLeaf(leaf);
    if (kind !== 'real') return leaf;
    const value = numbers(shape, k++);
    // Variances among the parameters are positive.
    return new Tensor(
      shape,
      'real',
      value.data.map((x) => x / 2 + 1),
    );
  }) as P;
};

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
const mean = (list: readonly number[]): number => sum(list) / list.length;
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

function expectClose(actual: Tensor, shape: Shape, element: (...index: number[]) => number): void {
  expect(actual.shape).toEqual(shape);
  let indices: number[][] = [[]];
  for (const length of shape)
    indices = indices.flatMap((index) => range(length).map((i) => index.concat(i)));
  indices.forEach((index, i) => expect(actual.data[i]).toBeCloseTo(element(...index), 10));
}

describe('values', () => {
  test('a convolution with bias and activation', () => {
    const model = conv2d(2, 3, [2, 3], { padding: [1, 0], stride: [1, 2], activation: 'tanh' });
    const p = parametersOf(model);
    const x = numbers([2, 2, 3, 5], 9);
    expectClose(predict(model, p, x), [2, 3, 4, 2], (n, o, i, j) => {
      const terms = range(2).flatMap((c) =>
        range(2).flatMap((a) =>
          range(3).map((b) => {
            const row = i + a - 1;
            const inside = row >= 0 && row < 3;
            return inside ? p.kernels.at(o, c, a, b) * x.at(n, c, row, 2 * j + b) : 0;
          }),
        ),
      );
      return Math.tanh(sum(terms) + p.bias!.at(o));
    });
    const one = conv1d(2, 4, 3, { groups: 2, bias: false });
    const q = parametersOf(one);
    const y = numbers([1, 2, 6], 2);
    expect(Object.keys(q)).toEqual(['kernels']);
    expectClose(predict(one, q, y), [1, 4, 4], (n, o, i) =>
      sum(range(3).map((k) => q.kernels.at(o, 0, k) * y.at(n, Math.floor(o / 2), i + k))),
    );
  });

  test('layers without parameters are the functions of the same name', () => {
    const x = numbers([2, 1, 4, 6], 3);
    const node = new Graph().input('x', { value: x });
    const one = x.data.slice();
    expect(predict(flatten(), {}, x).shape).toEqual([2, 24]);
    expect(predict(reshape([6, 4]), {}, x).shape).toEqual([2, 6, 4]);
    expect(predict(activation('relu'), {}, x).data).toEqual(node.relu().tensor.data);
    expect(predict(maxPool2d([2, 3]), {}, x).at(0, 0, 0, 0)).toBe(
      Math.max(...[0, 1, 2, 6, 7, 8].map((i) => one[i]!)),
    );
    expect(predict(avgPool2d(2), {}, x).at(0, 0, 1, 2)).toBeCloseTo(
      mean([16, 17, 22, 23].map((i) => one[i]!)),
      12,
    );
    const line = x.data.slice(0, 6);
    const sequence = new Tensor([1, 1, 6], 'real', line);
    expect(predict(maxPool1d(6), {}, sequence).item()).toBe(Math.max(...line));
    expect(predict(avgPool1d(6), {}, sequence).item()).toBeCloseTo(mean(Array.from(line)), 12);
  });

  test('embeddings take rows, and positions add them', () => {
    const model = sequential([embedding(3, 2), positionEmbedding(4, 2)]);
    const p = parametersOf(model);
    const [words, places] = p.layers;
    const x = tensor(
      [
        [2, 0],
        [1, 1],
      ],
      { kind: 'integer' },
    );
    expectClose(predict(model, p, x), [2, 2, 2], (n, t, k) => {
      return words.vectors.at(x.at(n, t), k) + places.vectors.at(t, k);
    });
  });

  test('normalisations have mean 0 and variance 1 over their axes, then scale and offset', () => {
    const x = numbers([3, 4, 5], 4);
    const standard = (value: number, list: readonly number[], epsilon: number): number => {
      const m = mean(list);
      return (value - m) / Math.sqrt(mean(list.map((a) => (a - m) ** 2)) + epsilon);
    };
    const layer = layerNorm(5, { epsilon: 0.01 });
    const p = parametersOf(layer);
    expectClose(predict(layer, p, x), [3, 4, 5], (n, c, i) => {
      const list = range(5).map((k) => x.at(n, c, k));
      return standard(x.at(n, c, i), list, 0.01) * p.scale.at(i) + p.offset.at(i);
    });
    const rms = rmsNorm(5);
    const r = parametersOf(rms);
    expectClose(predict(rms, r, x), [3, 4, 5], (n, c, i) => {
      const squares = range(5).map((k) => x.at(n, c, k) ** 2);
      return (x.at(n, c, i) / Math.sqrt(mean(squares) + 1e-6)) * r.scale.at(i);
    });
    const groups = groupNorm(2, 4);
    const g = parametersOf(groups);
    expectClose(predict(groups, g, x), [3, 4, 5], (n, c, i) => {
      const first = c - (c % 2);
      const list = range(10).map((k) => x.at(n, first + Math.floor(k / 5), k % 5));
      return standard(x.at(n, c, i), list, 1e-5) * g.scale.at(c) + g.offset.at(c);
    });
    const batch = batchNorm(4);
    const b = parametersOf(batch);
    expectClose(predict(batch, b, x), [3, 4, 5], (n, c, i) => {
      const normal = (x.at(n, c, i) - b.mean.at(c)) / Math.sqrt(b.variance.at(c) + 1e-5);
      return normal * b.scale.at(c) + b.offset.at(c);
    });
  });

  test('recurrent layers follow their equations step by step', () => {
    const [length, inputs, units] = [4, 2, 3];
    const x = numbers([2, length, inputs], 6);
    const models = { rnn: rnn(inputs, units), gru: gru(inputs, units), lstm: lstm(inputs, units) };
    for (const [name, model] of Object.entries(models)) {
      const p = parametersOf(model);
      const result = predict(model, p, x);
      const last = { rnn, gru, lstm }[name as keyof typeof models](inputs, units, {
        returns: 'last',
      });
      for (const n of [0, 1]) {
        let h = range(units).map(() => 0);
        let c = h;
        for (let t = 0; t < length; t++) {
          const a = (k: number): number =>
            p.inputBias.at(k) +
            sum(range(inputs).map((i) => x.at(n, t, i) * p.inputWeights.at(i, k)));
          const before = h;
          const b = (k: number): number =>
            p.stateBias.at(k) + sum(before.map((value, i) => value * p.stateWeights.at(i, k)));
          const s = (gate: number, k: number): number => a(gate * units + k) + b(gate * units + k);
          if (name === 'rnn') h = range(units).map((k) => Math.tanh(s(0, k)));
          if (name === 'gru') {
            h = range(units).map((k) => {
              const [r, z] = [sigmoid(s(0, k)), sigmoid(s(1, k))];
              const candidate = Math.tanh(a(2 * units + k) + r * b(2 * units + k));
              return (1 - z) * candidate + z * before[k]!;
            });
          }
          if (name === 'lstm') {
            c = c.map(
              (value, k) => sigmoid(s(1, k)) * value + sigmoid(s(0, k)) * Math.tanh(s(2, k)),
            );
            h = c.map((value, k) => sigmoid(s(3, k)) * Math.tanh(value));
          }
          h.forEach((value, k) => expect(result.at(n, t, k)).toBeCloseTo(value, 12));
        }
        h.forEach((value, k) => expect(predict(last, p, x).at(n, k)).toBeCloseTo(value, 12));
      }
    }
  });

  test.each([false, true])('attention takes means of values, causal: %s', (causal) => {
    const [length, size, heads] = [3, 4, 2];
    const model = multiHeadAttention(size, heads, { causal });
    const p = parametersOf(model);
    const x = numbers([2, length, size], 8);
    const affine = (
      { weights, bias }: { weights: Tensor; bias: Tensor },
      row: readonly number[],
      k: number,
    ): number => bias.at(k) + sum(row.map((value, i) => value * weights.at(i, k)));
    const row = (n: number, t: number): number[] => range(size).map((i) => x.at(n, t, i));
    expectClose(predict(model, p, x), [2, length, size], (n, t, out) => {
      const joined = range(size).map((k) => {
        const head = Math.floor(k / 2);
        const seen = range(causal ? t + 1 : length);
        const scores = seen.map((s) =>
          Math.exp(
            sum(
              [2 * head, 2 * head + 1].map(
                (d) => affine(p.query, row(n, t), d) * affine(p.key, row(n, s), d),
              ),
            ) / Math.sqrt(2),
          ),
        );
        return sum(seen.map((s) => (scores[s]! / sum(scores)) * affine(p.value, row(n, s), k)));
      });
      return affine(p.output, joined, out);
    });
  });

  test('a residual model adds its input', () => {
    const model = residual(
      sequential([dense(3, 3, { activation: 'tanh' }), layerOf('half', (x) => x.mul(0.5))]),
    );
    const p = parametersOf(model);
    const x = numbers([2, 3], 5);
    const change = predict(
      sequential([dense(3, 3, { activation: 'tanh' })]),
      { layers: [p.layers[0]] },
      x,
    );
    expectClose(predict(model, p, x), [2, 3], (n, i) => x.at(n, i) + change.at(n, i) / 2);
  });
});

describe('derivatives by input and parameters', () => {
  test.each<[string, Model<unknown>, Shape]>([
    ['conv1d', conv1d(2, 2, 2, { activation: 'tanh' }), [1, 2, 4]],
    ['conv2d', conv2d(1, 2, 2), [1, 1, 3, 3]],
    ['layerNorm', layerNorm(3), [2, 3]],
    ['rmsNorm', rmsNorm(3), [2, 3]],
    ['groupNorm', groupNorm(1, 2), [1, 2, 2]],
    ['batchNorm', batchNorm(2), [3, 2]],
    ['rnn', rnn(1, 2), [1, 3, 1]],
    ['gru', gru(1, 2), [1, 2, 1]],
    ['lstm', lstm(1, 1), [1, 3, 1]],
    ['multiHeadAttention', multiHeadAttention(2, 1, { causal: true }), [1, 2, 2]],
  ])('%s', (_name, model, shape) => {
    const tree = parametersOf(model) as Tree<Leaf>;
    const values = leavesOf(tree).map(({ leaf }) => tensorOfLeaf(leaf));
    const f = (x: GraphNode, ...nodes: GraphNode[]): GraphNode => {
      let next = 0;
      return model.apply(mapTree(tree, () => nodes[next++]!) as never, x).sin();
    };
    expectGradients(f, [numbers(shape, 7), ...values]);
  });

  test('batchNorm in training, where mean and variance depend on the input', () => {
    const layer = batchNorm(2);
    expectGradients(
      (x: GraphNode, scale: GraphNode, offset: GraphNode) => {
        const [mean, variance] = [
          x.graph.constant(tensor([0, 0])),
          x.graph.constant(tensor([1, 1])),
        ];
        const training = { replace: () => undefined };
        return layer.apply({ scale, offset, mean, variance }, x, training).sin();
      },
      [numbers([3, 2, 2], 1), tensor([1.5, 0.5]), tensor([0.1, -0.2])],
    );
  });
});

describe('a summary', () => {
  test('has a row for each layer with its shape, and counts state apart', () => {
    const model = sequential([
      conv2d(1, 4, 3, { padding: 'same', activation: 'relu' }),
      batchNorm(4),
      maxPool2d(2),
      flatten(),
      dense(64, 10),
    ]);
    const { layers, parameters, state, text } = summary(model, [1, 8, 8]);
    expect(layers.map(({ shape }) => shape)).toEqual([[4, 8, 8], [4, 8, 8], [4, 4, 4], [64], [10]]);
    expect(layers.map((layer) => layer.parameters)).toEqual([40, 8, 0, 0, 650]);
    expect([parameters, state]).toEqual([698, 8]);
    expect(text).toBe(
      [
        'layer                 shape      parameters  state',
        'conv2d(1, 4, [3, 3])  [4, 8, 8]          40',
        'batchNorm(4)          [4, 8, 8]           8      8',
        'maxPool2d(2)          [4, 4, 4]           0',
        'flatten()             [64]                0',
        'dense(64, 10)         [10]              650',
        'total                                   698      8',
      ].join('\n'),
    );
  });

  test('counts a model without layers as one', () => {
    const { layers } = summary(gru(3, 4), [7, 3]);
    expect(layers).toEqual([
      { name: 'gru(3, 4)', shape: [7, 4], parameters: 3 * 12 + 4 * 12 + 24, state: 0 },
    ]);
    expect(summary(embedding(5, 2), [7], 'integer').layers[0]!.shape).toEqual([7, 2]);
  });
});

describe('mistakes are named with the layer and what to change', () => {
  const x = (...shape: number[]): Tensor => numbers(shape, 0);
  test.each<[() => unknown, RegExp]>([
    [
      () => predict(conv2d(3, 4, 3), conv2d(3, 4, 3).init(0), x(2, 1, 8, 8)),
      /conv2d\(3, 4, \[3, 3\]\): the input has shape \[2, 1, 8, 8\], expected \[samples, 3, height, width\]; reshape it/,
    ],
    [
      () => conv2d(3, 4, 3, { groups: 2 }),
      /conv2d: groups is 2, which does not divide both 3 inputs and 4 outputs/,
    ],
    [() => conv1d(1, 1, [2, 2]), /conv1d: size is a list of 2, expected a number or a list of 1/],
    [() => conv1d(1, 1, 0), /conv1d: size is 0, expected an integer of 1 or more/],
    [
      () => conv1d(1, 1, 2, { initializer: () => x(2) }).init(0),
      /the initializer made kernels of shape \[2\], expected \[1, 1, 2\]/,
    ],
    [() => conv1d(1, 1, 2, { strid: 2 } as never), /there is no option "strid"/],
    [
      () => predict(maxPool2d(2), {}, x(2, 8, 8)),
      /maxPool2d\(2\): the input has shape \[2, 8, 8\], expected \[samples, channels, height, width\]/,
    ],
    [
      () => predict(reshape([2, 2]), {}, x(2, 3)),
      /reshape\(\[2, 2\]\): the input has shape \[2, 3\], so a sample has 3 elements, expected 4/,
    ],
    [
      () => predict(embedding(3, 2), embedding(3, 2).init(0), x(2, 3)),
      /embedding\(3, 2\): the input is of kind real, expected integers from 0 to 2/,
    ],
    [
      () => predict(positionEmbedding(2, 3), positionEmbedding(2, 3).init(0), x(1, 3, 3)),
      /expected \[samples, at most 2, 3\]/,
    ],
    [
      () => predict(layerNorm(4), layerNorm(4).init(0), x(2, 3)),
      /layerNorm\(4\): the input has shape \[2, 3\], expected \[samples, \.\.\., 4\]/,
    ],
    [
      () => predict(batchNorm(4), batchNorm(4).init(0), x(2, 3)),
      /batchNorm\(4\): the input has shape \[2, 3\], expected \[samples, 4, \.\.\.\]/,
    ],
    [() => groupNorm(3, 4), /3 groups do not divide 4 channels/],
    [
      () => predict(gru(2, 3), gru(2, 3).init(0), x(2, 4)),
      /gru\(2, 3\): the input has shape \[2, 4\], expected \[samples, length, 2\]/,
    ],
    [
      () => rnn(2, 3, { returns: 'first' as never }),
      /rnn: returns is "first", expected 'all' or 'last'/,
    ],
    [() => multiHeadAttention(4, 3), /3 heads do not divide the size 4/],
    [
      () => predict(multiHeadAttention(4, 2), multiHeadAttention(4, 2).init(0), x(2, 4)),
      /expected \[samples, length, 4\]/,
    ],
    [
      () => predict(residual(dense(2, 3)), dense(2, 3).init(0), x(1, 2)),
      /residual\(dense\(2, 3\)\): the model makes shape \[1, 3\] of \[1, 2\]/,
    ],
  ])('%#', (build, message) => {
    expect(build).toThrow(message);
  });
});
