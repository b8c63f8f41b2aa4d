/** Graphs: inputs and their names, constants, feeds that fail without a trace, labels and creation sites. */
import { evaluate, Graph, GraphError, KindError, ShapeError, tensor, ValueError } from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('names of inputs', () => {
  test.each([[''], ['__proto__'], [undefined], [5]])(
    '%j is refused, and nothing is added',
    (name) => {
      const graph = new Graph();
      expect(() => graph.input(name as string)).toThrow(GraphError);
      expect(() => graph.input(name as string)).toThrow(/cannot be a name; inputs are fed by name/);
      expect(graph.nodeCount).toBe(0);
      expect(graph.inputNames).toStrictEqual([]);
    },
  );

  test('are unique in a graph', () => {
    const graph = new Graph();
    graph.input('x');
    expect(() => graph.input('x')).toThrow(GraphError);
    expect(() => graph.input('x')).toThrow(
      'input: this graph already has an input "x"; take another name or use graph.find("x")',
    );
    expect(graph.nodeCount).toBe(1);
    expect(new Graph().input('x').label).toBe('x');
  });

  test('may be any other string, those of Object.prototype too', () => {
    const strange = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.constantFrom('constructor', 'toString', 'hasOwnProperty', 'valueOf', '0', ' ', 'x"y'),
    );
    const names = fc.uniqueArray(
      strange.filter((name) => name !== '__proto__'),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(names, (list) => {
        const graph = new Graph();
        const sum = list.map((name) => graph.input(name)).reduce((a, b) => a.add(b));
        expect(graph.inputNames).toStrictEqual(list);
        const feeds = Object.fromEntries(list.map((name, i) => [name, 2 ** i]));
        expect(evaluate(sum, feeds).item()).toBe(2 ** list.length - 1);
        expect(list.map((name) => graph.find(name).label)).toStrictEqual(list);
      }),
    );
  });

  test('that are not there are answered with those that are', () => {
    const graph = new Graph();
    expect(() => graph.find('x')).toThrow('no input "x"; this graph has no inputs');
    for (let i = 0; i < 12; i++) graph.input(`p${i}`);
    expect(() => graph.find('x')).toThrow(/this graph has "p0", .*"p9" and 2 more$/);
  });
});

describe('types of inputs', () => {
  test('follow from the value, the shape, or neither', () => {
    const graph = new Graph();
    expect(graph.input('a')).toMatchObject({ shape: [], kind: 'real' });
    expect(graph.input('b', { shape: [2] })).toMatchObject({ shape: [2], kind: 'real' });
    expect(graph.input('c', { value: [[true]] })).toMatchObject({ shape: [1, 1], kind: 'boolean' });
    expect(graph.input('d', { kind: 'integer', value: [1, 2] })).toMatchObject({
      shape: [2],
      kind: 'integer',
    });
  });

  test.each([
    [
      { shape: [2], value: [1, 2, 3] },
      ShapeError,
      /input "x" has shape \[2\], got a value of shape \[3\]/,
    ],
    [{ shape: [-1] }, ShapeError, /input "x": dimensions are non-negative integers/],
    [{ shape: [1e6, 1e6] }, ShapeError, /input "x": .* more than 2\^31 - 1 elements/],
    [{ kind: 'integer', value: 0.5 }, KindError, /input "x": .*element 0 is 0.5/],
    [{ value: [[1], [2, 3]] }, ShapeError, /input "x": .*ragged/],
    [{ value: 'one' as never }, ValueError, /input "x": .*the string "one"/],
  ] as const)('that contradict themselves are refused: %j', (options, error, message) => {
    const graph = new Graph();
    expect(() => graph.input('x', options)).toThrow(error);
    expect(() => graph.input('x', options)).toThrow(message);
    expect(graph.nodeCount).toBe(0);
    expect(graph.inputNames).toStrictEqual([]);
  });
});

describe('constants', () => {
  test('of equal numbers share one node, NaN too, but -0 is not 0', () => {
    const graph = new Graph();
    fc.assert(
      fc.property(fc.double(), (value) => {
        const [a, b] = [graph.constant(value), graph.constant(value)];
        expect(a.id === b.id).toBe(!Object.is(value, -0));
        expect(a.value).toBe(value);
        expect(b.value).toBe(value);
      }),
    );
    const zero = graph.constant(0);
    expect(1 / graph.constant(-0).value).toBe(-Infinity);
    expect(1 / zero.value).toBe(Infinity);
  });

  test('are of any kind and shape', () => {
    const graph = new Graph();
    expect(graph.constant(true)).toMatchObject({
      shape: [],
      kind: 'boolean',
      operation: 'constant',
    });
    expect(graph.constant([[1, 2]]).tensor.toArray()).toStrictEqual([[1, 2]]);
    expect(graph.constant(tensor([1], { kind: 'integer' }))).toMatchObject({
      shape: [1],
      kind: 'integer',
    });
    expect(() => graph.constant([[1], []])).toThrow(ShapeError);
    expect(graph.nodeCount).toBe(3);
  });
});

