/**
 * A branch that is not taken has no influence: whatever is NaN or infinite there, in values or in local derivatives,
 * reaches no gradient. Graphs without choices pay nothing for this.
 */
import {
  acos,
  equal,
  evaluate,
  Graph,
  type GraphNode,
  greater,
  less,
  logSumExp,
  max,
  not,
  numbers,
  type Operation,
  operations,
  or,
  reciprocal,
  tensor,
  where,
} from '@ad/graph';
import { type Recipe, scalarGraphs, tensorGraphs } from '@ad/backprop/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { forwardAllPairs, gradient, recomputingSweep, reverseSweep } from '../src/index.ts';

/** f(x) = where(safe(x), taken(x), broken(x)) at a point where `broken` has no value or no derivative. */
interface Trap {
  readonly name: string;
  readonly at: number;
  readonly broken: (x: GraphNode) => GraphNode;
}

const traps: readonly Trap[] = [
  { name: 'log at 0', at: 0, broken: (x) => x.log() },
  { name: 'log at -1', at: -1, broken: (x) => x.log() },
  { name: '1/x at 0', at: 0, broken: (x) => reciprocal(x) },
  { name: '0/x at 0', at: 0, broken: (x) => x.div(x) },
  { name: 'sqrt at 0', at: 0, broken: (x) => x.sqrt() },
  { name: 'sqrt at -1', at: -1, broken: (x) => x.sqrt() },
  { name: 'x^0.5 at 0', at: 0, broken: (x) => x.pow(0.5) },
  { name: 'x^1.5 at -1', at: -1, broken: (x) => x.pow(1.5) },
  { name: 'x^-1 at 0', at: 0, broken: (x) => x.pow(-1) },
  { name: '2^(1/x) at 0', at: 0, broken: (x) => reciprocal(x).pow(2) },
  { name: 'exp(1000 x) at 1', at: 1, broken: (x) => x.mul(1000).exp() },
  { name: 'exp(exp(10 x)) at 1', at: 1, broken: (x) => x.mul(10).exp().exp() },
  { name: 'log(log x) at 1', at: 1, broken: (x) => x.log().log() },
  { name: 'acos at 2', at: 2, broken: (x) => acos(x) },
  {
    name: 'log(0 x) sin(1/x) at 0',
    at: 0,
    broken: (x) => x.mul(0).log().mul(reciprocal(x).sin()),
  },
];

/** The taken branch, with its first and second derivative: 3x^2 + x. */
const taken = (x: GraphNode): GraphNode => x.square().mul(3).add(x);
const slope = (x: number): number => 6 * x + 1;

describe.each(traps)('$name does not reach', ({ at, broken }) => {
  /** The choice written in several ways. */
  const ways: readonly [string, (x: GraphNode) => GraphNode][] = [
    ['else', (x) => where(less(x, 100), taken(x), broken(x))],
    ['then', (x) => where(greater(x, 100), broken(x), taken(x))],
    [
      'nested',
      (x) => where(less(x, 100), where(less(x, 50), taken(x), broken(x)), broken(broken(x))),
    ],
    [
      'nested in the branch not taken',
      (x) => where(less(x, 100), taken(x), where(less(x, 50), broken(x), x)),
    ],
    [
      'below further operations',
      (x) => where(less(x, 100), taken(x), broken(x).mul(2).add(x).sin()),
    ],
    [
      'over a sum of choices',
      (x) =>
        where(less(x, 100), taken(x), broken(x))
          .add(where(less(x, 100), x, broken(x)))
          .sub(x),
    ],
  ];

  test.each(ways)('the sweeps (%s)', (_way, f) => {
    const x = new Graph().input('x', { value: at });
    const y = f(x);
    expect(reverseSweep(y).adjoint(x)).toBe(slope(at));
    expect(recomputingSweep(y).adjoint(x)).toBe(slope(at));
    expect(forwardAllPairs(y).derivative(y, x)).toBe(slope(at));
  });

  test.each(ways)('the gradient graph, of first to third order (%s)', (_way, f) => {
    const x = new Graph().input('x', { value: at });
    const first = gradient(f(x), x);
    const second = gradient(first, x);
    expect(first.value).toBe(slope(at));
    expect(second.value).toBe(6);
    expect(reverseSweep(first).adjoint(x)).toBe(6);
    expect(gradient(second, x).value + 0).toBe(0);
  });

  test('arrays: elementwise, below a reduction, and through broadcasting', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: [at, 0.25, at] });
    const s = graph.input('s', { value: at });
    const isTaken = graph.constant(tensor([true, false, true]));
    const smooth = (z: GraphNode): GraphNode => z.add(2).log();
    const programs: readonly [GraphNode, readonly number[], number][] = [
      // where(c, taken, broken) with the broken branch taken nowhere.
      [
        where(or(isTaken, not(isTaken)), taken(x), broken(x)).sum(),
        [slope(at), slope(0.25), slope(at)],
        0,
      ],
      // ... with the branches mixed: the middle element takes the other branch, where it is smooth.
      [
        where(isTaken, taken(x), smooth(where(isTaken, 1, x))).sum(),
        [slope(at), 1 / 2.25, slope(at)],
        0,
      ],
      // A reduction of broken elements in the branch not taken.
      [
        where(less(x.sum(), 100), taken(x).sum(), broken(x).sum()),
        [slope(at), slope(0.25), slope(at)],
        0,
      ],
      [
        where(less(x.sum(), 100), taken(x).sum(), max(broken(x))),
        [slope(at), slope(0.25), slope(at)],
        0,
      ],
      [
        where(less(x.sum(), 100), taken(x).sum(), logSumExp(broken(x))),
        [slope(at), slope(0.25), slope(at)],
        0,
      ],
      // A scalar that is broken and broadcast.
      [where(less(x, 100), taken(s), broken(s).mul(x)).sum(), [0, 0, 0], 3 * slope(at)],
      // Layout on the way.
      [
        where(less(x, 100), taken(x), broken(x).reshape([3, 1]).transpose().reshape([3])).sum(),
        [slope(at), slope(0.25), slope(at)],
        0,
      ],
    ];
    programs.forEach(([y, atX, atS], program) => {
      const sweep = reverseSweep(y);
      const close = (actual: Iterable<number>, expected: readonly number[]): void => {
        [...actual].forEach((n, i) =>
          expect(n, `program ${program}`).toBeCloseTo(expected[i]!, 13),
        );
      };
      close(sweep.adjointTensor(x).data, atX);
      close([sweep.adjoint(s)], [atS]);
      const [gx, gs] = gradient(y, [x, s]);
      close(gx.tensor.data, atX);
      close([gs.value], [atS]);
      const second = gradient(gx.sum().add(gs), [x, s]);
      for (const each of second)
        expect(
          each.tensor.data.every((n) => Number.isFinite(n)),
          `program ${program}`,
        ).toBe(true);
    });
  });
});

