import { type Shape, sizeOf } from '@ad/graph';
import {
  dense,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  lecunNormal,
  lecunUniform,
  mlp,
  normalOf,
  orthogonal,
  Random,
  zeros,
} from '@ad/optim';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const sizes = fc.record({
  inputs: fc.integer({ min: 1, max: 60 }),
  outputs: fc.integer({ min: 1, max: 60 }),
  seed: fc.maxSafeNat(),
});

/** The variance that the paper asks for, by fans; uniform distributions reach to the root of three times it. */
const table: readonly (readonly [
  string,
  Initializer,
  (n: number, m: number) => number,
  boolean,
])[] = [
  ['glorotUniform', glorotUniform, (n, m) => 2 / (n + m), true],
  ['glorotNormal', glorotNormal, (n, m) => 2 / (n + m), false],
  ['heUniform', heUniform, (n) => 2 / n, true],
  ['heNormal', heNormal, (n) => 2 / n, false],
  ['lecunNormal', lecunNormal, (n) => 1 / n, false],
  ['lecunUniform', lecunUniform, (n) => 1 / n, true],
  ['normalOf', normalOf(0.5), () => 0.25, false],
];

test.each(table)(
  '%s has mean 0, the variance of its paper, and its bounds',
  (_name, initializer, variance, isUniform) => {
    fc.assert(
      fc.property(sizes, ({ inputs, outputs, seed }) => {
        const wanted = variance(inputs, outputs);
        const count = 4000;
        const data = Float64Array.from(
          initializer([count], { inputs, outputs }, new Random(seed)).data,
        );
        const mean = data.reduce((total, x) => total + x / count, 0);
        const square = data.reduce((total, x) => total + (x * x) / count, 0);
        // Five and a half standard deviations of the mean, and of the mean square (fourth moments 9/5 and 3).
        expect(Math.abs(mean)).toBeLessThan(5.5 * Math.sqrt(wanted / count));
        expect(Math.abs(square / wanted - 1)).toBeLessThan(
          5.5 * Math.sqrt((isUniform ? 0.8 : 2) / count),
        );
        const bound = Math.sqrt(3 * wanted) * (1 + 1e-15);
        const largest = data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
        expect(largest <= bound).toBe(isUniform);
        expect(largest).toBeGreaterThan(0.99 * bound);
      }),
      { numRuns: 40 },
    );
  },
);

test('the same seed starts a model with the same parameters, another seed with others', () => {
  fc.assert(
    fc.property(sizes, ({ inputs, outputs, seed }) => {
      const model = mlp([inputs, 3, outputs]);
      expect(model.init(seed)).toEqual(model.init(seed));
      expect(model.init(seed)).not.toEqual(model.init(seed === 0 ? 1 : seed - 1));
    }),
    { numRuns: 30 },
  );
});

test('layers of one model start with different numbers', () => {
  const { layers } = mlp([4, 4, 4, 4], { initializer: 'heNormal' }).init(3);
  const starts = layers.map(({ weights }) => weights.data[0]);
  expect(new Set(starts).size).toBe(3);
});

test("rectifiers start with He's normal weights, everything else with Glorot's uniform ones", () => {
  const [inputs, outputs, seed] = [5, 7, 11];
  const shape: Shape = [inputs, outputs];
  const start = (initializer: Initializer): unknown =>
    initializer(shape, { inputs, outputs }, new Random(seed));
  for (const activation of ['relu', 'leakyRelu', 'elu', 'gelu', 'silu'] as const) {
    expect(dense(inputs, outputs, { activation }).init(seed).weights).toEqual(start(heNormal));
  }
  for (const activation of ['identity', 'softplus', 'sigmoid', 'tanh', undefined] as const) {
    const layer =
      activation === undefined ? dense(inputs, outputs) : dense(inputs, outputs, { activation });
    expect(layer.init(seed).weights).toEqual(start(glorotUniform));
  }
});

test('names stand for the functions', () => {
  const named = { glorotUniform, glorotNormal, heUniform, heNormal, lecunNormal, zeros };
  for (const [name, initializer] of Object.entries(named)) {
    const byName = dense(3, 4, { initializer: name as keyof typeof named }).init(5);
    expect(byName).toEqual(dense(3, 4, { initializer }).init(5));
  }
});

test('biases start at zero', () => {
  expect(dense(3, 4).init(1).bias.data).toEqual(new Float64Array(4));
});

test('an orthogonal matrix has orthonormal rows, or columns if there are more rows', () => {
  for (const shape of [
    [3, 5],
    [5, 3],
    [4, 4],
    [2, 3, 2],
  ]) {
    const rows = shape[0]!;
    const columns = sizeOf(shape.slice(1));
    const { data } = orthogonal(shape, { inputs: columns, outputs: rows }, new Random(4));
    const wide = rows <= columns;
    const [count, length] = wide ? [rows, columns] : [columns, rows];
    const at = (vector: number, i: number): number =>
      wide ? data[vector * columns + i]! : data[i * columns + vector]!;
    for (let a = 0; a < count; a++) {
      for (let b = 0; b <= a; b++) {
        let dot = 0;
        for (let i = 0; i < length; i++) dot += at(a, i) * at(b, i);
        expect(dot).toBeCloseTo(a === b ? 1 : 0, 14);
      }
    }
  }
});
