/** Metrics against counting by hand. */
import { evaluate, Graph, tensor } from '@ad/graph';
import {
  accuracy,
  classScores,
  confusionMatrix,
  predictedLabels,
  rSquared,
  topKAccuracy,
} from '@ad/optim';
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

describe('top-k accuracy', () => {
  test('is the share of labels that fewer than k others come before', () => {
    const cases = batches(fc.integer({ min: 0, max: 4 }));
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 2 }), ({ logits, labels }, k) => {
        const graph = new Graph();
        const node = topKAccuracy(k)(
          graph.constant(logits),
          graph.constant(tensor(labels, { kind: 'integer' })),
        );
        const right = logits.filter((row, i) => {
          const y = labels[i]!;
          const before = row.filter((x, j) => x > row[y]! || (x === row[y]! && j < y)).length;
          return before < k;
        }).length;
        expect(evaluate(node).item()).toBe(right / labels.length);
      }),
    );
  });

  test('of 1 is the accuracy, of all classes 1', () => {
    fc.assert(
      fc.property(batches(between(-3, 3)), ({ logits, labels }) => {
        const graph = new Graph();
        const x = graph.constant(logits);
        const y = graph.constant(tensor(labels, { kind: 'integer' }));
        const [one, all, usual] = evaluate([
          topKAccuracy(1)(x, y),
          topKAccuracy(logits[0]!.length)(x, y),
          accuracy(x, y),
        ]);
        expect(one.item()).toBe(usual.item());
        expect(all.item()).toBe(1);
      }),
    );
  });

  test('needs a k that there is', () => {
    expect(() => topKAccuracy(0)).toThrow(/topKAccuracy: k is 0, expected an integer of 1 or more/);
    const graph = new Graph();
    const labels = graph.constant(tensor([0], { kind: 'integer' }));
    expect(() => topKAccuracy(3)(graph.constant([[1, 2]]), labels)).toThrow(
      /k is an integer from 0 to 2/,
    );
  });
});

/** Labels and predictions among five classes. */
const answers = fc
  .array(fc.tuple(fc.nat(4), fc.nat(4)), { minLength: 1, maxLength: 100 })
  .map(
    (pairs) => [pairs.map(([label]) => label), pairs.map(([, prediction]) => prediction)] as const,
  );

describe('confusion matrix', () => {
  test('counts every sample once: rows add up to the labels, columns to the predictions', () => {
    fc.assert(
      fc.property(answers, ([labels, predictions]) => {
        const table = confusionMatrix(labels, predictions, 5);
        const classes = [0, 1, 2, 3, 4];
        for (const k of classes) {
          const row = classes.reduce((sum, p) => sum + table.at(k, p), 0);
          const column = classes.reduce((sum, t) => sum + table.at(t, k), 0);
          expect(row).toBe(labels.filter((label) => label === k).length);
          expect(column).toBe(predictions.filter((prediction) => prediction === k).length);
        }
      }),
    );
  });

  test('refuses what is not a class, and lists of different lengths', () => {
    expect(() => confusionMatrix([0, 1], [0], 2)).toThrow('2 labels and 1 predictions');
    expect(() => confusionMatrix([0, 2], [0, 0], 2)).toThrow(
      'sample 1 has the label 2 and the prediction 0; classes are integers from 0 to 1',
    );
    expect(() => confusionMatrix([0], [0.5], 2)).toThrow('prediction 0.5');
    expect(() => confusionMatrix([0], [0], 0)).toThrow(/classes is 0, expected an integer of 1/);
  });
});

describe('scores of classes', () => {
  test('are the shares counted one by one', () => {
    fc.assert(
      fc.property(answers, ([labels, predictions]) => {
        const scores = classScores(confusionMatrix(labels, predictions, 5));
        const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
        const each = [0, 1, 2, 3, 4].map((k) => {
          const right = labels.filter((t, i) => t === k && predictions[i] === k).length;
          const precision = share(right, predictions.filter((p) => p === k).length);
          const recall = share(right, labels.filter((t) => t === k).length);
          const f1 = share(2 * precision * recall, precision + recall);
          return { precision, recall, f1 };
        });
        const mean = { precision: 0, recall: 0, f1: 0 };
        each.forEach((expected, k) => {
          const got = scores.classes[k]!;
          expect(got.support).toBe(labels.filter((t) => t === k).length);
          for (const name of ['precision', 'recall', 'f1'] as const) {
            expect(got[name]).toBeCloseTo(expected[name], 14);
            mean[name] += expected[name] / 5;
          }
        });
        const equal = labels.filter((t, i) => t === predictions[i]).length / labels.length;
        expect(scores.accuracy).toBe(equal);
        for (const name of ['precision', 'recall', 'f1'] as const) {
          expect(scores.macro[name]).toBeCloseTo(mean[name], 14);
          expect(scores.micro[name]).toBe(equal);
        }
      }),
    );
  });

  test('of right predictions are all 1, and a class that does not occur scores 0', () => {
    expect(
      classScores([
        [2, 0],
        [0, 3],
      ]).macro,
    ).toEqual({ precision: 1, recall: 1, f1: 1 });
    expect(
      classScores([
        [2, 0],
        [0, 0],
      ]).classes[1],
    ).toEqual({
      precision: 0,
      recall: 0,
      f1: 0,
      support: 0,
    });
  });

  test('need a square matrix of counts', () => {
    expect(() => classScores([[1, 2]])).toThrow(
      /matrix has shape \[1, 2\], expected \[classes, classes\]/,
    );
    expect(() =>
      classScores([
        [1, 0],
        [0.5, 1],
      ]),
    ).toThrow(/row 1, column 0 is 0\.5, expected a count/);
  });
});

test('predicted labels are the first of the largest', () => {
  expect(
    predictedLabels([
      [0, 7, 7],
      [1, 0, -1],
    ]).toArray(),
  ).toEqual([1, 0]);
  expect(() => predictedLabels(3)).toThrow(/expected logits of shape/);
});

describe('R squared', () => {
  const pairs = fc.array(fc.tuple(between(-9, 9), between(-9, 9)), { minLength: 2, maxLength: 20 });

  test('is 1 less the share of the variance that is missed', () => {
    fc.assert(
      fc.property(pairs, (pairs) => {
        const [x, t] = [pairs.map(([x]) => x), pairs.map(([, t]) => t)];
        const mean = t.reduce((a, b) => a + b, 0) / t.length;
        const missed = pairs.reduce((sum, [x, t]) => sum + (x - t) ** 2, 0);
        const varied = t.reduce((sum, ti) => sum + (ti - mean) ** 2, 0);
        fc.pre(varied > 1e-3);
        const exact = 1 - missed / varied;
        expect(Math.abs(rSquared(x, t) - exact)).toBeLessThanOrEqual(1e-12 * (1 + Math.abs(exact)));
        expect(rSquared(t, t)).toBe(1);
        const twice = rSquared(
          pairs.map(([x]) => [x, x]),
          pairs.map(([, t]) => [t, t]),
        );
        expect(twice).toBe(rSquared(x, t));
      }),
    );
  });

  test('of targets that do not vary is 1 where they are met and else 0', () => {
    expect(rSquared([2, 2], [2, 2])).toBe(1);
    expect(rSquared([2, 3], [2, 2])).toBe(0);
    expect(() => rSquared([1, 2], [[1], [2]])).toThrow(
      /both the same and not empty; got \[2\] and \[2, 1\]/,
    );
  });
});
