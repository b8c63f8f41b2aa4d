/** What is remembered of directions ends at 0 when the gradients do, and hides nothing on the way. */
import { Graph, type GraphNode, Tensor } from '@ad/graph';
import { leavesOf, mapTree, type Tree } from '@ad/backprop';
import { compile, type Precision } from '@ad/compiler';
import {
  adam,
  adamax,
  adamW,
  lamb,
  lion,
  nadam,
  type Optimizer,
  radam,
  rmsprop,
  sgd,
} from '@ad/optim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { between } from '../support/numbers.ts';

const betas = [0.9, 0.9] as const;

/** Rules that remember directions, and under which names. */
const rules: readonly (readonly [string, Optimizer, readonly string[]])[] = [
  ['sgd', sgd({ momentum: 0.9 }), ['momentum']],
  ['sgd with Nesterov', sgd({ momentum: 0.9, nesterov: true }), ['momentum']],
  ['adam', adam({ betas }), ['first']],
  ['adamW', adamW({ betas }), ['first']],
  ['nadam', nadam({ betas }), ['first']],
  ['radam', radam({ betas }), ['first']],
  ['adamax', adamax({ betas }), ['first']],
  ['lamb', lamb({ betas }), ['first']],
  ['lion', lion({ betas }), ['momentum']],
  ['rmsprop', rmsprop({ momentum: 0.9, rho: 0.9, centered: true }), ['mean', 'momentum']],
];

/** A compiled step for two numbers; their gradients are an input. */
function stepOf(rule: Optimizer, precision: Precision) {
  const graph = new Graph();
  const start = new Tensor([2], 'real', Float64Array.of(1, -2));
  const w = graph.input('w', { value: start });
  const g = graph.input('g', { shape: [2] });
  const state = mapTree(rule.init({ w: start }), (leaf: Tensor, path) =>
    graph.input(path.slice(1), { value: leaf }),
  ) as { readonly [name: string]: Tree<GraphNode> };
  const update = rule.update({ w }, { w: g }, state);
  const olds = leavesOf<GraphNode>(state);
  const news = leavesOf<GraphNode>(update.state);
  const updates = olds.map(({ leaf }, k) => [leaf, news[k]!.leaf] as const);
  const program = compile(
    { outputs: [], updates: [[w, update.parameters.w], ...updates] },
    { precision },
  );
  return (gradients: readonly number[]): Readonly<Record<string, ArrayLike<number>>> => {
    program.inputs['g']!.set(gradients);
    program.execute();
    return program.inputs;
  };
}

/** Steps after which 0.9 to this power has a square that underflows. */
const FADED = { f32: 600, f64: 3700 };

describe.each(rules)('%s', (_name, rule, directions) => {
  test.each(['f32', 'f64'] as const)(
    'forgets a gradient that has become 0, without subnormal numbers on the way, in %s',
    (precision) => {
      const step = stepOf(rule, precision);
      const smallest = precision === 'f32' ? 2 ** -126 : 2 ** -1022;
      step([1, -0.25]);
      const states = Array.from({ length: FADED[precision] }, () => {
        const now = step([0, 0]);
        return directions.flatMap((name) => Array.from(now[`${name}.w`]!));
      });
      for (const value of states.flat())
        expect(value === 0 || Math.abs(value) >= smallest).toBe(true);
      expect(states.at(-1)!.every((value) => value === 0)).toBe(true);
    },
  );

  test('remembers NaN and infinite gradients', () => {
    fc.assert(
      fc.property(fc.constantFrom(NaN, Infinity, -Infinity), between(-1, 1), (bad, good) => {
        const step = stepOf(rule, 'f64');
        const state = step([bad, good]);
        const found = directions.map((name) => state[`${name}.w`]![0]!);
        expect(found.some((value) => !Number.isFinite(value))).toBe(true);
      }),
      { numRuns: 6 },
    );
  });
});
