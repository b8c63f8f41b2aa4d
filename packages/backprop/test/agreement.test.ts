/**
 * All algorithms compute the same derivatives. Where they do the same operations in the same order they agree to the
 * bit; else they differ by reassociation only, which is bounded by 1e-12 of the sum of the absolute contributions of
 * all paths.
 */
import {
  activations,
  apply,
  clamp,
  type ElementwiseRow,
  evaluate,
  evaluateOver,
  floor,
  Graph,
  type GraphNode,
  round,
  sign,
  Tensor,
  tensor,
  trunc,
} from '@ad/graph';
import { type BuiltRecipe, scalarGraphs, tensorGraphs } from '@ad/backprop/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Adjoints,
  forwardAllPairs,
  gradient,
  recomputingSweep,
  reverseSweep,
} from '../src/index.ts';
import { type Dual, dualNumbers } from './support/dual.ts';
import { fivePoint } from './support/differences.ts';
import { closure, membersOf, pathSums } from './support/structures.ts';

/** The real nodes below the output. */
function nodesBelow({ graph, output }: BuiltRecipe): GraphNode[] {
  const nodes = membersOf(closure(output)[output.id]!).map((id) => graph.node(id));
  return nodes.filter(({ kind }) => kind === 'real');
}

const absolutePaths = ({ output, feeds }: BuiltRecipe): number[][] => {
  const values = activations([output], feeds);
  return pathSums(output, ({ id }) => values.number(id));
};

/** Numbers that are equal to the bit, but for the sign of zeros: 0 times -1 is -0, a strong product is 0. */
function expectEqual(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  const plain = (values: ArrayLike<number>): number[] =>
    Array.from(values, (x) => (x === 0 ? 0 : x));
  expect(plain(actual)).toEqual(plain(expected));
}

describe('on random scalar graphs', () => {
  test('reverse sweeps from every node are the rows of the table that the forward induction fills', () => {
    fc.assert(
      fc.property(scalarGraphs({ maxSteps: 12 }), (recipe) => {
        const built = recipe.build();
        const table = forwardAllPairs(built.output, { feeds: built.feeds });
        const scale = absolutePaths(built);
        const nodes = nodesBelow(built);
        for (const u of nodes) {
          const sweep = reverseSweep(u, { feeds: built.feeds });
          for (const z of nodes) {
            const difference = Math.abs(sweep.adjoint(z) - table.derivative(u, z));
            expect(difference, `d ${String(u)} / d ${String(z)}`).toBeLessThanOrEqual(
              1e-12 * scale[u.id]![z.id]!,
            );
          }
        }
      }),
    );
  });

  test('recomputing activations gives the same adjoints to the bit', () => {
    fc.assert(
      fc.property(scalarGraphs({ maxSteps: 40 }), (recipe) => {
        const built = recipe.build();
        const [sweep, recomputed] = [reverseSweep, recomputingSweep].map((run) =>
          run(built.output, { feeds: built.feeds }),
        );
        expect(recomputed!.value).toEqual(sweep!.value);
        for (const node of built.nodes.filter(({ kind }) => kind === 'real')) {
          expect(recomputed!.adjoint(node)).toBe(sweep!.adjoint(node));
          expect(recomputed!.reached(node)).toBe(sweep!.reached(node));
        }
      }),
    );
  });

  test('the gradient graph evaluates to the adjoints of all nodes, to the bit', () => {
    fc.assert(
      fc.property(scalarGraphs({ maxSteps: 60 }), (recipe) => {
        const built = recipe.build();
        const nodes = nodesBelow(built);
        const sweep = reverseSweep(built.output, { feeds: built.feeds });
        const gradients = evaluate(gradient(built.output, nodes), built.feeds);
        expectEqual(
          gradients.map((each) => each.item()),
          nodes.map((node) => sweep.adjoint(node)),
        );
      }),
    );
  });

  test('the gradient graph with respect to one input alone is no different', () => {
    fc.assert(
      fc.property(scalarGraphs(), (recipe) => {
        const { inputs, output, feeds } = recipe.build();
        const sweep = reverseSweep(output, { feeds });
        for (const x of inputs) {
          expectEqual(evaluate(gradient(output, x), feeds).data, [sweep.adjoint(x)]);
        }
      }),
    );
  });

  test('<v, J u> = <J^T v, u> with J u from dual numbers', () => {
    const directions = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(scalarGraphs({ maxSteps: 30 }), directions, (recipe, u) => {
        const built = recipe.build();
        const { inputs, output, feeds } = built;
        const v = u[3]!;
        const duals = Object.fromEntries(
          inputs.map(({ label }, i): [string, Dual<number>] => [
            label!,
            [(feeds[label!] as Tensor).item(), u[i]!],
          ]),
        );
        const [value, derivative] = evaluateOver(dualNumbers, output, duals);
        const sweep = reverseSweep(output, { feeds, seed: v });
        const products = inputs.map((x, i) => sweep.adjoint(x) * u[i]!);
        // c eps times the sum of the absolute terms, c growing with the number of roundings on a path.
        const paths = absolutePaths(built)[output.id]!;
        const terms = inputs.reduce(
          (sum, x, i) => sum + Math.abs(v * u[i]!) * (paths[x.id] ?? 0),
          0,
        );
        const tolerance = 8 * (1 + output.id) * Number.EPSILON * terms;
        expect(Math.abs(products.reduce((a, b) => a + b, 0) - v * derivative)).toBeLessThanOrEqual(
          tolerance,
        );
        expect(Math.abs(value - sweep.value.item())).toBeLessThanOrEqual(1e-12);
      }),
      { numRuns: 300 },
    );
  });
});

