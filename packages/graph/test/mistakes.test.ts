/** Mistakes that types would catch, made without types: each is refused, by name and with what is expected. */
import {
  add,
  AdError,
  apply,
  argMax,
  argSort,
  avgPool1d,
  callWithNodes,
  clamp,
  concat,
  cond,
  conv1d,
  convolution,
  convTranspose1d,
  evaluate,
  fori,
  fromJSON,
  Graph,
  GraphError,
  greater,
  interpreter,
  listing,
  logSoftmax,
  logSumExp,
  max,
  maxPool1d,
  mean,
  norm,
  overlapAdd,
  pad,
  remedyForResult,
  scan,
  slice,
  softmax,
  sort,
  stack,
  std,
  sum,
  tensor,
  toDot,
  toJSON,
  topK,
  triangularSolve,
  ValueError,
  whileLoop,
  windows,
} from '@ad/graph';
import { describe, expect, test } from 'vitest';
import { elementwiseRows } from './support/elementwise.ts';

/** What is written without types. */
type Untyped = (...args: readonly unknown[]) => unknown;

const graph = new Graph();
const x = graph.input('x', { shape: [4] });
const square = graph.input('square', { shape: [2, 2] });
const images = graph.input('images', { shape: [1, 1, 4] });
const kernels = graph.input('kernels', { shape: [1, 1, 2] });
const wrong = { wrong: 1 } as never;

test.each<[string, () => unknown]>([
  ['sum', () => sum(x, wrong)],
  ['mean', () => mean(x, wrong)],
  ['max', () => max(x, wrong)],
  ['logSumExp', () => logSumExp(x, wrong)],
  ['std', () => std(x, wrong)],
  ['norm', () => norm(x, wrong)],
  ['argSort', () => argSort(x, wrong)],
  ['sort', () => sort(x, wrong)],
  ['topK', () => topK(x, 1, wrong)],
  ['slice', () => slice(x, [wrong])],
  ['conv1d', () => conv1d(images, kernels, wrong)],
  ['convTranspose1d', () => convTranspose1d(images, kernels, wrong)],
  ['convolution', () => convolution(images, kernels, wrong)],
  ['windows', () => windows(x, [2], wrong)],
  ['overlapAdd', () => overlapAdd(square, [3], wrong)],
  ['maxPool1d', () => maxPool1d(images, 2, wrong)],
  ['avgPool1d', () => avgPool1d(images, 2, wrong)],
  ['triangularSolve', () => triangularSolve(square, square, wrong)],
  ['scan', () => scan((carry) => ({ carry }), x, undefined, wrong)],
  [
    'whileLoop',
    () =>
      whileLoop(
        (y) => y.sum(),
        (y) => y,
        x,
        wrong,
      ),
  ],
  ['input "y"', () => graph.input('y', wrong)],
  ['Graph', () => new Graph(wrong)],
  ['tensor', () => tensor([1], wrong)],
  ['listing', () => listing(x, wrong)],
  ['toDot', () => toDot(x, wrong)],
  ['toJSON', () => toJSON(x, wrong)],
  ['fromJSON', () => fromJSON(toJSON(x), wrong)],
])('%s knows its options, and says which there are', (name, call) => {
  const before = graph.nodeCount;
  expect(call).toThrow(ValueError);
  expect(call).toThrow(
    new RegExp(`^${name}: there is no option "wrong"; the options are [a-zA-Z]+`),
  );
  expect(graph.nodeCount).toBe(before);
});

test('something else than options is no options', () => {
  expect(() => sum(x, 0 as never)).toThrow(/sum: the options are 0, expected an object of axes/);
  expect(() => tensor([1, 2], [2, 1] as never)).toThrow(/tensor: the options are a list of 2/);
  expect(() => slice(x, { start: 1 } as never)).toThrow(/slice: the ranges are an object/);
  expect(() => x.transpose(0 as never)).toThrow(/transpose: the axes are 0, expected a list/);
  expect(() => logSumExp(x, { axes: { axis: 0 } as never })).toThrow(/the axes are an object/);
});

describe('a missing operand is not the one before it', () => {
  const binary = elementwiseRows.filter(({ arity }) => arity === 2);
  test.each(binary.map((row) => [row.name, row] as const))('%s', (_name, row) => {
    const operands = [new Graph().input('x'), undefined] as never;
    expect(() => apply(row, operands)).toThrow(/operand 2 is undefined/);
  });

  test('nor for methods', () => {
    expect(() => (x.add as Untyped).call(x)).toThrow(/add: operand 2 is undefined/);
  });
});

