import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile } from '@ad/compiler';
import { type GraphNode, interpreter, type Tensor } from '@ad/graph';
import { gradient } from '../src/index.ts';
import { type BuiltRecipe, scalarGraphs, tensorGraphs } from '../src/testing/index.ts';

/** The value of a recipe and its gradient with respect to all real inputs. */
function outputsOf({ output, inputs, graph }: BuiltRecipe): GraphNode[] {
  if (output.kind !== 'real') return [output];
  const real = inputs.filter((input) => input.kind === 'real');
  const seed = output.shape.length === 0 ? undefined : graph.constant(1).broadcastTo(output.shape);
  return [output, ...gradient(output, real, seed === undefined ? {} : { seed })];
}

/** Whether two results agree, up to rounding that has been amplified by no more than `slack`. */
function expectClose(got: Tensor, wanted: Tensor, slack: number): void {
  expect(got.shape).toEqual(wanted.shape);
  expect(got.kind).toBe(wanted.kind);
  const scale = Math.max(1, ...Array.from(wanted.data, Math.abs).filter((x) => x < Infinity));
  for (let i = 0; i < wanted.data.length; i++) {
    const [a, b] = [got.data[i]!, wanted.data[i]!];
    if (Object.is(a, b) || a === b) continue;
    if (!(Math.abs(a - b) <= slack * scale))
      throw new Error(`element ${i}: compiled ${a}, interpreted ${b}`);
  }
}

describe('compiled = interpreted, values and gradients', () => {
  for (const operations of ['polynomial', 'smooth', 'all'] as const) {
    const generators = {
      scalar: scalarGraphs({ operations }),
      tensor: tensorGraphs({ operations }),
    };
    test.each(['scalar', 'tensor'] as const)(`on random %s graphs, ${operations}`, (which) => {
      fc.assert(
        fc.property(generators[which], (recipe) => {
          const built = recipe.build();
          const outputs = outputsOf(built);
          const wanted = interpreter({ outputs }).run(built.feeds);
          compile({ outputs })
            .run(built.feeds)
            .forEach((got, k) => {
              expectClose(got, wanted[k]!, 1e-10);
            });
        }),
      );
    });
  }
});
