import {
  Body,
  evaluate,
  fori,
  Graph,
  GraphError,
  operations,
  sizeOf,
  Tensor,
  tensor,
} from '@ad/graph';
import {
  controlGraphs,
  type OperationStep,
  Recipe,
  scalarGraphs,
  shapes,
  tensorGraphs,
  tensors,
} from '@ad/backprop/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { closure, sizeOfSet } from '../support/structures.ts';

const isOperation = (step: Recipe['steps'][number]): step is OperationStep => 'operands' in step;

/** What fast-check reports of a property that some recipe breaks. */
function reportOf(recipes: fc.Arbitrary<Recipe>, property: (recipe: Recipe) => boolean): string {
  const details = fc.check(fc.property(recipes, property), { numRuns: 1000 });
  expect(details.failed).toBe(true);
  return fc.defaultReportMessage(details)!;
}

describe('a recipe', () => {
  const recipe = new Recipe([
    { operation: 'input', name: 'a b', value: tensor([1, 2]) },
    { operation: 'constant', value: tensor(3) },
    { operation: 'mul', operands: [0, 1] },
    { operation: 'sum', operands: [2], attributes: { axes: [0], keepDims: false } },
  ]);

  test('builds its graph as often as asked, also into a graph that exists', () => {
    const { graph, output, feeds, inputs, nodes } = recipe.build();
    expect(evaluate(output, feeds).item()).toBe(9);
    expect(inputs.map(String)).toEqual([String(graph.find('a b'))]);
    expect(nodes).toHaveLength(4);
    const before = graph.nodeCount;
    const again = new Recipe(
      recipe.steps.map((step) => ('name' in step ? { ...step, name: 'b' } : step)),
    );
    const built = again.build(graph);
    expect(built.graph).toBe(graph);
    // The constant 3 is shared.
    expect(graph.nodeCount).toBe(before + 3);
  });

  test('prints one line per step', () => {
    expect(recipe.toString().split('\n')).toEqual([
      '#0 = input "a b" = [1,2]',
      '#1 = constant 3',
      '#2 = mul(#0, #1)',
      '#3 = sum(#2, axes: [0], keepDims: false)  <- output',
    ]);
  });

  test('refuses steps that use later ones, themselves or none, and outputs that do not exist', () => {
    const x = { operation: 'input', name: 'x', value: tensor(1) } as const;
    expect(() => new Recipe([x, { operation: 'neg', operands: [1] }])).toThrow(GraphError);
    expect(() => new Recipe([{ operation: 'neg', operands: [1] }, x])).toThrow(/#0 uses step #1/);
    expect(() => new Recipe([x, { operation: 'neg', operands: [-1] }])).toThrow(/#-1/);
    expect(() => new Recipe([])).toThrow(/no step #-1/);
    expect(() => new Recipe([x], 1)).toThrow(/no step #1/);
  });

  test('in another order has the same steps and the same value', () => {
    fc.assert(
      fc.property(tensorGraphs(), fc.array(fc.nat(), { maxLength: 40 }), (recipe, keys) => {
        const other = recipe.reordered(keys);
        const names = (each: Recipe): string[] =>
          each.steps.map(({ operation }) => operation).sort();
        expect(names(other)).toEqual(names(recipe));
        const [a, b] = [recipe.build(), other.build()];
        expect(evaluate(b.output, b.feeds)).toEqual(evaluate(a.output, a.feeds));
      }),
    );
    const reversed = recipe.reordered([1, 0]);
    expect(reversed.toString()).toBe(
      '#0 = constant 3\n#1 = input "a b" = [1,2]\n#2 = mul(#1, #0)\n#3 = sum(#2, axes: [0], keepDims: false)  <- output',
    );
  });
});

describe('the recipe of a graph', () => {
  test('builds a graph with the same value, whatever is in it', () => {
    fc.assert(
      fc.property(fc.oneof(tensorGraphs(), controlGraphs()), (recipe) => {
        const graph = new Graph();
        const inputs = recipe.values.map((value, k) => graph.input(`x${k}`, { value }));
        const output = recipe.on(inputs)[recipe.output]!;
        const again = Recipe.of(output);
        expect(again.values).toEqual(recipe.values.slice(0, again.values.length));
        expect(evaluate(again.build().output, recipe.build().feeds)).toEqual(evaluate(output));
      }),
      { numRuns: 50 },
    );
  });

  test('needs values for the inputs', () => {
    const x = new Graph().input('x');
    expect(() => Recipe.of(x.sin())).toThrow(GraphError);
    expect(() => Recipe.of(x.sin())).toThrow(/"x".* has no value; give it one/);
  });

  test('prints bodies below their step', () => {
    const x = new Graph().input('x', { value: 2 });
    const lines = Recipe.of(fori(3, (_i, y) => y.sin(), x))
      .toString()
      .split('\n');
    expect(lines).toContain('  body:');
    expect(lines.some((line) => /^ {4}%\d+: real = sin\(/.test(line))).toBe(true);
  });
});

describe('controlGraphs', () => {
  /** How deep bodies lie in one another; adds the names of loops and branches to `found`. */
  const depthOf = (graph: Graph, found: Set<string>): number => {
    let deepest = 0;
    for (let id = 0; id < graph.nodeCount; id++) {
      for (const value of Object.values(graph.arena.attributes.get(id) ?? {})) {
        if (!(value instanceof Body)) continue;
        found.add(graph.arena.rowOf(id).name);
        deepest = Math.max(deepest, 1 + depthOf(value.graph, found));
      }
    }
    return deepest;
  };

  test('draws loops and branches up to three deep, of no steps and of some', () => {
    const samples = fc.sample(controlGraphs(), { numRuns: 300, seed: 1 });
    const found = new Set<string>();
    const depths = samples.map((recipe) => depthOf(recipe.build().graph, found));
    expect(new Set(depths)).toEqual(new Set([0, 1, 2, 3]));
    expect([...found].sort()).toEqual(['cond', 'scan', 'whileLoop']);
    const lengths = samples
      .flatMap(({ steps }) => steps.filter(isOperation))
      .flatMap(({ attributes }) => attributes?.['length'] ?? []);
    expect(new Set(lengths)).toEqual(new Set([0, 1, 2, 3]));
  });

  test('values are finite, and inputs stay away from where branches turn', () => {
    fc.assert(
      fc.property(controlGraphs(), (recipe) => {
        const { nodes, output, feeds } = recipe.build();
        for (const { data } of evaluate(nodes, feeds))
          expect(data.every((x) => Number.isFinite(x))).toBe(true);
        expect(output.shape).toEqual([]);
        for (const { data } of recipe.values)
          expect(data.every((x) => Math.abs(x - Math.round(x)) >= 0.125)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('a failure shrinks to one loop', () => {
    const { counterexample } = fc.check(
      fc.property(controlGraphs(), ({ steps }) =>
        steps.every(({ operation }) => operation !== 'whileLoop'),
      ),
      { numRuns: 1000 },
    );
    const [recipe] = counterexample!;
    expect(recipe.steps.filter(({ operation }) => operation === 'whileLoop')).toHaveLength(1);
    expect(depthOf(recipe.build().graph, new Set())).toBe(1);
    expect(recipe.values).toEqual([tensor(0.125)]);
  });
});

describe.each([
  ['scalarGraphs', scalarGraphs, 30],
  ['tensorGraphs', tensorGraphs, 50],
] as const)('%s', (_name, graphs, longest) => {
  test('draws every operation of its vocabulary', () => {
    const drawn = (vocabulary: 'polynomial' | 'smooth' | 'all'): Set<string> => {
      const samples = fc.sample(graphs({ operations: vocabulary, maxSteps: 30 }), {
        numRuns: 2000,
        seed: 1,
      });
      return new Set(samples.flatMap(({ steps }) => steps.map(({ operation }) => operation)));
    };
    const all = drawn('all');
    const missing = Object.values(operations).filter(
      ({ name, family }) => family === 'elementwise' && !all.has(name),
    );
    // Comparisons other than `less`, and logic, have no derivatives; the strong product is for gradient graphs, and
    // the first operand of polygamma is an order.
    expect(missing.map(({ name }) => name).sort()).toEqual([
      'and',
      'equal',
      'greater',
      'greaterEqual',
      'lessEqual',
      'not',
      'notEqual',
      'or',
      'polygamma',
      'strongMul',
      'xor',
    ]);
    const smooth = drawn('smooth');
    for (const kinked of ['where', 'abs', 'relu', 'max', 'min', 'sign'])
      expect(smooth).not.toContain(kinked);
    const polynomial = drawn('polynomial');
    for (const curved of ['sin', 'tanh', 'div', 'logSumExp'])
      expect(polynomial).not.toContain(curved);
  });

  test('draws shared nodes, repeated operands, dead branches and outputs that are inputs', () => {
    const samples = fc.sample(graphs(), { numRuns: 300, seed: 1 });
    const repeats = ({ operands }: OperationStep): boolean =>
      operands.length > 1 && operands[0] === operands[1];
    expect(samples.some(({ steps }) => steps.filter(isOperation).some(repeats))).toBe(true);
    const uses = (recipe: Recipe, k: number): number =>
      recipe.steps.filter(isOperation).filter(({ operands }) => operands.includes(k)).length;
    expect(samples.some((recipe) => recipe.steps.some((_, k) => uses(recipe, k) > 2))).toBe(true);
    expect(
      samples.some((recipe) => recipe.steps.slice(0, -1).some((_, k) => uses(recipe, k) === 0)),
    ).toBe(true);
    expect(samples.some((recipe) => recipe.steps.length === 1)).toBe(true);
  });

  test('without dead branches, all nodes are below the output', () => {
    fc.assert(
      fc.property(graphs({ deadBranches: false }), (recipe) => {
        const { graph, output } = recipe.build();
        expect(sizeOfSet(closure(output)[output.id]!)).toBe(graph.nodeCount);
      }),
    );
  });

  test('tame graphs have finite values, and scalar outputs of at most 4', () => {
    fc.assert(
      fc.property(graphs({ operations: 'all' }), (recipe) => {
        const { nodes, output, feeds } = recipe.build();
        for (const { data } of evaluate(nodes, feeds))
          expect(data.every((x) => Number.isFinite(x))).toBe(true);
        expect(output.shape).toEqual([]);
        expect(Math.abs(evaluate(output, feeds).item())).toBeLessThanOrEqual(4);
      }),
    );
  });

  test('polynomials have safe integers for values', () => {
    fc.assert(
      fc.property(graphs({ operations: 'polynomial', maxSteps: 40 }), (recipe) => {
        const { nodes, feeds } = recipe.build();
        for (const { data } of evaluate(nodes, feeds))
          expect(data.every((x) => Number.isSafeInteger(x))).toBe(true);
      }),
    );
  });

  test('options bound inputs and steps', () => {
    fc.assert(
      fc.property(graphs({ maxInputs: 1, maxSteps: 2 }), ({ steps }) => {
        expect(steps.filter(({ operation }) => operation === 'input')).toHaveLength(1);
        expect(steps.length).toBeLessThanOrEqual(longest);
      }),
    );
  });

  test('a failure shrinks to a graph of a few lines, and the report shows it', () => {
    const report = reportOf(
      graphs({ maxSteps: 40 }),
      ({ steps }) => !steps.some(({ operation }) => operation === 'maximum'),
    );
    const listing = report.split('\n').filter((line) => /^(Counterexample: \[)?#\d+ = /.test(line));
    expect(listing.length).toBeGreaterThanOrEqual(2);
    expect(listing.length).toBeLessThanOrEqual(7);
    expect(listing[0]).toContain('#0 = input "x0" = ');
    expect(report).toContain('maximum(');
    expect(report).toContain('<- output');
  });
});

test('shapes stay within their bounds and shrink to a scalar', () => {
  fc.assert(
    fc.property(shapes({ minRank: 1, maxRank: 2, minLength: 0, maxLength: 4 }), (shape) => {
      expect(shape.length === 1 || shape.length === 2).toBe(true);
      expect(shape.every((length) => length >= 0 && length <= 4)).toBe(true);
    }),
  );
  expect(fc.check(fc.property(shapes(), () => false)).counterexample).toEqual([[]]);
});

test('tensors have the shape and range asked for and shrink to zeros', () => {
  fc.assert(
    fc.property(tensors({ shape: shapes({ minLength: 0 }), min: -0.5, max: 3 }), (value) => {
      expect(value.kind).toBe('real');
      expect(value.size).toBe(sizeOf(value.shape));
      expect(value.data.every((x) => x >= -0.5 && x <= 3)).toBe(true);
    }),
  );
  const { counterexample } = fc.check(fc.property(tensors({ shape: [2] }), () => false));
  expect(counterexample).toEqual([new Tensor([2], 'real', new Float64Array(2))]);
});