test('what is broken in the branch that is taken shows', () => {
  const x = new Graph().input('x', { value: 0 });
  expect(reverseSweep(where(equal(x, 0), x.log(), x)).adjoint(x)).toBe(Infinity);
  expect(gradient(where(equal(x, 0), x.sqrt(), x), x).value).toBe(Infinity);
  expect(reverseSweep(where(equal(x, 0), x.sub(1).sqrt(), x)).adjoint(x)).toBeNaN();
});

test('a guard of the operand instead of the result works as well', () => {
  const x = new Graph().input('x', { value: 0 });
  const safe = where(greater(x, 0), x, 1);
  const y = where(greater(x, 0), safe.log(), 0);
  expect(reverseSweep(y).adjoint(x)).toBe(0);
  expect(gradient(y, x).value).toBe(0);
});

/** Whether a derivative in the table is written with strong products. */
function takesStrongProducts(row: Operation): boolean {
  if (row.family !== 'elementwise') return false;
  let strong = 0;
  const watched = { ...numbers, strongMul: (x: number, y: number) => (strong++, x * y) };
  for (const partial of row.partials) if (typeof partial !== 'number') partial(watched, 1, 1, 1, 1);
  return strong > 0;
}

test('graphs without choices have gradient graphs without strong products', () => {
  // Some derivatives, such as that of gelu, take strong products themselves, for their limits at infinity.
  const isOrdinary = ({ steps }: Recipe): boolean =>
    !steps.some(({ operation }) => takesStrongProducts(operations[operation]));
  for (const graphs of [scalarGraphs, tensorGraphs]) {
    fc.assert(
      fc.property(graphs({ operations: 'smooth' }).filter(isOrdinary), (recipe) => {
        const { graph, inputs, output } = recipe.build();
        gradient(output, inputs);
        const isStrong = (id: number): boolean => graph.node(id).operation === 'strongMul';
        expect(Array.from({ length: graph.nodeCount }, (_, id) => id).filter(isStrong)).toEqual([]);
      }),
    );
  }
});

test('strong products are below choices only', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: 2 });
  const before = where(greater(x, 0), x.sin(), x);
  const above = before.exp().mul(x);
  gradient(above, x);
  const count = (name: string): number => {
    let total = 0;
    for (let id = 0; id < graph.nodeCount; id++) if (graph.node(id).operation === name) total++;
    return total;
  };
  // Of the choice two, of the sine one; products above it, of the exponential and the product, are ordinary.
  expect(count('strongMul')).toBe(3);
  expect(evaluate(gradient(above, x)).item()).toBeCloseTo(
    Math.exp(Math.sin(2)) * (1 + 2 * Math.cos(2)),
    13,
  );
});
