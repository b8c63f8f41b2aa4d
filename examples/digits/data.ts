/**
 * The handwritten digits: read from the CSV file, checked value by value, scaled, and split in two.
 *
 * A file is accepted whole or refused with the line and the column of the first thing wrong with it.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { FormatError, Tensor } from '@ad/graph';

/** Images are squares of this many pixels a side. */
export const imageSide = 8;

/** The digits 0 to 9. */
export const classCount = 10;

/** The pixels of an image. */
export const pixelCount = imageSide * imageSide;
/** Full ink in the file; 0 is paper. */
const fullInk = 16;

/** Some digits: images and what they show, in the same order. */
export interface Digits {
  /** Real, `[count, 64]`: the pixels of each image, 0 for paper to 1 for ink. */
  readonly images: Tensor;
  /** Integer, `[count]`: the digit that was meant. */
  readonly labels: Tensor;
  /** Where each digit stands in the file: the number of its line, from 1. */
  readonly lines: readonly number[];
}

/** Digits to learn from and digits to be examined on. */
export interface Split {
  readonly training: Digits;
  readonly heldOut: Digits;
}

/**
 * Reads a file of digits.
 *
 * @throws {@link FormatError} when the file is missing or malformed; the message names line and column.
 */
export function loadDigits(path: string): Digits {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new FormatError(`cannot read the digits from ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
  return parseDigits(text, basename(path));
}

/**
 * Digits from CSV text: the header `p00,...,p77,label`, then one digit a line.
 *
 * @param name - what messages call the file.
 * @throws {@link FormatError} naming line and column of the first value that is not as it should be.
 */
export function parseDigits(text: string, name: string = 'digits.csv'): Digits {
  const rows = text.trimEnd().split(/\r?\n/);
  checkHeader(rows[0]!, name);
  const count = rows.length - 1;
  if (count === 0) throw new FormatError(`${name} has a header but no digits`);
  const pixels = new Float64Array(count * pixelCount);
  const labels = new Int32Array(count);
  const lines: number[] = [];
  for (let i = 0; i < count; i++) {
    const line = i + 2;
    const fields = rows[i + 1]!.split(',');
    if (fields.length !== columns.length) {
      throw new FormatError(
        `${name}, line ${line}: ${fields.length} values, expected ${columns.length} (${pixelCount} pixels and the label)`,
      );
    }
    const at = (column: number, highest: number): number =>
      wholeNumber(fields[column]!, highest, `${name}, line ${line}, column ${columns[column]!}`);
    for (let p = 0; p < pixelCount; p++) pixels[i * pixelCount + p] = at(p, fullInk) / fullInk;
    labels[i] = at(pixelCount, classCount - 1);
    lines.push(line);
  }
  return {
    images: new Tensor([count, pixelCount], 'real', pixels),
    labels: new Tensor([count], 'integer', labels),
    lines,
  };
}

/**
 * Holds out every fifth digit of each kind, drawn by lot.
 *
 * The digits are shuffled, put in order of their labels, and every fifth is taken: so each digit has the same share
 * in both parts (to within one), and equal seeds give equal parts.
 */
export function splitDigits(digits: Digits, seed: number): Split {
  const order = shuffled(digits.lines.length, seed);
  const labels = digits.labels.data;
  // Sorting is stable: digits with the same label keep the order of the shuffle.
  order.sort((i, j) => labels[i]! - labels[j]!);
  return {
    training: select(
      digits,
      order.filter((_, place) => place % 5 !== 0),
    ),
    heldOut: select(
      digits,
      order.filter((_, place) => place % 5 === 0),
    ),
  };
}

/** The pixels of one image, row by row. */
export function pixelsOf(digits: Digits, index: number): Float64Array {
  return Float64Array.from(
    digits.images.data.subarray(index * pixelCount, (index + 1) * pixelCount),
  );
}

/** The names of the columns: `p<row><column>` for each pixel, then `label`. */
const columns: readonly string[] = [
  ...Array.from({ length: pixelCount }, (_, p) => `p${Math.floor(p / imageSide)}${p % imageSide}`),
  'label',
];

function checkHeader(header: string, name: string): void {
  const found = header.split(',');
  const wrong = columns.findIndex((column, c) => found[c] !== column);
  if (wrong >= 0) {
    const got = found[wrong] === undefined ? 'is missing' : `is ${JSON.stringify(found[wrong])}`;
    throw new FormatError(
      `${name}, line 1: the header must be p00,p01,...,p77,label; column ${wrong + 1} ${got}, expected "${columns[wrong]!}"`,
    );
  }
  if (found.length > columns.length) {
    throw new FormatError(
      `${name}, line 1: ${found.length} columns, expected ${columns.length} (${pixelCount} pixels and the label)`,
    );
  }
}

/** A whole number from 0 to `highest`, written in decimal digits and nothing else. */
function wholeNumber(field: string, highest: number, place: string): number {
  const value = /^\d+$/.test(field) ? Number(field) : Number.NaN;
  if (!(value <= highest)) {
    throw new FormatError(
      `${place}: ${JSON.stringify(field)} is not a whole number from 0 to ${highest}`,
    );
  }
  return value;
}

/** The digits at these places, in their order. */
function select(digits: Digits, places: readonly number[]): Digits {
  const pixels = new Float64Array(places.length * pixelCount);
  places.forEach((place, i) => pixels.set(pixelsOf(digits, place), i * pixelCount));
  return {
    images: new Tensor([places.length, pixelCount], 'real', pixels),
    labels: new Tensor(
      [places.length],
      'integer',
      Int32Array.from(places, (place) => digits.labels.data[place]!),
    ),
    lines: places.map((place) => digits.lines[place]!),
  };
}

/** The numbers 0 to `count - 1` in an order drawn by lot (Fisher and Yates), the same for the same seed. */
function shuffled(count: number, seed: number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  // A linear congruential generator modulo 2^32 (Numerical Recipes): enough to draw lots with.
  let state = seed >>> 0;
  for (let i = count - 1; i > 0; i--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
