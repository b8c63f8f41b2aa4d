/** Batches of loops and branches: for every example what it is alone, and so for derivatives of batches and batches of derivatives. */
import {
  cond,
  fori,
  Graph,
  type GraphNode,
  greater,
  less,
  prod,
  scan,
  tensor,
  type Tensor,
  toInteger,
  where,
  whileLoop,
} from '@ad/graph';
import { describe, expect, test } from 'vitest';
import { grad, hessian, jacobian, jvp, vmap } from '../src/index.ts';

type Loss = (x: GraphNode) => GraphNode;

/** Functions of a vector of 3, some of which take another way for each example. */
const losses: Readonly<Record<string, Loss>> = {
  'a scan': (x) => {
    const { carry, ys } = scan(
      (c, e, i) => ({ carry: c.mul(e).add(i).sin(), y: c.mul(e) }),
      0.5,
      x,
    );
    return carry.add(ys.square().sum());
  },
  'a scan backwards over shared arrays': (x) => {
    const table = x.graph.constant(tensor([[1, 2, 3], [4, 5, 6]])); // prettier-ignore
    const { carry, ys } = scan(
      (c, e) => ({ carry: c.mul(0.3).add(e), y: c.mul(e).sum() }),
      x,
      table,
      { reverse: true },
    );
    return carry.sum().mul(ys.sum());
  },
  'a scan with a carry that is shared': (x) =>
    fori(
      4,
      (i, { power, sum }) => ({
        power: power.mul(0.5),
        sum: sum.add(x.mul(power).sin().sum()).mul(i),
      }),
      { power: x.graph.constant(1), sum: x.sum() },
    ).sum,
  'a count for each example': (x) => {
    const count = toInteger(x.abs().sum());
    const { carry, ys } = scan((c, e) => ({ carry: c.add(e.mul(c)), y: c.sin() }), 1, x, { count });
    return carry.mul(2).add(ys.sum());
  },
  'stacks of whole numbers and of conditions, of another length for each example': (x) => {
    const { carry, ys } = scan(
      (c, e) => ({
        carry: c.add(e.mul(c)),
        y: { whole: toInteger(c.mul(8)), high: greater(c, 1) },
      }),
      1,
      x,
      { count: toInteger(x.abs().sum()) },
    );
    return carry.mul(ys.whole.add(0).sum()).add(where(ys.high, x, 1).sum());
  },
  checkpoints: (x) =>
    scan((c, e) => ({ carry: c.mul(x).sin().add(e) }), x, x, { checkpoints: 1 }).carry.sum(),
  'a branch for each example': (x) => cond(greater(x.sum(), 0), () => x.square().sum(), () => x.sin().sum()), // prettier-ignore
  'a shared branch': (x) => cond(greater(x.graph.constant(1), 0), () => prod(x), () => x.sum()), // prettier-ignore
  'steps for each example, of numbers that are the same in all': (x) => {
    const { count, power } = whileLoop(
      ({ count }) => less(count, x.abs().sum().mul(2)),
      ({ count, power }) => ({ count: count.add(1), power: power.mul(0.5).add(count) }),
      { count: x.graph.constant(0), power: x.graph.constant(1) },
    );
    return power.mul(x.sin().sum()).add(count.mul(x.cos().sum()));
  },
  'steps for each example': (x) =>
    whileLoop((c) => greater(c.square().sum(), 0.1), (c) => c.mul(x.sin()).mul(0.7), x).add(x).sum(), // prettier-ignore
  'steps for each example, up to a limit': (x) =>
    whileLoop((c) => greater(c.square().sum(), 0.1), (c) => c.mul(0.7).add(x.mul(1e-2)), x, { maxSteps: 5 }).sum(), // prettier-ignore
  'shared steps': (x) =>
    whileLoop(({ i }) => less(i, 3), ({ i, c }) => ({ i: i.add(1), c: c.mul(x).cos() }), { i: x.graph.constant(0), c: x }).c.sum(), // prettier-ignore
  'loops in loops': (x) =>
    scan(
      (c, e) => ({
        carry: whileLoop((d) => greater(d.abs(), 0.4), (d) => d.mul(0.6).add(x.mul(0.01).sum()), c.add(e)), // prettier-ignore
      }),
      x.sum(),
      x,
    ).carry.exp(),
};

const examples = [[0.5, -1.2, 2], [1, 1.5, -0.3], [-2, 0.1, 0.4], [0.2, 0.1, 0.15]]; // prettier-ignore
const batch = tensor(examples);

const expectRows = (got: Tensor, wanted: readonly Tensor[]): void => {
  const size = wanted[0]!.size;
  wanted.forEach((row, i) => {
    row.data.forEach((value, k) => {
      const slack = 1e-11 * Math.max(1, Math.abs(value));
      expect(Math.abs(got.data[i * size + k]! - value)).toBeLessThanOrEqual(slack);
    });
  });
  expect(got.size).toBe(size * wanted.length);
};

describe.each(Object.entries(losses))('%s', (_name, f) => {
  const alone = <T>(g: (x: Tensor) => T): T[] => examples.map((example) => g(tensor(example)));
  const slope = (x: Tensor): Tensor => grad(f)(x);
  const value = (x: Tensor): Tensor => jvp(f)([x], [x]).value;

  test('a batch of values', () => {
    expectRows(vmap(f)(batch), alone(value));
  });

  test('a batch of derivatives', () => {
    const slopeOf = (x: GraphNode): GraphNode => grad(f)(x);
    expectRows(vmap(slopeOf)(batch), alone(slope));
    const along = (x: GraphNode): GraphNode => jvp(f)([x], [x]).tangent;
    expectRows(
      vmap(along)(batch),
      alone((x) => jvp(f)([x], [x]).tangent),
    );
  });

  test('the derivative of a batch', () => {
    const total = (x: GraphNode): GraphNode => vmap(f)(x).square().sum();
    const wanted = alone((x) => {
      const factor = 2 * value(x).item();
      return tensor(slope(x).data.map((entry) => factor * entry));
    });
    expectRows(grad(total)(batch), wanted);
  });

  test('Jacobians and Hessians, which are batches of directions', () => {
    const x = tensor(examples[1]!);
    expectRows(jacobian(f, { mode: 'forward' })(x), [slope(x)]);
    const H = hessian(f)(x);
    const rows = Array.from({ length: 3 }, (_, i) => {
      const unit = tensor(Float64Array.from({ length: 3 }, (_entry, k) => (k === i ? 1 : 0)));
      return jvp((y: GraphNode) => grad(f)(y))([x], [unit]).tangent;
    });
    expectRows(H, rows);
  });
});

test('a batch of a loop is one loop', () => {
  const graph = new Graph();
  const xs = graph.input('xs', { value: batch });
  vmap((x: GraphNode) => fori(5, (_i, c) => c.mul(x).sin(), x))(xs);
  const nodes = Array.from({ length: graph.nodeCount }, (_, id) => graph.node(id));
  expect(nodes.filter(({ operation }) => operation === 'scan').length).toBeLessThanOrEqual(2);
  expect(nodes.length).toBeLessThan(20);
});
