/** Laws of the gradient as a graph: what holds of derivatives holds of the nodes that `gradient` returns. */
import {
  activations,
  apply,
  cond,
  evaluate,
  evaluateOver,
  Graph,
  GraphError,
  type GraphNode,
  greater,
  KindError,
  logAddExp,
  operations,
  pow,
  ShapeError,
  Tensor,
  tensor,
  xlog1py,
  xlogy,
} from '@ad/graph';
import { type Recipe, scalarGraphs, shapes, tensorGraphs, tensors } from '@ad/backprop/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradient, reverseSweep } from '../src/index.ts';
import { fivePoint, withElement } from './support/differences.ts';
import { type Rational, rational, rationals } from './support/rational.ts';
import { pathSums } from './support/structures.ts';

const numbersOf = (nodes: readonly GraphNode[], feeds: Record<string, unknown>): number[][] =>
  evaluate(nodes, feeds as never).map(({ data }) => Array.from(data, (x) => (x === 0 ? 0 : x)));

describe('the Hessian', () => {
  const graphs = scalarGraphs({ operations: 'smooth', maxSteps: 8 });

  test('is symmetric', () => {
    fc.assert(
      fc.property(graphs, (recipe) => {
        const { inputs, output, feeds } = recipe.build();
        const rows = gradient(output, inputs);
        const hessian = rows.map((row) => numbersOf(gradient(row, inputs), feeds).flat());
        // Rounding is relative to the paths through the graph of the gradient.
        const scales = rows.map((row) => {
          const values = activations(
            [output.graph.node(output.graph.nodeCount - 1), row, ...inputs, ...allBelow(row)],
            feeds,
          );
          const sums = pathSums(row, ({ id }) => values.number(id))[row.id]!;
          return inputs.map(({ id }) => sums[id] ?? 0);
        });
        hessian.forEach((row, i) => {
          row.forEach((entry, j) => {
            const scale = Math.max(scales[i]![j]!, scales[j]![i]!);
            expect(Math.abs(entry - hessian[j]![i]!)).toBeLessThanOrEqual(1e-12 * scale);
          });
        });
      }),
    );
  });

  // Second derivatives of tame graphs reach some hundreds, their fifth differences much more: 1e-7 of the largest.
  test('is the five-point difference of the gradient', () => {
    fc.assert(
      fc.property(graphs, (recipe) => {
        const { inputs, output, feeds } = recipe.build();
        const rows = gradient(output, inputs);
        rows.forEach((row, i) => {
          inputs.forEach((x, j) => {
            const name = x.label!;
            const along = (t: number): number => evaluate(row, { ...feeds, [name]: t }).item();
            const entry = evaluate(gradient(row, x), feeds).item();
            const difference = entry - fivePoint(along, (feeds[name] as Tensor).item(), 2.5e-4);
            expect(Math.abs(difference), `${i}, ${j}`).toBeLessThan(
              1e-7 * Math.max(1, Math.abs(entry)),
            );
          });
        });
      }),
    );
  });

  test('times a vector is the difference of gradients of tensor graphs along it', () => {
    fc.assert(
      fc.property(tensorGraphs({ operations: 'smooth', maxSteps: 4, maxInputs: 1 }), (recipe) => {
        const { inputs, output, feeds, graph } = recipe.build();
        const x = inputs[0]!;
        const at = feeds[x.label!] as Tensor;
        const g = gradient(output, x);
        const v = new Tensor(
          x.shape,
          'real',
          Float64Array.from(at.data, (_, i) => ((3 * i) % 5) - 2),
        );
        const product = evaluate(gradient(g, x, { seed: graph.constant(v) }), feeds);
        const moved = (t: number): Tensor =>
          new Tensor(
            at.shape,
            'real',
            Float64Array.from(at.data, (a, i) => a + t * v.data[i]!),
          );
        product.data.forEach((entry, i) => {
          const along = (t: number): number => evaluate(g, { [x.label!]: moved(t) }).data[i]!;
          expect(Math.abs(entry - fivePoint(along, 0, 1e-4))).toBeLessThan(
            1e-6 * Math.max(1, Math.abs(entry)),
          );
        });
      }),
    );
  });
});

