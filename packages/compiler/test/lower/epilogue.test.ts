import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Graph, interpreter, slice } from '@ad/graph';
import { compile } from '../../src/index.ts';
import { expectAgreement, waves } from '../support/agreement.ts';

const length = fc.integer({ min: 1, max: 21 });

test('what follows a product is computed while its elements are in registers', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [8, 4] });
  const w = graph.input('w', { shape: [4, 6] });
  const b = graph.input('b', { shape: [6] });
  const program = compile({ outputs: [x.matmul(w).add(b).relu()] });
  expect(program.report().split('\n').slice(1)).toEqual([
    '  matmul [8, 4] x [4, 6], then add, relu',
  ]);
});

test('epilogues are those of the interpreter, whoever else reads product, factors and parts', () => {
  fc.assert(
    fc.property(length, length, length, fc.integer({ min: 1, max: 3 }), (n, k, m, stack) => {
      const graph = new Graph();
      const x = graph.input('x', { shape: [stack, n, k], value: waves(stack * n * k, 1) });
      const w = graph.input('w', { shape: [k, m], value: waves(k * m, 2) });
      const b = graph.input('b', { value: waves(m, 3) });
      const column = graph.input('column', { shape: [n, 1], value: waves(n, 4) });
      const e = x.mul(2);
      const product = e.matmul(w);
      const layer = product.add(b).relu();
      // A factor, and another product, inside the expression that is made of a product.
      const f = b.mul(w);
      const mixed = x
        .matmul(f)
        .mul(slice(f, [{ start: 0, end: 1 }]))
        .add(product);
      expectAgreement([layer]);
      expectAgreement([layer.mul(column), product, layer.sum({ axes: 1 })]);
      expectAgreement([mixed, mixed.transpose().neg(), f]);
      expectAgreement([product.mul(product), product.abs().add(e.matmul(w.neg()))]);
    }),
    { numRuns: 30 },
  );
});

test('sums of long products wait between blocks of the inner dimension', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [20, 900], value: waves(18_000, 1) });
  const w = graph.input('w', { shape: [900, 24], value: waves(21_600, 2) });
  expectAgreement([x.matmul(w).mul(0.01).relu()]);
  expectAgreement([x.matmul(w).neg(), x.matmul(w)]);
});

test('parameters are updated in place by the product that is their gradient, unless they are its factor', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [5, 6], value: waves(30, 1) });
  const w = graph.input('w', { shape: [6, 6], value: waves(36, 2) });
  const v = graph.input('v', { shape: [6, 6], value: waves(36, 3) });
  const spec = {
    outputs: [w.sum()],
    updates: [
      [w, w.sub(x.transpose().matmul(x).mul(0.1))],
      [v, v.sub(v.matmul(v).mul(0.1))],
    ] as const,
  };
  const [compiled, interpreted] = [compile(spec), interpreter(spec)];
  expect(compiled.report()).toContain('1 updates in place');
  for (let step = 0; step < 3; step++) {
    compiled.execute();
    interpreted.execute();
  }
  for (const name of ['w', 'v'])
    compiled.inputs[name]!.forEach((value, i) => {
      expect(value).toBeCloseTo(interpreted.inputs[name]![i]!, 12);
    });
});

test('a stack of products summed over the whole stack is one product', () => {
  fc.assert(
    fc.property(length, length, length, fc.integer({ min: 1, max: 4 }), (n, k, m, stack) => {
      const graph = new Graph();
      const x = graph.input('x', { shape: [stack, 2, k, n], value: waves(2 * stack * n * k, 1) });
      const w = graph.input('w', { shape: [stack, 2, k, m], value: waves(2 * stack * k * m, 2) });
      const turned = x.transpose([0, 1, 3, 2]);
      const total = turned.matmul(w).sum({ axes: [0, 1] });
      expect(compile({ outputs: [total] }).report()).not.toContain('reducing');
      const swapped = x.transpose([1, 0, 3, 2]).matmul(w.transpose([1, 0, 2, 3]));
      const single = slice(turned, [{ end: 1 }])
        .matmul(w)
        .sum({ axes: [0, 1] });
      expectAgreement([total, total.mul(0.1).relu(), swapped.sum({ axes: [0, 1] }), single]);
      expectAgreement([
        turned.matmul(w).sum({ axes: 0 }),
        turned
          .neg()
          .matmul(w)
          .sum({ axes: [0, 1], keepDims: true }),
      ]);
      expectAgreement([
        slice(x, [{ step: -1 }])
          .transpose([0, 1, 3, 2])
          .matmul(w)
          .sum({ axes: [0, 1] }),
      ]);
    }),
    { numRuns: 25 },
  );
});
