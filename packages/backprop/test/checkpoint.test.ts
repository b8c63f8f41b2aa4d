/** Checkpointing: the same derivatives with less memory, and no more steps computed again than must be. */
import { compile } from '@ad/compiler';
import {
  cumSum,
  fori,
  Graph,
  type GraphNode,
  greater,
  not,
  scan,
  tensor,
  ValueError,
  where,
} from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { binomialSchedule, checkpoint, grad, gradient, jvp, pushforward } from '../src/index.ts';

describe('the binomial schedule', () => {
  /** The least number of steps computed again, by trying every place for the next snapshot. */
  const known = new Map<string, number>();
  const least = (steps: number, snapshots: number): number => {
    if (steps <= 1) return 0;
    if (snapshots === 1) return (steps * (steps - 1)) / 2;
    const key = `${steps} ${snapshots}`;
    let best = known.get(key) ?? Infinity;
    if (best < Infinity) return best;
    for (let on = 1; on < steps; on++)
      best = Math.min(best, on + least(steps - on, snapshots - 1) + least(on, snapshots));
    known.set(key, best);
    return best;
  };

  const advancesOf = (steps: number, snapshots: number): number =>
    binomialSchedule(steps, snapshots)
      .flatMap(({ advances }) => advances)
      .reduce((sum, advance) => sum + advance.steps, 0);

  test('computes the least number of steps again', () => {
    for (let steps = 0; steps <= 70; steps++)
      for (let snapshots = 1; snapshots <= 9; snapshots++)
        expect([steps, snapshots, advancesOf(steps, snapshots)]).toStrictEqual([steps, snapshots, least(steps, snapshots)]); // prettier-ignore
  });

  test('needs the number that Griewank and Walther give', () => {
    const binomial = (n: number, k: number): number => {
      let value = 1;
      for (let i = 1; i <= k; i++) value = (value * (n - k + i)) / i;
      return Math.round(value);
    };
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 3000 }), fc.integer({ min: 1, max: 40 }), (n, c) => {
        let r = 0;
        while (binomial(c + r, c) < n) r++;
        expect(advancesOf(n, c)).toBe(r * n - binomial(c + r, r - 1));
      }),
    );
  });

  test('has the state before each step when it is its turn, in the slots that there are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 12 }), (n, c) => {
        const schedule = binomialSchedule(n, c);
        const slots: (number | undefined)[] = [0];
        for (let step = n - 1; step >= 0; step--) {
          for (const { from, position, steps, to } of schedule[step]!.advances) {
            expect(slots[from]).toBe(position);
            slots[to] = position + steps;
          }
          expect(slots[schedule[step]!.slot]).toBe(step);
        }
        expect(schedule).toHaveLength(n);
        expect(slots.length).toBeLessThanOrEqual(c + 1);
      }),
    );
  });

  test.each([
    [-1, 1],
    [1.5, 1],
    [3, 0],
    [3, NaN],
  ])('of %d steps and %d snapshots is an error', (steps, snapshots) => {
    expect(() => binomialSchedule(steps, snapshots)).toThrow(ValueError);
  });
});