/** The scalar nodes below one: those whose activations its paths need. */
function allBelow(node: GraphNode): GraphNode[] {
  const seen = new Uint8Array(node.id + 1);
  seen[node.id] = 1;
  for (let id = node.id; id >= 0; id--) {
    if (seen[id] === 1) for (const operand of node.graph.node(id).operands) seen[operand.id] = 1;
  }
  return Array.from(seen, (flag, id) => ({ flag, id }))
    .filter(({ flag }) => flag === 1)
    .map(({ id }) => node.graph.node(id));
}

describe('over exact polynomials', () => {
  const polynomials = scalarGraphs({ operations: 'polynomial' });

  test('grad(f + g) = grad f + grad g, and grad(3 f) = 3 grad f', () => {
    fc.assert(
      fc.property(polynomials, fc.nat(), fc.nat(), (recipe, a, b) => {
        const { nodes, inputs, feeds } = recipe.build();
        const [f, g] = [nodes[a % nodes.length]!, nodes[b % nodes.length]!];
        const [ofSum, ofF, ofG, ofMultiple] = [f.add(g), f, g, f.mul(3)].map((u) =>
          numbersOf(gradient(u, inputs), feeds).flat(),
        );
        expect(ofSum).toEqual(ofF!.map((x, i) => x + ofG![i]!));
        expect(ofMultiple).toEqual(ofF!.map((x) => 3 * x));
      }),
    );
  });

  test('grad(f g) = f grad g + g grad f', () => {
    fc.assert(
      fc.property(
        scalarGraphs({ operations: 'polynomial', maxSteps: 6 }),
        fc.nat(),
        fc.nat(),
        (recipe, a, b) => {
          const built = recipe.build();
          const [f, g] = [
            built.nodes[a % built.nodes.length]!,
            built.nodes[b % built.nodes.length]!,
          ];
          const exactly = (node: GraphNode): Rational => over(node, built.feeds);
          const [left, dg, df] = [f.mul(g), g, f].map((u) =>
            gradient(u, built.inputs).map(exactly),
          );
          const right = dg!.map((_, i) =>
            rationals.add(rationals.mul(exactly(f), dg![i]!), rationals.mul(exactly(g), df![i]!)),
          );
          expect(left).toEqual(right);
        },
      ),
    );
  });

  test("the chain rule: grad h(g) = h'(g) grad g", () => {
    fc.assert(
      fc.property(
        scalarGraphs({ operations: 'polynomial', maxInputs: 1, maxSteps: 8 }),
        polynomials,
        (outer, inner) => {
          const { inputs, output: g, feeds } = inner.build();
          const h = appliedTo(outer, g);
          const slope = gradient(h, g);
          const expected = gradient(g, inputs).map((each) =>
            rationals.mul(over(slope, feeds), over(each, feeds)),
          );
          expect(gradient(h, inputs).map((each) => over(each, feeds))).toEqual(expected);
        },
      ),
    );
  });

  test('Euler: <grad f(x), x> = k f(x) for homogeneous polynomials of degree k', () => {
    const monomials = fc.integer({ min: 0, max: 6 }).chain((degree) =>
      fc.record({
        degree: fc.constant(degree),
        terms: fc.array(
          fc.record({
            coefficient: fc.integer({ min: -9, max: 9 }),
            factors: fc.array(fc.nat({ max: 2 }), { minLength: degree, maxLength: degree }),
          }),
          { minLength: 1, maxLength: 6 },
        ),
        at: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 3, maxLength: 3 }),
      }),
    );
    fc.assert(
      fc.property(monomials, ({ degree, terms, at }) => {
        const graph = new Graph();
        const x = at.map((value, i) => graph.input(`x${i}`, { value }));
        const f = terms
          .map(({ coefficient, factors }) =>
            factors.reduce((product, i) => product.mul(x[i]!), graph.constant(coefficient)),
          )
          .reduce((sum, term) => sum.add(term));
        const slopes = gradient(f, x).map((each) => each.value);
        // Integers below 6 * 9 * 9^6 * 6: exact.
        expect(slopes.reduce((sum, slope, i) => sum + slope * at[i]!, 0)).toBe(
          0 + degree * f.value,
        );
      }),
    );
  });

  test('any order of the steps gives the same gradient', () => {
    fc.assert(
      fc.property(
        scalarGraphs({ operations: 'polynomial', maxSteps: 30 }),
        fc.array(fc.nat(), { maxLength: 40 }),
        (recipe, keys) => {
          const [a, b] = [recipe.build(), recipe.reordered(keys).build()];
          const sweep = reverseSweep(a.output, { feeds: a.feeds });
          const other = reverseSweep(b.output, { feeds: b.feeds });
          for (const x of a.inputs) {
            expect(other.adjoint(b.graph.find(x.label!))).toBe(sweep.adjoint(x));
            expect(over(gradient(b.output, b.graph.find(x.label!)), b.feeds)).toEqual(
              over(gradient(a.output, x), a.feeds),
            );
          }
        },
      ),
    );
  });

  test('any order of the steps of a tensor graph gives the same gradient', () => {
    fc.assert(
      fc.property(
        tensorGraphs({ operations: 'polynomial' }),
        fc.array(fc.nat(), { maxLength: 30 }),
        (recipe, keys) => {
          const [a, b] = [recipe.build(), recipe.reordered(keys).build()];
          const sweep = reverseSweep(a.output, { feeds: a.feeds });
          const other = reverseSweep(b.output, { feeds: b.feeds });
          for (const x of a.inputs) {
            expect(other.adjointTensor(b.graph.find(x.label!)).toArray()).toEqual(
              sweep.adjointTensor(x).toArray(),
            );
          }
        },
      ),
    );
  });
});

