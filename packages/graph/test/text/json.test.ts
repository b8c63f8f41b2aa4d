/** Saving and loading: what comes back is the same graph, bit for bit, and goes on being one. */
import {
  allocate,
  and,
  apply,
  type ElementwiseRow,
  equal,
  evaluate,
  fromJSON,
  gather,
  Graph,
  GraphError,
  type GraphNode,
  less,
  listing,
  type LoadedGraph,
  type OperationName,
  operations,
  sizeOf,
  Tensor,
  tensor,
  toJSON,
  ValueError,
} from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { APPLICATIONS } from '../support/applications.ts';
import { doubles, graphs } from './random-graph.ts';

/** By way of text, as a file would go. */
const viaText = (...saved: Parameters<typeof toJSON>): LoadedGraph =>
  fromJSON(JSON.stringify(toJSON(...saved)));

/** The value of a node, inputs without one fed with zeros, or the message of the error. */
function valueOf(node: GraphNode): Tensor | string {
  const { graph } = node;
  const feeds = graph.inputNames
    .map((name) => graph.find(name))
    .filter(({ id }) => graph.currentValue(id) === undefined)
    .map(({ id, shape, kind }) => {
      return [graph.inputName(id), new Tensor(shape, kind, allocate(kind, sizeOf(shape)))] as const;
    });
  try {
    return evaluate(node, Object.fromEntries(feeds));
  } catch (error) {
    return (error as Error).message;
  }
}

/** Whether two nodes have the same value: `toStrictEqual` tells -0 from 0, and NaN equals NaN. */
function expectSameValue(actual: GraphNode, expected: GraphNode): void {
  expect(valueOf(actual)).toStrictEqual(valueOf(expected));
}

describe('round trip', () => {
  test('a whole graph comes back with the same ids, lines and values', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const loaded = viaText(graph);
        expect(listing(loaded.graph)).toBe(listing(graph));
        expect(loaded.outputs).toStrictEqual([]);
        expect(loaded.graph.inputNames).toStrictEqual(graph.inputNames);
        for (let id = 0; id < graph.nodeCount; id++) {
          expect(loaded.graph.currentValue(id)).toStrictEqual(graph.currentValue(id));
          if (sizeOf(graph.node(id).shape) <= 1000)
            expectSameValue(loaded.graph.node(id), graph.node(id));
        }
        expect(toJSON(loaded.graph)).toStrictEqual(toJSON(graph));
      }),
    );
  });

  test.each(Object.entries(APPLICATIONS))(
    '%s comes back with all of its attributes',
    (name, all) => {
      fc.assert(
        fc.property(all, ({ operands, attributes }) => {
          const graph = new Graph();
          const nodes = operands.map((operand) => graph.constant(operand));
          apply(operations[name as OperationName], nodes, attributes);
          expect(listing(viaText(graph).graph)).toBe(listing(graph));
        }),
        { numRuns: 5 },
      );
    },
  );

  test('outputs come back with what they need and nothing else', () => {
    fc.assert(
      fc.property(graphs, fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), (graph, picks) => {
        const outputs = picks.map((pick) => graph.node(pick % graph.nodeCount));
        const loaded = viaText(outputs);
        expect(loaded.graph.nodeCount).toBe(listing(outputs).split('\n').length);
        expect(loaded.outputs).toHaveLength(outputs.length);
        loaded.outputs.forEach((output, k) => {
          expect(output.operation).toBe(outputs[k]!.operation);
          expect(output.label).toBe(outputs[k]!.label);
          if (sizeOf(output.shape) <= 1000) expectSameValue(output, outputs[k]!);
        });
      }),
    );
  });

  test('every double comes back as the same bits, in constants and current values', () => {
    fc.assert(
      fc.property(fc.array(doubles, { minLength: 1, maxLength: 20 }), (numbers) => {
        const graph = new Graph();
        for (const x of numbers) graph.constant(x);
        graph.constant(tensor(numbers));
        graph.input('x', { value: numbers });
        graph.input('y', { value: numbers[0]! });
        const loaded = viaText(graph).graph;
        for (let id = 0; id < graph.nodeCount; id++) {
          expect(loaded.constantValue(id)).toStrictEqual(graph.constantValue(id));
          expect(loaded.currentValue(id)).toStrictEqual(graph.currentValue(id));
        }
      }),
    );
  });

  test('single precision comes back as the same numbers', () => {
    const data = Float32Array.of(0.1, -0, NaN, 16777217);
    const loaded = viaText(new Graph().constant(tensor(data)));
    expect(loaded.outputs[0]!.tensor.data).toStrictEqual(Float64Array.from(data));
  });

  test('a loaded graph goes on growing, and still shares constants', () => {
    const x = new Graph().input('x', { value: 2 });
    const loaded = viaText(x.mul(3));
    const [y] = loaded.outputs;
    const before = loaded.graph.nodeCount;
    expect(y!.add(3).value).toBe(9);
    expect(loaded.graph.nodeCount).toBe(before + 1);
    expect(() => loaded.graph.input('x')).toThrow(GraphError);
  });

  test('equal numbers that are two nodes stay two nodes', () => {
    const graph = new Graph();
    const apart = graph.constant(tensor(2));
    const y = apart.mul(graph.constant(2));
    const loaded = viaText(y);
    expect(loaded.graph.nodeCount).toBe(3);
    expect(listing(loaded.graph)).toBe(listing(graph));
  });

  test('a chain of 100,000 nodes is read in seconds at most, without recursion', () => {
    let x = new Graph().input('x', { value: 1 });
    for (let i = 0; i < 1e5; i++) x = x.sin();
    const text = JSON.stringify(toJSON(x));
    const start = performance.now();
    const loaded = fromJSON(text);
    expect(performance.now() - start).toBeLessThan(5000);
    expect(loaded.outputs[0]!.value).toBe(x.value);
  });

  test('an empty graph comes back empty', () => {
    expect(viaText(new Graph()).graph.nodeCount).toBe(0);
  });
});

