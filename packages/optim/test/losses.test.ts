import { evaluate, Graph, type Tensor, tensor } from '@ad/graph';
import { gradient } from '@ad/backprop';
import { accuracy, crossEntropy, meanSquaredError } from '@ad/optim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { between } from './support/numbers.ts';

/** A batch of logits and labels of some number of classes. */
const batches = (logit: fc.Arbitrary<number>) =>
  fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 2, max: 6 }))
    .chain(([rows, classes]) =>
      fc.record({
        logits: fc.array(fc.array(logit, { minLength: classes, maxLength: classes }), {
          minLength: rows,
          maxLength: rows,
        }),
        labels: fc.array(fc.nat(classes - 1), { minLength: rows, maxLength: rows }),
      }),
    );

function lossAndGradient(
  logits: readonly (readonly number[])[],
  labels: readonly number[],
): [number, Tensor] {
  const graph = new Graph();
  const x = graph.input('x', { value: logits });
  const loss = crossEntropy(x, graph.input('labels', { kind: 'integer', value: labels }));
  const [value, slope] = evaluate([loss, gradient(loss, x)]);
  return [value.item(), slope];
}

/** ln(1 + the sum of exp(x_j - x_y) over the others), which keeps all digits: every term is computed apart. */
function rowLoss(row: readonly number[], label: number): number {
  const differences = row.map((x) => x - row[label]!);
  const largest = Math.max(...differences);
  const rest = differences
    .map((d, j) => ({ d, isTop: j === differences.indexOf(largest) }))
    .filter(({ isTop }) => !isTop)
    .reduce((total, { d }) => total + Math.exp(d - largest), 0);
  return largest + Math.log1p(rest);
}

describe('cross entropy', () => {
  test.each([
    ['ordinary', between(-10, 10)],
    ['extreme', fc.double({ min: -1e300, max: 1e300, noNaN: true })],
    ['far from 0', between(-3, 3).map((x) => 1e9 + Math.round(x * 64) / 64)],
  ])('is the closed form for %s logits', (_name, logit) => {
    fc.assert(
      fc.property(batches(logit), ({ logits, labels }) => {
        const exact = logits.reduce(
          (total, row, i) => total + rowLoss(row, labels[i]!) / logits.length,
          0,
        );
        const [loss] = lossAndGradient(logits, labels);
        expect(Math.abs(loss - exact)).toBeLessThanOrEqual(4e-15 * Math.max(1, Math.abs(exact)));
      }),
    );
  });

  test('has the values of the table computed with 50 digits', () => {
    // ln(sum(exp(x))) - x[label], with a decimal arithmetic of 50 digits, rounded.
    const table = [
      [[[0, 0]], [0], Math.LN2],
      [[[1, 2, 3]], [0], 2.40760596444438],
      [[[1, 2, 3]], [2], 0.4076059644443803],
      [[[1000, 0]], [1], 1000],
      [[[-1000, 0]], [0], 1000],
      [[[1e9, 1e9 + 1]], [0], 1.3132616875182228],
    ] as const;
    for (const [logits, labels, exact] of table) {
      const [loss] = lossAndGradient(logits, labels);
      expect(Math.abs(loss - exact)).toBeLessThanOrEqual(3e-16 * Math.max(1, exact));
    }
  });

  test('has the gradient softmax - onehot over the size of the batch', () => {
    fc.assert(
      fc.property(batches(between(-800, 800)), ({ logits, labels }) => {
        const [, slope] = lossAndGradient(logits, labels);
        const graph = new Graph();
        const softmax = evaluate(graph.constant(logits).softmax());
        logits.forEach((row, i) => {
          row.forEach((_, j) => {
            const exact = (softmax.at(i, j) - (labels[i] === j ? 1 : 0)) / logits.length;
            expect(Math.abs(slope.at(i, j) - exact)).toBeLessThanOrEqual(
              1e-12 * Math.abs(exact) + 1e-15,
            );
          });
        });
      }),
    );
  });

  test('does not change when the same number is added to all logits', () => {
    fc.assert(
      fc.property(
        batches(fc.integer({ min: -100, max: 100 })),
        fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
        ({ logits, labels }, shift) => {
          const shifted = logits.map((row) => row.map((x) => x + shift));
          expect(lossAndGradient(shifted, labels)[0]).toBe(lossAndGradient(logits, labels)[0]);
        },
      ),
    );
  });

  test('leaves out classes with a logit of -Infinity', () => {
    const [loss, slope] = lossAndGradient([[1, -Infinity, 2]], [0]);
    expect(loss).toBe(lossAndGradient([[1, 2]], [0])[0]);
    expect(slope.at(0, 1)).toBe(0);
    expect(slope.data.every((x) => Number.isFinite(x))).toBe(true);
  });

  test('takes any number of axes before the classes', () => {
    const graph = new Graph();
    const logits = graph.constant([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [0, 0],
        [9, 1],
      ],
    ]);
    const labels = graph.constant(
      tensor(
        [
          [0, 1],
          [1, 0],
        ],
        { kind: 'integer' },
      ),
    );
    const flat = crossEntropy(logits.reshape([4, 2]), labels.reshape([4]));
    expect(evaluate(crossEntropy(logits, labels)).item()).toBe(evaluate(flat).item());
  });

  test('refuses labels that are real, or of another shape, and at evaluation those out of range', () => {
    const graph = new Graph();
    const logits = graph.input('logits', { shape: [2, 3] });
    expect(() => crossEntropy(logits, graph.constant([0, 1]))).toThrow(
      /the labels are real, expected integers; make them with tensor/,
    );
    const three = graph.constant(tensor([0, 1, 2], { kind: 'integer' }));
    expect(() => crossEntropy(logits, three)).toThrow(
      /labels of shape \[\.\.\.\], got \[2, 3\] and \[3\]/,
    );
    expect(() => lossAndGradient([[1, 2]], [2])).toThrow(/index 2 .* outside an axis of length 2/);
  });
});