/** The value of a node in exact arithmetic, at the values that are fed. */
function over(node: GraphNode, feeds: Record<string, unknown> | object): Rational {
  const exact = Object.fromEntries(
    Object.entries(feeds).map(([name, value]) => [name, rational((value as Tensor).item())]),
  );
  return evaluateOver(rationals, node, exact);
}

/** The steps of a recipe of one input, applied to a node in its place. */
function appliedTo({ steps, output }: Recipe, node: GraphNode): GraphNode {
  const nodes: GraphNode[] = [];
  for (const step of steps) {
    if (step.operation === 'input') nodes.push(node);
    else if (step.operation === 'constant') nodes.push(node.graph.constant(step.value.item()));
    else if ('operands' in step)
      nodes.push(
        apply(
          operations[step.operation],
          step.operands.map((k) => nodes[k]!),
        ),
      );
  }
  return nodes[output]!;
}

describe('the vector-Jacobian product', () => {
  /** Small integer vectors, as many as a node may have elements. */
  const seeds = fc.array(fc.integer({ min: -1, max: 1 }), { minLength: 64, maxLength: 64 });

  test('is linear in the seed, exactly, at every node of polynomial graphs', () => {
    fc.assert(
      fc.property(tensorGraphs({ operations: 'polynomial' }), seeds, seeds, (recipe, v, w) => {
        const { graph, nodes, inputs, feeds } = recipe.build();
        for (const y of nodes.filter(({ kind }) => kind === 'real')) {
          const seed = (numbers: readonly number[]): Tensor => withShape(y, numbers);
          const pull = (numbers: readonly number[]): number[] => {
            const sweep = reverseSweep(y, { feeds, seed: seed(numbers) });
            return inputs.flatMap((x) => Array.from(sweep.adjointTensor(x).data, (n) => n + 0));
          };
          const sum = v.map((n, i) => 2 * n - 3 * w[i]!);
          const [ofV, ofW] = [pull(v), pull(w)];
          expect(pull(sum)).toEqual(ofV.map((n, i) => 2 * n - 3 * ofW[i]! + 0));
          const symbolic = gradient(y, inputs, { seed: graph.constant(seed(sum)) });
          expect(numbersOf(symbolic, feeds).flat()).toEqual(pull(sum));
        }
      }),
    );
  });

  test('of a zero seed is exactly zero', () => {
    fc.assert(
      fc.property(tensorGraphs(), (recipe) => {
        const { graph, nodes, inputs, feeds } = recipe.build();
        for (const y of nodes.filter(({ kind }) => kind === 'real')) {
          const seed = withShape(y, new Array<number>(64).fill(0));
          const sweep = reverseSweep(y, { feeds, seed });
          for (const x of inputs)
            expect(sweep.adjointTensor(x).data.every((n) => n === 0)).toBe(true);
          for (const row of numbersOf(gradient(y, inputs, { seed: graph.constant(seed) }), feeds)) {
            expect(row.every((n) => n === 0)).toBe(true);
          }
        }
      }),
    );
  });
});

