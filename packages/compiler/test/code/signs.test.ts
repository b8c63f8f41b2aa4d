/** Signs and powers of two in vector code. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Graph, type GraphNode, interpreter } from '@ad/graph';
import { compile, disassemble } from '../../src/index.ts';

const SPECIAL = [0, -0, 1, -1, 1.1, -3.7, 5e-324, -1e-310, 1e-160, 1e308, -9e307, Infinity, NaN];

const step = fc.record({
  operation: fc.constantFrom('neg', 'add', 'sub', 'mul', 'div', 'scale'),
  left: fc.nat(),
  right: fc.nat(),
  number: fc.constantFrom(2, -2, 4, 0.5, 100, -0.3, 1e300, 2 ** 1000, 0, -0),
});

test('changes of sign and products with numbers are those of the interpreter, bit by bit', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
      const graph = new Graph();
      const n = SPECIAL.length;
      const x = graph.input('x', { value: SPECIAL.flatMap((each) => SPECIAL.map(() => each)) });
      const y = graph.input('y', { value: SPECIAL.flatMap(() => SPECIAL) });
      const nodes: GraphNode[] = [x, y];
      for (const { operation, left, right, number } of steps) {
        const [a, b] = [nodes[left % nodes.length]!, nodes[right % nodes.length]!];
        if (operation === 'neg') nodes.push(a.neg());
        else if (operation === 'scale')
          nodes.push(left % 2 === 0 ? a.mul(number) : b.neg().mul(number));
        else nodes.push(a[operation](b));
      }
      // The last alone is computed in one loop, in which nothing else is needed as it is.
      const outputs = [nodes.at(-1)!];
      const [wanted] = interpreter({ outputs }).run();
      const [got] = compile({ outputs }).run();
      expect(wanted!.data).toHaveLength(n * n);
      expect(Array.from(got!.data)).toEqual(Array.from(wanted!.data));
    }),
    { numRuns: 200 },
  );
});

test('signs and powers of two cost nothing in sums and products with numbers', () => {
  const x = new Graph().input('x', { shape: [2] });
  const y = x.neg().mul(x).mul(2).mul(-100).add(x.mul(3).neg());
  const instructions = disassemble(compile({ outputs: [y] })).match(/f64x2\.\w+/g);
  expect(instructions).toEqual(['f64x2.mul', 'f64x2.mul', 'f64x2.mul', 'f64x2.sub']);
});