describe('what is saved', () => {
  test('one compact record per node; what is usual is left out', () => {
    const graph = new Graph();
    const x = graph.input('x', { shape: [2], value: [1, NaN] });
    const i = graph.input('i', { kind: 'integer' }).named('index');
    const loss = gather(x, i).mul(0.5).named('loss');
    const all = and(graph.constant(true), equal(less(x, -0).sum(), 0));
    expect(JSON.parse(JSON.stringify(toJSON({ loss, all })))).toStrictEqual({
      format: 'ad-graph',
      version: 1,
      nodes: [
        { op: 'input', name: 'x', shape: [2], value: [1, 'NaN'] },
        { op: 'input', name: 'i', kind: 'integer', label: 'index' },
        { op: 'gather', operands: [0, 1], attributes: { axis: 0 } },
        { op: 'constant', value: 0.5 },
        { op: 'mul', operands: [2, 3], label: 'loss' },
        { op: 'constant', kind: 'boolean', value: true },
        { op: 'constant', value: '-0' },
        { op: 'less', operands: [0, 6], shape: [2], kind: 'boolean' },
        { op: 'sum', operands: [7], attributes: { axes: [0], keepDims: false } },
        { op: 'constant', value: 0 },
        { op: 'equal', operands: [8, 9], kind: 'boolean' },
        { op: 'and', operands: [5, 10], kind: 'boolean' },
      ],
      outputs: [
        { node: 4, name: 'loss' },
        { node: 11, name: 'all' },
      ],
    });
  });

  test('names of outputs are found again, in order', () => {
    const x = new Graph().input('x');
    const namesOfObjects = Object.fromEntries([
      ['constructor', x.sin()],
      ['toString', x.cos()],
    ]);
    const loaded = viaText(namesOfObjects);
    expect([...loaded.named.keys()]).toStrictEqual(['constructor', 'toString']);
    expect(loaded.named.get('toString')).toBe(loaded.outputs[1]);
    expect(loaded.named.get('valueOf')).toBeUndefined();
  });

  test('a whole graph can name some of its nodes', () => {
    const graph = new Graph();
    const loss = graph.input('x').square();
    graph.constant(5);
    const loaded = viaText(graph, { outputs: { loss } });
    expect(loaded.graph.nodeCount).toBe(3);
    expect(loaded.named.get('loss')!.id).toBe(loss.id);
  });

  test('current values are left out on request', () => {
    const x = new Graph().input('x', { shape: [2], value: [1, 2] });
    const loaded = viaText([x], { values: false });
    expect(loaded.graph.currentValue(0)).toBeUndefined();
    expect(loaded.outputs[0]!.shape).toStrictEqual([2]);
  });

  test('saved data does not change with the graph, nor a loaded graph with the data', () => {
    const value = tensor(Float64Array.of(1, 2));
    const saved = toJSON(new Graph().input('x', { value }));
    value.data[0] = 9;
    const loaded = fromJSON(saved);
    (saved.nodes[0]!.value as number[])[0] = 9;
    (saved.nodes[0] as { shape: readonly number[] }).shape = [7];
    expect(loaded.outputs[0]!.tensor).toStrictEqual(tensor([1, 2]));
  });

  test('what a file could not say is refused', () => {
    const graph = new Graph();
    const x = graph.input('x');
    const foreign = new Graph().input('x');
    const own: ElementwiseRow = { ...(operations.tanh as ElementwiseRow), name: 'own' };
    const other: ElementwiseRow = { ...own };
    const impostor: ElementwiseRow = { ...own, name: 'add' };
    const cases: [() => unknown, RegExp][] = [
      [() => toJSON([]), /no outputs/],
      [() => toJSON({}), /no outputs/],
      [() => toJSON([x, foreign]), /another graph/],
      [() => toJSON(graph, { outputs: { y: foreign } }), /output "y" belongs to another graph/],
      [() => toJSON([x], { outputs: { x } }), /goes with a whole graph/],
      [() => toJSON({ '': x }), /cannot be the name/],
      [() => toJSON(JSON.parse('{"__proto__": 1}') as never), /cannot be the name/],
      [() => toJSON({ y: 3 as never }), /"y" is not a graph node/],
      [() => toJSON(apply(impostor, [x])), /two different operations called add/],
      [() => toJSON([apply(own, [x]), apply(other, [x])]), /operations called own/],
      [
        () => toJSON(apply(operations.sum, [x], { axes: [], keepDims: 0 })),
        /node \d+ \(sum\): its attribute keepDims is 0, expected true or false/,
      ],
      [
        () => toJSON(apply(operations.sin, [x], { axis: 0 })),
        /\(sin\): it has an attribute "axis"; sin has no attributes/,
      ],
    ];
    for (const [save, message] of cases) {
      expect(save).toThrow(GraphError);
      expect(save).toThrow(message);
    }
  });
});

