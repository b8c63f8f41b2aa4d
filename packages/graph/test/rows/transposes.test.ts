/**
 * The message rule of every linear operation is the transpose of the operation: <A x, y> = <x, A^T y> for all x and
 * y. With small integers every sum is exact, so the two numbers are equal, not close.
 */
import {
  operations,
  tensor,
  type BilinearRow,
  type Builder,
  type LinearRow,
  type Operation,
  type OperationName,
  type Tensor,
} from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Application, APPLICATIONS } from '../support/applications.ts';
import { indicesOf, integersOf } from '../support/arrays.ts';
import { applyToTensors, tensorBuilder } from '../support/builder.ts';

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
