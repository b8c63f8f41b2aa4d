/**
 * The message rule of every linear operation is the transpose of the operation: <A x, y> = <x, A^T y> for all x and
 * y. With small integers every sum is exact, so the two numbers are equal, not close.
 */
import {
  operations,
  tensor,
  type Attributes,
  type BilinearRow,
  type Builder,
  type LinearRow,
  type Operation,
  type OperationName,
  type Shape,
  type Tensor,
} from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  axesOf,
  broadcastableShapes,
  indicesOf,
  integersOf,
  integerTensors,
  permutationsOf,
  shapes,
} from '../support/arrays.ts';
import { applyToTensors, tensorBuilder } from '../support/builder.ts';

/** Operands and attributes that an operation accepts. */
interface Application {
  readonly operands: readonly Tensor[];
  readonly attributes: Attributes;
}

const one = (a: Tensor, attributes: Attributes): Application => ({ operands: [a], attributes });

const counts = (count: number, max: number, min = 0): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min, max }), { minLength: count, maxLength: count });

function indicesInto(shape: Shape, length: number): fc.Arbitrary<Tensor> {
  return integersOf(shape, 'integer').map((t) => {
    for (let i = 0; i < t.size; i++)
      t.data[i] = (((t.data[i]! % length) + length) % length) - (i % 2) * length;
    return t;
  });
}

/** The axes of a slice: every start, length and step that stays inside. */
const sliceAxis = (length: number): fc.Arbitrary<[start: number, length: number, step: number]> => {
  const all: [number, number, number][] = [
    [0, 0, 1],
    [0, 0, -2],
  ];
  for (let start = 0; start < length; start++) {
    for (const step of [-3, -2, -1, 1, 2, 3]) {
      for (let n = 0; n < 5; n++) {
        const last = start + (n - 1) * step;
        if (n === 0 || (last >= 0 && last < length)) all.push([start, n, step]);
      }
    }
  }
  return fc.constantFrom(...all);
};

