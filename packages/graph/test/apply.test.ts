/** What cannot be built: the message names operation, operands, rule and caller, and the graph stays as it was. */
import {
  add,
  type AdError,
  and,
  apply,
  argMax,
  clamp,
  concat,
  expandDims,
  ForeignNodeError,
  gather,
  Graph,
  GraphError,
  type GraphNode,
  KindError,
  max,
  not,
  type Operand,
  operations,
  or,
  pad,
  ShapeError,
  slice,
  softmax,
  stack,
  tensor,
  ValueError,
  where,
} from '@ad/graph';
import { beforeEach, describe, expect, test } from 'vitest';
import { userFrame } from '../src/call-site.ts';

const HERE = /\n {2}at .*apply\.test\.ts:\d+:\d+\)?$/;

let graph: Graph;
let x: GraphNode;
let matrix: GraphNode;
let flags: GraphNode;

beforeEach(() => {
  graph = new Graph();
  x = graph.input('x', { shape: [3] });
  matrix = graph.input('matrix', { shape: [2, 4] });
  flags = graph.input('flags', { shape: [3], kind: 'boolean' });
});

/** Checks class, message, the caller's place in it, and that nothing was added. */
function expectRefused(
  build: () => unknown,
  error: abstract new (...args: never[]) => AdError,
  ...parts: readonly (string | RegExp)[]
): void {
  const before = [graph.nodeCount, graph.edgeCount, graph.inputNames.length];
  let caught: unknown;
  try {
    build();
  } catch (thrown) {
    caught = thrown;
  }
  expect(caught).toBeInstanceOf(error);
  const { message, name } = caught as AdError;
  expect(name).toBe(error.name);
  for (const part of parts) expect(message).toMatch(part);
  expect([graph.nodeCount, graph.edgeCount, graph.inputNames.length]).toStrictEqual(before);
}

test('shapes that do not broadcast: both shapes, both labels, the rule and the caller', () => {
  expectRefused(
    () => x.add(matrix),
    ShapeError,
    'add: [3] and [2, 4] do not broadcast: dimensions 3 and 4 at axis -1 are different and neither is 1\n' +
      '  operand 1: #0 "x" = input of shape [3], real\n' +
      '  operand 2: #1 "matrix" = input of shape [2, 4], real\n',
    HERE,
  );
});

test('constants that were to be lifted are not left behind', () => {
  expectRefused(
    () => clamp(x, 7, tensor([1, 2])),
    ShapeError,
    'clamp: ',
    'operand 2: the number 7',
    'operand 3: a tensor of shape [2], real',
    HERE,
  );
  expectRefused(() => where(0.25, x, 1), KindError, 'operand 1: the number 0.25', HERE);
});

test('reductions, layouts and contractions name their own rules', () => {
  const empty = graph.input('empty', { shape: [0, 2] });
  expectRefused(
    () => max(empty),
    ShapeError,
    'max: the maximum of no elements is not defined',
    'give every reduced axis a length of 1 or more',
    HERE,
  );
  expectRefused(
    () => argMax(empty, 0),
    ShapeError,
    'argMax: the position of the maximum of no elements',
    HERE,
  );
  expectRefused(
    () => x.reshape([4]),
    ShapeError,
    'reshape: [3] has 3 elements, [4] would have 4',
    HERE,
  );
  expectRefused(
    () => x.broadcastTo([3, 2]),
    ShapeError,
    'broadcast: [3] cannot be repeated to [3, 2]',
    HERE,
  );
  expectRefused(
    () => matrix.transpose([0, 0]),
    ShapeError,
    'transpose: [0, 0] is not a permutation of the 2 axes',
    HERE,
  );
  expectRefused(
    () => pad(matrix, [[1, 1]]),
    ShapeError,
    'pad: before [1] must give a number from 0 up for each of 2 axes',
    HERE,
  );
  expectRefused(
    () => pad(x, [[-1, 1]]),
    ShapeError,
    'pad: before [-1] must give a number from 0 up',
    HERE,
  );
  expectRefused(
    () => concat([x, matrix]),
    ShapeError,
    'concat: shapes must agree except along axis 0',
    HERE,
  );
  expectRefused(
    () => concat([x, flags]),
    ShapeError,
    'concat: all operands must be of one kind, got real and boolean',
    HERE,
  );
  expectRefused(() => concat([]), ShapeError, 'concat: nothing to join');
  expectRefused(() => stack([]), ShapeError, 'stack: nothing to join');
  expectRefused(() => x.matmul(matrix), ShapeError, 'matmul: ', 'length 3', HERE);
  expectRefused(
    () => gather(x, flags),
    ShapeError,
    'gather: indices must be of kind integer, got boolean',
    HERE,
  );
});

