/**
 * The reverse sweep against finite differences, on random graphs. The generators bound slopes (sums over paths without
 * cancellation) by 8, values by 4, and keep operands 1/8 away from kinks, so that no step taken here crosses one.
 * Relative to max(1, |f'|) the quotients are then off by at most
 *
 *   central, h = 6e-6:       h^2 |f'''| / 6 + 4 eps / h, for compositions below 1e-7;
 *   five points, h = 2.5e-4: h^4 |f'''''| / 30 + 4 eps / h, below 1e-9.
 */
import {
  apply,
  argMax,
  type ElementwiseRow,
  Graph,
  GraphError,
  greater,
  KindError,
  numbers,
  OTHER,
  ShapeError,
  Tensor,
  tensor,
} from '@ad/graph';
import { type Recipe, scalarGraphs, tensorGraphs } from '@ad/backprop/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reverseSweep } from '../src/index.ts';
import { along, central, fivePoint, forEachElement, type Line } from './support/differences.ts';

function expectQuotients(
  recipe: Recipe,
  quotient: (f: Line, t: number) => number,
  tolerance: number,
): void {
  const { graph, output, feeds } = recipe.build();
  const sweep = reverseSweep(output, { feeds });
  forEachElement(feeds, (name, index, at) => {
    const derivative = sweep.adjointTensor(graph.find(name)).data[index]!;
    const difference = derivative - quotient(along(output, feeds, name, index), at);
    expect(
      Math.abs(difference) / Math.max(1, Math.abs(derivative)),
      `${name}[${index}]`,
    ).toBeLessThan(tolerance);
  });
}

describe.each([
  ['scalar', scalarGraphs],
  ['tensor', tensorGraphs],
] as const)('on random %s graphs', (_kind, graphs) => {
  describe.each(['smooth', 'all'] as const)('of %s operations', (operations) => {
    test('adjoints are central difference quotients', () => {
      fc.assert(
        fc.property(graphs({ operations }), (recipe) => expectQuotients(recipe, central, 1e-7)),
      );
    });

    test('adjoints are five-point difference quotients', () => {
      const fine = (f: Line, t: number): number => fivePoint(f, t, 2.5e-4);
      fc.assert(
        fc.property(graphs({ operations }), (recipe) => expectQuotients(recipe, fine, 1e-9)),
        { numRuns: 300 },
      );
    });
  });

  test('two sweeps agree to the bit, and leave graph and feeds as they were', () => {
    fc.assert(
      fc.property(graphs(), (recipe) => {
        const { graph, output, feeds, inputs } = recipe.build();
        const before = JSON.stringify([graph.nodeCount, feeds]);
        const [first, second] = [reverseSweep(output, { feeds }), reverseSweep(output, { feeds })];
        expect(JSON.stringify([graph.nodeCount, feeds])).toBe(before);
        for (const x of inputs) expect(second.adjointTensor(x)).toEqual(first.adjointTensor(x));
      }),
    );
  });

  test('what the output does not depend on is not reached and has the adjoint 0', () => {
    fc.assert(
      fc.property(graphs(), (recipe) => {
        const { graph, output, feeds } = recipe.build();
        const unused = graph.input('unused', { shape: [2, 3] });
        const above = output.mul(2);
        const sweep = reverseSweep(output, { feeds });
        for (const node of [unused, above]) {
          expect(sweep.reached(node)).toBe(false);
          expect(sweep.adjointTensor(node)).toEqual(
            new Tensor(node.shape, 'real', new Float64Array(node.shape.length === 0 ? 1 : 6)),
          );
        }
        expect(sweep.adjoint(above)).toBe(0);
        expect(sweep.adjoint(output)).toBe(1);
      }),
    );
  });
});

describe('a sweep that cannot be', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [2] });

  test('from an array without a seed says what to do', () => {
    expect(() => reverseSweep(x, { feeds: { x: [1, 2] } })).toThrow(ShapeError);
    expect(() => reverseSweep(x, { feeds: { x: [1, 2] } })).toThrow(
      /shape \[2\], expected a scalar; reduce it.* or give a seed/,
    );
  });

  test('from a seed of another shape names both shapes', () => {
    expect(() => reverseSweep(x, { feeds: { x: [1, 2] }, seed: [1, 2, 3] })).toThrow(
      /seed has shape \[3\], expected .* \[2\]/,
    );
    expect(() => reverseSweep(x.sum(), { feeds: { x: [1, 2] }, seed: [1] })).toThrow(ShapeError);
  });

  test('from a node that is not real is a KindError', () => {
    expect(() => reverseSweep(greater(x.sum(), 0), { feeds: { x: [1, 2] } })).toThrow(KindError);
    expect(() => reverseSweep(argMax(x), { feeds: { x: [1, 2] } })).toThrow(KindError);
  });

  test('without a value for an input names the input', () => {
    expect(() => reverseSweep(x.sum())).toThrow(GraphError);
    expect(() => reverseSweep(x.sum())).toThrow(/input "x" has no value/);
  });

  test('adjoints of arrays are not numbers, and of other graphs not known', () => {
    const sweep = reverseSweep(x.sum(), { feeds: { x: [1, 2] } });
    expect(() => sweep.adjoint(x)).toThrow(/use adjointTensor/);
    expect(() => sweep.adjointTensor(new Graph().input('y'))).toThrow(/another graph/);
  });
});

test('a seed is the adjoint of the output and is not changed', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: [1, 2, 3] });
  const y = x.square();
  const seed = tensor([1, 10, 100]);
  const sweep = reverseSweep(y.add(y), { seed });
  expect(sweep.adjointTensor(x).toArray()).toEqual([4, 80, 1200]);
  expect(sweep.adjointTensor(y).toArray()).toEqual([2, 20, 200]);
  expect(seed.toArray()).toEqual([1, 10, 100]);
  expect(reverseSweep(x, { seed }).adjointTensor(x).toArray()).toEqual([1, 10, 100]);
});

test('operations that are written out send the messages of their rows, bit for bit', () => {
  const special = fc.constantFrom(0, -0, 1, -1, Infinity, -Infinity, NaN, 5e-324, Number.MAX_VALUE);
  const any = fc.oneof(fc.double(), special);
  fc.assert(
    fc.property(any, any, any, (a, b, seed) => {
      const graph = new Graph();
      const inputs = [graph.input('x', { value: a }), graph.input('y', { value: b })];
      const rows = graph.arena.rows.slice(0, OTHER) as ElementwiseRow[];
      for (const row of rows) {
        const node = apply(row, inputs.slice(0, row.arity));
        const sweep = reverseSweep(node, { seed });
        const result = sweep.value.item();
        inputs.slice(0, row.arity).forEach((input, k) => {
          const partial = row.partials[k]!;
          const slope = typeof partial === 'number' ? partial : partial(numbers, result, a, b, 0);
          expect([row.name, sweep.adjoint(input)]).toStrictEqual([row.name, seed * slope]);
        });
      }
    }),
  );
});

test('a seed of integers is an adjoint like any other', () => {
  const x = new Graph().input('x', { value: [1, 2] });
  const sweep = reverseSweep(x.square().div(4), { seed: Int32Array.of(1, 3) });
  expect(sweep.adjointTensor(x).toArray()).toEqual([0.5, 3]);
});
