/**
 * Derivatives of loops and branches, against the same steps written out node by node, against finite differences, and
 * against each other: forward and reverse mode of every order.
 */
import { compile } from '@ad/compiler';
import {
  cond,
  equal,
  fori,
  gather,
  Graph,
  type GraphNode,
  greater,
  less,
  listing,
  not,
  scan,
  slice,
  Tensor,
  tensor,
  toInteger,
  where,
  whileLoop,
} from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grad, gradient, hessian, jvp, pushforward, reverseSweep, vjp } from '../src/index.ts';
import { fivePoint } from './support/differences.ts';

/** A loop over some weights and data, and the same loop written out. */
interface Pair {
  readonly loop: GraphNode;
  readonly unrolled: GraphNode;
  readonly wrt: readonly GraphNode[];
}

/** What a step does with the carries, an entry of the data and the weights. */
type Step = (
  h: GraphNode,
  s: GraphNode,
  x: GraphNode,
  w: GraphNode,
  i: GraphNode,
) => [GraphNode, GraphNode, GraphNode];

const steps: Readonly<Record<string, Step>> = {
  'a recurrent cell': (h, s, x, w) => {
    const next = h.mul(w).add(x).tanh();
    return [next, s.add(next.mul(s.sin()).sum()), next.square()];
  },
  matrices: (h, s, x, w) => {
    const product = h
      .reshape([1, 3])
      .matmul(w.reshape([3, 1]).matmul(x.reshape([1, 3])))
      .reshape([3]);
    return [product.sin(), s.mul(0.5).add(product.sum()), product.mul(s)];
  },
  'a carry that stays': (h, s, x, w) => [h, s.add(h.mul(w).sum()), x.mul(s)],
  'a carry that is overwritten': (h, _s, x, w) => [x.mul(w), h.sum(), h],
  'the index': (h, s, x, w, i) => [h.mul(w).add(i).sin(), s.add(1), x.mul(i)],
  'a branch': (h, s, x, w) => {
    const next = cond(
      greater(x.sum(), 0),
      () => h.mul(w).add(where(greater(x, 0), x.sqrt(), 0)),
      () => h.sub(x.abs().log().mul(s)),
    );
    return [next.tanh(), s.mul(0.9), next];
  },
  'an inner scan': (h, s, x, w) => {
    const { carry, ys } = scan(
      (c, e) => ({ carry: c.add(e.mul(c).mul(0.3)), y: c.sin() }),
      s,
      h.mul(w),
    );
    return [h.add(ys).mul(0.5), carry.tanh(), x.mul(carry)];
  },
  'an inner loop of unknown length': (h, s, x, w) => {
    const small = whileLoop((c) => greater(c.square().sum(), 0.5), (c) => c.mul(w).mul(0.4), h.add(x)); // prettier-ignore
    return [small, s.add(small.sum()), small.mul(s)];
  },
};

const entries = (length: number): fc.Arbitrary<number[]> =>
  fc.array(
    fc.integer({ min: -16, max: 16 }).map((n) => (n === 0 ? 0.03 : n / 16)),
    {
      minLength: length,
      maxLength: length,
    },
  );

/** Builds both. */
function build(step: Step, length: number, data: readonly number[], reverse: boolean): Pair {
  const graph = new Graph();
  const values = (from: number, count: number): Tensor =>
    tensor(data.slice(from, from + count), { kind: 'real' });
  const h = graph.input('h', { value: values(0, 3) });
  const s = graph.input('s', { value: data[3]! });
  const w = graph.input('w', { value: values(4, 3) });
  const xs = graph.input('xs', {
    value: tensor(data.slice(7), { shape: [length, 3], kind: 'real' }),
  });
  const weights = graph.constant(tensor([0.5, -1, 2]));
  const outOf = (end: readonly GraphNode[], ys: GraphNode): GraphNode =>
    end[0]!.mul(weights).sum().add(end[1]!.mul(3)).add(ys.sin().sum());
  const looped = scan(
    (c, x, i) => {
      const [nextH, nextS, y] = step(c.h, c.s, x, w, i);
      return { carry: { h: nextH, s: nextS }, y };
    },
    { h, s },
    xs,
    { reverse },
  );
  let [a, b] = [h, s];
  const rows: GraphNode[] = [];
  for (let n = 0; n < length; n++) {
    const t = reverse ? length - 1 - n : n;
    const x = slice(xs, [{ start: t, end: t + 1 }]).reshape([3]);
    const [nextA, nextB, y] = step(a, b, x, w, graph.constant(tensor(t, { kind: 'integer' })));
    [a, b] = [nextA, nextB];
    rows[t] = y;
  }
  const ys = rows.map((y) => y.sin().sum());
  const zero = graph.constant(0);
  return {
    loop: outOf([looped.carry.h, looped.carry.s], looped.ys),
    unrolled: a
      .mul(weights)
      .sum()
      .add(b.mul(3))
      .add(ys.reduce((x, y) => x.add(y), zero)),
    wrt: [h, s, w, xs],
  };
}

