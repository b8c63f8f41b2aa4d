/**
 * Derivatives take what `stopGradient` passes on for a constant: the oracle is the same function with a constant of that
 * value in its place. Elsewhere nothing changes, and in compiled programs nothing is left of it.
 */
import { compile } from '@ad/compiler';
import {
  activations,
  apply,
  type ElementwiseRow,
  evaluate,
  fori,
  fromJSON,
  Graph,
  type GraphNode,
  listing,
  operations,
  round,
  stopGradient,
  tensor,
  toDot,
  toJSON,
} from '@ad/graph';
import {
  type BuiltRecipe,
  Recipe,
  scalarGraphs,
  type Step,
  tensorGraphs,
} from '@ad/backprop/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkGradients,
  grad,
  gradient,
  hessian,
  jvp,
  reverseSweep,
  sparsityPattern,
  vmap,
} from '../src/index.ts';
import { disagreement } from './support/all-modes.ts';

/** The recipe with an operation on some of its real steps, which stands for them in all steps that follow. */
function stopped(recipe: Recipe, chosen: readonly boolean[]): Recipe {
  const { nodes } = recipe.build();
  const steps: Step[] = [];
  const placeOf: number[] = [];
  recipe.steps.forEach((step, i) => {
    steps.push(
      'operands' in step ? { ...step, operands: step.operands.map((k) => placeOf[k]!) } : step,
    );
    if (chosen[i] === true && i !== recipe.output && nodes[i]!.kind === 'real')
      steps.push({ operation: 'stopGradient', operands: [steps.length - 1] });
    placeOf.push(steps.length - 1);
  });
  return new Recipe(steps, placeOf[recipe.output]);
}

/** The recipe with constants of the same value in the place of all stops. */
function held(recipe: Recipe): Recipe {
  const { nodes, feeds } = recipe.build();
  const values = activations(nodes, feeds);
  return new Recipe(
    recipe.steps.map((step, i) =>
      step.operation === 'stopGradient'
        ? { operation: 'constant', value: values.tensor(nodes[i]!.id) }
        : step,
    ),
    recipe.output,
  );
}

const choices = fc.array(fc.boolean(), { minLength: 12, maxLength: 12 });

describe.each([
  ['scalars', scalarGraphs({ maxSteps: 10 })],
  ['arrays', tensorGraphs({ maxSteps: 6 })],
] as const)('in random graphs of %s', (_name, graphs) => {
  test('derivatives are those of the function with constants in its place', () => {
    fc.assert(
      fc.property(graphs, choices, (recipe, chosen) => {
        const [actual, expected] = [stopped(recipe, chosen), held(stopped(recipe, chosen))].map(
          (each) => each.build(),
        ) as [BuiltRecipe, BuiltRecipe];
        const slopes = [actual, expected].map(({ output, inputs, feeds }) =>
          evaluate(gradient(output, inputs), feeds).map(({ data }) => Array.from(data)),
        );
        expect(slopes[0]).toEqual(slopes[1]);
        const sweeps = [actual, expected].map(({ output, inputs, feeds }) => {
          const adjoints = reverseSweep(output, { feeds });
          return inputs.map((x) => [...adjoints.adjointTensor(x).data]);
        });
        expect(sweeps[0]).toEqual(sweeps[1]);
      }),
    );
  });

  test('all modes agree, difference quotients included', () => {
    fc.assert(
      fc.property(graphs, choices, (recipe, chosen) => {
        expect(disagreement(stopped(recipe, chosen))).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });

  test('a compiled program is the same as without', () => {
    fc.assert(
      fc.property(graphs, choices, (recipe, chosen) => {
        const [plain, other] = [recipe, stopped(recipe, chosen)].map((each) =>
          compile({ outputs: [each.build().output] }).report(),
        );
        expect(other).toBe(plain);
      }),
      { numRuns: 60 },
    );
  });
});

const straightThrough = (x: GraphNode): GraphNode => x.add(stopGradient(round(x).sub(x)));

describe('a straight-through estimator', () => {
  test('has the value of the rounding and the derivative of what follows it', () => {
    const f = (x: GraphNode): GraphNode => straightThrough(x).square();
    expect(grad(f)(2.75)).toBe(6);
    const { value, tangent } = jvp(f)([2.75], [1]);
    expect([value.item(), tangent.item()]).toStrictEqual([9, 6]);
    expect(hessian(f)(2.75).toArray()).toBe(2);
    expect(vmap(grad(f))(tensor([0.25, 1.5, 2.75])).toArray()).toStrictEqual([0, 4, 6]);
  });

  test('has it in a batch, too', () => {
    const sum = (xs: GraphNode): GraphNode => vmap(straightThrough)(xs).square().sum();
    expect(grad(sum)(tensor([0.25, 1.5, 2.75])).toArray()).toStrictEqual([0, 4, 6]);
  });

  test('passes the checker, which holds what is stopped', () => {
    expect(checkGradients((x: GraphNode) => straightThrough(x).square(), [2.75])).toMatchObject({
      ok: true,
      kinks: [],
    });
  });

  test('is held too where the function looks at values', () => {
    const f = (x: GraphNode): GraphNode => (x.value > 0 ? straightThrough(x).square() : x);
    expect(checkGradients(f, [2.75]).ok).toBe(true);
  });

  test('a wrong derivative beside it is found', () => {
    const cube = { ...operations.square, name: 'wrong', partials: [3] } as ElementwiseRow;
    const report = checkGradients((x: GraphNode) => apply(cube, [straightThrough(x)]), [2.75]);
    expect(report.findings[0]).toMatchObject({ check: 'differences', operation: 'wrong' });
  });
});

describe('in a loop', () => {
  // y <- 2 y + c with c = stop(y): the value triples, the derivative doubles.
  const loop = (x: GraphNode): GraphNode => fori(3, (_i, y) => y.mul(2).add(stopGradient(y)), x);

  test('each step takes it for a constant', () => {
    expect(evaluate(loop(new Graph().input('x')), { x: 1 }).item()).toBe(27);
    expect(grad(loop)(1)).toBe(8);
    expect(jvp(loop)([1], [1]).tangent.item()).toBe(8);
  });

  test('the checker says that it cannot hold what is inside', () => {
    const { ok, kinks } = checkGradients(loop, [1]);
    expect(ok).toBe(true);
    expect(kinks).toStrictEqual([
      'scan, which takes values inside for constants as quotients cannot',
    ]);
  });
});

test('integers and conditions keep their kind', () => {
  const graph = new Graph();
  const k = graph.input('k', { kind: 'integer', shape: [2], value: [3, 4] });
  const held = stopGradient(k);
  expect([held.kind, held.tensor.toArray()]).toStrictEqual(['integer', [3, 4]]);
});

test('nothing depends on it in patterns of derivatives', () => {
  const pattern = sparsityPattern((x: GraphNode) => x.mul(stopGradient(x.sum())));
  const { columns } = pattern(tensor([1, 2, 3]));
  expect([...columns]).toStrictEqual([0, 1, 2]);
});

test('files, listings and drawings have it', () => {
  const x = new Graph().input('x', { value: 2.75 });
  const y = straightThrough(x);
  const [loaded] = fromJSON(JSON.stringify(toJSON(y))).outputs;
  expect(gradient(loaded!, loaded!.graph.find('x')).value).toBe(1);
  expect(listing(y)).toContain('stopGradient');
  expect(toDot(y)).toContain('stopGradient');
});
