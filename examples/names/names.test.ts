import { readFileSync } from 'node:fs';
import { Tensor } from '@ad/graph';
import { predict } from '@ad/optim';
import { expect, it } from 'vitest';
import { models } from './models.ts';
import { decode, encode, length, parseNames, samplesOf, symbolCount } from './names.ts';
import { drawNames } from './sample.ts';
import { learn } from './train.ts';

const names = parseNames(readFileSync(new URL('names.txt', import.meta.url), 'utf8'));

it('names become symbols and names again', () => {
  for (const name of names) expect(decode(encode(name))).toBe(name);
  expect(() => parseNames('ada\nBob')).toThrow('line 2: "Bob" is not a name of 1 to 11 letters');
});

it('each place is to predict the next symbol from those before', () => {
  const { inputs, targets } = samplesOf(['ab']);
  expect(Array.from(inputs.data)).toEqual([0, 1, 2, ...new Array<number>(length - 3).fill(0)]);
  expect(Array.from(targets.data)).toEqual([1, 2, ...new Array<number>(length - 2).fill(0)]);
});

it.each(Object.entries(models))('%s sees no letter that comes later', (_name, { model }) => {
  const inputs = Int32Array.from({ length }, (_, k) => k);
  const parameters = model.init(0);
  const logits = (symbols: Int32Array): number[] =>
    Array.from(predict(model, parameters, new Tensor([1, length], 'integer', symbols)).data);
  const changed = Int32Array.from(inputs, (symbol, k) => (k >= 6 ? 26 - symbol : symbol));
  const before = 6 * symbolCount;
  expect(logits(changed).slice(0, before)).toEqual(logits(inputs).slice(0, before));
  expect(logits(changed)).not.toEqual(logits(inputs));
});

it.each(Object.entries(models))(
  '%s learns the list and makes up names',
  async (_name, letterModel) => {
    const { parameters, heldOut } = await learn(letterModel, names, 3);
    // Far better than a guess among all symbols, and better each time.
    expect(heldOut[2]).toBeLessThan(Math.log(symbolCount) / 2);
    expect(heldOut[2]).toBeLessThan(heldOut[0]!);
    const made = drawNames(letterModel.model, parameters, 5, 1);
    expect(made).toHaveLength(5);
    for (const name of made) expect(name).toMatch(/^[a-z]{0,11}$/);
    expect(drawNames(letterModel.model, parameters, 5, 1)).toEqual(made);
  },
);
