/** Sums, means, extremes and log-sum-exp over any axes, against loops over indices. */
import {
  all,
  any,
  argMax,
  argMin,
  cumMax,
  cumProd,
  evaluate,
  Graph,
  greater,
  logSoftmax,
  logSumExp,
  max,
  min,
  norm,
  operations,
  prod,
  type ReductionOptions,
  type ReductionRow,
  softmax,
  std,
  type Tensor,
  variance,
} from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  axesOf,
  eitherSign,
  expectElements,
  fractionsOf,
  indicesOf,
  integerTensors,
  integersOf,
  shapes,
  tensorOf,
} from '../support/arrays.ts';
import { tensorBuilder } from '../support/builder.ts';

/** An array, the axes to reduce, and the options that say so in one of several ways. */
interface Case {
  readonly a: Tensor;
  readonly axes: readonly number[];
  readonly keepDims: boolean;
  readonly options: ReductionOptions;
}

function casesOf(tensors: fc.Arbitrary<Tensor>): fc.Arbitrary<Case> {
  return tensors.chain((a) => {
    const rank = a.shape.length;
    return fc
      .tuple(axesOf(rank), fc.boolean(), fc.boolean())
      .chain(([axes, keepDims, implicit]) => {
        const spelled = fc.tuple(...axes.map((axis) => eitherSign(axis, rank)));
        return spelled.map((list): Case => {
          const all = axes.length === rank && implicit;
          const options = {
            ...(all
              ? {}
              : { axes: list.length === 1 && implicit ? list[0]! : [...list].reverse() }),
            ...(keepDims ? { keepDims } : implicit ? {} : { keepDims }),
          };
          return { a, axes, keepDims, options };
        });
      });
  });
}

/** The result of folding, for each index of what is kept, the list of elements along the reduced axes. */
function expectReduction(
  actual: Tensor,
  { a, axes, keepDims }: Case,
  fold: (elements: number[]) => number,
  tolerance = 0,
): void {
  const shape = a.shape.flatMap((d, axis) => (axes.includes(axis) ? (keepDims ? [1] : []) : [d]));
  expectElements(
    actual,
    shape,
    (index) => {
      const kept = keepDims ? index.filter((_, axis) => !axes.includes(axis)) : index;
      const elements = indicesOf(a.shape).filter((source) => {
        const sourceKept = source.filter((_, axis) => !axes.includes(axis));
        return sourceKept.every((i, k) => i === kept[k]);
      });
      return fold(elements.map((source) => a.at(...source)));
    },
    tolerance,
  );
}

const total = (elements: readonly number[]): number => elements.reduce((x, y) => x + y, 0);

describe('with zero-length axes allowed', () => {
  const cases = casesOf(integerTensors());

  test('sum adds, and is 0 of nothing', () => {
    fc.assert(
      fc.property(cases, (c) => {
        expectReduction(new Graph().input('x', { value: c.a }).sum(c.options).tensor, c, total);
      }),
    );
  });

  test('mean divides the sum by the count, and is NaN of nothing', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const mean = (elements: readonly number[]): number => total(elements) / elements.length;
        expectReduction(new Graph().input('x', { value: c.a }).mean(c.options).tensor, c, mean);
      }),
    );
  });

  test('logSumExp is the logarithm of the sum of exponentials, and -Infinity of nothing', () => {
    const tensors = shapes().chain((shape) => fractionsOf(shape));
    fc.assert(
      fc.property(casesOf(tensors), (c) => {
        const naive = (elements: readonly number[]): number =>
          Math.log(total(elements.map(Math.exp)));
        // A few roundings on either side.
        expectReduction(
          logSumExp(new Graph().input('x', { value: c.a }), c.options).tensor,
          c,
          naive,
          4e-15,
        );
      }),
    );
  });
});

