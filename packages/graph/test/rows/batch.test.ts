/**
 * Every operation of the table applied to a batch is the operation applied to each example: the same numbers, bit for
 * bit, whichever operands differ between the examples. So is the rule that applies it to each example.
 */
import {
  batchByLoop,
  batchOperation,
  operations,
  Tensor,
  tensor,
  type ElementwiseRow,
  type Kind,
  type Operation,
  type OperationName,
} from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Application, APPLICATIONS } from '../support/applications.ts';
import { broadcastableShapes, fractionsOf, integersOf, tensorOf } from '../support/arrays.ts';
import { applyToTensors, tensorBuilder } from '../support/builder.ts';

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

/** Another operand that the operation accepts: its elements in another order, reals changed, indices from the back. */
function variant(x: Tensor, n: number): Tensor {
  const rolled = x.data.map((_, i) => x.data[(i + n) % x.size]!);
  if (x.kind === 'real')
    return new Tensor(
      x.shape,
      x.kind,
      rolled.map((value) => value + n),
    );
  // -1 - i is the mirror image of index i, and a valid one.
  return new Tensor(
    x.shape,
    x.kind,
    x.kind === 'integer' && n % 2 === 1 ? rolled.map((i) => -1 - i) : rolled,
  );
}

function stacked(examples: readonly Tensor[], { shape, kind }: Tensor): Tensor {
  const data = examples.flatMap((each) => Array.from(each.data));
  return tensor(data, { shape: [examples.length, ...shape], kind });
}

/** An application, the number of examples, and which operands differ between them. */
const batches = (applications: fc.Arbitrary<Application>) =>
  applications.chain((application) =>
    fc.record({
      application: fc.constant(application),
      count: fc.integer({ min: 0, max: 3 }),
      batched: fc
        .array(fc.boolean(), {
          minLength: application.operands.length,
          maxLength: application.operands.length,
        })
        .filter((flags) => flags.includes(true)),
    }),
  );

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
      fc.property(batches(applications), ({ application, count, batched }) => {
        const { operands, attributes } = application;
        const examples = Array.from({ length: count }, (_, n) =>
          operands.map((x, k) => (batched[k]! ? variant(x, n) : x)),
        );
        const inputs = operands.map((x, k) =>
          batched[k]!
            ? stacked(
                examples.map((each) => each[k]!),
                x,
              )
            : x,
        );
        const actual = batchOperation(tensorBuilder, row, inputs, batched, attributes);
        const expected = examples.map((each) => applyToTensors(row, each, attributes));
        const like = applyToTensors(row, operands, attributes);
        expect(actual).toStrictEqual(stacked(expected, like));
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
  expect(calls).toStrictEqual(['reshape 4x2x3', 'matmul 8x3 3x5', 'reshape 8x5']);
});
