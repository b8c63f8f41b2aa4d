import { fileURLToPath } from 'node:url';
import { FormatError } from '@ad/graph';
import { describe, expect, it } from 'vitest';
import { classCount, loadDigits, parseDigits, pixelsOf, splitDigits } from './data.ts';

const path = fileURLToPath(new URL('data/digits.csv', import.meta.url));
const digits = loadDigits(path);

const header = [
  ...Array.from({ length: 64 }, (_, p) => `p${Math.floor(p / 8)}${p % 8}`),
  'label',
].join(',');

/** A line of the file: 64 pixels and a label, with some of them replaced. */
function line(changes: Readonly<Record<number, string>> = {}): string {
  return Array.from({ length: 65 }, (_, c) => changes[c] ?? '3').join(',');
}

describe('the file', () => {
  it('holds 1,797 digits, every kind about equally often, with pixels from 0 to 1', () => {
    const { images, labels } = digits;
    expect(images.shape).toEqual([1797, 64]);
    expect(labels.shape).toEqual([1797]);
    const counts = Array.from({ length: classCount }, () => 0);
    for (const label of labels.data) counts[label]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(170);
    expect(Math.max(...counts)).toBeLessThan(190);
    expect(images.data.every((pixel) => pixel >= 0 && pixel <= 1)).toBe(true);
    expect(images.data.includes(1)).toBe(true);
  });

  it('may have Windows line ends', () => {
    const read = parseDigits(`${header}\r\n${line()}\r\n${line({ 64: '9' })}\r\n`);
    expect([...read.labels.data]).toEqual([3, 9]);
    expect(read.lines).toEqual([2, 3]);
    expect(pixelsOf(read, 1)).toEqual(new Float64Array(64).fill(3 / 16));
  });
});

describe('a malformed file is refused with line and column', () => {
  const file = (...lines: readonly string[]): string => [header, ...lines].join('\n');

  it.each([
    [
      'a pixel beyond full ink',
      file(line(), line({ 28: '17' })),
      'digits.csv, line 3, column p34: "17" is not a whole number from 0 to 16',
    ],
    ['a negative pixel', file(line({ 0: '-1' })), 'digits.csv, line 2, column p00: "-1" is not'],
    ['a fraction', file(line({ 63: '1.5' })), 'digits.csv, line 2, column p77: "1.5" is not'],
    ['a word', file(line({ 9: 'ink' })), 'digits.csv, line 2, column p11: "ink" is not'],
    [
      'an empty value',
      file(line(), line(), line({ 1: '' })),
      'digits.csv, line 4, column p01: "" is not',
    ],
    [
      'a label beyond 9',
      file(line({ 64: '10' })),
      'digits.csv, line 2, column label: "10" is not a whole number from 0 to 9',
    ],
    ['a short line', file(line(), '1,2,3'), 'digits.csv, line 3: 3 values, expected 65'],
    ['a long line', file(`${line()},1`), 'digits.csv, line 2: 66 values, expected 65'],
    ['an empty line in the middle', file('', line()), 'digits.csv, line 2: 1 values, expected 65'],
    ['no digits', file(), 'digits.csv has a header but no digits'],
    [
      'an empty file',
      '',
      'digits.csv, line 1: the header must be p00,p01,...,p77,label; column 1 is "", expected "p00"',
    ],
    [
      'a header cut off',
      'p00,p01',
      'digits.csv, line 1: the header must be p00,p01,...,p77,label; column 3 is missing, expected "p02"',
    ],
    [
      'a header with more',
      file(line()).replace('label', 'label,writer'),
      'digits.csv, line 1: 66 columns, expected 65',
    ],
  ])('%s', (_, text, message) => {
    expect(() => parseDigits(text)).toThrow(FormatError);
    expect(() => parseDigits(text)).toThrow(message);
  });

  it('a missing file is named', () => {
    expect(() => loadDigits('/nowhere/digits.csv')).toThrow(
      /cannot read the digits from \/nowhere\/digits\.csv/,
    );
  });
});

describe('the split', () => {
  const split = splitDigits(digits, 1);

  it('has 1,437 digits to learn from and 360 held out, all different and none lost', () => {
    expect(split.training.lines).toHaveLength(1437);
    expect(split.heldOut.lines).toHaveLength(360);
    const lines = [...split.training.lines, ...split.heldOut.lines].sort((a, b) => a - b);
    expect(lines).toEqual(digits.lines);
  });

  it('keeps each image with its label', () => {
    for (const part of [split.training, split.heldOut]) {
      part.lines.forEach((line, i) => {
        expect(part.labels.data[i]).toBe(digits.labels.data[line - 2]);
        expect(pixelsOf(part, i)).toEqual(pixelsOf(digits, line - 2));
      });
    }
  });

  it('gives every digit its share of both parts', () => {
    for (let digit = 0; digit < classCount; digit++) {
      const share = (labels: ArrayLike<number>): number =>
        Array.from(labels).filter((label) => label === digit).length;
      const expected = share(digits.labels.data) / 5;
      expect(Math.abs(share(split.heldOut.labels.data) - expected)).toBeLessThan(1);
    }
  });

  it('is the same for the same seed and another for another', () => {
    expect(splitDigits(digits, 1)).toEqual(split);
    expect(splitDigits(digits, 2).heldOut.lines).not.toEqual(split.heldOut.lines);
    expect(split.heldOut.lines.slice(0, 5)).toMatchInlineSnapshot(`
      [
        1617,
        538,
        697,
        1101,
        1705,
      ]
    `);
  });
});