describe('products, norms and conditions, of zero elements or more', () => {
  const cases = casesOf(integerTensors());
  const fractions = casesOf(shapes().chain((shape) => fractionsOf(shape)));

  test('prod multiplies, and is 1 of nothing', () => {
    const few = casesOf(integerTensors(0, 2));
    fc.assert(
      fc.property(few, (c) => {
        const product = (elements: readonly number[]): number =>
          elements.reduce((x, y) => x * y, 1);
        const x = new Graph().input('x', { value: c.a });
        expectReduction(prod(x, c.options).tensor, c, product);
      }),
    );
  });

  test.each([1, 1.5, 2, 3, Infinity])('norm of order %f', (order) => {
    const nonEmpty = casesOf(shapes(0, 3, 1).chain((shape) => fractionsOf(shape)));
    fc.assert(
      fc.property(order === Infinity ? nonEmpty : fractions, (c) => {
        const x = new Graph().input('x', { value: c.a });
        const naive = (elements: readonly number[]): number =>
          order === Infinity
            ? Math.max(...elements.map(Math.abs))
            : total(elements.map((e) => Math.abs(e) ** order)) ** (1 / order);
        expectReduction(norm(x, { ...c.options, order }).tensor, c, naive, 1e-14);
      }),
    );
  });

  test('variance and std are those of the definition', () => {
    const several = fractions.filter(({ a, axes }) => a.size > 0 && axes.length > 0);
    fc.assert(
      fc.property(several, fc.integer({ min: 0, max: 1 }), (c, correction) => {
        const x = new Graph().input('x', { value: c.a });
        const naive = (elements: readonly number[]): number => {
          const mean = total(elements) / elements.length;
          const squares = total(elements.map((e) => (e - mean) ** 2));
          return squares / (elements.length - correction);
        };
        const options = { ...c.options, correction };
        expectReduction(variance(x, options).tensor, c, naive, 1e-13);
        expectReduction(std(x, options).tensor, c, (elements) => Math.sqrt(naive(elements)), 1e-13);
      }),
    );
  });

  test('any and all are those of lists', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const x = new Graph().input('x', { value: c.a });
        const condition = greater(x, 0);
        const [some, every] = [any(condition, c.options), all(condition, c.options)];
        expect([some.kind, every.kind]).toStrictEqual(['boolean', 'boolean']);
        expectReduction(some.tensor, c, (elements) => Number(elements.some((e) => e > 0)));
        expectReduction(every.tensor, c, (elements) => Number(elements.every((e) => e > 0)));
      }),
    );
  });
});

describe('of one element or more', () => {
  const cases = casesOf(integerTensors(0, 4, 1));

  test.each([
    ['max', max, Math.max],
    ['min', min, Math.min],
  ] as const)('%s takes the extreme', (_, reduce, extreme) => {
    fc.assert(
      fc.property(cases, (c) => {
        const x = new Graph().input('x', { value: c.a });
        expectReduction(reduce(x, c.options).tensor, c, (elements) => extreme(...elements));
      }),
    );
  });

  test.each([
    ['argMax', argMax, Math.max],
    ['argMin', argMin, Math.min],
  ] as const)('%s is the first position of the extreme', (_, position, extreme) => {
    const chosen = integerTensors(1, 4, 1).chain((a) =>
      fc
        .integer({ min: 0, max: a.shape.length - 1 })
        .chain((axis) =>
          fc.tuple(fc.constant(a), fc.constant(axis), eitherSign(axis, a.shape.length)),
        ),
    );
    fc.assert(
      fc.property(chosen, ([a, axis, spelled]) => {
        const result = position(new Graph().input('x', { value: a }), spelled);
        expect(result.kind).toBe('integer');
        const c = { a, axes: [axis], keepDims: false, options: {} };
        expectReduction(result.tensor, c, (elements) => elements.indexOf(extreme(...elements)));
      }),
    );
  });

  test('softmax and logSoftmax normalise along one axis', () => {
    const chosen = shapes(1, 4, 1).chain((shape) =>
      fc.tuple(fractionsOf(shape), fc.integer({ min: 0, max: shape.length - 1 })),
    );
    fc.assert(
      fc.property(chosen, ([a, axis]) => {
        const x = new Graph().input('x', { value: a });
        const [soft, log] = evaluate([softmax(x, axis), logSoftmax(x, axis - a.shape.length)]);
        const along = (index: readonly number[]): number =>
          total(
            Array.from({ length: a.shape[axis]! }, (_, i) =>
              Math.exp(a.at(...index.map((at, k) => (k === axis ? i : at)))),
            ),
          );
        const naive = (index: readonly number[]): number => Math.exp(a.at(...index)) / along(index);
        expectElements(soft, a.shape, naive, 2e-14);
        expectElements(log, a.shape, (index) => Math.log(naive(index)), 2e-14);
      }),
    );
  });
});

