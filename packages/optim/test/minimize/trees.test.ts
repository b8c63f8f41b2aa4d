/** The form of the argument: what comes back, and that the way does not depend on it. */
import { concat, type GraphNode, slice, Tensor, tensor } from '@ad/graph';
import { grad } from '@ad/backprop';
import { gradientDescent, lbfgs, type Method, minimize, nesterov, newton } from '@ad/optim';
import { expect, expectTypeOf, test } from 'vitest';
import { rosenbrock } from '../support/functions.ts';

const methods: readonly (readonly [string, Method])[] = [
  ['gradientDescent', gradientDescent()],
  ['nesterov', nesterov({ stepSize: 1e-3 })],
  ['newton', newton()],
  ['lbfgs', lbfgs()],
];

test.each(methods)(
  'the way of %s does not depend on how the variables are arranged',
  (_name, method) => {
    const options = { method, maxIterations: 40, trajectory: true } as const;
    const valley = (x: GraphNode): GraphNode => {
      const [a, b] = [slice(x, [{ end: 3 }]), slice(x, [{ start: 1 }])];
      return b.sub(a.square()).square().mul(100).add(a.sub(1).square()).sum();
    };
    const x0 = [-1, 0.5, 2, 0.1];
    const flat = minimize<Float64Array>(valley, new Float64Array(x0), options);
    const nested = minimize<{ head: { a: Float64Array }; tail: Tensor }>(
      ({ head, tail }) => valley(concat([head.a, tail.reshape([3])], 0)),
      {
        head: { a: new Float64Array([-1]) },
        tail: new Tensor([3, 1], 'real', new Float64Array([0.5, 2, 0.1])),
      },
      options,
    );
    const values = nested.trajectory!.map(({ point: { head, tail } }) =>
      Array.from(head.a).concat(Array.from(tail.data)),
    );
    const close = flat.trajectory!.map(({ point }) => Array.from(point));
    expect(values).toHaveLength(close.length);
    values.forEach((x, t) => {
      x.forEach((xi, i) => expect(Math.abs(xi - close[t]![i]!)).toBeLessThan(1e-7));
    });
  },
);

test('leaves come back as what they were', () => {
  const x0 = {
    number: 1,
    vector: new Float64Array([1, 2]),
    single: new Float32Array([1]),
    list: [tensor([[1], [2]]), 3],
  } as const;
  const { minimizer, gradient } = minimize(
    ({ number, vector, single, list: [matrix, last] }) =>
      [vector.square().sum(), single.square().sum(), matrix.square().sum(), last.square()].reduce(
        (sum, term) => sum.add(term),
        number.square(),
      ),
    x0,
  );
  expectTypeOf(minimizer.number).toEqualTypeOf<number>();
  expectTypeOf(minimizer.list[0]).toEqualTypeOf<Tensor>();
  for (const { number, vector, single, list } of [minimizer, gradient]) {
    expect(number).toBeCloseTo(0, 7);
    expect(vector).toBeInstanceOf(Float64Array);
    expect(single).toBeInstanceOf(Float32Array);
    expect(list[0].shape).toStrictEqual([2, 1]);
    expect(list[1]).toBeCloseTo(0, 7);
  }
});

test('the start is not changed', () => {
  const x0 = { x: new Float64Array([3]), y: tensor([4]) };
  minimize(({ x, y }) => x.square().add(y.square()).sum(), x0);
  expect(x0.x).toStrictEqual(new Float64Array([3]));
  expect(x0.y.toArray()).toStrictEqual([4]);
});

test('a function that looks at values is traced at every point', () => {
  let calls = 0;
  // Huber's function, by a branch of the host language.
  const huber = (x: GraphNode): GraphNode => {
    calls++;
    return Math.abs(x.value) < 1 ? x.square().mul(0.5) : x.abs().sub(0.5);
  };
  for (const method of [lbfgs(), newton()]) {
    const { minimizer, stop } = minimize(huber, 5.5, { method });
    expect(minimizer).toBeCloseTo(0, 7);
    expect(stop.kind).toBe('gradient');
  }
  expect(calls).toBeGreaterThan(4);
});

test('other functions are traced once', () => {
  let calls = 0;
  minimize(
    (p: { x: GraphNode; y: GraphNode }) => {
      calls++;
      return rosenbrock(p);
    },
    { x: -1.2, y: 1 },
    { method: newton() },
  );
  expect(calls).toBe(1);
});

test.each(methods)(
  'maximizing by %s is minimizing the negative: the same points, bit for bit',
  (_name, method) => {
    // The same hill twice: once written as the negative of a bowl, once negated by the caller.
    const hill = ({ x, y }: { x: GraphNode; y: GraphNode }): GraphNode =>
      rosenbrock({ x, y }).neg();
    const options = { method, maxIterations: 30, trajectory: true } as const;
    const down = minimize(rosenbrock, { x: -1.2, y: 1 }, options);
    const up = minimize(
      (p: { x: GraphNode; y: GraphNode }) => hill(p).neg(),
      { x: -1.2, y: 1 },
      options,
    );
    expect(up.trajectory).toStrictEqual(down.trajectory);
  },
);

test('the function may differentiate inside, closing over its own argument', () => {
  // The inner derivative of (x y)^2 by y at 1 is 2 x^2, which is 2 where x is 1.
  const f = (x: GraphNode): GraphNode =>
    (grad((y: GraphNode) => x.mul(y).square())(1) as unknown as GraphNode).sub(2).square();
  const { minimizer } = minimize(f, 0.3);
  expect(minimizer).toBeCloseTo(1, 7);
});
