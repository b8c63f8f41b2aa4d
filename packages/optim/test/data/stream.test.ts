/** Streams: batches of one size of pieces of any. */
import { tensor } from '@ad/graph';
import { batchesOf, type Samples, type SampleTensors } from '@ad/optim';
import fc from 'fast-check';
import { expect, test } from 'vitest';

/** Samples numbered from `start`: each input tells its target. */
const numbered = (start: number, count: number): Samples => ({
  inputs: Array.from({ length: count }, (_, i) => [start + i, -start - i]),
  targets: tensor(
    Array.from({ length: count }, (_, i) => start + i),
    { kind: 'integer' },
  ),
});

function piecesOf(sizes: readonly number[]): Samples[] {
  let start = 0;
  return sizes.map((size) => numbered((start += size) - size, size));
}

async function* slowly<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) {
    await Promise.resolve();
    yield item;
  }
}

async function collect(source: AsyncIterable<SampleTensors>): Promise<SampleTensors[]> {
  const all: SampleTensors[] = [];
  for await (const batch of source) all.push(batch);
  return all;
}

test('every sample comes once, in order, in batches of the size asked for', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(
      sizes,
      fc.integer({ min: 1, max: 7 }),
      fc.boolean(),
      async (sizes, size, slow) => {
        const pieces = piecesOf(sizes);
        const batches = await collect(batchesOf(slow ? slowly(pieces) : pieces, size));
        const count = sizes.reduce((a, b) => a + b, 0);
        const targets = batches.flatMap(({ targets }) => Array.from(targets.data));
        expect(targets).toEqual(Array.from({ length: count }, (_, i) => i));
        for (const [k, { inputs, targets }] of batches.entries()) {
          const rows = k < batches.length - 1 ? size : count - size * (batches.length - 1);
          expect([inputs.shape, targets.shape, targets.kind]).toEqual([
            [rows, 2],
            [rows],
            'integer',
          ]);
          targets.data.forEach((t, i) =>
            expect([inputs.at(i, 0), inputs.at(i, 1)]).toEqual([t, -t]),
          );
        }
      },
    ),
  );
});

test('the source is asked for no more than is needed, and closed when the reader leaves', async () => {
  const asked: number[] = [];
  let closed = false;
  function* source(): Generator<Samples> {
    try {
      for (let k = 0; ; k++) {
        asked.push(k);
        yield numbered(2 * k, 2);
      }
    } finally {
      closed = true;
    }
  }
  for await (const { targets } of batchesOf(source(), 3)) {
    if (targets.data[0] === 3) break;
  }
  expect(asked).toEqual([0, 1, 2]);
  expect(closed).toBe(true);
});

test('pieces are copied: what becomes of them later does not matter', async () => {
  const inputs = Float64Array.of(1, 2);
  async function* source(): AsyncGenerator<Samples> {
    yield { inputs, targets: [1, 2] };
    inputs.fill(9);
    await Promise.resolve();
    yield { inputs, targets: [3, 4] };
  }
  const batches = await collect(batchesOf(source(), 2));
  expect(batches.map(({ inputs }) => inputs.toArray())).toEqual([
    [1, 2],
    [9, 9],
  ]);
});

test.each<[string, readonly Samples[], RegExp]>([
  [
    'a piece with other columns',
    [numbered(0, 2), { inputs: [[1]], targets: tensor([1], { kind: 'integer' }) }],
    /piece 1 has inputs of kind real with rows of shape \[1\], the first piece real with \[2\]/,
  ],
  [
    'a piece with other targets',
    [numbered(0, 2), { inputs: [[1, 2]], targets: [0.5] }],
    /piece 1 has targets of kind real .* the first piece integer/,
  ],
  ['an empty piece', [{ inputs: [], targets: [] }], /piece 0: inputs has shape \[0\]/],
  ['NaN', [{ inputs: [[Number.NaN]], targets: [1] }], /piece 0: inputs row 0 at \[0\] is NaN/],
])('%s is refused', async (_name, pieces, message) => {
  await expect(collect(batchesOf(pieces, 2))).rejects.toThrow(message);
});

test('what cannot be iterated over, and sizes that are none, are refused', async () => {
  await expect(collect(batchesOf(numbered(0, 2) as never, 2))).rejects.toThrow(
    /the source is an object, expected something to iterate over/,
  );
  await expect(collect(batchesOf([], 0))).rejects.toThrow(/size is 0, expected an integer of 1/);
  const broken = slowly([numbered(0, 1)]);
  broken.next = () => Promise.reject(new RangeError('the line is dead'));
  await expect(collect(batchesOf(broken, 1))).rejects.toThrow('the line is dead');
});