describe('all sweeps over scalars', () => {
  const all = (output: GraphNode): Adjoints[] => [
    reverseSweep(output),
    reverseSweep(output, { count: true }),
    recomputingSweep(output),
  ];
  /** The adjoint of `x` by each of them. */
  const adjointsOf = (output: GraphNode, x: GraphNode): number[] => [
    ...all(output).map((sweep) => sweep.adjoint(x)),
    forwardAllPairs(output).derivative(output, x),
    evaluate(gradient(output, x)).item(),
  ];
  const five = (adjoint: number): number[] => Array.from({ length: 5 }, () => adjoint);

  test('read all three operands of an operation: of a clamped number, what it is equal to has the slope 1', () => {
    const distinct = fc.uniqueArray(fc.integer({ min: -99, max: 99 }), {
      minLength: 3,
      maxLength: 3,
    });
    fc.assert(
      fc.property(distinct, fc.integer({ min: 1, max: 9 }), (values, factor) => {
        const graph = new Graph();
        const operands = values.map((value, k) => graph.input(`x${k}`, { value }));
        const [x, low, high] = operands as [GraphNode, GraphNode, GraphNode];
        const output = clamp(x, low, high).mul(factor);
        const value = Math.min(Math.max(values[0]!, values[1]!), values[2]!);
        operands.forEach((operand, k) => {
          const slope = values[k] === value ? factor : 0;
          expect(adjointsOf(output, operand)).toEqual(five(slope));
        });
      }),
    );
  });

  test('multiply by a slope that is a number', () => {
    const double: ElementwiseRow = {
      name: 'double',
      family: 'elementwise',
      arity: 1,
      formula: '2 x',
      resultKind: 'real',
      value: (A, x) => A.add(x, x),
      partials: [2],
    };
    const x = new Graph().input('x', { value: 3 });
    const output = apply(double, [apply(double, [x]).square()]);
    expect(adjointsOf(output, x)).toEqual(five(48));
  });

  test.each([floor, round, sign, trunc])(
    'send nothing through what is flat, not even what is infinite: %o',
    (flat) => {
      const graph = new Graph();
      const x = graph.input('x', { value: 2 });
      const y = graph.input('y', { value: 0 });
      const step = flat(x);
      // The slope of the root at 0 is infinite.
      const output = step.mul(y.sqrt()).add(step.mul(y).sqrt());
      expect(adjointsOf(output, x)).toEqual(five(0));
      expect(all(output).map((sweep) => sweep.reached(x))).toEqual([false, false, false]);
      expect(adjointsOf(output, y)).toEqual(five(Infinity));
    },
  );

  test('leave 0 times infinity as it is where nothing is chosen', () => {
    const graph = new Graph();
    const [x, y] = [graph.input('x', { value: 0 }), graph.input('y', { value: 0 })];
    for (const output of [x.sqrt().mul(y), x.sqrt().neg().mul(y), x.sqrt().sqrt().add(1).mul(y)]) {
      expect(adjointsOf(output, x)).toEqual(five(NaN));
    }
  });

  test('keep the sign of a zero', () => {
    const graph = new Graph();
    const [x, y] = [graph.input('x', { value: 2 }), graph.input('y', { value: -0 })];
    expect(adjointsOf(x.mul(y), x)).toEqual(five(-0));
  });
});

