/** Elementwise operations of arrays of different shapes: NumPy's rule, element by element. */
import {
  atan2,
  broadcastShapes,
  clamp,
  evaluate,
  Graph,
  greater,
  less,
  maximum,
  where,
} from '@ad/graph';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  broadcastAt,
  broadcastableShapes,
  expectElements,
  integersOf,
  tensorOf,
} from '../support/arrays.ts';

test('each element of a binary operation meets the element that broadcasting puts beside it', () => {
  const operands = broadcastableShapes(2).chain(({ operands: [a, b], result }) =>
    fc.tuple(integersOf(a!), integersOf(b!), fc.constant(result)),
  );
  fc.assert(
    fc.property(operands, ([a, b, shape]) => {
      const graph = new Graph();
      const [x, y] = [graph.input('x', { value: a }), graph.input('y', { value: b })];
      const outputs = [x.sub(y), x.div(y), atan2(x, y), less(x, y), maximum(x, b)] as const;
      const [difference, quotient, angle, isLess, larger] = evaluate(outputs);
      const read = (index: readonly number[]): [number, number] => [
        broadcastAt(a, index),
        broadcastAt(b, index),
      ];
      expectElements(difference, shape, (index) => read(index)[0] - read(index)[1]);
      expectElements(quotient, shape, (index) => read(index)[0] / read(index)[1]);
      expectElements(angle, shape, (index) => Math.atan2(...read(index)));
      expectElements(isLess, shape, (index) => Number(read(index)[0] < read(index)[1]));
      expectElements(larger, shape, (index) => Math.max(...read(index)));
      expect(isLess.kind).toBe('boolean');
    }),
    { numRuns: 300 },
  );
});

test('three operands broadcast together', () => {
  const operands = broadcastableShapes(3).chain(({ operands: [a, b, c], result }) =>
    fc.tuple(integersOf(a!), integersOf(b!), integersOf(c!), fc.constant(result)),
  );
  fc.assert(
    fc.property(operands, ([a, b, c, shape]) => {
      const graph = new Graph();
      const [x, low, high] = [
        graph.input('x', { value: a }),
        graph.input('low', { value: b }),
        graph.constant(c),
      ];
      const [clamped, chosen] = evaluate([clamp(x, low, high), where(greater(x, 0), low, high)]);
      const at = (index: readonly number[]): number[] =>
        [a, b, c].map((t) => broadcastAt(t, index));
      expectElements(clamped, shape, (index) => {
        const [v, lowest, highest] = at(index);
        return Math.min(Math.max(v!, lowest!), highest!);
      });
      expectElements(chosen, shape, (index) => {
        const [v, first, second] = at(index);
        return v! > 0 ? first! : second!;
      });
    }),
    { numRuns: 200 },
  );
});

test('operations of one operand keep shape and order', () => {
  const shapes = broadcastableShapes(1).chain(({ result }) => integersOf(result));
  fc.assert(
    fc.property(shapes, (a) => {
      const x = new Graph().input('x', { value: a });
      expectElements(x.square().tensor, a.shape, (index) => a.at(...index) ** 2);
      expectElements(x.sin().tensor, a.shape, (index) => Math.sin(a.at(...index)));
    }),
  );
});

test('broadcastShapes says what the operations do, and depends on no order', () => {
  fc.assert(
    fc.property(broadcastableShapes(3), ({ operands: [a, b, c], result }) => {
      expect(broadcastShapes(a!, b!, c!)).toStrictEqual(result);
      expect(broadcastShapes(c!, a!, b!)).toStrictEqual(result);
      expect(broadcastShapes(broadcastShapes(a!, b!), c!)).toStrictEqual(result);
    }),
  );
});

test('integers and booleans serve as numbers', () => {
  const graph = new Graph();
  const i = graph.input('i', { kind: 'integer', value: [1, 2, 3] });
  const p = graph.input('p', { value: [true, false, true] });
  const sum = i.add(p);
  expect(sum.kind).toBe('real');
  expectElements(sum.tensor, [3], ([k]) => [2, 2, 4][k!]!);
  expectElements(i.div(2).tensor, [3], ([k]) => [0.5, 1, 1.5][k!]!);
});

test('a stretched operand is not the same as one of equal size', () => {
  // [3, 1] and [1, 3] have the size of [3] but are read differently in [3, 3].
  const column = tensorOf([3, 1], ([i]) => i!);
  const row = tensorOf([1, 3], ([, j]) => 10 * j!);
  const graph = new Graph();
  const sum = graph.input('column', { value: column }).add(graph.input('row', { value: row }));
  expectElements(sum.tensor, [3, 3], ([i, j]) => i! + 10 * j!);
});
