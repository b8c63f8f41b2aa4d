import { confusionMatrix } from '@ad/optim';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { accuracyOf, type ConfusionTable, formatConfusion, totalOf } from './confusion.ts';

/** Labels and predictions of the same length, among five classes. */
const answers = fc
  .array(fc.tuple(fc.nat(4), fc.nat(4)), { minLength: 1, maxLength: 200 })
  .map(
    (pairs) => [pairs.map(([label]) => label), pairs.map(([, prediction]) => prediction)] as const,
  );

const confusionTable = (labels: number[], predictions: number[], classes: number) =>
  confusionMatrix(labels, predictions, classes).toArray() as ConfusionTable;

it('has the share of equal pairs as its accuracy', () => {
  fc.assert(
    fc.property(answers, ([labels, predictions]) => {
      const equal = labels.filter((label, i) => label === predictions[i]).length;
      expect(accuracyOf(confusionTable(labels, predictions, 5))).toBe(equal / labels.length);
      expect(accuracyOf(confusionTable(labels, labels, 5))).toBe(1);
      expect(totalOf(confusionTable(labels, predictions, 5))).toBe(labels.length);
    }),
  );
});

it('is printed with aligned columns', () => {
  const table = confusionTable([0, 0, 1, 2, 2, 2], [0, 1, 1, 2, 0, 2], 3);
  expect(formatConfusion(table)).toMatchInlineSnapshot(`
    "        predicted
    true     0  1  2
         +----------
       0 |   1  1  .
       1 |   .  1  .
       2 |   1  .  2"
  `);
});

it('keeps its columns aligned whatever the counts', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(99_999), { minLength: 9, maxLength: 9 }), (counts) => {
      const table = [counts.slice(0, 3), counts.slice(3, 6), counts.slice(6)];
      const [, ...lines] = formatConfusion(table).split('\n');
      expect(new Set(lines.map((line) => line.length)).size).toBe(1);
    }),
  );
});