function expectClose(got: GraphNode, wanted: GraphNode, tolerance = 1e-11): void {
  const [x, y] = [got.tensor.data, wanted.tensor.data];
  expect(got.shape).toStrictEqual(wanted.shape);
  const scale = Math.max(1, ...y.map(Math.abs));
  x.forEach((value, i) => {
    expect(Math.abs(value - y[i]!)).toBeLessThanOrEqual(tolerance * scale);
  });
}

/** A direction of the shape of a node that is not special. */
const directionOf = (node: GraphNode): GraphNode => {
  const data = node.tensor.data.map((_, i) => 0.3 + 0.7 * ((i * 5) % 3));
  return node.graph.constant(new Tensor(node.shape, 'real', Float64Array.from(data)));
};

const dot = (as: readonly GraphNode[], bs: readonly GraphNode[]): GraphNode =>
  as.map((a, k) => a.mul(bs[k]!).sum()).reduce((x, y) => x.add(y));

describe.each(Object.entries(steps))('a scan with %s', (_name, step) => {
  const cases = fc
    .tuple(fc.integer({ min: 0, max: 4 }), fc.boolean())
    .chain(([length, reverse]) =>
      fc.tuple(fc.constant(length), entries(7 + 3 * length), fc.constant(reverse)),
    );

  test('has the derivatives of the loop written out', () => {
    fc.assert(
      fc.property(cases, ([length, data, reverse]) => {
        const { loop, unrolled, wrt } = build(step, length, data, reverse);
        expectClose(loop, unrolled);
        const first = gradient(loop, wrt);
        const wanted = gradient(unrolled, wrt);
        first.forEach((slope, k) => {
          expectClose(slope, wanted[k]!);
        });
        // Forward mode and the numeric sweep say the same.
        const directions = wrt.map(directionOf);
        expectClose(pushforward(loop, wrt, directions), dot(wanted, directions));
        const sweep = reverseSweep(loop);
        wrt.forEach((node, k) => {
          expectClose(loop.graph.constant(sweep.adjointTensor(node)), wanted[k]!);
        });
        // Second order, in all four mixtures.
        const along = dot(first, directions);
        const wantedAlong = dot(wanted, directions);
        const second = gradient(wantedAlong, wrt);
        gradient(along, wrt).forEach((slope, k) => {
          expectClose(slope, second[k]!, 1e-10);
        });
        gradient(pushforward(loop, wrt, directions), wrt).forEach((slope, k) => {
          expectClose(slope, second[k]!, 1e-10);
        });
        pushforward(first, wrt, directions).forEach((slope, k) => {
          expectClose(slope, second[k]!, 1e-10);
        });
        const twice = pushforward(pushforward(loop, wrt, directions), wrt, directions);
        expectClose(twice, dot(second, directions), 1e-10);
        // Compiled, all of it is the same.
        const outputs = [loop, ...first, ...gradient(along, wrt), twice];
        compile({ outputs })
          .run()
          .forEach((value, k) => {
            expectClose(loop.graph.constant(value), outputs[k]!, 1e-12);
          });
      }),
      { numRuns: 4 },
    );
  });

  test('has the third derivative of the loop written out', () => {
    fc.assert(
      fc.property(entries(13), (data) => {
        const { loop, unrolled, wrt } = build(step, 2, data, false);
        const third = (y: GraphNode): GraphNode => {
          const directions = wrt.map(directionOf);
          const slope = dot(gradient(y, wrt), directions);
          return dot(gradient(pushforward(slope, wrt, directions), wrt), directions);
        };
        expectClose(third(loop), third(unrolled), 1e-9);
      }),
      { numRuns: 1 },
    );
  });
});

