/** Programs: updates, storage that persists, and feeds that fail without a trace. */
import { Graph, GraphError, interpreter, KindError, less, not, ShapeError, slice } from '@ad/graph';
import { describe, expect, test } from 'vitest';

describe('updates', () => {
  test('count, one run at a time; the output is the value before', () => {
    const graph = new Graph();
    const count = graph.input('count', { value: 0 });
    const program = interpreter({ outputs: [count], updates: [[count, count.add(1)]] });
    expect([1, 2, 3].map(() => program.run()[0]!.item())).toStrictEqual([0, 1, 2]);
    program.execute();
    expect(program.inputs['count']![0]).toBe(4);
    expect(program.outputs[0]![0]).toBe(3);
  });

  test.each([[[]], [[3]]])('swap two inputs of shape %j', (shape) => {
    const graph = new Graph();
    const value = (x: number): number | number[] => (shape.length === 0 ? x : [x, x + 1, x + 2]);
    const a = graph.input('a', { value: value(10) });
    const b = graph.input('b', { value: value(20) });
    const program = interpreter({
      outputs: [a, b],
      updates: [
        [a, b],
        [b, a],
      ],
    });
    const read = (): unknown => program.run().map((t) => t.toArray());
    expect(read()).toStrictEqual([value(10), value(20)]);
    expect(read()).toStrictEqual([value(20), value(10)]);
    expect(read()).toStrictEqual([value(10), value(20)]);
  });

  test('rotate three inputs and use the old values everywhere', () => {
    const graph = new Graph();
    const [a, b, c] = ['a', 'b', 'c'].map((name, i) => graph.input(name, { value: [i, 10 * i] }));
    const sum = a!.add(b!).add(c!);
    const program = interpreter({
      outputs: [sum, a!],
      updates: [
        [a!, b!],
        [b!, c!],
        [c!, sum],
      ],
    });
    expect(program.run().map((t) => t.toArray())).toStrictEqual([
      [3, 30],
      [0, 0],
    ]);
    expect(program.run().map((t) => t.toArray())).toStrictEqual([
      [6, 60],
      [1, 10],
    ]);
    expect(program.run().map((t) => t.toArray())).toStrictEqual([
      [11, 110],
      [2, 20],
    ]);
  });

  test('keep the kind', () => {
    const graph = new Graph();
    const i = graph.input('i', { kind: 'integer', value: [1, 2] });
    const flag = graph.input('flag', { value: true });
    const program = interpreter({
      outputs: [i, flag],
      updates: [
        [i, slice(i, [{ step: -1 }])],
        [flag, not(flag)],
      ],
    });
    program.run();
    const [integers, boolean] = program.run();
    expect(integers!.data).toStrictEqual(Int32Array.of(2, 1));
    expect(boolean!.data).toStrictEqual(Uint8Array.of(0));
  });

  test('that make no sense are refused', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: [1, 2] });
    const y = x.mul(2);
    const refused =
      (updates: Parameters<typeof interpreter>[0]['updates']): (() => void) =>
      () => {
        interpreter({ outputs: [y], ...(updates === undefined ? {} : { updates }) });
      };
    expect(refused([[y, x]])).toThrow(GraphError);
    expect(refused([[y, x]])).toThrow(
      /updates: node 2 \(mul\) is not an input; only inputs can be updated/,
    );
    expect(
      refused([
        [x, y],
        [x, x],
      ]),
    ).toThrow(/updates: input "x" is updated twice/);
    expect(refused([[x, y.sum()]])).toThrow(ShapeError);
    expect(refused([[x, y.sum()]])).toThrow(/input "x" is real \[2\], its new value real \[\]/);
    expect(refused([[x, less(x, 1)]])).toThrow(/its new value boolean \[2\]/);
    expect(refused([[x, new Graph().input('x', { shape: [2] })]])).toThrow(/different graphs/);
  });
});