test('axes default to the last for argMax, softmax and logSoftmax', () => {
  const a = tensorOf([2, 3], ([i, j]) => 3 * i! + j! * j!);
  const x = new Graph().input('x', { value: a });
  const [given, omitted] = [
    evaluate([argMax(x, 1), softmax(x, 1), logSoftmax(x, 1)]),
    evaluate([argMax(x), softmax(x), logSoftmax(x)]),
  ];
  given.forEach((t, k) => {
    expect(omitted[k]!.toArray()).toStrictEqual(t.toArray());
  });
});

test('NaN is the extreme of anything it is among, and argMax finds it', () => {
  const x = new Graph().input('x', {
    value: [
      [1, NaN, 3],
      [4, 5, -1],
    ],
  });
  expect(max(x, { axes: 1 }).tensor.toArray()).toStrictEqual([NaN, 5]);
  expect(min(x, { axes: 1 }).tensor.toArray()).toStrictEqual([NaN, -1]);
  expect(argMax(x, 1).tensor.toArray()).toStrictEqual([1, 1]);
  expect(argMin(x, 1).tensor.toArray()).toStrictEqual([1, 2]);
  expect(norm(x, { axes: 1 }).tensor.toArray()).toStrictEqual([NaN, Math.sqrt(42)]);
  expect(cumMax(x, 1).tensor.toArray()).toStrictEqual([
    [1, NaN, NaN],
    [4, 5, 5],
  ]);
});

test('logSumExp neither overflows nor loses infinities', () => {
  const of = (...elements: number[]): number =>
    logSumExp(new Graph().input('x', { value: elements })).value;
  expect(of(1000, 1000)).toBe(1000 + Math.LN2);
  expect(of(-1000, -1000)).toBe(-1000 + Math.LN2);
  expect(of(-Infinity, 3)).toBe(3);
  expect(of(-Infinity, -Infinity)).toBe(-Infinity);
  expect(of(Infinity, 0)).toBe(Infinity);
  expect(of(NaN, 0)).toBeNaN();
  expect(of(1.5)).toBe(1.5);
});

test('norm neither over- nor underflows', () => {
  const of = (...elements: number[]): number =>
    norm(new Graph().input('x', { value: elements })).value;
  expect(of(3 * 2 ** 1000, -4 * 2 ** 1000)).toBe(5 * 2 ** 1000);
  expect(of(3 * 2 ** -1070, 4 * 2 ** -1070)).toBe(5 * 2 ** -1070);
  expect(of(1.7976931348623157e308)).toBe(1.7976931348623157e308);
  expect(of(-Infinity, 1)).toBe(Infinity);
  expect(of(5e-324)).toBe(5e-324);
  expect(of(-0)).toBe(0);
  const p = norm(new Graph().input('x', { value: [3e200, 4e200] }), { order: 4 }).value;
  expect(Math.abs(p / 1e200 / 337 ** 0.25 - 1)).toBeLessThan(4e-16);
});

test('what a reduction cannot do fails before it builds anything, and says why', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [2, 0] });
  const count = graph.nodeCount;
  expect(() => norm(x, { order: 0.5 })).toThrow(
    'norm: the order is a number from 1 to Infinity, got 0.5',
  );
  expect(() => norm(x, { order: Infinity })).toThrow('the maximum of no elements is not defined');
  expect(() => norm(x, { order: 3, axes: 2 })).toThrow('norm: axis 2 does not exist');
  expect(() => any(x)).toThrow('any: the operand must be of kind boolean, got real');
  expect(() => cumProd(x, 5)).toThrow('cumProd: axis 5 does not exist');
  expect(() => std(x, { axes: 7 })).toThrow('std: axis 7 does not exist');
  expect(() => argMin(x)).toThrow('the position of the minimum of no elements');
  expect(graph.nodeCount).toBe(count);
});

