import fc from 'fast-check';
import { expect, it } from 'vitest';
import { accuracyOf, confusionTable, formatConfusion, totalOf } from './confusion.ts';

/** Labels and predictions of the same length, among five classes. */
const answers = fc
  .array(fc.tuple(fc.nat(4), fc.nat(4)), { minLength: 1, maxLength: 200 })
  .map(
    (pairs) => [pairs.map(([label]) => label), pairs.map(([, prediction]) => prediction)] as const,
  );

it('counts every image once: rows add up to the labels, columns to the predictions', () => {
  fc.assert(
    fc.property(answers, ([labels, predictions]) => {
      const table = confusionTable(labels, predictions, 5);
      expect(totalOf(table)).toBe(labels.length);
      for (let digit = 0; digit < 5; digit++) {
        const row = table[digit]!.reduce((sum, count) => sum + count, 0);
        const column = table.reduce((sum, counts) => sum + counts[digit]!, 0);
        expect(row).toBe(labels.filter((label) => label === digit).length);
        expect(column).toBe(predictions.filter((prediction) => prediction === digit).length);
      }
    }),
  );
});

it('has the share of equal pairs as its accuracy', () => {
  fc.assert(
    fc.property(answers, ([labels, predictions]) => {
      const equal = labels.filter((label, i) => label === predictions[i]).length;
      expect(accuracyOf(confusionTable(labels, predictions, 5))).toBe(equal / labels.length);
      expect(accuracyOf(confusionTable(labels, labels, 5))).toBe(1);
    }),
  );
});

it('refuses what is not a class, and lists of different lengths', () => {
  expect(() => confusionTable([0, 1], [0], 2)).toThrow('2 labels but 1 predictions');
  expect(() => confusionTable([0, 2], [0, 0], 2)).toThrow(
    'image 1 has label 2 and prediction 0; classes go from 0 to 1',
  );
  expect(() => confusionTable([0], [0.5], 2)).toThrow('prediction 0.5');
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
