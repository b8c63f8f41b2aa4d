/** Where NaN and Infinity come from: values, adjoints, operands, the path, and a file to replay it. */
import { evaluate, fromJSON, Graph, type GraphNode, max, minimum, tensor } from '@ad/graph';
import { scalarGraphs, tensorGraphs } from '@ad/backprop/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstNonFinite, gradient } from '../src/index.ts';

const names = (nodes: readonly GraphNode[]): string[] =>
  nodes.map(({ label, operation }) => label ?? operation);

test('the node where it was born, with its operands, not those it spread to', () => {
  const graph = new Graph({ traceCreation: true });
  const x = graph.input('x', { value: [4, 0, -1] });
  const y = x.sqrt().named('root').mul(3).sum().exp();
  const found = firstNonFinite([x, y])!;
  expect([found.target, found.position, found.value]).toEqual([1, 2, NaN]);
  expect(found.node.label).toBe('root');
  expect(found.operands.map(({ element }) => element)).toEqual([-1]);
  expect(found.site).toMatch(/non-finite\.test/);
  expect(names(found.path)).toEqual(['root', 'mul', 'sum', 'exp']);
  expect(found.text.split('\n')).toEqual([
    'the first value that is not finite is NaN (element 2) at #1 "root" = sqrt [3] real',
    '  operand 1: #0 "x" = -1',
    expect.stringMatching(/ {2}made at .*non-finite\.test/),
    '  from there: #1 "root" -> #3 mul -> #4 sum -> #5 exp',
  ]);
});

test('in the adjoints where the value is finite', () => {
  const x = new Graph().input('x', { value: 0 });
  const loss = x.square().sqrt().named('norm');
  const slope = gradient(loss, x);
  const found = firstNonFinite([loss, slope])!;
  expect(found.target).toBe(1);
  expect(found.node.operation).toBe('div');
  expect(found.operands.map(({ node }) => node.label)).toEqual([undefined, 'norm']);
  expect(found.path.at(-1)!.id).toBe(slope.id);
});

test('nothing is found where all is finite', () => {
  const x = new Graph().input('x', { value: 2 });
  expect(firstNonFinite([])).toBeUndefined();
  expect(firstNonFinite([x, x.log()])).toBeUndefined();
  expect(firstNonFinite([x.log()], { x: 0 })!.value).toBe(-Infinity);
  for (const graphs of [scalarGraphs, tensorGraphs]) {
    fc.assert(
      fc.property(graphs(), (recipe) => {
        const { nodes, feeds } = recipe.build();
        expect(firstNonFinite(nodes, feeds)).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  }
});

test('what is fed may be at fault, what is written as a constant is not', () => {
  const x = new Graph().input('x', { value: 1 });
  const y = x.mul(2).add(1);
  const fed = firstNonFinite([y], { x: NaN })!;
  expect([fed.node.id, fed.operands]).toEqual([x.id, []]);
  expect(names(fed.path)).toEqual(['x', 'mul', 'add']);
  const bounded = minimum(x, Infinity);
  expect(firstNonFinite([bounded])).toBeUndefined();
  expect(firstNonFinite([x.sub(Infinity).mul(2)])!.node.operation).toBe('sub');
  // The exponential makes the infinity a finite number again, so the logarithm is at fault.
  expect(firstNonFinite([x.sub(Infinity).exp().log()])!.node.operation).toBe('log');
});

test('operations that are not elementwise say between what their operands are', () => {
  const x = new Graph().input('x', {
    value: [
      [1e200, -1e200],
      [3, 4],
    ],
  });
  const found = firstNonFinite([x.matmul(x.transpose())])!;
  expect(found.node.operation).toBe('matmul');
  expect(found.operands[0]!.element).toBeUndefined();
  expect(found.operands[0]!.tensor.toArray()).toEqual(x.tensor.toArray());
  expect(found.text).toContain('operand 1: #0 "x" of shape [2, 2], from -1e+200 to 1e+200');
});

test('of random graphs, whatever is broken: the operands are finite and each node of the path uses the one before', () => {
  let broken = 0;
  fc.assert(
    fc.property(
      tensorGraphs({ maxSteps: 12 }),
      fc.constantFrom(1e300, -1e200, NaN, Infinity),
      (recipe, huge) => {
        const { inputs, output, feeds } = recipe.build();
        const wild = Object.fromEntries(
          Object.entries(feeds).map(([name, value], i) => {
            const { shape, data, kind } = value as ReturnType<typeof tensor>;
            const changed =
              kind === 'real' && i === 0 ? Float64Array.from(data, (x) => (x + 1) * huge) : data;
            return [name, tensor(changed, { shape, kind })];
          }),
        );
        const found = firstNonFinite([output], wild);
        const isFinite = evaluate(output, wild).data.every((x) => Number.isFinite(x));
        expect(found === undefined).toBe(isFinite);
        if (found === undefined) return;
        broken++;
        expect(Number.isFinite(found.value)).toBe(false);
        const isInput = inputs.some(({ id }) => id === found.node.id);
        expect(found.operands.length === 0).toBe(isInput);
        for (const {
          tensor: { data },
        } of found.operands)
          expect(data.every((x) => Number.isFinite(x))).toBe(true);
        for (const [i, node] of found.path.slice(1).entries())
          expect(node.operands.map(({ id }) => id)).toContain(found.path[i]!.id);
        expect(found.path.at(-1)!.id).toBe(output.id);
      },
    ),
  );
  expect(broken).toBeGreaterThan(10);
});

describe('replay', () => {
  test('has the operation alone, with the values that broke it', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: [2, 1] });
    const y = graph.input('y', { value: 1 });
    const bad = max(x.sub(y).log(), { axes: 0 }).add(x.div(x.sub(y)));
    const file = JSON.stringify(firstNonFinite([bad])!.replay());
    const loaded = fromJSON(file);
    expect(loaded.outputs[0]!.operation).toBe('div');
    expect(loaded.outputs[0]!.tensor.toArray()).toEqual([2, Infinity]);
  });

  test('has the attributes of the operation', () => {
    const x = new Graph().input('x', {
      value: [
        [1e308, 1],
        [1e308, 2],
      ],
    });
    const [loaded] = fromJSON(
      JSON.stringify(firstNonFinite([x.sum({ axes: 0 })])!.replay()),
    ).outputs;
    expect(loaded!.tensor.toArray()).toEqual([Infinity, 3]);
    expect(loaded!.operands[0]!.label).toBe('operand1');
  });

  test('of an input has its value', () => {
    const x = new Graph().input('x', { value: NaN });
    expect(fromJSON(JSON.stringify(firstNonFinite([x])!.replay())).outputs[0]!.value).toBeNaN();
  });
});

test('a path of a hundred thousand nodes costs no stack, and its middle is left out', () => {
  const x = new Graph().input('x', { value: -1 });
  let y = x.log();
  for (let i = 0; i < 1e5; i++) y = y.add(1);
  const found = firstNonFinite([y])!;
  expect(found.path).toHaveLength(1e5 + 1);
  expect(found.text).toContain('(99991 more)');
});