test('axes that do not exist', () => {
  expectRefused(
    () => x.sum({ axes: 1 }),
    ValueError,
    'axis 1 does not exist: expected an integer from -1 to 0',
  );
  expectRefused(
    () => matrix.mean({ axes: [0, -2] }),
    ValueError,
    'axis 0 is named twice in [0, -2]',
  );
  expectRefused(() => expandDims(x, 3), ValueError, 'axis 3 does not exist');
});

describe('kinds', () => {
  test.each([
    ['not', () => not(x)],
    ['and', () => and(flags, x)],
    ['or', () => or(x, flags)],
    ['where', () => where(x, 1, 2)],
  ])('%s wants conditions, and says how to make one', (name, build) => {
    expectRefused(
      build,
      KindError,
      `${name}: operand ${name === 'and' ? 2 : 1} must be of kind boolean, got real; compare it with something first, for example notEqual(x, 0)`,
      'operand 1: #',
      HERE,
    );
  });

  test('a number is no condition, a boolean is', () => {
    expectRefused(
      () => where(1, x, 0),
      KindError,
      'where: operand 1 must be of kind boolean',
      HERE,
    );
    expect(where(true, x, 0).shape).toStrictEqual([3]);
  });
});

describe('operands that are none', () => {
  test.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['2', 'the string "2"'],
    [[1, 2], 'an array'],
    [{ value: 1 }, 'an object'],
    [() => 1, String(() => 1)],
    [5n, '5'],
    [Symbol('s'), 'Symbol(s)'],
  ])('%o', (value, words) => {
    expectRefused(
      () => x.add(value as never),
      GraphError,
      `add: operand 2 is ${words}, expected a graph node, a number, a boolean or a tensor`,
      HERE,
    );
    expectRefused(
      () => clamp(x, 0, value as never),
      GraphError,
      `clamp: operand 3 is ${words}`,
      HERE,
    );
  });

  test('arrays are to be wrapped', () => {
    expectRefused(
      () => x.add([1, 2, 3] as never),
      GraphError,
      '; wrap arrays in tensor(...)',
      HERE,
    );
    expectRefused(
      () => x.add(new Float64Array(3) as never),
      GraphError,
      'operand 2 is an object',
      HERE,
    );
  });

  test('no node at all', () => {
    expectRefused(
      () => add(1, 2),
      GraphError,
      'add: none of the 2 operands is a graph node; start from graph.input(...) or graph.constant(...)',
      HERE,
    );
    expectRefused(() => add(tensor([1]), true), GraphError, 'none of the 2 operands', HERE);
    expectRefused(
      () => apply(operations.concat, [], { axis: 0 }),
      GraphError,
      'none of the 0 operands',
      HERE,
    );
  });

  test('nodes of another graph', () => {
    const other = new Graph();
    const y = other.input('y', { shape: [3] });
    expectRefused(
      () => x.add(y),
      ForeignNodeError,
      'add: operand 2, #0 "y" = input of shape [3], real, belongs to another graph than the operands before it',
      'pass the value of one as a constant',
      HERE,
    );
    expectRefused(() => concat([x, x, y]), ForeignNodeError, 'concat: operand 3, #0 "y"', HERE);
    expectRefused(() => clamp(x, 1, y), ForeignNodeError, 'clamp: operand 3', HERE);
    expect(other.nodeCount).toBe(1);
  });
});

test.each([
  ['too few', [1]],
  ['too many', [1, 2, 3]],
  ['none', []],
] as const)('%s operands for the arity', (_what, rest) => {
  const operands: readonly Operand[] = rest.map(() => x);
  expectRefused(
    () => apply(operations.add, operands),
    GraphError,
    `add: takes 2 operands, got ${rest.length}`,
    HERE,
  );
});

test('leaves are not applied', () => {
  expectRefused(
    () => apply(operations.input, []),
    GraphError,
    'input: none of the 0 operands is a graph node',
    HERE,
  );
  expectRefused(
    () => apply(operations.constant, [x]),
    GraphError,
    'constant: takes 0 operands, got 1',
    HERE,
  );
});

