/**
 * The derivative of every operation on arrays, against five-point differences over random shapes, by the sweep and by
 * the gradient graph; and what happens at ties, infinities, kinks and without elements.
 */
import {
  apply,
  concat,
  cumMax,
  cumProd,
  cumSum,
  diagonal,
  einsum,
  evaluate,
  expandDims,
  flip,
  gather,
  Graph,
  type GraphNode,
  logSoftmax,
  logSumExp,
  matmul,
  max,
  min,
  norm,
  type Operation,
  operations,
  pad,
  prod,
  repeat,
  roll,
  scatterAdd,
  type Shape,
  sizeOf,
  slice,
  softmax,
  sort,
  squeeze,
  stack,
  std,
  Tensor,
  tensor,
  tile,
  topK,
  tril,
  triu,
  variance,
  where,
} from '@ad/graph';
import { shapes, tensors } from '@ad/backprop/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradient, reverseSweep } from '../src/index.ts';
import { fivePoint, oneSided, withElement } from './support/differences.ts';

/** Weights for the elements of a result, all different nearby. */
function weightsOf(shape: Shape): Tensor {
  return new Tensor(
    shape,
    'real',
    Float64Array.from({ length: sizeOf(shape) }, (_, i) => ((5 * i) % 11) / 4 - 1.2),
  );
}

/**
 * Checks the derivatives of `f` at `values`. The functions here are smooth with derivatives up to some tens: 1e-9 of
 * max(1, |f'|), plus what rounding costs where many elements are added up.
 */
function expectDerivatives(
  values: readonly Tensor[],
  f: (...nodes: GraphNode[]) => GraphNode,
): void {
  const graph = new Graph();
  const inputs = values.map((value, k) => graph.input(`x${k}`, { value }));
  const y = f(...inputs);
  const seed = weightsOf(y.shape);
  const sweep = reverseSweep(y, { seed });
  const symbolic = gradient(y, inputs, { seed: graph.constant(seed) });
  const total = y.mul(graph.constant(seed)).sum();
  inputs.forEach((x, k) => {
    const derivative = sweep.adjointTensor(x);
    expect(derivative.shape).toEqual(x.shape);
    expect(symbolic[k]!.shape).toEqual(x.shape);
    const bySymbols = symbolic[k]!.tensor.data;
    derivative.data.forEach((slope, i) => {
      expect(bySymbols[i]).toBeCloseTo(slope, 13);
      const along = (t: number): number =>
        evaluate(total, { [`x${k}`]: withElement(values[k]!, i, t) }).item();
      const difference = slope - fivePoint(along, values[k]!.data[i]!);
      expect(Math.abs(difference) / Math.max(1, Math.abs(slope))).toBeLessThan(1e-9);
    });
  });
}

/** A shape and a choice for each of its axes. */
const shapesWithFlags = shapes().chain((shape) =>
  fc.record({
    value: tensors({ shape }),
    flags: fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
    keepDims: fc.boolean(),
  }),
);

const axesOf = (flags: readonly boolean[]): number[] =>
  flags.flatMap((flag, axis) => (flag ? [axis] : []));

/** Tensors of which any two elements are at least 1/4 apart, in random order. */
const distinct = (shape: Shape): fc.Arbitrary<Tensor> => {
  const size = sizeOf(shape);
  return fc.array(fc.nat({ max: 10_000 }), { minLength: size, maxLength: size }).map((keys) => {
    const ranks = keys.map((_, i) => i).sort((a, b) => keys[a]! - keys[b]! || a - b);
    return new Tensor(
      shape,
      'real',
      Float64Array.from(ranks, (rank) => rank / 4 - 1),
    );
  });
};

