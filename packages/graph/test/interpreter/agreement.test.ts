/** Every way of evaluating a graph gives the same numbers, bit for bit, and leaves its inputs alone. */
import {
  activations,
  evaluate,
  evaluateOver,
  interpreter,
  numbers,
  tensor,
  type Program,
  type Tensor,
  type TensorData,
} from '@ad/graph';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scalarGraphs, tensorGraphs, type RandomGraph } from '../support/random-graphs.ts';

const bits = (data: TensorData): number[] => Array.from(data);

/** The values of the inputs written into the storage of a program, which is then executed. */
function executeThroughViews(program: Program, feeds: RandomGraph['feeds']): number[] {
  for (const [name, view] of Object.entries(program.inputs)) view.set(feeds[name]!.data);
  program.execute();
  return bits(program.outputs[0]!);
}

function expectAgreement({ graph, output, feeds }: RandomGraph): Tensor {
  const before = Object.values(feeds).map((t) => bits(t.data));
  const reference = evaluate(output, feeds);
  const expected = bits(reference.data);
  // Twice: nothing is left over from the first time.
  expect(bits(evaluate(output, feeds).data)).toStrictEqual(expected);
  expect(bits(activations([output], feeds).tensor(output.id).data)).toStrictEqual(expected);
  const program = interpreter({ outputs: [output] });
  expect(bits(program.run(feeds)[0]!.data)).toStrictEqual(expected);
  expect(bits(program.run()[0]!.data)).toStrictEqual(expected);
  expect(executeThroughViews(interpreter({ outputs: [output] }), feeds)).toStrictEqual(expected);
  graph.feed(feeds);
  expect(bits(output.tensor.data)).toStrictEqual(expected);
  expect(reference.shape).toStrictEqual(output.shape);
  expect(reference.kind).toBe(output.kind);
  expect(Object.values(feeds).map((t) => bits(t.data))).toStrictEqual(before);
  return reference;
}

test('graphs of scalars: evaluation, programs, views, on demand, and over the algebra of numbers', () => {
  fc.assert(
    fc.property(scalarGraphs, (random) => {
      const reference = expectAgreement(random);
      const values = Object.fromEntries(
        Object.entries(random.feeds).map(([name, t]) => [name, t.item()]),
      );
      expect(evaluateOver(numbers, random.output, values)).toBe(reference.item());
    }),
    { numRuns: 300 },
  );
});

test('graphs of arrays: evaluation, programs, views and on demand', () => {
  fc.assert(
    fc.property(tensorGraphs, (random) => {
      expectAgreement(random);
    }),
    { numRuns: 300 },
  );
});

test('derivatives that are written along with the values are those of the rows, bit for bit', () => {
  fc.assert(
    fc.property(scalarGraphs, ({ graph: { arena }, output, feeds }) => {
      const untouched = 17;
      const slopes = new Float64Array(arena.edgeCount).fill(untouched);
      const values = activations([output], feeds, slopes);
      expect(values.number(output.id)).toBe(evaluate(output, feeds).item());
      for (let u = 0; u < arena.nodeCount; u++) {
        const row = arena.rowOf(u);
        if (row.family !== 'elementwise') continue;
        const [x, y, z] = Array.from(arena.operandsOf(u), (id) => values.number(id));
        row.partials.forEach((partial, k) => {
          const slope =
            typeof partial === 'number' ? partial : partial(numbers, values.number(u), x!, y!, z!);
          expect(slopes[arena.operandStarts[u]! + k]).toBe(values.has(u) ? slope : untouched);
        });
      }
    }),
    { numRuns: 300 },
  );
});

test('a program run again with other values equals a fresh program', () => {
  const cases = fc.tuple(
    fc.oneof(scalarGraphs, tensorGraphs),
    fc.infiniteStream(fc.integer({ min: -9, max: 9 })),
  );
  fc.assert(
    fc.property(cases, ([{ graph, output, feeds }, stream]) => {
      const others = Object.fromEntries(
        Object.entries(feeds).map(([name, { data, shape }]) => [
          name,
          tensor(
            Array.from(data, () => stream.next().value),
            { shape },
          ),
        ]),
      );
      const program = interpreter({ outputs: [output] });
      program.run(feeds);
      const again = program.run(others)[0]!;
      const fresh = interpreter({ outputs: [output] }).run(others)[0]!;
      expect(bits(again.data)).toStrictEqual(bits(fresh.data));
      expect(bits(program.run(feeds)[0]!.data)).toStrictEqual(bits(evaluate(output, feeds).data));
      // On demand too: nothing computed from the old values answers for the new ones.
      graph.feed(feeds);
      expect(bits(output.tensor.data)).toStrictEqual(bits(evaluate(output, feeds).data));
      graph.feed(others);
      expect(bits(output.tensor.data)).toStrictEqual(bits(fresh.data));
    }),
    { numRuns: 150 },
  );
});

test('several outputs are evaluated together, repeated ones and inputs among them', () => {
  fc.assert(
    fc.property(tensorGraphs, ({ graph, output, feeds }) => {
      const first = graph.node(0);
      const outputs = [output, first, output, ...output.operands];
      const each = outputs.map((node) => bits(evaluate(node, feeds).data));
      expect(evaluate(outputs, feeds).map((t) => bits(t.data))).toStrictEqual(each);
      expect(
        interpreter({ outputs })
          .run(feeds)
          .map((t) => bits(t.data)),
      ).toStrictEqual(each);
    }),
  );
});