describe('feeds', () => {
  test('stay from run to run', () => {
    const graph = new Graph();
    const [x, y] = [graph.input('x'), graph.input('y')];
    const program = interpreter({ outputs: [x.sub(y)] });
    expect(program.run({ x: 5, y: 3 })[0]!.item()).toBe(2);
    expect(program.run({ y: 4 })[0]!.item()).toBe(1);
    expect(program.run()[0]!.item()).toBe(1);
  });

  test('that are missing or do not fit throw, and no input has changed', () => {
    const graph = new Graph();
    const x = graph.input('x', { shape: [2] });
    const y = graph.input('y');
    const program = interpreter({ outputs: [x.sum().add(y)] });
    expect(() => program.run({ x: [1, 2] })).toThrow(/input "y" has no value; feed it/);
    expect(() => program.run({ y: 1 })).toThrow(/input "x" has no value/);
    expect(program.run({ x: [1, 2], y: 3 })[0]!.item()).toBe(6);
    expect(() => program.run({ y: 100, x: [1] })).toThrow(ShapeError);
    expect(() => program.run({ y: 100, z: 1 })).toThrow(/no input "z"; this graph has "x", "y"/);
    expect(() => program.run({ y: 100, x: ['1', '2'] as never })).toThrow(/input "x"/);
    expect(program.run()[0]!.item()).toBe(6);
  });

  test('of the wrong kind are refused', () => {
    const i = new Graph().input('i', { kind: 'integer', shape: [1] });
    expect(() => interpreter({ outputs: [i] }).run({ i: [0.5] })).toThrow(KindError);
  });

  test('given to the graph after the program was made are used while nothing else was given', () => {
    const graph = new Graph();
    const x = graph.input('x', { shape: [2] });
    const s = graph.input('s');
    const program = interpreter({ outputs: [x.mul(s)] });
    graph.feed({ x: [1, 2], s: 10 });
    expect(program.run()[0]!.toArray()).toStrictEqual([10, 20]);
    // From now on the values are the program's own.
    graph.feed({ x: [3, 4] });
    expect(program.run()[0]!.toArray()).toStrictEqual([10, 20]);
    expect(program.run({ x: [5, 6] })[0]!.toArray()).toStrictEqual([50, 60]);
  });

  test('for inputs that the outputs do not need are taken and ignored', () => {
    const graph = new Graph();
    const x = graph.input('x');
    graph.input('unused');
    const program = interpreter({ outputs: [x.mul(2)] });
    graph.input('younger');
    graph.input('younger array', { shape: [2] });
    expect(program.run({ x: 1, unused: 2, younger: 3, 'younger array': [4, 5] })[0]!.item()).toBe(
      2,
    );
    expect(Object.keys(program.inputs)).toStrictEqual(['x']);
  });

  test('are copied: neither does a run write into them nor a change of them into the program', () => {
    const graph = new Graph();
    const x = graph.input('x', { shape: [2] });
    const program = interpreter({ outputs: [x], updates: [[x, x.mul(2)]] });
    const mine = Float64Array.of(1, 2);
    const [first] = program.run({ x: mine });
    expect(mine).toStrictEqual(Float64Array.of(1, 2));
    mine[0] = 50;
    const [second] = program.run();
    expect(second!.data).toStrictEqual(Float64Array.of(2, 4));
    // Earlier results are copies too.
    expect(first!.data).toStrictEqual(Float64Array.of(1, 2));
  });
});

test('a program does not see nodes and current values of its graph made later', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: 2 });
  const y = x.mul(x);
  const program = interpreter({ outputs: [y] });
  for (let i = 0; i < 1000; i++) y.add(i);
  graph.feed({ x: 3 });
  expect(program.run()[0]!.item()).toBe(4);
  expect(y.value).toBe(9);
});

test('an execution uses what the graph was fed after the program was made', () => {
  const graph = new Graph();
  const x = graph.input('x');
  const program = interpreter({ outputs: [x.square()] });
  graph.feed({ x: 3 });
  program.execute();
  expect(program.outputs[0]![0]).toBe(9);
});

test('what is put around the execution of a program stays there', () => {
  const graph = new Graph();
  const program = interpreter({ outputs: [graph.input('x').square()] });
  let calls = 0;
  const execute = program.execute.bind(program);
  program.execute = () => {
    calls++;
    execute();
  };
  const values = [1, 2].map((x) => program.run({ x })[0]!.item());
  expect(values).toEqual([1, 4]);
  expect(calls).toBe(2);
});

test('an update alone is a program', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: 1 });
  const program = interpreter({ outputs: [], updates: [[x, x.mul(3)]] });
  program.execute();
  program.execute();
  expect(program.run()).toStrictEqual([]);
  expect(program.inputs['x']![0]).toBe(27);
});