/** One generator per linear operation of the table. */
const APPLICATIONS: Partial<Record<OperationName, fc.Arbitrary<Application>>> = {
  sum: integerTensors().chain((a) =>
    fc
      .record({ axes: axesOf(a.shape.length), keepDims: fc.boolean() })
      .map((attributes) => one(a, attributes)),
  ),
  cumSum: integerTensors(1, 4).chain((a) =>
    fc
      .record({ axis: fc.integer({ min: 0, max: a.shape.length - 1 }), reverse: fc.boolean() })
      .map((attributes) => one(a, attributes)),
  ),
  broadcast: broadcastableShapes(2).chain(({ operands: [shape], result }) =>
    integersOf(shape!).map((a) => one(a, { shape: result })),
  ),
  reshape: integerTensors().chain((a) =>
    permutationsOf(a.shape.length).map((order) =>
      one(a, { shape: [1, ...order.map((axis) => a.shape[axis]!)] }),
    ),
  ),
  transpose: integerTensors().chain((a) =>
    permutationsOf(a.shape.length).map((permutation) => one(a, { permutation })),
  ),
  slice: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 3 }).chain((shape) =>
    fc.tuple(integersOf(shape), fc.tuple(...shape.map(sliceAxis))).map(([a, axes]) =>
      one(a, {
        starts: axes.map(([start]) => start),
        lengths: axes.map(([, length]) => length),
        steps: axes.map(([, , step]) => step),
      }),
    ),
  ),
  pad: integerTensors(0, 3).chain((a) => {
    const per = counts(a.shape.length, 2);
    return fc
      .record({ before: per, after: per, between: per })
      .map((attributes) => one(a, attributes));
  }),
  concat: shapes(1, 3).chain((shape) =>
    fc
      .tuple(
        fc.integer({ min: 0, max: shape.length - 1 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
      )
      .chain(([axis, lengths]) =>
        fc
          .tuple(
            ...lengths.map((length) => integersOf(shape.map((d, i) => (i === axis ? length : d)))),
          )
          .map((operands) => ({ operands, attributes: { axis } })),
      ),
  ),
  gather: shapes(1, 3, 1).chain((shape) =>
    fc.integer({ min: 0, max: shape.length - 1 }).chain((axis) =>
      fc
        .tuple(
          integersOf(shape),
          shapes(0, 2).chain((of) => indicesInto(of, shape[axis]!)),
        )
        .map((operands) => ({ operands, attributes: { axis } })),
    ),
  ),
  scatterAdd: fc
    .tuple(shapes(0, 1), shapes(1, 2), shapes(0, 1), fc.integer({ min: 1, max: 4 }))
    .chain(([outer, at, inner, length]) =>
      fc
        .tuple(integersOf([...outer, ...at, ...inner]), indicesInto(at, length))
        .map((operands) => ({ operands, attributes: { axis: outer.length, length } })),
    ),
  matmul: fc.tuple(broadcastableShapes(2), counts(3, 3)).chain(([{ operands }, [n, k, m]]) => {
    const [left, right] = operands.map((shape) => shape.slice(-2));
    return fc
      .tuple(integersOf([...left!, n!, k!]), integersOf([...right!, k!, m!]))
      .map((pair) => ({ operands: pair, attributes: {} }));
  }),
};

const isLinear = (row: Operation): row is LinearRow | BilinearRow =>
  row.family === 'linear' || row.family === 'bilinear';

const linearRows = Object.values(operations).filter(isLinear);

const sum = (numbers: readonly number[]): number => numbers.reduce((x, y) => x + y, 0);

function inner(a: Tensor, b: Tensor): number {
  expect(a.shape).toStrictEqual(b.shape);
  return sum(indicesOf(a.shape).map((index) => a.at(...index) * b.at(...index)));
}

/** An application and a cotangent of its result. */
function withCotangent(
  row: Operation,
  applications: fc.Arbitrary<Application>,
): fc.Arbitrary<[Application, Tensor, Tensor]> {
  return applications.chain((application) => {
    const result = applyToTensors(row, application.operands, application.attributes);
    return integersOf(result.shape).map((S): [Application, Tensor, Tensor] => [
      application,
      result,
      S,
    ]);
  });
}

describe.each(linearRows.map((row) => [row.name, row] as const))('%s', (name, row) => {
  const applications = APPLICATIONS[name as OperationName];

  test('has a generator in this test', () => {
    expect(applications).toBeDefined();
  });
  if (applications === undefined) return;

  test('its messages are those of the transposed map', () => {
    fc.assert(
      fc.property(withCotangent(row, applications), ([{ operands, attributes }, result, S]) => {
        const before = [...operands, S].map((t) => t.data.join());
        const real = operands.filter((operand) => operand.kind === 'real');
        const forward = inner(result, S);
        const messages = real.map((x, position) => {
          const message = row.transpose(tensorBuilder, S, operands, attributes, position);
          expect(message.shape).toStrictEqual(x.shape);
          return inner(x, message);
        });
        // Linear in all operands together: the messages share <A x, y>. Bilinear: each alone has all of it.
        const shares = row.family === 'linear' ? [sum(messages)] : messages;
        expect(shares).toStrictEqual(shares.map(() => forward));
        expect([...operands, S].map((t) => t.data.join())).toStrictEqual(before);
      }),
      { numRuns: 300 },
    );
  });

  test('is linear', () => {
    fc.assert(
      fc.property(
        applications,
        fc.integer({ min: -3, max: 3 }),
        ({ operands, attributes }, factor) => {
          const scaled = operands.map((t, k) => {
            const scales = t.kind === 'real' && (row.family === 'linear' || k === 0);
            return scales
              ? tensorBuilder.apply(operations.mul, [t, tensorBuilder.constant(factor)])
              : t;
          });
          const result = applyToTensors(row as Operation, operands, attributes);
          const scaledResult = applyToTensors(row as Operation, scaled, attributes);
          const expected = Array.from(result.data, (x) => x * factor + 0);
          expect(Array.from(scaledResult.data, (x) => x + 0)).toStrictEqual(expected);
        },
      ),
    );
  });
});

test('the messages of a concatenation of n arrays look at O(n) types', () => {
  const count = 500;
  const operands = Array.from({ length: count }, (_, i) => tensor([i, i + 0.5]));
  const row = operations.concat as LinearRow<{ axis: number }>;
  const S = applyToTensors(row, operands, { axis: 0 });
  let looks = 0;
  const counting: Builder<Tensor> = {
    ...tensorBuilder,
    typeOf(value) {
      looks++;
      return value;
    },
  };
  operands.forEach((operand, k) => {
    const message = row.transpose(counting, S, operands, { axis: 0 }, k);
    expect(message.toArray()).toStrictEqual(operand.toArray());
  });
  // One for each operand, and once each to find where they start.
  expect(looks).toBe(2 * count);
});