describe('a scan with checkpoints', () => {
  /** A loop with arrays, weights, an index, a carry that is no number, and results. */
  function build(
    length: number,
    reverse: boolean,
    checkpoints: number | undefined,
  ): [GraphNode, GraphNode[]] {
    const graph = new Graph();
    const h = graph.input('h', { value: [0.3, -0.2] });
    const w = graph.input('w', { value: [0.7, 1.1] });
    const xs = graph.input('xs', {
      value: tensor(
        Float64Array.from({ length: 2 * length }, (_, i) => Math.sin(3 * i)),
        { shape: [length, 2] },
      ),
    });
    const { carry, ys } = scan(
      (c, x, i) => {
        const next = c.h
          .mul(w)
          .add(x)
          .add(where(c.isOdd, i, 0.5))
          .sin();
        return { carry: { h: next, isOdd: not(c.isOdd) }, y: next.mul(c.h) };
      },
      { h, isOdd: greater(h.sum(), 100) },
      xs,
      checkpoints === undefined ? { reverse } : { reverse, checkpoints },
    );
    return [carry.h.sum().add(ys.exp().sum()), [h, w, xs]];
  }

  test('has the same derivatives, bit for bit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 6 }),
        (length, reverse, c) => {
          const [plain, wrt] = build(length, reverse, undefined);
          const [loop, same] = build(length, reverse, c);
          expect(loop.value).toBe(plain.value);
          const [wanted, got] = [gradient(plain, wrt), gradient(loop, same)];
          got.forEach((slope, k) => {
            expect(slope.tensor.toArray()).toStrictEqual(wanted[k]!.tensor.toArray());
          });
          const [compiled, compiledPlain] = [got, wanted].map((outputs) =>
            compile({ outputs }).run(),
          );
          compiled!.forEach((slope, k) => {
            expect(slope.toArray()).toStrictEqual(compiledPlain![k]!.toArray());
          });
        },
      ),
      { numRuns: 15 },
    );
  });

  test('has derivatives of every order', () => {
    const [plain, wrt] = build(7, false, undefined);
    const [loop, same] = build(7, false, 2);
    const second = (y: GraphNode, [, w]: GraphNode[]): GraphNode =>
      gradient(gradient(y, w!).sum(), w!);
    const [wanted, got] = [second(plain, wrt), second(loop, same)];
    got.tensor.data.forEach((x, i) => {
      expect(x).toBeCloseTo(wanted.tensor.data[i]!, 10);
    });
    const along = (y: GraphNode, [, w]: GraphNode[]): GraphNode => pushforward(y, w!, w!);
    expect(along(loop, same).value).toBe(along(plain, wrt).value);
    const mixed = (y: GraphNode, [, w]: GraphNode[]): GraphNode =>
      gradient(pushforward(y, w!, w!), w!).sum();
    expect(mixed(loop, same).value).toBeCloseTo(mixed(plain, wrt).value, 10);
  });

  test('takes memory for its snapshots, whatever the number of steps', () => {
    const bytes = (steps: number, checkpoints?: number): number => {
      const x = new Graph().input('x', { shape: [1000] });
      const step = (c: GraphNode): { readonly carry: GraphNode } => ({ carry: c.mul(x).sin() });
      const { carry } = scan(step, x, undefined, {
        length: steps,
        ...(checkpoints !== undefined && { checkpoints }),
      });
      return compile({ outputs: [gradient(carry.sum(), x)] }).plan.bytes;
    };
    expect(bytes(200)).toBeGreaterThan(200 * 8000);
    expect(bytes(200, 5)).toBeLessThan(30 * 8000);
    expect(bytes(400, 5) - bytes(200, 5)).toBeLessThan(10_000);
  });

  test.each([
    [{ checkpoints: 0 }, /checkpoints is 0, expected an integer from 1/],
    [{ checkpoints: 1.5 }, /checkpoints is 1.5/],
  ])('%j is an error', (options, message) => {
    const x = new Graph().input('x', { shape: [3] });
    expect(() => scan((c) => ({ carry: c }), x, x, options)).toThrow(message);
  });

  test('a count and checkpoints exclude each other', () => {
    const graph = new Graph();
    const x = graph.input('x', { shape: [3] });
    const count = graph.input('n', { kind: 'integer' });
    expect(() => scan((c) => ({ carry: c }), x, x, { count, checkpoints: 2 })).toThrow(
      /exclude each other/,
    );
  });
});

describe('checkpoint', () => {
  const layer = (x: GraphNode, w: GraphNode): GraphNode => x.mul(w).sin().exp().mul(x);

  test('changes neither values nor derivatives', () => {
    const chain = (f: typeof layer) => (x: GraphNode) => f(f(f(x, x.graph.constant(0.5)), x.graph.constant(2)), x.graph.constant(-1)).sum(); // prettier-ignore
    const [plain, kept] = [chain(layer), chain(checkpoint(layer))];
    const at = tensor([0.3, -1.2, 2]);
    expect(grad(kept)(at)).toStrictEqual(grad(plain)(at));
    expect(jvp(kept)([at], [at])).toStrictEqual(jvp(plain)([at], [at]));
    const second = (f: (x: GraphNode) => GraphNode) => grad((x: GraphNode) => grad(f)(x).sum())(at);
    second(kept).data.forEach((x, i) => {
      expect(x).toBeCloseTo(second(plain).data[i]!, 9);
    });
  });

  test('takes trees, closes over nodes, and returns trees', () => {
    const w = new Graph().input('w', { value: 3 });
    const f = checkpoint(({ x, k }: { readonly x: GraphNode; readonly k: number }) => ({
      a: x.mul(w),
      b: [x.add(k)] as const,
    }));
    const { a, b } = f({ x: w, k: 2 });
    expect([a.value, b[0].value]).toStrictEqual([9, 5]);
    expect(gradient(a.add(b[0]), w).value).toBe(7);
  });

  test('frees the inside of a chain', () => {
    const bytes = (f: (x: GraphNode) => GraphNode): number => {
      const x = new Graph().input('x', { shape: [1000] });
      let y = x;
      for (let k = 0; k < 10; k++) y = f(y);
      return compile({ outputs: [gradient(y.sum(), x)] }).plan.bytes;
    };
    const deep = (x: GraphNode): GraphNode =>
      cumSum(cumSum(cumSum(cumSum(x).sin()).sin()).sin()).sin();
    expect(bytes(checkpoint(deep))).toBeLessThan(bytes(deep) / 2);
  });

  test('is called on nodes', () => {
    expect(() => checkpoint((x: number) => x)(3)).toThrow(/none of the arguments is a graph node/);
  });

  test('of a loop keeps nothing of it', () => {
    const f = checkpoint((x: GraphNode) => fori(50, (_i, c) => c.mul(x).sin(), x));
    const plain = (x: GraphNode): GraphNode => fori(50, (_i, c) => c.mul(x).sin(), x);
    expect(grad(f)(1.3)).toBe(grad(plain)(1.3));
  });
});
