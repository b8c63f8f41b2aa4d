/** Losses against their definitions in plain numbers, their derivatives against difference quotients. */
import { evaluate, Graph, type GraphNode, logSoftmax, tensor } from '@ad/graph';
import { checkGradients, gradient } from '@ad/backprop';
import {
  binaryCrossEntropy,
  cosineEmbedding,
  gaussianNll,
  hinge,
  huber,
  klDivergence,
  type LossOptions,
  meanAbsoluteError,
  meanSquaredError,
  poissonNll,
  smoothL1,
  tripletMargin,
} from '@ad/optim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { between } from '../support/numbers.ts';

/** A loss of pairs of numbers, with numbers of a range for each. */
interface Case {
  readonly name: string;
  readonly loss: (x: GraphNode, t: GraphNode, options: LossOptions) => GraphNode;
  readonly formula: (x: number, t: number) => number;
  readonly targets: fc.Arbitrary<number>;
  readonly predictions?: fc.Arbitrary<number>;
}

const real = between(-5, 5);
const unit = between(0, 1);
const counts = fc.nat(9);

const logSigmoid = (x: number): number => -Math.log1p(Math.exp(-x));
const stirling = (t: number): number =>
  t > 1 ? t * Math.log(t) - t + 0.5 * Math.log(2 * Math.PI * t) : 0;

const cases: readonly Case[] = [
  {
    name: 'mean squared error',
    loss: meanSquaredError,
    formula: (x, t) => (x - t) ** 2,
    targets: real,
  },
  {
    name: 'mean absolute error',
    loss: meanAbsoluteError,
    formula: (x, t) => Math.abs(x - t),
    targets: real,
  },
  {
    name: 'huber',
    loss: (x, t, o) => huber(x, t, { ...o, delta: 1.5 }),
    formula: (x, t) => {
      const d = Math.abs(x - t);
      return d < 1.5 ? 0.5 * d * d : 1.5 * (d - 0.75);
    },
    targets: real,
  },
  {
    name: 'smooth L1',
    loss: (x, t, o) => smoothL1(x, t, { ...o, beta: 1.5 }),
    formula: (x, t) => {
      const d = Math.abs(x - t);
      return d < 1.5 ? (0.5 * d * d) / 1.5 : d - 0.75;
    },
    targets: real,
  },
  {
    name: 'hinge',
    loss: hinge,
    formula: (x, t) => Math.max(0, 1 - t * x),
    targets: fc.constantFrom(-1, 1),
  },
  {
    name: 'squared hinge',
    loss: (x, t, o) => hinge(x, t, { ...o, squared: true }),
    formula: (x, t) => Math.max(0, 1 - t * x) ** 2,
    targets: fc.constantFrom(-1, 1),
  },
  {
    name: 'binary cross entropy',
    loss: binaryCrossEntropy,
    formula: (x, t) => -(t * logSigmoid(x) + (1 - t) * logSigmoid(-x)),
    targets: unit,
  },
  {
    name: 'binary cross entropy with positive weight',
    loss: (x, t, o) => binaryCrossEntropy(x, t, { ...o, positiveWeight: 3 }),
    formula: (x, t) => -(3 * t * logSigmoid(x) + (1 - t) * logSigmoid(-x)),
    targets: unit,
  },
  {
    name: 'Poisson, of logarithms',
    loss: poissonNll,
    formula: (x, t) => Math.exp(x) - t * x,
    targets: counts,
  },
  {
    name: 'Poisson, of rates, in full',
    loss: (x, t, o) => poissonNll(x, t, { ...o, logInput: false, full: true }),
    formula: (x, t) => x - t * Math.log(x + 1e-8) + stirling(t),
    targets: counts,
    predictions: between(0.1, 5),
  },
  {
    name: 'Gaussian, in full',
    loss: (x, t, o) => gaussianNll(x, t, t.square().add(0.5), { ...o, full: true }),
    formula: (x, t) => {
      const v = t * t + 0.5;
      return 0.5 * (Math.log(v) + (x - t) ** 2 / v + Math.log(2 * Math.PI));
    },
    targets: real,
  },
];