describe('reductions over any axes', () => {
  test.each<[string, (x: GraphNode, options: { axes: number[]; keepDims: boolean }) => GraphNode]>([
    ['sum', (x, options) => x.sum(options)],
    ['mean', (x, options) => x.mean(options)],
    ['logSumExp', (x, options) => logSumExp(x, options)],
    ['prod', (x, options) => prod(x.mul(0.5), options)],
    ['variance', (x, options) => variance(x, { ...options, correction: -1 })],
    ['sum of squares', (x, options) => x.square().sum(options).sin()],
  ])('%s', (_name, reduce) => {
    fc.assert(
      fc.property(shapesWithFlags, ({ value, flags, keepDims }) => {
        expectDerivatives([value], (x) => reduce(x, { axes: axesOf(flags), keepDims }));
      }),
    );
  });

  test('norms and deviations away from the origin', () => {
    const cases = shapes({ minRank: 1 }).chain((shape) =>
      fc.tuple(distinct(shape), fc.nat({ max: shape.length - 1 }), fc.boolean()),
    );
    fc.assert(
      fc.property(cases, ([value, axis, keepDims]) => {
        const options = { axes: axis, keepDims };
        for (const order of [1, 2, 3, Infinity]) {
          expectDerivatives([value], (x) => norm(x.add(2.1), { ...options, order }));
        }
        // Of one element the deviation is 0: there is a kink.
        if (value.shape[axis]! > 1) expectDerivatives([value], (x) => std(x, options));
      }),
    );
  });

  test('the derivatives of norms and deviations are 0 at their kinks', () => {
    for (const order of [1, 1.5, 2, 3, Infinity]) {
      const x = new Graph().input('x', { value: [0, 0, 0] });
      expect(reverseSweep(norm(x, { order })).adjointTensor(x).toArray()).toEqual([0, 0, 0]);
      expect(gradient(norm(x, { order }), x).tensor.toArray()).toEqual([0, 0, 0]);
    }
    const x = new Graph().input('x', { value: [2, 2, 2] });
    expect(reverseSweep(std(x)).adjointTensor(x).toArray()).toEqual([0, 0, 0]);
  });

  test('running sums, products and maxima', () => {
    const cases = shapes({ minRank: 1 }).chain((shape) =>
      fc.tuple(distinct(shape), fc.nat({ max: shape.length - 1 })),
    );
    fc.assert(
      fc.property(cases, ([value, axis]) => {
        expectDerivatives([value], (x) => cumSum(x, axis).sin());
        expectDerivatives([value], (x) => cumProd(x, axis).sin());
        expectDerivatives([value], (x) => cumMax(x, axis));
      }),
    );
  });

  test('second derivatives of a product with zeros are the products of all but two', () => {
    const x = new Graph().input('x', { value: [0, 3, 0, 5] });
    const first = gradient(prod(x), x);
    expect(first.tensor.toArray()).toEqual([0, 0, 0, 0]);
    const second = gradient(slice(first, [{ start: 0, end: 1 }]).sum(), x);
    expect(second.tensor.toArray()).toEqual([0, 0, 15, 0]);
  });

  test('max and min of distinct elements', () => {
    const cases = shapes().chain((shape) =>
      fc.record({
        value: distinct(shape),
        flags: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
        keepDims: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(cases, ({ value, flags, keepDims }) => {
        const axes = axesOf(flags).filter((axis) => axis < value.shape.length);
        expectDerivatives([value], (x) => max(x, { axes, keepDims }));
        expectDerivatives([value], (x) => min(x, { axes, keepDims }));
      }),
    );
  });

  test('softmax and logSoftmax along any axis', () => {
    const cases = shapes({ minRank: 1 }).chain((shape) =>
      fc.tuple(tensors({ shape }), fc.nat({ max: shape.length - 1 })),
    );
    fc.assert(
      fc.property(cases, ([value, axis]) => {
        expectDerivatives([value], (x) => softmax(x, axis));
        expectDerivatives([value], (x) => logSoftmax(x, axis - value.shape.length));
      }),
    );
  });
});

describe('what moves elements', () => {
  test('sort, topK, roll, flip, tile, repeat, triangles and diagonals', () => {
    fc.assert(
      fc.property(distinct([3, 4]), fc.boolean(), (value, descending) => {
        expectDerivatives([value], (x) => sort(x, { axis: 0, descending }).sin());
        expectDerivatives([value], (x) => topK(x, 2, { largest: descending }).values.sin());
        expectDerivatives([value], (x) => roll(x, 2, 1).mul(flip(x, 0)));
        expectDerivatives([value], (x) => tile(x, [2, 1]).mul(repeat(x, 2)));
        expectDerivatives([value], (x) => triu(x, 1).mul(tril(x, 2)).sum().add(diagonal(x).sin()));
      }),
    );
  });

  test('einsum of shared indices, repeated indices and sums', () => {
    fc.assert(
      fc.property(tensors({ shape: [2, 3, 2] }), tensors({ shape: [3, 2] }), (a, b) => {
        expectDerivatives([a, b], (x, y) => einsum('iji,jk->kj', x, y));
        expectDerivatives([a, b], (x, y) => einsum('ijk,jk->i', x, y));
        expectDerivatives([a, b], (x, y) => einsum('ijk,jl,jm->lmk', x, y, y));
        expectDerivatives([a, b], (x, y) => einsum('i...j,...k->...k', x, y));
        expectDerivatives([a, b], (x, y) => einsum('...j,...j', x, y));
      }),
    );
  });

  const cases = shapes({ minRank: 1 }).chain((shape) =>
    fc.record({
      value: tensors({ shape }),
      axis: fc.nat({ max: shape.length - 1 }),
      n: fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 9, maxLength: 9 }),
    }),
  );
  type Case = { readonly value: Tensor; readonly axis: number; readonly n: readonly number[] };

  test.each<[string, (x: GraphNode, value: Case) => GraphNode]>([
    ['reshape', (x) => x.reshape([-1])],
    ['reshape to more axes', (x) => x.reshape([1, ...x.shape, 1])],
    ['transpose', (x) => x.transpose()],
    [
      'transpose by a permutation',
      (x, { n }) =>
        x.transpose(x.shape.map((_, axis) => axis).sort((a, b) => n[a]! - n[b]! || a - b)),
    ],
    ['broadcastTo', (x) => x.broadcastTo([2, ...x.shape])],
    [
      'broadcastTo along axes of length 1',
      (x) => expandDims(x, 1).broadcastTo([x.shape[0]!, 3, ...x.shape.slice(1)]),
    ],
    ['expandDims and squeeze', (x, { axis }) => squeeze(expandDims(x, axis).sin(), axis)],
    [
      'slice',
      (x, { n }) =>
        slice(
          x,
          x.shape.map((_, axis) => ({
            start: n[axis]!,
            end: n[axis + 3]!,
            step: n[axis + 6]! || 1,
          })),
        ),
    ],
    [
      'slice by open ranges',
      (x, { n }) =>
        slice(
          x,
          x.shape.map((_, axis) => ({ step: n[axis]! || -1 })),
        ),
    ],
    [
      'pad',
      (x, { n }) =>
        pad(
          x,
          x.shape.map((_, axis) => [Math.abs(n[axis]!), Math.abs(n[axis + 3]!)] as const),
        ),
    ],
    ['concat', (x, { axis }) => concat([x, x.sin(), x], axis)],
    ['stack', (x, { axis }) => stack([x, x.square()], axis)],
    [
      'gather',
      (x, { axis, n }) => {
        const length = x.shape[axis]!;
        const indices = n
          .slice(0, 6)
          .map((i) => (((i % length) + length) % length) - (i < 0 ? length : 0));
        return gather(
          x,
          x.graph.constant(tensor(indices, { kind: 'integer', shape: [2, 3] })),
          axis,
        );
      },
    ],
    [
      'gather of nothing',
      (x, { axis }) =>
        gather(x, x.graph.constant(new Tensor([0], 'integer', new Int32Array(0))), axis),
    ],
    [
      'scatterAdd',
      (x, { axis, n }) => {
        const indices = n.slice(0, x.shape[axis]).map((i) => i % 3); // -2 to 2
        return scatterAdd(x, x.graph.constant(tensor(indices, { kind: 'integer' })), 3, axis);
      },
    ],
  ])('%s', (_name, f) => {
    fc.assert(
      fc.property(cases, (each) => {
        expectDerivatives([each.value], (x) => f(x, each).mul(0.5).sin());
      }),
    );
  });
});