describe('feeding', () => {
  const build = (): Graph => {
    const graph = new Graph();
    graph.input('x', { value: 1 });
    graph.input('v', { value: [1, 2] });
    graph.input('i', { kind: 'integer', value: 3 });
    return graph;
  };

  test.each([
    [
      'an unknown name',
      { x: 5, nope: 1 },
      GraphError,
      'no input "nope"; this graph has "x", "v", "i"',
    ],
    [
      'a wrong shape',
      { x: 5, v: [1, 2, 3] },
      ShapeError,
      'input "v" has shape [2], got a value of shape [3]',
    ],
    [
      'a wrong kind',
      { x: 5, i: 0.5 },
      KindError,
      /input "i": .*element 0 is 0.5, expected an integer/,
    ],
    [
      'undefined',
      { x: 5, v: undefined as never },
      ValueError,
      /input "v": .*element 0 is undefined/,
    ],
    ['a ragged array', { x: 5, v: [1, [2]] }, ShapeError, /input "v": .*ragged/],
  ] as const)('%s throws and changes nothing', (_what, feeds, error, message) => {
    const graph = build();
    const sum = graph.find('x').add(graph.find('v').sum());
    expect(sum.value).toBe(4);
    expect(() => {
      graph.feed(feeds);
    }).toThrow(error);
    expect(() => {
      graph.feed(feeds);
    }).toThrow(message);
    expect(() => evaluate(sum, feeds)).toThrow(error);
    expect(sum.value).toBe(4);
    expect(graph.currentValue(0)!.item()).toBe(1);
  });

  test('converts what fits the kind of the input', () => {
    const graph = build();
    graph.feed({ i: tensor(7), x: true });
    expect(graph.find('i').tensor.data).toStrictEqual(Int32Array.of(7));
    expect(graph.find('x').value).toBe(1);
  });

  test('evaluate does not change current values', () => {
    const graph = build();
    const x = graph.find('x');
    expect(evaluate(x.add(1), { x: 10 }).item()).toBe(11);
    expect(x.add(1).value).toBe(2);
    expect(evaluate(x.add(1)).item()).toBe(2);
  });

  test('an input without a value is named with the ways to give it one', () => {
    const graph = new Graph();
    const y = graph.input('learning rate').mul(2);
    const message =
      /input "learning rate" has no value; feed it, as in evaluate\(node, \{ "learning rate": \.\.\. \}\)/;
    expect(() => y.value).toThrow(GraphError);
    expect(() => y.value).toThrow(message);
    expect(() => evaluate(y)).toThrow(message);
    graph.feed({ 'learning rate': 3 });
    expect(y.value).toBe(6);
  });
});

describe('nodes', () => {
  test('are found by id', () => {
    const graph = new Graph();
    const y = graph.input('x').add(1);
    expect(graph.node(y.id).operation).toBe('add');
    for (const id of [-1, 3, 0.5, NaN]) {
      expect(() => graph.node(id)).toThrow(`no node ${id}; ids go from 0 to 2`);
    }
  });

  test('know their operands, label and type, and say so', () => {
    const graph = new Graph();
    const x = graph.input('x', { shape: [2] });
    const y = x.mul(x).named('square of x');
    expect(y.operands.map((operand) => operand.id)).toStrictEqual([x.id, x.id]);
    expect(y.label).toBe('square of x');
    expect(String(y)).toBe('#1 "square of x" = mul [2] real');
    expect(String(y.sum())).toBe('#2 = sum [] (a scalar) real');
  });

  test('have a value only if they are scalars', () => {
    const x = new Graph().input('x', { value: [1, 2] });
    expect(() => x.value).toThrow(ShapeError);
    expect(() => x.value).toThrow(
      'value reads a scalar; this node (input) has shape [2]: read tensor',
    );
    expect(x.tensor.toArray()).toStrictEqual([1, 2]);
  });
});

test('the graph knows whether values were read while it was built', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: 1 });
  evaluate(x.add(1), { x: 2 });
  expect(graph.valuesRead).toBe(false);
  expect(x.add(1).value).toBe(2);
  expect(graph.valuesRead).toBe(true);
});

test('with traceCreation every node knows where it was built', () => {
  const graph = new Graph({ traceCreation: true });
  const x = graph.input('x', { shape: [2] });
  const y = x.tanh();
  expect(graph.creationSite(x.id)).toMatch(/graph\.test\.ts:\d+/);
  expect(graph.creationSite(y.id)).toMatch(/graph\.test\.ts:\d+/);
  expect(graph.creationSite(x.id)).not.toBe(graph.creationSite(y.id));
  expect(() => y.add(graph.input('z', { shape: [3] }))).toThrow(
    /operand 1: #1 = tanh .*made at .*graph\.test\.ts:\d+/,
  );
  expect(new Graph().creationSite(0)).toBeUndefined();
});

test('a typed array gives the elements of an input of any shape, row-major', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [2, 3], value: Float64Array.of(1, 2, 3, 4, 5, 6) });
  expect(x.tensor.toArray()).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(evaluate(x.sum({ axes: 1 }), { x: Float32Array.of(1, 1, 1, 2, 2, 2) }).toArray()).toEqual([
    3, 6,
  ]);
  expect(() => evaluate(x, { x: Float64Array.of(1, 2) })).toThrow(
    /input "x" has shape \[2, 3\], got a value of shape \[2\]/,
  );
  expect(() => evaluate(x, { x: [1, 2, 3, 4, 5, 6] })).toThrow(ShapeError);
});