describe.each(cases)('$name', ({ loss, formula, targets, predictions = real }) => {
  const pairs = fc.array(fc.tuple(predictions, targets), { minLength: 1, maxLength: 8 });
  const nodes = (pairs: readonly (readonly [number, number])[]): [GraphNode, GraphNode] => {
    const graph = new Graph();
    return [
      graph.input('x', { value: pairs.map(([x]) => x) }),
      graph.input('t', { value: pairs.map(([, t]) => t) }),
    ];
  };

  test('is its formula, in all three reductions', () => {
    fc.assert(
      fc.property(pairs, (pairs) => {
        const [x, t] = nodes(pairs);
        const [mean, sum, none] = evaluate(
          (['mean', 'sum', 'none'] as const).map((reduction) => loss(x, t, { reduction })),
        );
        const exact = pairs.map(([x, t]) => formula(x, t));
        const total = exact.reduce((a, b) => a + b, 0);
        exact.forEach((value, i) => expect(none!.at(i)).toBeCloseTo(value, 11));
        expect(sum!.item()).toBeCloseTo(total, 10);
        expect(mean!.item()).toBeCloseTo(total / pairs.length, 10);
        expect(evaluate(loss(x, t, {})).item()).toBe(mean!.item());
      }),
      { numRuns: 50 },
    );
  });

  test('has the derivatives of its value', () => {
    fc.assert(
      fc.property(pairs, (pairs) => {
        const t = tensor(pairs.map(([, t]) => t));
        const at = [tensor(pairs.map(([x]) => x))] as const;
        const f = (x: GraphNode): GraphNode => loss(x, x.graph.constant(t), {});
        expect(checkGradients(f, at, { directions: 1 }).findings).toEqual([]);
      }),
      { numRuns: 5 },
    );
  });

  test('broadcasts nothing, and refuses options that are none', () => {
    const graph = new Graph();
    const [column, row] = [graph.input('c', { shape: [2, 1] }), graph.input('r', { shape: [2] })];
    expect(() => loss(column, row, {})).toThrow(
      /prediction has shape \[2, 1\], the targets \[2\]; reshape one/,
    );
    expect(() => loss(row, row, { reduce: true } as never)).toThrow(/there is no option "reduce"/);
  });
});

test('mean squared error is the mean of the squares, with gradient 2 (x - y) / n', () => {
  const pairs = fc.array(fc.tuple(between(-9, 9), between(-9, 9)), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(pairs, (pairs) => {
      const graph = new Graph();
      const x = graph.input('x', { value: pairs.map(([a]) => a) });
      const loss = meanSquaredError(x, graph.constant(pairs.map(([, b]) => b)));
      const slope = evaluate(gradient(loss, x));
      pairs.forEach(([a, b], i) =>
        expect(slope.at(i)).toBeCloseTo((2 * (a - b)) / pairs.length, 13),
      );
    }),
  );
});

test('binary cross entropy is exact at extreme logits, and its derivative is sigmoid - target', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: [1e300, -1e300, 800, -800, 40] });
  const t = graph.constant([0, 1, 1, 0, 1]);
  const losses = binaryCrossEntropy(x, t, { reduction: 'none' });
  const [value, slope] = evaluate([losses, gradient(losses.sum(), x)]);
  expect(value.toArray()).toEqual([1e300, 1e300, 0, 0, Math.exp(-40)]);
  [1, -1, 0, 0, -Math.exp(-40)].forEach((s, i) =>
    expect(Math.abs(slope.at(i) - s)).toBeLessThanOrEqual(1e-15 * Math.abs(s)),
  );
});

test('positive weights can differ along the last axis', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: [[0, 0]] });
  const t = graph.constant([[1, 1]]);
  const losses = binaryCrossEntropy(x, t, { positiveWeight: [1, 3], reduction: 'none' });
  expect(evaluate(losses).toArray()).toEqual([[Math.LN2, 3 * Math.LN2]]);
  expect(() => binaryCrossEntropy(x, t, { positiveWeight: [1] })).toThrow(
    /positiveWeight is a list of 1, expected a number or a list of 2/,
  );
  expect(() => binaryCrossEntropy(x, t, { positiveWeight: -1 })).toThrow(/positiveWeight is -1/);
});

describe('Kullback-Leibler divergence', () => {
  const softmax = (x: readonly number[]): number[] => {
    const e = x.map((xi) => Math.exp(xi));
    const total = e.reduce((a, b) => a + b, 0);
    return e.map((ei) => ei / total);
  };
  const rows = fc.array(fc.tuple(fc.tuple(real, real, real), fc.tuple(real, real, real)), {
    minLength: 1,
    maxLength: 4,
  });

  test('is that of the distributions, by values and by logarithms, and 0 of equal ones', () => {
    fc.assert(
      fc.property(rows, (rows) => {
        const graph = new Graph();
        const x = logSoftmax(graph.input('x', { value: rows.map(([x]) => x) }));
        const p = rows.map(([, t]) => softmax(t));
        const logP = graph.constant(p).log();
        const exact = rows.map(([x], i) =>
          softmax(x).reduce((sum, q, c) => sum + p[i]![c]! * Math.log(p[i]![c]! / q), 0),
        );
        const [each, mean, byLogs, own] = evaluate([
          klDivergence(x, graph.constant(p), { reduction: 'none' }),
          klDivergence(x, graph.constant(p)),
          klDivergence(x, logP, { logTargets: true }),
          klDivergence(logP, graph.constant(p)),
        ]);
        exact.forEach((value, i) => expect(each.at(i)).toBeCloseTo(value, 12));
        expect(mean.item()).toBeCloseTo(exact.reduce((a, b) => a + b, 0) / rows.length, 12);
        expect(byLogs.item()).toBeCloseTo(mean.item(), 12);
        expect(own.item()).toBeCloseTo(0, 12);
      }),
    );
  });

  test('takes classes without probability for nothing', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: [[0, -Infinity, 0]] });
    const [byValue, byLog] = evaluate([
      klDivergence(x, graph.constant([[1, 0, 0]])),
      klDivergence(x, graph.constant([[0, -Infinity, -Infinity]]), { logTargets: true }),
    ]);
    expect([byValue.item(), byLog.item()]).toEqual([0, 0]);
  });

  test('has the derivatives of its value', () => {
    const f = (x: GraphNode): GraphNode =>
      klDivergence(logSoftmax(x), x.graph.constant([[0.2, 0.5, 0.3]]));
    expect(checkGradients(f, [tensor([[0.3, -1, 2]])]).findings).toEqual([]);
  });
});

