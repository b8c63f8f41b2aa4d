/** Updates that are made under a condition. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Graph, type GraphNode, interpreter, less, slice, Tensor, where } from '@ad/graph';
import { compile } from '../../src/index.ts';
import { waves } from '../support/agreement.ts';

const NAMES = ['p', 'q', 'r'] as const;
const SIZE = 36;

/** New values: some look at their input element by element, some in another order, later, or not at all. */
const VALUES = {
  decayed: ([own, other]: Nodes) => own.mul(0.5).add(other.mul(0.25)),
  foreign: ([, other]: Nodes) => other.mul(0.5),
  exchanged: ([, other]: Nodes) => other,
  turned: ([own]: Nodes) => slice(own, [{ step: -1 }]).mul(0.5),
  centred: ([own]: Nodes) => own.sub(own.mean()),
  product: ([own, other]: Nodes) =>
    own
      .reshape([6, 6])
      .matmul(other.reshape([6, 6]))
      .mul(0.1)
      .add(own.reshape([6, 6]))
      .reshape([SIZE]),
} satisfies Record<string, (nodes: Nodes) => GraphNode>;

type Nodes = readonly [own: GraphNode, other: GraphNode];

const update = fc.record({
  value: fc.constantFrom(...(Object.keys(VALUES) as (keyof typeof VALUES)[])),
  other: fc.nat(2),
  /** What the condition looks at: the new value, an input as it was, or nothing but its threshold. */
  condition: fc.constantFrom('value', 'input', 'threshold', 'none'),
});

test('what is written and what is not are those of the interpreter, whoever reads inputs and values too', () => {
  fc.assert(
    fc.property(
      fc.tuple(update, update, update),
      fc.array(fc.constantFrom(-1e9, 1e9), { minLength: 3, maxLength: 3 }),
      fc.subarray(['p', 'new q', 'choice of r']),
      fc.constantFrom('f64', 'f32'),
      (updates, thresholds, read, precision) => {
        const graph = new Graph();
        const inputs = NAMES.map((name, k) => graph.input(name, { value: waves(SIZE, k) }));
        const threshold = graph.input('threshold', { value: 0 });
        const values = updates.map(({ value, other }, k) =>
          VALUES[value]([inputs[k]!, inputs[other]!]),
        );
        const choices = updates.map(({ condition }, k) => {
          const seen = {
            value: values[k]!.sum(),
            input: inputs[k]!.sum(),
            threshold: graph.constant(0),
          };
          return condition === 'none'
            ? values[k]!
            : where(less(seen[condition], threshold), values[k]!, inputs[k]!);
        });
        const outputs = [
          ...(read.includes('p') ? [inputs[0]!.mul(2)] : []),
          ...(read.includes('new q') ? [values[1]!] : []),
          ...(read.includes('choice of r') ? [choices[2]!] : []),
          values[0]!.sum(),
        ];
        const spec = { outputs, updates: inputs.map((node, k) => [node, choices[k]!] as const) };
        const programs = [compile(spec, { precision }), interpreter(spec)];
        for (const at of thresholds) {
          const [got, expected] = programs.map((program) => {
            const results = program.run({ threshold: at }).map(({ data }) => Array.from(data));
            const state = NAMES.map((name) => Array.from(program.inputs[name]!));
            return results.concat(state).flat();
          });
          const tolerance = precision === 'f64' ? 1e-12 : 1e-5;
          got!.forEach((x, i) => {
            expect(Math.abs(x - expected![i]!)).toBeLessThanOrEqual(
              tolerance * Math.max(1, Math.abs(expected![i]!)),
            );
          });
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('a value that is not taken leaves the input bit by bit, NaN and infinite ones as well', () => {
  const graph = new Graph();
  const start = Float64Array.of(1 / 3, -0, 5e-324, 1e308, -7);
  const x = graph.input('x', { value: new Tensor([5], 'real', start) });
  const g = graph.input('g', { shape: [5] });
  const value = x.sub(g);
  const program = compile({
    outputs: [],
    updates: [[x, where(less(value.abs().sum(), Infinity), value, x)]],
  });
  for (const bad of [NaN, Infinity, -1e308]) {
    program.inputs['g']!.fill(bad);
    program.execute();
    expect([...program.inputs['x']!].map((v) => [v, 1 / v])).toEqual(
      [...start].map((v) => [v, 1 / v]),
    );
  }
  program.inputs['g']!.fill(1);
  program.execute();
  expect([...program.inputs['x']!]).toEqual([...start].map((v) => v - 1));
});

test('no element is chosen by a loop of its own', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [100] });
  const value = x.mul(0.5);
  const updates = [[x, where(less(value.sum(), 1), value, x)]] as const;
  expect(compile({ outputs: [], updates }).report()).not.toContain('where');
});