test('labels stand in messages', () => {
  const y = x.tanh().named('hidden layer');
  expectRefused(
    () => y.add(matrix),
    ShapeError,
    'operand 1: #3 "hidden layer" = tanh of shape [3], real',
  );
});

test('the caller is found in a function, a method and a callback', () => {
  const model = {
    layer(this: void): GraphNode {
      return x.add(matrix);
    },
  };
  expectRefused(() => model.layer(), ShapeError, /at .*layer.*\(.*apply\.test\.ts/);
  expectRefused(() => [1].map(() => x.add(matrix)), ShapeError, HERE);
});

test('frames of the library are passed over, in the formats of the engines', () => {
  const v8 = [
    'Error: call site',
    '    at callSite (file:///home/u/node_modules/@ad/graph/dist/call-site.js:20:25)',
    '    at GraphNode.add (file:///home/u/node_modules/@ad/graph/dist/node.js:10:3)',
    '    at Array.map (<anonymous>)',
    '    at loss (file:///home/u/model.js:7:12)',
    '    at file:///home/u/main.js:1:1',
  ];
  expect(userFrame(v8.join('\n'))).toBe('loss (file:///home/u/model.js:7:12)');
  const gecko = [
    'callSite@http://h/node_modules/@ad/graph/src/call-site.ts:20:25',
    'loss@http://h/model.js:7:12',
  ];
  expect(userFrame(gecko.join('\n'))).toBe('loss@http://h/model.js:7:12');
  const windows = [
    'Error',
    String.raw`    at add (C:\p\packages\graph\src\apply.ts:1:1)`,
    String.raw`    at C:\p\app.ts:2:2`,
  ];
  expect(userFrame(windows.join('\n'))).toBe(String.raw`C:\p\app.ts:2:2`);
  expect(userFrame('')).toBeUndefined();
});

test('the stack trace limit is as it was after an error', () => {
  const before = Error.stackTraceLimit;
  expectRefused(() => x.add(matrix), ShapeError);
  expect(Error.stackTraceLimit).toBe(before);
});

test('functions of several nodes fail before they build the first', () => {
  const short = graph.input('short', { shape: [2] });
  const foreign = new Graph().input('y', { shape: [3] });
  expectRefused(
    () => x.matmul(short),
    ShapeError,
    'matmul: ',
    'operand 1: #0 "x" = input of shape [3]',
    HERE,
  );
  expectRefused(
    () => x.matmul(foreign),
    ForeignNodeError,
    'matmul: operand 2',
    'another graph',
    HERE,
  );
  expectRefused(
    () => x.matmul(undefined as never),
    GraphError,
    'matmul: operand 2 is undefined',
    HERE,
  );
  expectRefused(
    () => stack([x, x, short]),
    ShapeError,
    'stack: shapes must agree',
    'operand 3: #3 "short"',
    HERE,
  );
  expectRefused(
    () => stack([x, flags]),
    ShapeError,
    'stack: all operands must be of one kind',
    HERE,
  );
  expectRefused(() => stack([x, foreign]), ForeignNodeError, 'stack: operand 2', HERE);
  expectRefused(() => stack([x, x], 2), ValueError, 'axis 2 does not exist');
  expectRefused(() => softmax(matrix, 2), ValueError, 'axis 2 does not exist');
  expectRefused(() => matrix.mean({ axes: 5 }), ValueError, 'axis 5 does not exist');
});

test('an unknown kind, an axis that is not there, and a result beyond any size name the operation and the caller', () => {
  const graph = new Graph();
  expect(() => graph.input('e', { kind: 'complex' as never })).toThrow(KindError);
  const x = graph.input('x', { shape: [2 ** 16, 1] });
  const y = graph.input('y', { shape: [1, 2 ** 16] });
  const nodes = graph.nodeCount;
  expect(() => x.add(y)).toThrow(
    /add: the result: \[65536, 65536\] has more than 2\^31 - 1 elements/,
  );
  expect(() => x.sum({ axes: 5 })).toThrow(/sum: axis 5 does not exist[^]*apply\.test/);
  expect(() => expandDims(x, 9)).toThrow(/expandDims: axis 9 does not exist[^]*apply\.test/);
  expect(() => slice(x, [{ step: 0 }])).toThrow(
    /slice: a step is an integer other than 0[^]*apply\.test/,
  );
  expect(graph.nodeCount).toBe(nodes);
});