describe('loops of unknown length', () => {
  /** Newton's method for a root of c^3 + c = x, differentiated through its steps. */
  const newton = (x: GraphNode, maxSteps?: number): GraphNode =>
    whileLoop(
      (c) => greater(c.pow(3).add(c).sub(x).abs(), 1e-13),
      (c) => c.sub(c.pow(3).add(c).sub(x).div(c.square().mul(3).add(1))),
      x,
      maxSteps === undefined ? {} : { maxSteps },
    );

  test.each([undefined, 50])(
    'have the derivatives of what they converge to (maxSteps %s)',
    (limit) => {
      const f = (x: GraphNode): GraphNode => newton(x, limit);
      for (const x of [0.5, 2, 30]) {
        const c = f(new Graph().constant(x)).value;
        const slope = 1 / (3 * c * c + 1);
        expect(grad(f)(x)).toBeCloseTo(slope, 12);
        expect(jvp(f)([x], [1]).tangent.item()).toBeCloseTo(slope, 12);
        const curvature = -6 * c * slope ** 3;
        expect(grad((y: GraphNode) => grad(f)(y))(x)).toBeCloseTo(curvature, 10);
        expect(grad((y: GraphNode) => jvp(f)([y], [1]).tangent)(x)).toBeCloseTo(curvature, 10);
        expect(jvp((y: GraphNode) => grad(f)(y))([x], [1]).tangent.item()).toBeCloseTo(
          curvature,
          10,
        );
      }
    },
  );

  /** Steps until a counter arrives, with and without a limit, and as a loop of known length. */
  const counted = (
    x: GraphNode,
    w: GraphNode,
    n: number,
    options: { readonly maxSteps?: number },
  ): GraphNode =>
    whileLoop(
      ({ i }) => less(i, n),
      ({ i, c }) => ({ i: i.add(1), c: c.mul(w).add(c.sin().mul(0.1)) }),
      { i: x.mul(0), c: x },
      options,
    ).c;

  // Snapshots fill up at 1024 steps and at every doubling; chunks of 1024 steps end where segments do not.
  test.each([0, 1, 2, 1023, 1024, 1025, 3000])('%i steps back from snapshots', (n) => {
    const graph = new Graph();
    const x = graph.input('x', { value: 0.3 });
    const w = graph.input('w', { value: 0.95 });
    const known = fori(n, (_i, c) => c.mul(w).add(c.sin().mul(0.1)), x);
    const wanted = gradient(known, [x, w]);
    for (const options of [{}, { maxSteps: 3000 }]) {
      const loop = counted(x, w, n, options);
      expect(loop.value).toBe(known.value);
      const slopes = gradient(loop, [x, w]);
      slopes.forEach((slope, k) => {
        expectClose(slope, wanted[k]!, 1e-12);
      });
      expectClose(gradient(slopes[1], w), gradient(wanted[1], w), 1e-10);
      expectClose(pushforward(loop, w, graph.constant(1)), wanted[1], 1e-12);
    }
  });

  test('cut off by maxSteps, have the derivatives of what was computed', () => {
    const f = (x: GraphNode): GraphNode => whileLoop((c) => less(c, 1000), (c) => c.mul(x), x, { maxSteps: 3 }); // prettier-ignore
    expect(grad(f)(2)).toBe(4 * 2 ** 3);
    expect(grad(f)(2000)).toBe(1);
    const none = (x: GraphNode): GraphNode => whileLoop((c) => less(c, 1000), (c) => c.mul(x), x, { maxSteps: 0 }); // prettier-ignore
    expect(grad(none)(2)).toBe(1);
  });

  test('that hold scans have derivatives', () => {
    const f = (x: GraphNode): GraphNode =>
      whileLoop(
        ({ c }) => less(c, 5),
        ({ c, n }) => ({ c: fori(3, (_i, d) => d.mul(x), c), n: n.add(1) }),
        { c: x, n: 0 },
      ).c;
    const slope = fivePoint((t) => f(new Graph().constant(t)).value, 1.2);
    expect(grad(f)(1.2)).toBeCloseTo(slope, 8);
    expect(grad(f)(1.2)).toBeCloseTo(10 * 1.2 ** 9, 10);
  });
});

describe('branches', () => {
  test('NaN of the branch not taken reaches no derivative', () => {
    const f = (x: GraphNode): GraphNode =>
      cond(greater(x, 0), () => x.sqrt().add(x.log()), () => x.square().neg()); // prettier-ignore
    expect(grad(f)(4)).toBe(0.25 + 0.25);
    expect(grad(f)(-3)).toBe(6);
    expect(grad((x: GraphNode) => grad(f)(x))(-3)).toBe(-2);
    expect(jvp(f)([-3], [1]).tangent.item()).toBe(6);
    expect(reverseSweep(f(new Graph().input('x', { value: -3 }))).value.item()).toBe(-9);
  });

  test('an operand that one branch uses has the derivative 0 in the other', () => {
    const f = ({ x, y }: { readonly x: GraphNode; readonly y: GraphNode }): GraphNode =>
      cond(greater(x, 0), () => x.mul(y), () => x.exp()); // prettier-ignore
    expect(grad(f)({ x: 2, y: 5 })).toStrictEqual({ x: 5, y: 2 });
    expect(grad(f)({ x: -1, y: 5 })).toStrictEqual({ x: Math.exp(-1), y: 0 });
  });

  test('below where, products are strong in bodies too', () => {
    const f = (x: GraphNode): GraphNode =>
      where(greater(x, 0), fori(2, (_i, c) => c.sqrt(), x), x.neg()); // prettier-ignore
    expect(grad(f)(-1)).toBe(-1);
    expect(grad(f)(0)).toBe(-1);
    expect(grad(f)(16)).toBeCloseTo(2 / 4 / 16, 14);
    expect(jvp(f)([0], [1]).tangent.item()).toBe(-1);
  });
});