describe('products of matrices', () => {
  /** Shapes [..., n, k] and [..., k, m] with stacks that broadcast. */
  const pairs = fc
    .record({
      n: fc.integer({ min: 1, max: 3 }),
      k: fc.integer({ min: 1, max: 3 }),
      m: fc.integer({ min: 1, max: 3 }),
      stack: shapes({ maxRank: 2, maxLength: 2 }),
      drop: fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 2 })),
      flat: fc.tuple(fc.boolean(), fc.boolean()),
    })
    .chain(({ n, k, m, stack, drop, flat }) => {
      const part = (which: 0 | 1): Shape =>
        stack.slice(drop[which]).map((length) => (flat[which] ? 1 : length));
      return fc.tuple(
        tensors({ shape: [...part(0), n, k] }),
        tensors({ shape: [...part(1), k, m] }),
      );
    });

  test('stacks of matrices that broadcast', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        expectDerivatives([a, b], (x, y) => matmul(x, y));
      }),
    );
  });

  test('vectors with vectors, matrices and stacks', () => {
    const cases = fc
      .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }))
      .chain(([n, k]) =>
        fc.record({
          u: tensors({ shape: [k] }),
          v: tensors({ shape: [k] }),
          a: tensors({ shape: [n, k] }),
          s: tensors({ shape: [2, k, n] }),
        }),
      );
    fc.assert(
      fc.property(cases, ({ u, v, a, s }) => {
        expectDerivatives([u, v], (x, y) => matmul(x, y));
        expectDerivatives([a, v], (x, y) => matmul(x, y));
        expectDerivatives([u, s], (x, y) => matmul(x, y));
        expectDerivatives([s, a], (x, y) => matmul(x, y).matmul(x));
      }),
    );
  });
});

