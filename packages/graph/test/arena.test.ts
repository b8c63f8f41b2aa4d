/** The arena: what is appended is what is read back, over every growth of the arrays. */
import {
  Arena,
  clamp,
  Graph,
  type Kind,
  operations,
  SCALAR_BOOLEAN,
  SCALAR_INTEGER,
  SCALAR_REAL,
} from '@ad/graph';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const { add, concat, constant, tanh } = operations;

test('nodes and edges survive growth', () => {
  const operandCounts = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(operandCounts, fc.nat(1000), (counts, salt) => {
      const arena = new Arena();
      const lists = counts.map((count, id) =>
        id === 0 ? [] : Array.from({ length: count }, (_, k) => (salt * (k + 3) + 7 * id) % id),
      );
      const rows = lists.map(
        (list) => [constant, tanh, add, operations.clamp, concat, concat][list.length]!,
      );
      lists.forEach((list, id) => {
        expect(arena.append(rows[id]!, list, id % 3, undefined)).toBe(id);
      });
      expect(arena.nodeCount).toBe(lists.length);
      expect(arena.edgeCount).toBe(lists.flat().length);
      lists.forEach((list, id) => {
        expect([...arena.operandsOf(id)]).toStrictEqual(list);
        expect(arena.rowOf(id)).toBe(rows[id]);
        expect(arena.typeOf(id).kind).toBe((['real', 'integer', 'boolean'] as const)[id % 3]);
      });
      expect(arena.operandStarts[arena.nodeCount]).toBe(arena.edgeCount);
    }),
  );
});

test('one node may have more operands than the arena had room for', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [1] });
  const wide = Array.from({ length: 5000 }, () => x.id);
  const id = graph.arena.append(
    concat,
    wide,
    graph.arena.internType({ shape: [5000], kind: 'real' }),
    { axis: 0 },
  );
  expect(graph.arena.operandsOf(id)).toHaveLength(5000);
  expect(graph.edgeCount).toBe(5000);
});

test('operands have smaller ids than their node', () => {
  const graph = new Graph();
  const x = graph.input('x');
  let y = x;
  for (let i = 0; i < 200; i++) y = clamp(y.mul(x).add(i), -1, y);
  const { arena } = graph;
  for (let id = 0; id < arena.nodeCount; id++) {
    for (const operand of arena.operandsOf(id)) expect(operand).toBeLessThan(id);
  }
});

test('equal types have one id, different ones different ids', () => {
  const arena = new Arena();
  const kinds: readonly Kind[] = ['real', 'integer', 'boolean'];
  const types = fc.record({
    shape: fc.array(fc.nat(12), { maxLength: 4 }),
    kind: fc.constantFrom(...kinds),
  });
  fc.assert(
    fc.property(types, types, (a, b) => {
      const same =
        a.kind === b.kind && a.shape.join() === b.shape.join() && a.shape.length === b.shape.length;
      expect(arena.internType(a) === arena.internType(b)).toBe(same);
      expect(arena.types[arena.internType(a)]).toEqual(a);
    }),
  );
  expect(kinds.map((kind) => arena.internType({ shape: [], kind }))).toStrictEqual([
    SCALAR_REAL,
    SCALAR_INTEGER,
    SCALAR_BOOLEAN,
  ]);
});

test('a type does not change with the list it was made from', () => {
  const arena = new Arena();
  const shape = [2, 3];
  const id = arena.internType({ shape, kind: 'real' });
  shape[0] = 9;
  expect(arena.types[id]!.shape).toStrictEqual([2, 3]);
  expect(Object.isFrozen(arena.types[id]!.shape)).toBe(true);
});

test('the structure of a scalar node takes 10 bytes and 4 more per operand', () => {
  const arena = new Arena();
  const perNode = [arena.codes, arena.typeIds, arena.operandStarts].map(
    (array) => array.BYTES_PER_ELEMENT,
  );
  expect(perNode.reduce((a, b) => a + b)).toBe(10);
  expect(arena.operandIds.BYTES_PER_ELEMENT).toBe(4);
});