/** A tensor of the shape of a node with the first of these numbers. */
function withShape({ shape }: GraphNode, numbers: readonly number[]): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return new Tensor(shape, 'real', Float64Array.from(numbers.slice(0, size)));
}

test('the gradient has the shapes of what it is taken with respect to', () => {
  fc.assert(
    fc.property(tensorGraphs(), (recipe) => {
      const { nodes, output } = recipe.build();
      const real = nodes.filter(({ kind }) => kind === 'real');
      expect(gradient(output, real).map(({ shape }) => shape)).toEqual(
        real.map(({ shape }) => shape),
      );
    }),
  );
});

test('the gradient of x -> f(A x) is A^T grad f', () => {
  const sizes = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }));
  const problem = sizes.chain(([m, n]) =>
    fc.tuple(tensors({ shape: [m, n] }), tensors({ shape: [n] })),
  );
  fc.assert(
    fc.property(problem, ([matrix, point]) => {
      const graph = new Graph();
      const x = graph.input('x', { value: point });
      const A = graph.constant(matrix);
      const y = A.matmul(x);
      const f = y.tanh().square().sum();
      const [atX, atY] = gradient(f, [x, y]);
      const expected = A.transpose().matmul(atY).tensor.data;
      // Four products of numbers up to 4: a few roundings of each.
      atX.tensor.data.forEach((entry, i) =>
        expect(Math.abs(entry - expected[i]!)).toBeLessThan(1e-14),
      );
    }),
  );
});

test('summing what was broadcast: the adjoint of a smaller operand adds up', () => {
  fc.assert(
    fc.property(shapes({ minRank: 1 }), tensors({ shape: [] }), (shape, value) => {
      const graph = new Graph();
      const x = graph.input('x', { value });
      const y = graph.input('y', {
        value: new Tensor(
          shape,
          'real',
          new Float64Array(shape.reduce((a, b) => a * b, 1)).fill(2),
        ),
      });
      const size = shape.reduce((a, b) => a * b, 1);
      expect(gradient(x.mul(y).sum(), x).value).toBe(2 * size);
      expect(withElement(y.tensor, 0, 5).data[0]).toBe(5);
    }),
  );
});

describe('what cannot be differentiated', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [2] });

  test('an array without a seed', () => {
    expect(() => gradient(x, x)).toThrow(ShapeError);
    expect(() => gradient(x, x, { seed: graph.constant(1) })).toThrow(
      /seed has shape \[\] \(a scalar\), expected .*\[2\]/,
    );
  });

  test('with respect to integers or conditions', () => {
    const labels = graph.input('labels', { kind: 'integer' });
    expect(() => gradient(x.sum(), labels)).toThrow(KindError);
    expect(() => gradient(x.sum(), [x, greater(x.sum(), 0)])).toThrow(/greater.* is not real/);
  });

  test('across graphs', () => {
    const other = new Graph().input('y');
    expect(() => gradient(x.sum(), other)).toThrow(GraphError);
    expect(() => gradient(x.sum(), x, { seed: other })).toThrow(/another graph/);
  });

  test('a failed call leaves the graph as it was', () => {
    const before = graph.nodeCount;
    expect(() => gradient(x, x)).toThrow(ShapeError);
    expect(graph.nodeCount).toBe(before);
  });
});