test('the sum of booleans counts', () => {
  const x = new Graph().input('x', {
    value: [
      [true, false],
      [true, true],
    ],
  });
  expect(x.sum({ axes: 0 }).tensor.toArray()).toStrictEqual([2, 1]);
  expect(x.sum().kind).toBe('real');
});

describe('local derivatives', () => {
  function partialOf(
    name: 'max' | 'min' | 'logSumExp' | 'prod' | 'norm',
    a: Tensor,
    axes: readonly number[],
  ): Tensor {
    const row = operations[name] as ReductionRow;
    const attributes = { axes, keepDims: true };
    const result = tensorBuilder.apply(row, [a], attributes);
    return row.partial(tensorBuilder, a, result, attributes);
  }
  /** The elements that share a result with the one at this index. */
  function companions(a: Tensor, axes: readonly number[], index: readonly number[]): number[] {
    return indicesOf(a.shape)
      .filter((other) => other.every((i, axis) => axes.includes(axis) || i === index[axis]))
      .map((other) => a.at(...other));
  }
  const withAxes = (tensors: fc.Arbitrary<Tensor>): fc.Arbitrary<[Tensor, number[]]> =>
    tensors.chain((a) => fc.tuple(fc.constant(a), axesOf(a.shape.length)));

  test.each(['max', 'min'] as const)('of %s: 1, shared equally among ties', (name) => {
    fc.assert(
      fc.property(withAxes(integerTensors(0, 3, 1)), ([a, axes]) => {
        expectElements(partialOf(name, a, axes), a.shape, (index) => {
          const group = companions(a, axes, index);
          const extreme = Math[name](...group);
          const ties = group.filter((x) => x === extreme).length;
          return a.at(...index) === extreme ? 1 / ties : 0;
        });
      }),
    );
  });

  test('of logSumExp: the softmax', () => {
    const tensors = shapes(0, 3, 1).chain((shape) => fractionsOf(shape));
    fc.assert(
      fc.property(withAxes(tensors), ([a, axes]) => {
        const softmax = (index: readonly number[]): number =>
          Math.exp(a.at(...index)) / total(companions(a, axes, index).map(Math.exp));
        expectElements(partialOf('logSumExp', a, axes), a.shape, softmax, 2e-14);
      }),
    );
  });

  test('of prod: the product of the others, whatever is 0', () => {
    fc.assert(
      fc.property(withAxes(integerTensors(0, 3)), ([a, axes]) => {
        expectElements(
          partialOf('prod', a, axes),
          a.shape,
          (index) => {
            const others = indicesOf(a.shape).filter(
              (other) =>
                other.every((i, axis) => axes.includes(axis) || i === index[axis]) &&
                other.some((i, axis) => i !== index[axis]),
            );
            // Up to 27 factors of up to 9: exact below 2^53, else rounded like any other order of multiplication.
            return others.reduce((product, other) => product * a.at(...other), 1) + 0;
          },
          1e-14,
        );
      }),
    );
  });

  test('of norm: the unit vector, and 0 at the origin', () => {
    fc.assert(
      fc.property(withAxes(integerTensors(0, 3)), ([a, axes]) => {
        expectElements(
          partialOf('norm', a, axes),
          a.shape,
          (index) => {
            const length = Math.sqrt(total(companions(a, axes, index).map((x) => x * x)));
            return length === 0 ? 0 : a.at(...index) / length;
          },
          4e-16,
        );
      }),
    );
  });

  test('of logSumExp at infinities: no NaN', () => {
    const row = (...elements: number[]): unknown =>
      partialOf(
        'logSumExp',
        tensorOf([elements.length], ([i]) => elements[i!]!),
        [0],
      ).toArray();
    expect(row(-Infinity, 2)).toStrictEqual([0, 1]);
    expect(row(-Infinity, -Infinity)).toStrictEqual([0, 0]);
    expect(row(Infinity, 2)).toStrictEqual([1, 0]);
    expect(row(1e300, -1e300)).toStrictEqual([1, 0]);
  });
});

test('reductions of integers are exact sums', () => {
  fc.assert(
    fc.property(integersOf([4, 5], 'integer'), (a) => {
      const x = new Graph().input('x', { value: a });
      expect(x.kind).toBe('integer');
      expect(x.sum().value).toBe(total([...a.data]));
    }),
  );
});
