import { evaluate, Graph, type GraphNode, softmax, type Tensor, tensor } from '@ad/graph';
import { checkGradients, gradient } from '@ad/backprop';
import { crossEntropy, type CrossEntropyOptions, fit, mlp, withOptions } from '@ad/optim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { between } from '../support/numbers.ts';

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
        const probabilities = evaluate(softmax(graph.constant(logits)));
        logits.forEach((row, i) => {
          row.forEach((_, j) => {
            const exact = (probabilities.at(i, j) - (labels[i] === j ? 1 : 0)) / logits.length;
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

/** The definition of PyTorch in plain numbers: the losses of the samples, and what each counts. */
function byHand(
  logits: readonly (readonly number[])[],
  labels: readonly number[],
  o: CrossEntropyOptions,
): { losses: number[]; weights: number[] } {
  const epsilon = o.labelSmoothing ?? 0;
  const weightOf = (c: number): number => o.classWeights?.[c] ?? 1;
  const counted = labels.map((label) => label !== o.ignoreIndex);
  const losses = logits.map((row, i) => {
    if (!counted[i]!) return 0;
    const y = labels[i]!;
    const spread = row.reduce((total, _, c) => total + weightOf(c) * rowLoss(row, c), 0);
    return (1 - epsilon) * weightOf(y) * rowLoss(row, y) + (epsilon / row.length) * spread;
  });
  return { losses, weights: labels.map((label, i) => (counted[i]! ? weightOf(label) : 0)) };
}

describe('cross entropy with options', () => {
  const cases = batches(between(-10, 10)).chain(({ logits, labels }) =>
    fc.record({
      logits: fc.constant(logits),
      labels: fc.constant(labels),
      skipped: fc.array(fc.boolean(), { minLength: labels.length, maxLength: labels.length }),
      ignoreIndex: fc.constantFrom(undefined, -100, 0, 1000),
      labelSmoothing: fc.oneof(fc.constant(0), between(0, 1)),
      classWeights: fc.option(
        fc.array(between(0.1, 3), { minLength: logits[0]!.length, maxLength: logits[0]!.length }),
        { nil: undefined },
      ),
    }),
  );

  test('is that of PyTorch, in all three reductions', () => {
    fc.assert(
      fc.property(
        cases,
        ({ logits, labels, skipped, ignoreIndex, labelSmoothing, classWeights }) => {
          const given = labels.map((y, i) =>
            skipped[i]! && ignoreIndex !== undefined ? ignoreIndex : y,
          );
          const options = {
            labelSmoothing,
            ...(ignoreIndex === undefined ? {} : { ignoreIndex }),
            ...(classWeights === undefined ? {} : { classWeights }),
          };
          const graph = new Graph();
          const x = graph.input('x', { value: logits });
          const y = graph.input('y', { kind: 'integer', value: given });
          const [mean, sum, none] = evaluate(
            (['mean', 'sum', 'none'] as const).map((reduction) =>
              crossEntropy(x, y, { ...options, reduction }),
            ),
          );
          const { losses, weights } = byHand(logits, given, options);
          const total = losses.reduce((a, b) => a + b, 0);
          const weight = weights.reduce((a, b) => a + b, 0);
          losses.forEach((loss, i) => expect(none!.at(i)).toBeCloseTo(loss, 11));
          expect(sum!.item()).toBeCloseTo(total, 10);
          expect(mean!.item()).toBeCloseTo(weight === 0 ? 0 : total / weight, 10);
        },
      ),
    );
  });

  test('has the derivatives of its value', () => {
    const logits = [
      [0.5, -1, 2],
      [3, 0.1, -0.7],
      [1, 1.5, -2],
    ];
    const labels = tensor([2, -100, 0], { kind: 'integer' });
    const options = { labelSmoothing: 0.2, classWeights: [0.5, 1, 2], ignoreIndex: -100 };
    const report = checkGradients(
      (x: GraphNode) => crossEntropy(x, x.graph.constant(labels), options),
      [tensor(logits)],
    );
    expect(report.findings).toEqual([]);
  });

  test('of extreme logits is finite, and so is its derivative', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: [[1e300, -1e300, 0]] });
    const y = graph.input('y', { kind: 'integer', value: [1] });
    const loss = crossEntropy(x, y, { labelSmoothing: 0.1, classWeights: [1, 2, 3] });
    const [value, slope] = evaluate([loss, gradient(loss, x)]);
    expect(value.item()).toBeLessThan(Infinity);
    expect(slope.data.every((s) => Number.isFinite(s))).toBe(true);
  });

  test('ignored samples move nothing', () => {
    const graph = new Graph();
    const x = graph.input('x', {
      value: [
        [1, 2],
        [3, -4],
      ],
    });
    const y = graph.input('y', { kind: 'integer', value: [-100, 1] });
    const slope = evaluate(gradient(crossEntropy(x, y, { ignoreIndex: -100 }), x));
    expect([slope.at(0, 0), slope.at(0, 1)]).toEqual([0, 0]);
    expect(slope.at(1, 0)).toBeGreaterThan(0);
  });

  test('fit lets the ignored label pass, and no other', async () => {
    const loss = withOptions(crossEntropy, { ignoreIndex: -100 });
    const samples = { inputs: [[0], [1], [2]], targets: [0, -100, 1] };
    const { stopped } = await fit(mlp([1, 2]), samples, { loss, epochs: 2, validation: samples });
    expect(stopped).toBe('finished');
    await expect(
      fit(mlp([1, 2]), { ...samples, targets: [0, -99, 1] }, { loss, epochs: 1 }),
    ).rejects.toThrow(/targets row 1 is the label -99/);
  });

  test('refuses options that are none', () => {
    const graph = new Graph();
    const x = graph.input('x', { shape: [2, 3] });
    const y = graph.input('y', { kind: 'integer', shape: [2] });
    const make = (options: object) => () => crossEntropy(x, y, options);
    expect(make({ labelSmoothing: 1.1 })).toThrow(
      /labelSmoothing is 1\.1, expected a number from 0 to 1/,
    );
    expect(make({ classWeights: [1, 2] })).toThrow(
      /classWeights is a list of 2, expected a list of 3/,
    );
    expect(make({ classWeights: [1, 2, -1] })).toThrow(/classWeights\[2\] is -1/);
    expect(make({ ignoreIndex: 0.5 })).toThrow(/ignoreIndex is 0\.5, expected an integer/);
    expect(make({ weight: [1] })).toThrow(/there is no option "weight"/);
    expect(make({ reduction: 'batchmean' })).toThrow(
      /reduction is "batchmean", expected "mean", "sum" or "none"/,
    );
  });
});
