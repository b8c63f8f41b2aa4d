import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Graph, type GraphNode, max } from '@ad/graph';
import { compile } from '../src/index.ts';
import { expectAgreement, waves } from './support/agreement.ts';

/** A network of layers, all alike but for every third, which has another function behind it. */
function layersOf(count: number, rows: number, width: number): GraphNode[] {
  const graph = new Graph();
  let x = graph.input('x', { shape: [rows, width], value: waves(rows * width, 1) });
  const sums: GraphNode[] = [];
  for (let k = 0; k < count; k++) {
    const weights = waves(width * width, k).map((each) => each / width);
    const w = graph.input(`w${k}`, { shape: [width, width], value: weights });
    const b = graph.input(`b${k}`, { shape: [width], value: waves(width, k + 0.5) });
    const y = x.matmul(w).add(b);
    x = k % 3 === 0 ? y.tanh() : y.relu();
    sums.push(x.sum({ axes: 0 }), max(x, { axes: 1 }));
  }
  return [x, ...sums];
}

test('layers that are alike are those of the interpreter, wherever in memory they lie', () => {
  const [count, length] = [fc.integer({ min: 2, max: 14 }), fc.integer({ min: 1, max: 13 })];
  fc.assert(
    fc.property(count, length, length, (layers, rows, width) => {
      expectAgreement(layersOf(layers, rows, width));
    }),
    { numRuns: 20 },
  );
});

test('a network of many layers is not much more code than one of a few, and gives what the interpreter does', () => {
  const bytesOf = (layers: number): number => {
    const report = compile({ outputs: layersOf(layers, 3, 4) }).report();
    return Number(/(\d+) bytes of code/.exec(report)![1]);
  };
  expect(bytesOf(300) - bytesOf(100)).toBeLessThan(200 * 150);
  expectAgreement(layersOf(300, 3, 4));
});

test('the same operations on other constants, and on the same array twice, are not alike', () => {
  const graph = new Graph();
  const arrays = Array.from({ length: 5 }, (_, k) =>
    graph.input(`x${k}`, { shape: [5], value: waves(5, k) }),
  );
  // The first kernels of a program are not compared with others.
  const outputs = arrays.slice(1).flatMap((y, k) => {
    const x = arrays[k]!;
    return [
      x.mul(y).add(2).sum(),
      x.mul(y).add(3).sum(),
      x.mul(x).add(2).sum(),
      x.mul(y).add(0).sum(),
      x.mul(y).add(-0).sum(),
      y.mul(x).add(2).sum(),
    ];
  });
  expectAgreement(outputs);
});