describe('losses of embeddings', () => {
  const vector = fc.tuple(real, real, real);
  const dot = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, xi, i) => sum + xi * y[i]!, 0);

  test('cosine embedding is its formula', () => {
    fc.assert(
      fc.property(vector, vector, fc.constantFrom(-1, 1), between(-1, 1), (x, y, t, margin) => {
        const graph = new Graph();
        const nodes = [graph.input('x', { value: [x] }), graph.input('y', { value: [y] })] as const;
        const loss = evaluate(cosineEmbedding(...nodes, graph.constant([t]), { margin })).item();
        const cosine = dot(x, y) / Math.sqrt((dot(x, x) + 1e-12) * (dot(y, y) + 1e-12));
        expect(loss).toBeCloseTo(t === 1 ? 1 - cosine : Math.max(0, cosine - margin), 12);
      }),
    );
  });

  test('triplet margin is its formula', () => {
    const options = fc.record({
      margin: between(0, 2),
      order: fc.constantFrom(1, 2, 3),
      swap: fc.boolean(),
    });
    fc.assert(
      fc.property(vector, vector, vector, options, (a, p, n, options) => {
        const graph = new Graph();
        const [an, po, ne] = [a, p, n].map((v) => graph.constant([v])) as [
          GraphNode,
          GraphNode,
          GraphNode,
        ];
        const distance = (x: readonly number[], y: readonly number[]): number =>
          x.reduce((sum, xi, i) => sum + Math.abs(xi - y[i]! + 1e-6) ** options.order, 0) **
          (1 / options.order);
        const far = options.swap ? Math.min(distance(a, n), distance(p, n)) : distance(a, n);
        const exact = Math.max(0, distance(a, p) - far + options.margin);
        expect(evaluate(tripletMargin(an, po, ne, options)).item()).toBeCloseTo(exact, 11);
      }),
    );
  });

  test('have the derivatives of their values, and finite ones at equal and zero vectors', () => {
    const [a, b, c] = [tensor([[1, 2, -1]]), tensor([[0.5, 3, 1]]), tensor([[2, 0, 1]])];
    const pair = (x: GraphNode, y: GraphNode): GraphNode =>
      cosineEmbedding(x, y, x.graph.constant([1]));
    expect(checkGradients(pair, [a, b]).findings).toEqual([]);
    const triplet = (x: GraphNode, y: GraphNode, z: GraphNode): GraphNode =>
      tripletMargin(x, y, z, { margin: 5 });
    expect(checkGradients(triplet, [a, b, c]).findings).toEqual([]);
    const graph = new Graph();
    const x = graph.input('x', { value: [[0, 0, 0]] });
    const slopes = evaluate([
      gradient(tripletMargin(x, x, x, { epsilon: 0 }), x),
      gradient(cosineEmbedding(x, graph.constant([[1, 2, 3]]), graph.constant([1])), x),
    ]);
    for (const { data } of slopes) expect(data.every((s) => Number.isFinite(s))).toBe(true);
  });

  test('say which shapes do not fit', () => {
    const graph = new Graph();
    const [x, y] = [graph.input('x', { shape: [2, 3] }), graph.input('y', { shape: [2] })];
    expect(() => cosineEmbedding(x, x, x)).toThrow(/go with targets of shape \[2\], got \[2, 3\]/);
    expect(() => cosineEmbedding(x, y, y)).toThrow(
      /prediction has shape \[2, 3\], the other vectors \[2\]/,
    );
    expect(() => tripletMargin(x, x, y)).toThrow(/the other vectors \[2\]/);
    expect(() => tripletMargin(x, x, x, { order: 0 })).toThrow(
      /order is 0, expected a number of 1/,
    );
    expect(() => cosineEmbedding(x, x, y, { margin: 2 })).toThrow(
      /margin is 2, expected a number from -1/,
    );
    const s = graph.input('s');
    expect(() => tripletMargin(s, s, s)).toThrow(
      /expected vectors along the last axis, got a scalar/,
    );
  });
});

test('parameters of losses are checked', () => {
  const x = new Graph().input('x', { shape: [2] });
  expect(() => huber(x, x, { delta: 0 })).toThrow(
    /huber: delta is 0, expected a finite number above 0/,
  );
  expect(() => smoothL1(x, x, { beta: -1 })).toThrow(/smoothL1: beta is -1/);
  expect(() => poissonNll(x, x, { epsilon: -1 })).toThrow(/poissonNll: epsilon is -1/);
  expect(() => gaussianNll(x, x, x.sum())).toThrow(/the variance \[\]/);
  expect(() => hinge(x, x, { squared: 1 as never })).toThrow(/hinge: squared is 1/);
});
