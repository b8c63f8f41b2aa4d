import { expect, test } from 'vitest';
import { Graph, interpreter, type GraphNode, where } from '@ad/graph';
import { compile } from '../src/index.ts';

function check(outputs: GraphNode[], feeds = {}) {
  const a = interpreter({ outputs }).run(feeds);
  for (const precision of ['f64', 'f32'] as const) {
    const b = compile({ outputs }, { precision }).run(feeds);
    b.forEach((t, k) => {
      expect(t.shape).toEqual(a[k]!.shape);
      const tol = precision === 'f64' ? 1e-12 : 1e-4;
      t.data.forEach((v, i) => {
        const w = a[k]!.data[i]!;
        if (!(Object.is(v, w) || Math.abs(v - w) <= tol * (1 + Math.abs(w))))
          throw new Error(`${precision} out ${k} [${i}]: ${v} vs ${w}`);
      });
    });
  }
}
const rnd = (n: number) =>
  Float64Array.from({ length: n }, (_, i) => Math.sin(i * 12.9898 + n) * 1.7);
test('elementwise, broadcast, reduce, matmul', () => {
  for (const [n, k, m] of [
    [5, 7, 9],
    [4, 8, 8],
    [1, 1, 1],
    [13, 3, 17],
    [16, 16, 1],
    [1, 5, 3],
  ] as const) {
    const g = new Graph();
    const x = g.input('x', {
      value: Array.from({ length: n }, (_, i) => Array.from(rnd(k).map((v) => v + i))),
    });
    const w = g.input('w', {
      value: Array.from({ length: k }, (_, i) => Array.from(rnd(m).map((v) => v - i * 0.1))),
    });
    const b = g.input('b', { value: Array.from(rnd(m)) });
    const h = x.matmul(w).add(b).mul(0.1).tanh();
    const z = h.transpose();
    check([
      h,
      h.sum({ axes: 0 }),
      h.sum({ axes: 1 }),
      h.sum(),
      h.max({ axes: 1 }),
      h.min({ axes: 0 }),
      h.logSumExp({ axes: 1 }),
      h.logSumExp(),
      z.matmul(x),
      x.matmul(x.transpose()),
      w.transpose().matmul(x.transpose()),
    ]);
    check([
      h.mul(h).sum({ axes: 0 }),
      z.exp().sum(),
      h
        .slice([{ step: -1 }, { start: 0, step: 2 }])
        .mul(2)
        .sum({ axes: 1 }),
      x.argMax(),
      where(h.greater(0), h.sqrt(), h.square()),
      h.reshape([-1]).mul(3),
      z.reshape([-1]),
      x,
      z,
    ]);
  }
});
test('scalars and updates', () => {
  const g = new Graph();
  const a = g.input('a', { value: 2 }),
    b = g.input('b', { value: 3 });
  check([a.mul(b).sin().add(a.div(b)).log(), a.greater(b), a]);
  const p = compile({
    outputs: [a],
    updates: [
      [a, b],
      [b, a.add(b)],
    ],
  });
  expect([1, 2, 3, 4].map(() => p.run()[0]!.item())).toEqual([2, 3, 5, 8]);
});