describe('operations of the user', () => {
  const own: ElementwiseRow = {
    name: 'cube',
    family: 'elementwise',
    arity: 1,
    formula: 'x^3',
    resultKind: 'real',
    value: (A, x) => A.mul(x, A.mul(x, x)),
    partials: [(A, _r, x) => A.mul(A.constant(3), A.mul(x, x))],
  };
  const text = JSON.stringify(toJSON(apply(own, [new Graph().input('x', { value: 2 })])));

  test('they are read when they are given', () => {
    expect(fromJSON(text, { operations: [own] }).outputs[0]!.value).toBe(8);
  });

  test('without them the message says so', () => {
    expect(() => fromJSON(text)).toThrow(/no operation "cube".*option `operations`/);
  });

  test('they cannot take the place of others', () => {
    for (const operations of [
      [own, { ...own }],
      [{ ...own, name: 'add' }],
      [{ ...own, name: 'input' }],
    ]) {
      expect(() => fromJSON(text, { operations })).toThrow(ValueError);
    }
  });

  test('whatever their rules throw is said of the file', () => {
    const broken = {
      ...operations.sum,
      name: 'cube',
      attributes: {},
      infer: () => {
        throw new RangeError('boom');
      },
    } as never;
    expect(() => fromJSON(text, { operations: [broken] })).toThrow(
      /^fromJSON: node 1 \(cube\): boom$/,
    );
  });
});