describe('operators and Math refuse nodes, which would be NaN to them', () => {
  const node = new Graph().input('x') as never as number;
  test.each<[string, () => unknown]>([
    ['a product', () => node * 2],
    ['a sum', () => node + 1],
    ['a comparison', () => node > 0],
    ['Math', () => Math.sin(node)],
    ['a power', () => node ** 2],
  ])('%s', (_name, use) => {
    expect(use).toThrow(GraphError);
    expect(use).toThrow(/#0 "x" = input .* is a node, not a number: write x\.mul\(y\) for x \* y/);
  });

  test('strings take them', () => {
    expect(`${node}`).toBe('#0 "x" = input [] (a scalar) real');
  });
});

test.each<[string, () => unknown, RegExp]>([
  ['concat', () => (concat as Untyped)(x, x), /^concat: the parts are an object, expected a list/],
  ['stack', () => (stack as Untyped)(x, x), /^stack: the parts are an object, expected a list/],
  ['pad', () => pad(x, 1 as never), /^pad: the margins are 1, expected a list of pairs/],
  ['pairs', () => pad(x, [1, 1] as never), /^pad: the margins of an axis are 1, expected a list/],
  [
    'a shape',
    () => (x.broadcastTo as Untyped).call(x),
    /^broadcast: the new shape: expected a list/,
  ],
  ['a matrix', () => x.matmul(2 as never), /^matmul: a number is no matrix; mul multiplies/],
  ['an axis', () => argMax(x, { axis: 0 } as never), /^argMax: axis an object does not exist/],
  [
    'windows',
    () => (maxPool1d as Untyped)(images),
    /^maxPool1d: the size of windows takes a number/,
  ],
  ['branches', () => cond(greater(x.sum(), 0), x as never, x as never), /where\(condition, x, y\)/],
  [
    'a carry',
    () => fori(2, () => undefined, x),
    /^fori: the carry: the value is undefined; expected/,
  ],
  [
    'a form',
    () => fori(2, () => ({ a: x }), x),
    /^fori: the carry is missing in what the body returned/,
  ],
  ['a node', () => fori(2, (_i, y) => y, 1), /^fori: there is no graph node among the 1 values/],
  [
    'a count',
    () => fori(-1, (_i, y) => y, x),
    /^fori: the count is -1, expected an integer from 0 to 2\^31 - 1/,
  ],
  ['an axis of softmax', () => softmax(x, 2), /^softmax: axis 2 does not exist/],
  ['an axis of logSoftmax', () => logSoftmax(x, 2), /^logSoftmax: axis 2 does not exist/],
  ['options of norm', () => norm(x, null as never), /^norm: the options are null, expected/],
  ['bounds', () => clamp(x, 2, 1), /^clamp: the lowest value is 2, above the highest, 1; exchange/],
  ['a graph', () => toJSON(undefined as never), /^toJSON: got undefined, expected a node/],
])('%s of something else is refused', (_name, call, message) => {
  expect(call).toThrow(AdError);
  expect(call).toThrow(message);
});

test('what is no node is not evaluated', () => {
  expect(() => evaluate(3 as never)).toThrow(/evaluate: 3 is no node/);
  expect(() => evaluate([x, 'y'] as never)).toThrow(/evaluate: "y" is no node/);
  expect(() => evaluate(x, null as never)).toThrow(/the feeds are null, expected an object/);
  expect(() => evaluate(x, 3 as never)).toThrow(/the feeds are 3, expected an object/);
  expect(() => interpreter({ outputs: x } as never)).toThrow(/program: outputs are an object/);
  expect(() => interpreter({ output: [x] } as never)).toThrow(/there is no option "output"/);
  expect(() => interpreter({ outputs: [x, add(new Graph().input('y'), 1)] })).toThrow(
    /program: the outputs belong to different graphs/,
  );
});

describe('a function of the user is called with nodes', () => {
  test('what nodes do not have is a function, or they are in a list', () => {
    const node = x as unknown as Record<string, Untyped>;
    const call = (): unknown => callWithNodes('grad', () => node['softplus']!());
    expect(call).toThrow(GraphError);
    expect(call).toThrow(/^grad: .*softplus.* is not a function/);
    expect(() => callWithNodes('grad', () => ([x] as unknown as typeof node)['square']!())).toThrow(
      /pass tensor\(list\)/,
    );
  });

  test('what else it throws is thrown', () => {
    const error = new TypeError('mine');
    const caught = (): unknown =>
      callWithNodes('grad', () => {
        throw error;
      });
    expect(caught).toThrow(error);
  });

  test('what it returns instead of a node is named with the remedy', () => {
    expect(remedyForResult(undefined)).toMatch(/return missing/);
    expect(remedyForResult(Promise.resolve())).toMatch(/cannot be async/);
    expect(remedyForResult(3)).toMatch(/compute with the methods/);
    expect(remedyForResult([x])).toBe('');
  });
});