describe('what takes part', () => {
  test('what the result does not depend on gets no message', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: 2 });
    const y = graph.input('y', { value: 3 });
    const { carry } = scan((c) => ({ carry: { a: c.a.mul(x), b: c.b.mul(y) } }), { a: x, b: y }, undefined, { length: 3 }); // prettier-ignore
    expect(reverseSweep(carry.a).adjoint(x)).toBe(32);
    const [slope] = gradient(carry.a, [x, y]);
    expect(slope.value).toBe(32);
    // The way back carries what belongs to `a` and nothing of `b`.
    const back = listing(slope)
      .split('\n')
      .filter((line) => line.includes('reverse: true'));
    expect(back).toHaveLength(1);
    expect(back[0]).toMatch(/%0 "x", body: .* carries: 2, scanned: 1,/);
  });

  test('a loop that is linear in its carries reads no stack on the way back', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: 2 });
    const slope = gradient(
      fori(3, (_i, c) => c.mul(0.5).add(1), x),
      x,
    );
    expect(slope.value).toBe(0.125);
    expect(listing(slope)).not.toMatch(/"x"/);
  });

  test('integers and truth values ride along without derivatives', () => {
    const table = tensor([1, 10, 100]);
    const f = (x: GraphNode): GraphNode => {
      const { carry } = scan(
        ({ at, sum, isOdd }) => ({
          carry: {
            at: toInteger(where(equal(at, 2), 0, at.add(1))),
            sum: sum.add(where(isOdd, x.mul(gather(x.graph.constant(table), at)), 0)),
            isOdd: not(isOdd),
          },
        }),
        { at: toInteger(x.mul(0)), sum: x, isOdd: less(x, Infinity) },
        undefined,
        { length: 6 },
      );
      return carry.sum;
    };
    expect(grad(f)(0.5)).toBe(1 + 1 + 100 + 10);
    expect(jvp(f)([0.5], [1]).tangent.item()).toBe(112);
  });
});

describe('transforms of functions', () => {
  test('of functions with loops', () => {
    const f = (x: GraphNode): GraphNode => fori(4, (_i, c) => c.mul(x).sin(), x).sum();
    const at = tensor([0.4, 1.1]);
    const H = hessian(f)(at).toArray() as number[][];
    expect(H[0]![1]).toBe(0);
    const along = (t: number): number => grad(f)(tensor([t, 1.1])).at(0);
    expect(H[0]![0]).toBeCloseTo(fivePoint(along, 0.4), 8);
    const { pullback } = vjp(
      (x: GraphNode) => scan((c, e) => ({ carry: c.mul(e), y: c }), 1, x).ys,
    )(tensor([2, 3, 4]));
    expect(pullback(tensor([1, 10, 100])).toArray()).toStrictEqual([10 + 300, 200, 0]);
  });

  test('inside of bodies', () => {
    // Gradient descent on (y - x)^2, whose result after n steps is x (1 - 0.8^n).
    const descend = (x: GraphNode): GraphNode =>
      fori(5, (_i, y) => y.sub(grad((z: GraphNode) => z.sub(x).square())(y).mul(0.1)), x.mul(0));
    expect(grad(descend)(3)).toBeCloseTo(1 - 0.8 ** 5, 14);
    expect(jvp(descend)([3], [1]).tangent.item()).toBeCloseTo(1 - 0.8 ** 5, 14);
    // With respect to a value that is no node, closing over one.
    const mixed = (x: GraphNode): GraphNode =>
      fori(3, (_i, c) => c.add(grad((y: GraphNode) => y.mul(c).mul(x))(1)), x);
    expect(grad(mixed)(2)).toBeCloseTo(
      fivePoint((t) => t * (1 + t) ** 3, 2),
      8,
    );
  });

  test('reverse mode of a hundred thousand steps', () => {
    const f = (x: GraphNode): GraphNode =>
      fori(100_000, (_i, c) => c.add(x.sub(c).mul(1e-4)), x.mul(0));
    const x = new Graph().input('x', { value: 0.5 });
    const y = f(x);
    const slope = gradient(y, x);
    expect(slope.value).toBeCloseTo(1 - (1 - 1e-4) ** 100_000, 10);
    expect(x.graph.nodeCount).toBeLessThan(40);
  });
});
