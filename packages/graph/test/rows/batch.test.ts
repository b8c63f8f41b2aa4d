/**
 * Every operation of the table applied to a batch is the operation applied to each example: the same numbers, bit for
 * bit, whichever operands differ between the examples. So is the rule that applies it to each example.
 */
import {
  batchByLoop,
  batchOperation,
  operations,
  tensor,
  type ElementwiseRow,
  type Kind,
  type Operation,
  type OperationName,
  type Tensor,
} from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Application, APPLICATIONS } from '../support/applications.ts';
import { broadcastableShapes, fractionsOf, integersOf, tensorOf } from '../support/arrays.ts';
import { batches } from '../support/batches.ts';
import { tensorBuilder } from '../support/builder.ts';

/** Operands of an elementwise row, of the kinds it demands. */
function elementwiseApplications({
  arity,
  operandKinds,
}: ElementwiseRow): fc.Arbitrary<Application> {
  const ofKind = (shape: readonly number[], kind: Kind): fc.Arbitrary<Tensor> =>
    kind === 'real'
      ? fractionsOf(shape)
      : integersOf(shape).map((t) => tensorOf(shape, (index) => t.at(...index) & 1, kind));
  return broadcastableShapes(arity).chain(({ operands: shapes }) =>
    fc
      .tuple(...shapes.map((shape, k) => ofKind(shape, operandKinds?.[k] ?? 'real')))
      .map((operands) => ({ operands, attributes: {} })),
  );
}

/** Loops and branches, whose bodies no generator makes, are tested through `vmap` in `@ad/backprop`. */
const rows = Object.values(operations).filter(
  ({ family }: Operation) => family !== 'leaf' && family !== 'control',
);

describe.each(rows.map((row) => [row.name, row] as const))('%s', (name, row: Operation) => {
  const applications =
    row.family === 'elementwise'
      ? elementwiseApplications(row)
      : APPLICATIONS[name as OperationName];

  test('has a generator', () => {
    expect(applications).toBeDefined();
  });
  if (applications === undefined) return;

  test('of a batch is that of each example', () => {
    fc.assert(
      fc.property(batches(row, applications), ({ inputs, batched, attributes, expected }) => {
        const actual = batchOperation(tensorBuilder, row, inputs, batched, attributes);
        expect(actual).toStrictEqual(expected);
        const byLoop = batchByLoop(tensorBuilder, row, inputs, batched, attributes);
        expect(byLoop).toStrictEqual(actual);
      }),
    );
  });
});

test('a product with a matrix that all examples share is one product', () => {
  const calls: string[] = [];
  const builder: typeof tensorBuilder = {
    ...tensorBuilder,
    apply(operation, operands, attributes) {
      calls.push(`${operation.name} ${operands.map(({ shape }) => shape.join('x')).join(' ')}`);
      return tensorBuilder.apply(operation, operands, attributes);
    },
  };
  const [x, y] = [new Float64Array(4 * 2 * 3), new Float64Array(3 * 5)];
  const operands = [tensor(x, { shape: [4, 2, 3] }), tensor(y, { shape: [3, 5] })];
  const result = batchOperation(builder, operations.matmul, operands, [true, false], {});
  expect(result.shape).toStrictEqual([4, 2, 5]);
  expect(calls).toStrictEqual(['matmul 4x2x3 3x5']);
});

test('of arrays without elements nothing is read and nothing refused', () => {
  const x = tensor([], { shape: [2, 0] });
  const indices = tensor([], { shape: [2, 0], kind: 'integer' });
  const result = batchOperation(tensorBuilder, operations.gather, [x, indices], [true, true], {
    axis: 0,
  });
  expect(result).toStrictEqual(x);
});