describe('all sweeps over arrays', () => {
  /** The adjoint of `x` by the numeric sweep, which is that by the gradient graph. */
  const adjointOf = (output: GraphNode, x: GraphNode): unknown => {
    const adjoint = reverseSweep(output).adjointTensor(x);
    expect(evaluate(gradient(output, x))).toEqual(adjoint);
    return adjoint.toArray();
  };

  test('leave 0 times infinity as it is where nothing is chosen', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: [0, 1, 4] });
    const y = graph.input('y', { value: [0, 0, 1] });
    for (const output of [x.sqrt().mul(y).sum(), x.sqrt().mul(y.sum()).mul(y).sum()]) {
      expect(adjointOf(output, x)).toEqual([NaN, 0, 0.25]);
    }
  });

  test('read all three operands of an operation', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: [-5, 2, 9, 7] });
    const low = graph.input('low', { value: 1 });
    const high = graph.input('high', { value: [6, 6, 6, 8] });
    const output = clamp(x, low, high)
      .mul(tensor([1, 10, 100, 1000]))
      .sum();
    expect(adjointOf(output, x)).toEqual([0, 10, 0, 1000]);
    expect(adjointOf(output, low)).toBe(1);
    expect(adjointOf(output, high)).toEqual([0, 0, 100, 0]);
  });

  test.each([floor, round, sign, trunc])('send nothing through what is flat: %o', (flat) => {
    const graph = new Graph();
    const x = graph.input('x', { value: [2, 3] });
    const y = graph.input('y', { value: [0, 0] });
    const before = x.add(y).mul(y).sum();
    const output = before.add(flat(x).mul(y).sqrt().sum());
    expect(adjointOf(output, x)).toEqual([0, 0]);
    expect(reverseSweep(flat(x).mul(y).sqrt().sum()).reached(x)).toBe(false);
    expect(adjointOf(output, y)).toEqual([Infinity, Infinity]);
  });

  test('send nothing to integers, scalars or arrays', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: 3 });
    const xs = graph.input('xs', { value: [1, 2] });
    const n = graph.input('n', { kind: 'integer', value: 5 });
    const ns = graph.input('ns', { kind: 'integer', value: [6, 7] });
    const output = x.mul(n).add(xs.mul(ns).sum()).add(xs.mul(n).sum());
    const sweep = reverseSweep(output);
    expect(sweep.adjoint(x)).toBe(5);
    expect(sweep.adjointTensor(xs).toArray()).toEqual([11, 12]);
    for (const node of [n, ns]) expect(sweep.reached(node)).toBe(false);
  });
});

describe('on random tensor graphs', () => {
  test('the gradient graph evaluates to the adjoints of all inputs', () => {
    fc.assert(
      fc.property(tensorGraphs({ maxSteps: 12 }), (recipe) => {
        const { inputs, output, feeds } = recipe.build();
        const sweep = reverseSweep(output, { feeds });
        evaluate(gradient(output, inputs), feeds).forEach((each, i) => {
          expect(each.shape).toEqual(inputs[i]!.shape);
          expectEqual(each.data, sweep.adjointTensor(inputs[i]!).data);
        });
      }),
      { numRuns: 300 },
    );
  });

  // Every node, not only the last: a seed that is not scalar meets every operation.
  test('<v, J u> = <J^T v, u> at every node, with J u from five-point differences', () => {
    const noise = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 100, maxLength: 100 });
    fc.assert(
      fc.property(tensorGraphs({ maxSteps: 6 }), noise, (recipe, numbers) => {
        const { graph, nodes, inputs, feeds } = recipe.build();
        const direction = (shape: readonly number[], from: number): Tensor => {
          const size = shape.reduce((a, b) => a * b, 1);
          return new Tensor(
            shape,
            'real',
            Float64Array.from({ length: size }, (_, i) => numbers[(from + i) % 100]! / 9),
          );
        };
        const u = inputs.map(({ shape }, i) => direction(shape, 10 * i));
        const moved = (t: number): Record<string, Tensor> =>
          Object.fromEntries(
            inputs.map(({ label }, i): [string, Tensor] => {
              const at = feeds[label!] as Tensor;
              return [
                label!,
                new Tensor(
                  at.shape,
                  'real',
                  Float64Array.from(at.data, (x, k) => x + t * u[i]!.data[k]!),
                ),
              ];
            }),
          );
        for (const y of nodes.filter(({ kind }) => kind === 'real')) {
          const v = direction(y.shape, 50);
          const along = (t: number): number => inner(v.data, evaluate(y, moved(t)).data);
          const forward = fivePoint(along, 0, 2.5e-4);
          const sweep = reverseSweep(y, { feeds, seed: v });
          const reverse = inputs.reduce(
            (sum, x, i) => sum + inner(sweep.adjointTensor(x).data, u[i]!.data),
            0,
          );
          // A node may be on its way to being made tame: its slope is bounded by that of its operands, squared and more.
          const scale = Math.max(
            1,
            Math.abs(reverse),
            inner(v.data.map(Math.abs), evaluate(y, feeds).data.map(Math.abs)),
          );
          expect(Math.abs(forward - reverse)).toBeLessThan(1e-8 * scale);
          const seed = graph.constant(v);
          const gradients = evaluate(gradient(y, inputs, { seed }), feeds);
          gradients.forEach((each, i) => {
            expectEqual(each.data, sweep.adjointTensor(inputs[i]!).data);
          });
        }
      }),
    );
  });
});

function inner(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
