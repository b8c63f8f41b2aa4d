/** Random batches: an operation, operands of several examples, and the results of each. */
import { Tensor, tensor, type Attributes, type Operation } from '@ad/graph';
import fc from 'fast-check';
import type { Application } from './applications.ts';
import { applyToTensors } from './builder.ts';

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

/** What `batchOperation` is given, and what it must return. */
export interface Batch {
  readonly inputs: readonly Tensor[];
  /** Which operands differ between examples. */
  readonly batched: readonly boolean[];
  readonly attributes: Attributes;
  readonly expected: Tensor;
}

/** An application, up to three examples of it, and which operands differ between them. */
export const batches = (
  row: Operation,
  applications: fc.Arbitrary<Application>,
): fc.Arbitrary<Batch> =>
  applications.chain(({ operands, attributes }) => {
    const [minLength, maxLength] = [operands.length, operands.length];
    const flags = fc.array(fc.boolean(), { minLength, maxLength });
    return fc
      .record({
        count: fc.integer({ min: 0, max: 3 }),
        batched: flags.filter((all) => all.includes(true)),
      })
      .map(({ count, batched }) => {
        const examples = Array.from({ length: count }, (_, n) =>
          operands.map((x, k) => (batched[k]! ? variant(x, n) : x)),
        );
        const column = (k: number): Tensor[] => examples.map((each) => each[k]!);
        const results = examples.map((each) => applyToTensors(row, each, attributes));
        return {
          inputs: operands.map((x, k) => (batched[k]! ? stacked(column(k), x) : x)),
          batched,
          attributes,
          expected: stacked(results, applyToTensors(row, operands, attributes)),
        };
      });
  });