describe('mean squared error', () => {
  test('is the mean of the squares, with gradient 2 (x - y) / n', () => {
    const pairs = fc.array(fc.tuple(between(-9, 9), between(-9, 9)), {
      minLength: 1,
      maxLength: 9,
    });
    fc.assert(
      fc.property(pairs, (pairs) => {
        const graph = new Graph();
        const x = graph.input('x', { value: pairs.map(([a]) => a) });
        const loss = meanSquaredError(x, graph.constant(pairs.map(([, b]) => b)));
        const [value, slope] = evaluate([loss, gradient(loss, x)]);
        const exact = pairs.reduce((total, [a, b]) => total + (a - b) ** 2 / pairs.length, 0);
        expect(Math.abs(value.item() - exact)).toBeLessThanOrEqual(1e-14 * exact);
        pairs.forEach(([a, b], i) =>
          expect(slope.at(i)).toBeCloseTo((2 * (a - b)) / pairs.length, 13),
        );
      }),
    );
  });

  test('broadcasts nothing', () => {
    const graph = new Graph();
    const [column, row] = [graph.constant([[1], [2]]), graph.constant([1, 2])];
    expect(() => meanSquaredError(column, row)).toThrow(
      /prediction has shape \[2, 1\], the targets \[2\]; reshape one/,
    );
  });
});

describe('accuracy', () => {
  test('is the share of rows whose largest logit is at the label', () => {
    fc.assert(
      fc.property(batches(fc.double({ noNaN: true })), ({ logits, labels }) => {
        const graph = new Graph();
        const share = accuracy(
          graph.constant(logits),
          graph.constant(tensor(labels, { kind: 'integer' })),
        );
        const right = logits.filter((row, i) => row.indexOf(Math.max(...row)) === labels[i]).length;
        expect(evaluate(share).item()).toBe(right / labels.length);
      }),
    );
  });

  test('refuses what cross entropy refuses', () => {
    const graph = new Graph();
    expect(() => accuracy(graph.constant([[1, 2]]), graph.constant([1]))).toThrow(
      /accuracy: the labels are real/,
    );
  });
});
