/** Names as sequences of numbers: 1 to 26 for the letters, 0 for what is before the first and after the last. */
import { Tensor } from '@ad/graph';
import type { SampleTensors } from '@ad/optim';

/** Symbols: the letters, and the end. */
export const symbolCount = 27;
/** The longest name, with its end. */
export const length = 12;

/** The names of a list, one a line. */
export function parseNames(text: string): string[] {
  const names = text.trimEnd().split(/\r?\n/);
  const wrong = names.findIndex((name) => !/^[a-z]+$/.test(name) || name.length >= length);
  if (wrong >= 0) {
    throw new Error(
      `line ${wrong + 1}: ${JSON.stringify(names[wrong])} is not a name of 1 to ${length - 1} letters from a to z`,
    );
  }
  return names;
}

/** The symbols of a name. */
export const encode = (name: string): number[] =>
  Array.from(name, (letter) => letter.charCodeAt(0) - 96);

/** The name of symbols. */
export const decode = (symbols: readonly number[]): string =>
  String.fromCharCode(...symbols.map((symbol) => symbol + 96));

/** What to predict from what: at each place the next symbol from those before. Short names end more than once. */
export function samplesOf(names: readonly string[]): SampleTensors {
  const inputs = new Int32Array(names.length * length);
  const targets = new Int32Array(names.length * length);
  names.forEach((name, k) => {
    inputs.set(encode(name), k * length + 1);
    targets.set(encode(name), k * length);
  });
  const shape = [names.length, length];
  return {
    inputs: new Tensor(shape, 'integer', inputs),
    targets: new Tensor(shape, 'integer', targets),
  };
}