test('broadcasting of two and three operands', () => {
  const cases = fc
    .record({
      shape: shapes(),
      flat: fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }),
      drop: fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 })),
    })
    .chain(({ shape, flat, drop }) => {
      const part = (k: number): Shape =>
        shape
          .map((length, axis) => (flat[3 * k + axis] === true ? 1 : length))
          .slice(k === 0 ? 0 : drop[k - 1]);
      return fc.tuple(
        tensors({ shape: part(0) }),
        tensors({ shape: part(1) }),
        tensors({ shape: part(2) }),
      );
    });
  fc.assert(
    fc.property(cases, ([a, b, c]) => {
      expectDerivatives([a, b], (x, y) => x.mul(y).add(x));
      expectDerivatives([a, b, c], (x, y, z) => x.sub(y).mul(z.sin()).tanh());
      // The condition keeps the branches' elements apart from each other by position, not by value.
      const condition = new Tensor(
        a.shape,
        'boolean',
        Uint8Array.from(a.data, (_, i) => i % 2),
      );
      expectDerivatives([b, c], (y, z) => where(y.graph.constant(condition), y.square(), z.sin()));
    }),
  );
});

describe('ties share equally', () => {
  const slopes = (f: (x: GraphNode) => GraphNode, value: Tensor): [number[], number[]] => {
    const x = new Graph().input('x', { value });
    const y = f(x);
    return [
      Array.from(reverseSweep(y).adjointTensor(x).data),
      Array.from(gradient(y, x).tensor.data),
    ];
  };

  test('of max and min, in any number', () => {
    const cases = fc.array(fc.integer({ min: -1, max: 1 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(cases, (numbers) => {
        for (const [f, extreme] of [
          [(x: GraphNode) => max(x), Math.max(...numbers)],
          [(x: GraphNode) => min(x), Math.min(...numbers)],
        ] as const) {
          const ties = numbers.filter((n) => n === extreme).length;
          const expected = numbers.map((n) => (n === extreme ? 1 / ties : 0));
          for (const actual of slopes(f, tensor(numbers))) expect(actual).toEqual(expected);
        }
      }),
    );
  });

  test('per row', () => {
    const value = tensor([
      [1, 3, 3],
      [2, 2, 2],
      [0, -1, -2],
    ]);
    const expected = [0, 1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 3, 1, 0, 0];
    for (const actual of slopes((x) => max(x, { axes: 1 }).sum(), value))
      expect(actual).toEqual(expected);
  });

  test('of zeros of both signs, and of infinities', () => {
    for (const actual of slopes((x) => max(x), tensor([0, -0]))) expect(actual).toEqual([0.5, 0.5]);
    for (const actual of slopes((x) => max(x), tensor([Infinity, 1, Infinity])))
      expect(actual).toEqual([0.5, 0, 0.5]);
    for (const actual of slopes((x) => min(x), tensor([-Infinity, 1])))
      expect(actual).toEqual([1, 0]);
  });
});

describe('logSumExp at infinities', () => {
  const softmaxOf = (...numbers: number[]): number[][] => {
    const x = new Graph().input('x', { value: numbers });
    const y = logSumExp(x);
    return [reverseSweep(y).adjointTensor(x), gradient(y, x).tensor].map(({ data }) =>
      Array.from(data),
    );
  };

  test.each<[string, number[], number[]]>([
    ['-Infinity weighs nothing', [-Infinity, 0, 0], [0, 0.5, 0.5]],
    ['-Infinity beside one number', [-Infinity, 7], [0, 1]],
    ['-Infinity alone weighs nothing rather than NaN', [-Infinity, -Infinity], [0, 0]],
    ['Infinity takes all', [Infinity, 5, -Infinity], [1, 0, 0]],
    ['large numbers do not overflow', [1000, 1000, -1000], [0.5, 0.5, 0]],
  ])('%s', (_name, numbers, expected) => {
    // The weights are exponentials of differences to the result, which is rounded: by |x| eps.
    const finite = numbers.filter((n) => Number.isFinite(n)).map(Math.abs);
    const tolerance = 2 * Number.EPSILON * Math.max(1, ...finite);
    for (const weights of softmaxOf(...numbers)) {
      weights.forEach((weight, i) => {
        expect(Math.abs(weight - expected[i]!)).toBeLessThanOrEqual(tolerance);
      });
    }
  });
});

describe('arrays without elements', () => {
  const cases = shapes({ minRank: 1, minLength: 0, maxLength: 2 })
    .filter((shape) => shape.includes(0))
    .chain((shape) =>
      fc.record({ shape: fc.constant(shape), axis: fc.nat({ max: shape.length - 1 }) }),
    );

  test.each<[string, (x: GraphNode, axis: number) => GraphNode]>([
    ['sum', (x, axis) => x.sum({ axes: axis })],
    ['sum of all', (x) => x.sum()],
    ['mean', (x, axis) => x.mean({ axes: axis })],
    ['logSumExp', (x, axis) => logSumExp(x, { axes: axis })],
    ['an elementwise operation', (x) => x.sin().mul(x)],
    ['broadcasting', (x, axis) => x.mul(x.sum({ axes: axis, keepDims: true }))],
    ['reshape', (x) => x.reshape([0])],
    ['transpose', (x) => x.transpose()],
    ['broadcastTo', (x) => x.broadcastTo([2, ...x.shape])],
    [
      'slice',
      (x, axis) =>
        slice(
          x,
          x.shape.map((_, k) => (k === axis ? { start: 1, step: -1 } : {})),
        ),
    ],
    [
      'slice of nothing',
      (x) =>
        slice(
          x,
          x.shape.map(() => ({ start: 5, end: 9 })),
        ),
    ],
    [
      'pad',
      (x) =>
        pad(
          x,
          x.shape.map(() => [1, 2] as const),
        ),
    ],
    ['concat', (x, axis) => concat([x, x], axis)],
    [
      'matmul',
      (x) =>
        matmul(x.reshape([0, 2]), x.reshape([2, 0])).add(
          matmul(x.reshape([0, 3]), x.reshape([3, 0])),
        ),
    ],
    ['matmul over nothing', (x) => matmul(x.reshape([2, 0]), x.reshape([0, 2]))],
  ])('%s has a gradient without elements', (_name, f) => {
    fc.assert(
      fc.property(cases, ({ shape, axis }) => {
        const graph = new Graph();
        const x = graph.input('x', { value: new Tensor(shape, 'real', new Float64Array(0)) });
        const y = f(x, axis);
        const seed = weightsOf(y.shape);
        expect(reverseSweep(y, { seed }).adjointTensor(x)).toEqual(x.tensor);
        expect(gradient(y, x, { seed: graph.constant(seed) }).tensor).toEqual(x.tensor);
      }),
    );
  });

  test('max of no elements is refused where it is built; of other axes it is empty', () => {
    const x = new Graph().input('x', { value: new Tensor([0, 2], 'real', new Float64Array(0)) });
    expect(() => max(x, { axes: 0 })).toThrow(/maximum of no elements/);
    const y = max(x, { axes: 1 });
    expect(gradient(y.sum(), x).tensor).toEqual(x.tensor);
    expect(reverseSweep(y.sum()).adjointTensor(x)).toEqual(x.tensor);
  });
});

describe('kinks follow the convention of the table', () => {
  const kinks = Object.values(operations).flatMap((row: Operation) =>
    row.family === 'elementwise'
      ? (row.kinks ?? []).map(({ at, partials }) => ({ row, name: row.name, at, partials }))
      : [],
  );

  test.each(kinks)('$name at $at', ({ row, at, partials }) => {
    const graph = new Graph();
    const inputs = at.map((value, k) => graph.input(`x${k}`, { value }));
    const y = apply(row, inputs);
    const sweep = reverseSweep(y);
    const symbolic = gradient(y, inputs);
    partials.forEach((partial, k) => {
      expect(sweep.adjoint(inputs[k]!) + 0).toBe(partial + 0);
      expect(symbolic[k]!.value + 0).toBe(partial + 0);
    });
  });

  // Operations that are defined around the kink and have a derivative on each side.
  const twoSided = kinks.filter(
    ({ name, at }) => !['pow', 'sqrt', 'cbrt'].includes(name) && at.every(Number.isFinite),
  );

  test.each(twoSided)(
    '$name at $at has a derivative between those from the left and the right',
    ({ row, at, partials }) => {
      const graph = new Graph();
      const inputs = at.map((value, k) => graph.input(`x${k}`, { value }));
      const y = apply(row, inputs);
      partials.forEach((partial, k) => {
        const along = (t: number): number => evaluate(y, { [`x${k}`]: t }).item();
        const [left, right] = oneSided(along, at[k]!, 1e-6);
        expect(partial).toBeGreaterThanOrEqual(Math.min(left, right) - 1e-5);
        expect(partial).toBeLessThanOrEqual(Math.max(left, right) + 1e-5);
      });
    },
  );
});