test('gradients with respect to nothing, to the output and to what it does not depend on', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: 3 });
  const unused = graph.input('unused', { value: [[1, 2]] });
  const y = x.square();
  expect(gradient(y, [])).toEqual([]);
  expect(gradient(y, y).value).toBe(1);
  expect(gradient(y, unused).tensor.toArray()).toEqual([[0, 0]]);
  expect(gradient(y, y.add(1)).value).toBe(0);
  expect(gradient(x, x).value).toBe(1);
  const five = graph.constant(5);
  expect(gradient(five, x).value).toBe(0);
  expect(gradient(five, five).value).toBe(1);
  expect(gradient(y.mul(five), five).value).toBe(9);
});

describe('what takes part', () => {
  test.each([
    ['scalars', (x: GraphNode) => x.sin(), 3],
    [
      'arrays',
      (x: GraphNode) =>
        x
          .mul(tensor([1, 2]))
          .sin()
          .sum(),
      [3, 4],
    ],
  ] as const)('nothing is appended for %s off the paths to what is asked for', (_, f, value) => {
    const graph = new Graph();
    const x = graph.input('x', { value: 3 });
    const others = graph.input('others', { value: value as number });
    const offPath = f(f(others));
    const y = x.mul(offPath);
    const before = graph.nodeCount;
    const slope = gradient(y, x);
    // The seed and one product.
    expect(graph.nodeCount - before).toBe(2);
    expect(slope.value).toBe(offPath.value);
  });
});

describe('where a first derivative needs a guard, the second is still the true one', () => {
  const hessianAt = (
    f: (x: GraphNode, y: GraphNode) => GraphNode,
    at: readonly [number, number],
  ): number[] => {
    const graph = new Graph();
    const [x, y] = [graph.input('x', { value: at[0] }), graph.input('y', { value: at[1] })];
    const first = gradient(f(x, y), [x, y]);
    return first.flatMap((slope) => gradient(slope, [x, y]).map((node) => node.value));
  };

  test('of the logarithm of a sum of equal exponentials', () => {
    expect(hessianAt(logAddExp, [0.7, 0.7])).toEqual([0.25, -0.25, -0.25, 0.25]);
  });

  test('of a product with a logarithm, at factor 0', () => {
    expect(hessianAt(xlogy, [0, 2])[1]).toBe(0.5);
    expect(hessianAt(xlogy, [0, 2])[2]).toBe(0.5);
    expect(hessianAt(xlog1py, [0, 1]).slice(1, 3)).toEqual([0.5, 0.5]);
  });

  test('of a power, at exponent 0', () => {
    expect(hessianAt(pow, [2, 0]).slice(1, 3)).toEqual([0.5, 0.5]);
  });
});

test('taken inside of a branch, of nodes outside, it belongs to the branch and has the same value', () => {
  fc.assert(
    fc.property(scalarGraphs({ operations: 'smooth', maxSteps: 8 }), (recipe) => {
      const { inputs, output, feeds } = recipe.build();
      const { graph } = output;
      const expected = numbersOf(gradient(output, inputs), feeds);
      const count = graph.nodeCount;
      const always = greater(graph.constant(1), 0);
      const inside = cond(
        always,
        () => gradient(output, inputs),
        () => inputs.map(() => graph.constant(0)),
      );
      expect(numbersOf(inside, feeds)).toStrictEqual(expected);
      // The condition, the branch, its parts, and constants.
      expect(graph.nodeCount - count).toBeLessThan(8 + 2 * inputs.length);
    }),
    { numRuns: 50 },
  );
});
