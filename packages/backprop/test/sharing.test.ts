/** Graphs that share identical nodes have the derivatives of those that do not. */
import { evaluate, Graph, type GraphNode, tensor } from '@ad/graph';
import { scalarGraphs, tensorGraphs } from '@ad/backprop/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grad, gradient, hessian, jvp, pushforward, vmap } from '../src/index.ts';

describe.each([
  ['scalar', scalarGraphs({ maxSteps: 20 })],
  ['tensor', tensorGraphs({ maxSteps: 8 })],
] as const)('on random %s graphs', (_name, recipes) => {
  test('values, gradients and second derivatives are the same to rounding, in fewer nodes', () => {
    fc.assert(
      fc.property(recipes, (recipe) => {
        const [plain, shared] = [false, true].map((share) => {
          const { graph, inputs, output, feeds } = recipe.build(new Graph({ share }));
          const first = gradient(output, inputs);
          const second = first.map((node) => {
            const ones = inputs.map((x) => graph.constant(1).broadcastTo(x.shape));
            return pushforward(node, inputs, ones);
          });
          return { graph, values: evaluate([output, ...first, ...second], feeds) };
        });
        // Where two nodes are one, sums of messages are added in another order.
        const scale = Math.max(
          1,
          ...plain!.values.flatMap(({ data }) => Array.from(data, Math.abs)),
        );
        plain!.values.forEach(({ data }, k) => {
          data.forEach((x, i) => {
            expect(Math.abs(shared!.values[k]!.data[i]! - x)).toBeLessThanOrEqual(1e-9 * scale);
          });
        });
        expect(shared!.graph.nodeCount).toBeLessThanOrEqual(plain!.graph.nodeCount);
      }),
      { numRuns: 40 },
    );
  });
});

describe('transforms with the option share', () => {
  /** x sin x with everything written twice. */
  const twice = (x: GraphNode): GraphNode => x.mul(x.sin()).add(x.mul(x.sin()));
  const options = { share: true };

  test('give the derivatives that they give without it', () => {
    expect(grad(twice, options)(0.5)).toBeCloseTo(2 * (Math.sin(0.5) + 0.5 * Math.cos(0.5)), 14);
    expect(grad(grad(twice, options), options)(0.5)).toBeCloseTo(
      2 * (2 * Math.cos(0.5) - 0.5 * Math.sin(0.5)),
      13,
    );
    const square = (x: GraphNode): GraphNode => x.square().sum().add(x.square().sum());
    expect(hessian(square, options)(tensor([1, 2])).toArray()).toEqual([
      [4, 0],
      [0, 4],
    ]);
    expect(vmap(twice, options)(tensor([0, 0])).toArray()).toEqual([0, 0]);
    expect(jvp(twice, options)([0.5], [1]).tangent.item()).toBeCloseTo(grad(twice)(0.5), 14);
  });

  test('build identical nodes once', () => {
    let [plain, shared] = [0, 0];
    grad((x: GraphNode) => {
      const y = twice(x);
      plain = y.graph.nodeCount;
      return y;
    })(1);
    grad((x: GraphNode) => {
      const y = twice(x);
      shared = y.graph.nodeCount;
      return y;
    }, options)(1);
    expect([plain, shared]).toEqual([6, 4]);
  });

  test('keep perturbations apart that are taken of the same node', () => {
    // d/dy (y d/dz (y + z) at z = x) at y = x, where both y and z stand for x: 1.
    const nested = (x: GraphNode): GraphNode =>
      grad((y: GraphNode) => y.mul(grad((z: GraphNode) => y.add(z))(x)))(x);
    expect(vmap(nested, options)(tensor([3])).toArray()).toEqual([1]);
    const graph = new Graph({ share: true });
    const x = graph.input('x', { value: 3 });
    expect(nested(x).value).toBe(1);
  });

  test('keep examples apart that are taken of the same batch', () => {
    const graph = new Graph({ share: true });
    const x = graph.input('x', { value: [1, 2] });
    const table = vmap((a: GraphNode) => vmap((b: GraphNode) => a.mul(10).add(b))(x))(x);
    expect(evaluate(table).toArray()).toEqual([
      [11, 12],
      [21, 22],
    ]);
  });
});
