/** Random numbers: the published test vectors, moments and independence, quantiles, and keys. */
import {
  bernoulli,
  evaluate,
  foldIn,
  Graph,
  type GraphNode,
  interpreter,
  normal,
  type Operation,
  operations,
  philox,
  prepareKernel,
  randomKey,
  ShapeError,
  slice,
  splitKey,
  tensor,
  uniform,
  ValueError,
} from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalQuantile } from '../../src/random/normal-quantile.ts';

const keyOf = (seed: number): GraphNode => new Graph().input('key', { value: randomKey(seed) });

const unsigned = (data: ArrayLike<number>): number[] => Array.from(data, (word) => word >>> 0);

describe('Philox 4x32-10', () => {
  // From the file kat_vectors of the Random123 library, version 1.09.
  test.each<[string, number[], number[], number[]]>([
    ['zeros', [0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
    [
      'ones',
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      'the digits of pi',
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('has the published block of %s', (_name, counter, key, block) => {
    const graph = new Graph();
    const [c, k] = [counter, key].map((words, i) =>
      graph.input(`words ${i}`, { value: Int32Array.from(words) }),
    );
    expect(unsigned(philox(c!, k!).tensor.data)).toEqual(block);
  });

  test('is the same in a stack of counters and keys as alone', () => {
    const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    const words = (count: number): fc.Arbitrary<number[]> =>
      fc.array(word, { minLength: count, maxLength: count });
    fc.assert(
      fc.property(words(12), words(4), (counters, keys) => {
        const graph = new Graph();
        const stack = graph.input('counters', {
          value: tensor(Int32Array.from(counters), { shape: [3, 1, 4] }),
        });
        const many = graph.input('keys', {
          value: tensor(Int32Array.from(keys), { shape: [2, 2] }),
        });
        const blocks = philox(stack, many);
        expect(blocks.shape).toEqual([3, 2, 4]);
        for (const [i, k] of [
          [0, 0],
          [1, 1],
          [2, 0],
        ] as const) {
          const alone = philox(
            slice(stack, [{ start: i, end: i + 1 }]),
            slice(many, [{ start: k, end: k + 1 }]),
          );
          const here = slice(blocks, [
            { start: i, end: i + 1 },
            { start: k, end: k + 1 },
          ]);
          expect(here.tensor).toEqual(alone.tensor);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('gives uniform numbers their bits: 53 of words of two layers', () => {
    const key = keyOf(2 ** 40 + 7);
    const { graph } = key;
    const layers = [0, 1].map((layer) => {
      const counters = [0, 1].map((block) => [block, layer, 0, 0]);
      return unsigned(
        philox(graph.constant(tensor(counters, { kind: 'integer' })), key).tensor.data,
      );
    });
    const expected = Array.from(
      { length: 7 },
      (_, i) => Number((BigInt(layers[0]![i]!) << 21n) | (BigInt(layers[1]![i]!) >> 11n)) / 2 ** 53,
    );
    expect(Array.from(uniform(key, [7]).tensor.data)).toEqual(expected);
  });

  test('makes normal numbers of the middles of the intervals that uniform ones begin', () => {
    const key = keyOf(5);
    const middles = uniform(key, [100]).tensor.data.map((u) => u - 0.5 + 2 ** -54);
    expect(normal(key, [100]).tensor.data).toStrictEqual(middles.map(normalQuantile));
  });

  test('in single precision: the upper 24 bits of uniform numbers, normal numbers rounded', () => {
    const key = keyOf(11);
    const singly = (row: Operation, shape: number[]): Float32Array => {
      const data = new Float32Array(shape[0]!);
      const type = { shape, kind: 'real' } as const;
      prepareKernel(row, [key], { shape }, type)(data, [key.tensor.data]);
      return data;
    };
    const bits24 = uniform(key, [7]).tensor.data.map((u) => Math.floor(u * 2 ** 24) / 2 ** 24);
    expect(Array.from(singly(operations.uniform, [7]))).toStrictEqual(Array.from(bits24));
    const rounded = normal(key, [7]).tensor.data.map(Math.fround);
    expect(Array.from(singly(operations.normal, [7]))).toStrictEqual(Array.from(rounded));
  });
});

describe('distributions', () => {
  const COUNT = 40_000;
  const moments = (data: ArrayLike<number>): number[] =>
    [1, 2, 3, 4].map(
      (power) => Array.from(data).reduce((sum, x) => sum + x ** power, 0) / data.length,
    );

  // Within five standard deviations of the mean of so many powers.
  test('uniform numbers have the moments 1 / (k + 1)', () => {
    moments(uniform(keyOf(1), [COUNT]).tensor.data).forEach((moment, i) => {
      const k = i + 1;
      const variance = 1 / (2 * k + 1) - 1 / (k + 1) ** 2;
      expect(Math.abs(moment - 1 / (k + 1))).toBeLessThan(5 * Math.sqrt(variance / COUNT));
    });
  });

  test('normal numbers have the moments 0, 1, 0, 3', () => {
    const expected = [0, 1, 0, 3];
    const ofSquares = [1, 3, 15, 105];
    moments(normal(keyOf(2), [COUNT]).tensor.data).forEach((moment, i) => {
      const variance = ofSquares[i]! - expected[i]! ** 2;
      expect(Math.abs(moment - expected[i]!)).toBeLessThan(5 * Math.sqrt(variance / COUNT));
    });
  });

  test('neighbours, layers and streams of keys are not correlated', () => {
    const key = keyOf(3);
    const [a, b] = splitKey(key).map((each) => normal(each, [COUNT]).tensor.data);
    const own = normal(key, [COUNT]).tensor.data;
    const folded = normal(foldIn(key, 1), [COUNT]).tensor.data;
    const correlation = (x: ArrayLike<number>, y: ArrayLike<number>, shift = 0): number => {
      let sum = 0;
      for (let i = shift; i < COUNT; i++) sum += x[i]! * y[i - shift]!;
      return sum / COUNT;
    };
    for (const value of [
      correlation(a!, b!),
      correlation(own, a!),
      correlation(own, folded),
      correlation(own, own, 1),
      correlation(own, own, 4),
    ])
      expect(Math.abs(value)).toBeLessThan(5 / Math.sqrt(COUNT));
  });

  test('conditions are true as often as asked, never for 0 and always for 1', () => {
    const key = keyOf(4);
    const share = (p: number | GraphNode): number => bernoulli(key, p, [COUNT]).mean().value;
    expect(share(0)).toBe(0);
    expect(share(1)).toBe(1);
    expect(Math.abs(share(0.3) - 0.3)).toBeLessThan(5 * Math.sqrt(0.21 / COUNT));
    const rates = key.graph.constant(tensor([[0], [1]]));
    expect(bernoulli(key, rates, [2, 3]).tensor.toArray()).toEqual([
      [false, false, false],
      [true, true, true],
    ]);
  });
});

describe('normal quantiles', () => {
  // Computed with mpmath at 60 digits: sqrt(2) erfinv(2 q).
  test.each([
    [-0.49999999999999994, -8.292361075813595],
    [-0.4999999999990905, -7.047700256664409],
    [-0.4990234375, -3.0972690781987846],
    [-0.43, -1.4757910281791706],
    [-0.4255, -1.4430726743709008],
    [-0.4245, -1.436008227944182],
    [-0.25, -0.6744897501960817],
    [-0.09999999999999998, -0.2533471031357997],
    [-0.0010000000000000009, -0.002506630899571766],
    [-0.49999999999, -6.706023143414748],
    [-0.499999999986, -6.6567228461403625],
    [-0.499999999987, -6.667611569742473],
    [-5.551115123125783e-17, -1.3914582123358836e-16],
  ])('of 1/2 + %d', (q, expected) => {
    for (const sign of [1, -1]) {
      const error = Math.abs(normalQuantile(sign * q) - sign * expected);
      expect(error / Math.abs(expected)).toBeLessThan(8 * Number.EPSILON);
    }
  });
});

describe('keys', () => {
  test('of different seeds, parts and numbers draw different numbers', () => {
    const graph = new Graph();
    const keys = [0, 1, 2 ** 32, 2 ** 53 - 1].map((seed) =>
      graph.input(`key ${seed}`, { value: randomKey(seed) }),
    );
    const n = graph.input('n', { kind: 'integer', value: 5 });
    const all = [
      ...keys,
      ...splitKey(keys[0]!, 5),
      ...[0, 1, 2 ** 32, 2 ** 53 - 1].map((number) => foldIn(keys[0]!, number)),
      foldIn(keys[0]!, n),
      foldIn(foldIn(keys[0]!, 0), 0),
    ];
    expect(new Set(all.map((key) => uniform(key).value)).size).toBe(all.length);
    expect(foldIn(keys[0]!, n).tensor).toEqual(foldIn(keys[0]!, 5).tensor);
  });

  test('in a stack have numbers of their own', () => {
    const graph = new Graph();
    const [a, b] = [1, 2].map((seed) => graph.input(`key ${seed}`, { value: randomKey(seed) }));
    const both = graph.constant(
      tensor([Array.from(a!.tensor.data), Array.from(b!.tensor.data)], { kind: 'integer' }),
    );
    for (const draw of [uniform, normal]) {
      expect(draw(both, [3]).tensor.toArray()).toEqual(
        [a!, b!].map((key) => draw(key, [3]).tensor.toArray()),
      );
      expect(draw(both, [0]).shape).toEqual([2, 0]);
    }
  });

  test('are replaced in place by a program, which starts again with the same numbers', () => {
    const key = keyOf(9);
    const spec = { outputs: [normal(key, [2])], updates: [[key, foldIn(key, 0)]] } as const;
    const runs = (): unknown[] => {
      const program = interpreter(spec);
      return [1, 2, 3].map(() => program.run()[0]!.toArray());
    };
    const first = runs();
    expect(new Set(first.map(String)).size).toBe(3);
    expect(runs()).toEqual(first);
  });

  test('that are none are refused', () => {
    const graph = new Graph();
    const key = graph.input('key', { value: randomKey(0) });
    const reals = graph.input('reals', { shape: [2] });
    expect(() => uniform(reals)).toThrow(ShapeError);
    expect(() => uniform(reals)).toThrow(
      /a key consists of 2 integers along the last axis, got real of shape \[2\][^]*randomKey\(seed\)/,
    );
    expect(() => normal(slice(key, [{ end: 1 }]))).toThrow(ShapeError);
    expect(() => philox(key, key)).toThrow(/a counter consists of 4 integers.* shape \[2\]$/m);
    expect(() => randomKey(-1)).toThrow(ValueError);
    expect(() => randomKey(0.5)).toThrow(/randomKey: seed is 0.5/);
    expect(() => splitKey(key, 0)).toThrow(/splitKey: count is an integer from 1/);
    expect(() => splitKey(reals)).toThrow(/a key consists of 2 integers/);
    expect(() => foldIn(key, -1)).toThrow(/foldIn: the number to fold in/);
    expect(() => foldIn(key, reals)).toThrow(/an integer scalar/);
    expect(() => bernoulli(key, 1.5)).toThrow(/bernoulli: p is 1.5/);
    expect(() => uniform(key, [-1])).toThrow(ShapeError);
    expect(evaluate(uniform(key, [0])).size).toBe(0);
  });
});
