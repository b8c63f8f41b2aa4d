/** Files that are wrong: refused with a FormatError that names the place, whatever is wrong and wherever. */
import { fromJSON, gather, Graph, type GraphJSON, listing, tensor, toJSON, where } from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkCharacters,
  checkCuts,
  checkFields,
  expectRefused,
  expectRefusedOrSound,
  insert,
  nasty,
  pathsOf,
  problemOf,
  replace,
  someSymbols,
  withValue,
} from './corruption.ts';
import { graphs } from './random-graph.ts';

/** A file with every kind of record: nodes 0 to 6. */
function goodFile(): GraphJSON {
  const graph = new Graph();
  const x = graph.input('x', {
    shape: [2, 3],
    value: [
      [1, 2, 3],
      [4, 5, 6],
    ],
  });
  const labels = graph.input('labels', {
    shape: [2],
    kind: 'integer',
    value: tensor([0, 1], { kind: 'integer' }),
  });
  const flags = graph.constant(tensor([true, false]));
  const total = x.sum({ axes: [1] });
  const branch = where(flags, total, 7).named('branch');
  gather(branch, labels).named('loss');
  return toJSON(graph, { outputs: { loss: graph.node(6) } });
}

describe('every mistake is named with its place and what was expected', () => {
  test('the good file is good', () => {
    expect(listing(fromJSON(goodFile()).graph)).toMatchInlineSnapshot(`
      "%0 "x": real[2, 3] = input
      %1 "labels": integer[2] = input
      %2: boolean[2] = constant [true, false]
      %3: real[2] = sum(%0 "x", axes: [1], keepDims: false)
      %4: real = constant 7
      %5 "branch": real[2] = where(%2, %3, %4)
      %6 "loss": real[2] = gather(%5 "branch", %1 "labels", axis: 0)"
    `);
  });

  // A place in the good file, what to put there (`undefined` deletes), and what the message must say.
  const cases: readonly [path: string, replacement: unknown, message: RegExp][] = [
    ['format', undefined, /the format is missing, expected "ad-graph"/],
    ['format', 'onnx', /the format is the string "onnx", expected "ad-graph"/],
    ['version', undefined, /the version is missing, expected 1/],
    ['version', '1', /the version is the string "1"/],
    ['version', 0, /the version is 0/],
    ['version', 1.5, /the version is 1.5/],
    ['version', 2, /has version 2 of the format; this library reads up to 1/],
    ['extra', 1, /a field "extra", expected none but format, version, nodes, outputs/],
    ['nodes', { length: 3 }, /nodes is an object, expected a list of nodes/],
    ['nodes', undefined, /nodes is missing/],
    ['outputs', undefined, /outputs is missing/],

    ['nodes.0', null, /node 0: it is null, expected an object/],
    ['nodes.0', [], /node 0: it is a list of 0/],
    ['nodes.0.op', undefined, /node 0 \("x"\): op is missing/],
    ['nodes.0.op', 7, /node 0 \("x"\): op is 7, expected the name of an operation/],
    [
      'nodes.0.op',
      'constructor',
      /node 0 \(constructor "x"\): there is no operation "constructor"/,
    ],
    ['nodes.4.op', '__proto__', /node 4 \(__proto__\): there is no operation "__proto__"/],
    ['nodes.4.op', 'toString', /there is no operation "toString"/],
    [
      'nodes.3.op',
      'tnah',
      /node 3 \(tnah\): there is no operation "tnah" in the table.*option `operations`/,
    ],
    ['nodes.3.op', 'tanh', /node 3 \(tanh\): it has an attribute "axes"; tanh has no attributes/],
    [
      'nodes.0.extra',
      1,
      /node 0 \(input "x"\): it has a field "extra", expected none but op, name/,
    ],
    ['nodes.0.label', 7, /node 0 \(input\): its label is 7, expected a string/],

    ['nodes.0.name', undefined, /node 0 \(input\): its name is missing, expected a string/],
    ['nodes.0.name', 5, /its name is 5, expected a string/],
    ['nodes.0.name', '', /node 0 \(input ""\): .*cannot be a name/],
    ['nodes.0.name', '__proto__', /node 0 \(input "__proto__"\): .*cannot be a name/],
    ['nodes.1.name', 'x', /node 1 \(input "x"\): .*already has an input "x"/],
    ['nodes.0.operands', [], /node 0 \(input "x"\): it has a field "operands"/],

    ['nodes.0.shape', 3, /node 0 \(input "x"\): its shape is 3, expected a list of dimensions/],
    ['nodes.0.shape', null, /its shape is null/],
    [
      'nodes.0.shape',
      [-1],
      /node 0 \(input "x"\): shape: dimensions are non-negative integers, got \[-1\]/,
    ],
    ['nodes.0.shape', [2, 1.5], /dimension 1 of its shape is 1.5, expected an integer from 0 up/],
    ['nodes.0.shape', ['2', 3], /dimension 0 of its shape is the string "2"/],
    ['nodes.0.shape', [[2], 3], /dimension 0 of its shape is a list of 1/],
    ['nodes.0.shape', [1e9, 1e9], /more than 2\^31 - 1 elements/],
    ['nodes.0.shape', [1e300, 0], /more than 2\^31 - 1 elements/],
    ['nodes.0.shape', [2147483647], /its value has 6 elements, expected 2147483647/],
    ['nodes.0.shape', Array.from({ length: 65 }, () => 1), /65 axes, more than 64/],
    [
      'nodes.0.shape',
      undefined,
      /node 0 \(input "x"\): its value is a list of 6, expected a finite number/,
    ],
    ['nodes.0.kind', 'complex', /its kind is the string "complex", expected "real", "integer"/],
    ['nodes.0.kind', null, /its kind is null/],

    ['nodes.0.value', [1, 2, 3], /its value has 3 elements, expected 6 for the shape \[2, 3\]/],
    ['nodes.0.value', 5, /its value is 5, expected a flat list of 6 elements/],
    [
      'nodes.0.value.4',
      'nan',
      /element 4 of its value is the string "nan", expected a finite number or one/,
    ],
    ['nodes.0.value.4', null, /element 4 of its value is null/],
    ['nodes.0.value.4', [1], /element 4 of its value is a list of 1/],
    [
      'nodes.0.value.4',
      Infinity,
      /element 4 of its value is Infinity, expected a finite number or one/,
    ],
    ['nodes.0.value.4', true, /element 4 of its value is true/],
    [
      'nodes.1.value.0',
      2147483648,
      /node 1 .*element 0 of its value is 2147483648, expected an integer from/,
    ],
    ['nodes.1.value.0', 0.5, /element 0 of its value is 0.5, expected an integer/],
    ['nodes.1.value.0', 'NaN', /element 0 of its value is the string "NaN", expected an integer/],
    [
      'nodes.2.value.0',
      1,
      /node 2 \(constant\): element 0 of its value is 1, expected true or false/,
    ],
    [
      'nodes.2.value',
      undefined,
      /node 2 \(constant\): its value is missing, expected a flat list of 2/,
    ],
    [
      'nodes.4.value',
      undefined,
      /node 4 \(constant\): its value is missing, expected a finite number/,
    ],
    [
      'nodes.4.value',
      [7],
      /node 4 \(constant\): its value is a list of 1, expected a finite number/,
    ],

    ['nodes.3.operands', undefined, /node 3 \(sum\): operands is missing, expected a list of 1/],
    ['nodes.3.operands', [0, 1], /node 3 \(sum\): it has 2 operands; sum takes 1/],
    ['nodes.5.operands', [2, 3], /node 5 \(where "branch"\): it has 2 operands; where takes 3/],
    [
      'nodes.3.operands.0',
      3,
      /node 3 \(sum\): operand 1 is 3, expected the position of an earlier node, 0 to 2/,
    ],
    [
      'nodes.5.operands.1',
      6,
      /node 5 \(where "branch"\): operand 2 is 6, expected .* earlier node, 0 to 4/,
    ],
    ['nodes.5.operands.1', 1e9, /operand 2 is 1000000000, expected/],
    ['nodes.5.operands.1', -1, /operand 2 is -1, expected/],
    ['nodes.5.operands.1', 0.5, /operand 2 is 0.5, expected/],
    ['nodes.5.operands.1', '0', /operand 2 is the string "0", expected/],
    [
      'nodes.5.operands.0',
      3,
      /node 5 \(where "branch"\): operand 1 must be of kind boolean, got real/,
    ],
    ['nodes.5.operands.1', 0, /node 5 \(where "branch"\): .*do not broadcast/],
    [
      'nodes.6.operands.1',
      3,
      /node 6 \(gather "loss"\): indices must be of kind integer, got real; make them/,
    ],

    [
      'nodes.3.attributes',
      undefined,
      /node 3 \(sum\): its attribute axes is missing, expected a list of integers/,
    ],
    [
      'nodes.3.attributes',
      [],
      /its attributes are a list of 0, expected an object with the attributes axes/,
    ],
    [
      'nodes.3.attributes.keepDims',
      undefined,
      /its attribute keepDims is missing, expected true or false/,
    ],
    ['nodes.3.attributes.keepDims', 0, /its attribute keepDims is 0, expected true or false/],
    [
      'nodes.3.attributes.axis',
      0,
      /it has an attribute "axis"; sum has the attributes axes \(a list of integers\)/,
    ],
    ['nodes.3.attributes.axes', 1, /its attribute axes is 1, expected a list of integers/],
    [
      'nodes.3.attributes.axes.0',
      '1',
      /its attribute axes is a list with the string "1" at position 0/,
    ],
    ['nodes.3.attributes.axes.0', 2, /node 3 \(sum\): the axes \[2\] are not ascending axes/],
    [
      'nodes.3.attributes.axes.0',
      0,
      /node 3 \(sum\): its type is real\[2\], but by the rule of sum it is real\[3\]/,
    ],
    ['nodes.3.shape', undefined, /its type is real, but by the rule of sum it is real\[2\]/],
    ['nodes.3.kind', 'integer', /its type is integer\[2\], but by the rule of sum it is real\[2\]/],
    [
      'nodes.6.attributes.axis',
      0.5,
      /node 6 \(gather "loss"\): its attribute axis is 0.5, expected an integer/,
    ],
    ['nodes.6.attributes.axis', true, /its attribute axis is true, expected an integer/],

    ['outputs.0', 6, /output 1: it is 6, expected an object/],
    ['outputs.0.node', 7, /output 1: its node is 7, expected a position in the list of 7 nodes/],
    ['outputs.0.node', -1, /output 1: its node is -1/],
    ['outputs.0.node', undefined, /output 1: its node is missing/],
    ['outputs.0.node', 'length', /output 1: its node is the string "length"/],
    ['outputs.0.name', '', /output 1: its name is the string "", which cannot be a name/],
    ['outputs.0.name', '__proto__', /output 1: .*cannot be a name/],
    ['outputs.0.label', 'x', /output 1: it has a field "label", expected none but node, name/],
    [
      'outputs.1',
      { node: 0, name: 'loss' },
      /output 2: its name "loss" is that of an earlier output/,
    ],
  ];
  test.each(cases)('%s: %j', (path, replacement, message) => {
    expectRefused(withValue(goodFile(), path.split('.'), replacement), message, /^fromJSON: /);
  });

  test('outputs may be none', () => {
    expect(fromJSON({ ...goodFile(), outputs: [] }).outputs).toStrictEqual([]);
  });

  test('what is no object at all', () => {
    for (const json of [null, undefined, 7, true, [], 'null', '7', '[]', '""', Symbol('x'), 7n]) {
      expectRefused(json);
    }
  });

  test('fields that only a prototype has do not count', () => {
    expectRefused(Object.create(goodFile()));
  });

  test('own fields called __proto__ are seen', () => {
    const text = JSON.stringify(goodFile());
    const polluted = text.replace('{"op":"sum"', '{"__proto__":{"polluted":1},"op":"sum"');
    expect(() => fromJSON(polluted)).toThrow(/node 3 \(sum\): it has a field "__proto__"/);
    const inAttributes = text.replace('"attributes":{', '"attributes":{"__proto__":{},');
    expect(() => fromJSON(inAttributes)).toThrow(/node 3 \(sum\): it has an attribute "__proto__"/);
  });

  test('operations that take any number take at least one', () => {
    const x = new Graph().input('x', { shape: [1] });
    const file = structuredClone(toJSON(x)) as unknown as { nodes: unknown[] };
    file.nodes.push({ op: 'concat', operands: [], attributes: { axis: 0 }, shape: [1] });
    expect(() => fromJSON(file)).toThrow(
      /node 1 \(concat\): it has 0 operands; concat takes at least 1/,
    );
  });

  test('the first node can have no operands', () => {
    const file = {
      format: 'ad-graph',
      version: 1,
      nodes: [{ op: 'sin', operands: [0] }],
      outputs: [],
    };
    expect(() => fromJSON(file)).toThrow(/node 0 \(sin\): operand 1 is 0, .*this is the first/);
  });

  test('long texts are cut in messages', () => {
    const file = withValue(goodFile(), ['nodes', '3', 'op'], 'x'.repeat(1e6));
    expect((problemOf(file) as Error).message.length).toBeLessThan(400);
    const names = structuredClone(goodFile());
    replace(names, ['nodes', '1', 'name'], 'x');
    replace(
      names,
      ['nodes', '3', 'attributes', 'axes'],
      Array.from({ length: 1e6 }, () => 1),
    );
    expect((problemOf(names) as Error).message.length).toBeLessThan(800);
  });
});

describe('sizes', () => {
  test('a result too large is refused although its operands are small', () => {
    const nodes = [
      { op: 'input', name: 'a', shape: [65536, 1] },
      { op: 'input', name: 'b', shape: [1, 65536] },
      { op: 'add', operands: [0, 1], shape: [65536, 65536] },
    ];
    const file = { format: 'ad-graph', version: 1, nodes, outputs: [] };
    expect(() => fromJSON(file)).toThrow(/node 2 \(add\): .*more than 2\^31 - 1 elements/);
  });

  test('nothing is allocated for a shape before its elements are counted', () => {
    const nodes = [{ op: 'constant', shape: [2147483647], value: [1] }];
    const file = { format: 'ad-graph', version: 1, nodes, outputs: [] };
    expect(() => fromJSON(file)).toThrow(/its value has 1 elements, expected 2147483647/);
  });

  test('lists nested 200,000 deep do not exhaust the stack', () => {
    const deep = '['.repeat(2e5) + ']'.repeat(2e5);
    const text = JSON.stringify(goodFile());
    for (const place of [
      '"shape":[2,3]',
      '"value":[1,2,3,4,5,6]',
      '"operands":[0]',
      '"axes":[1]',
    ]) {
      expect(text).toContain(place);
      const key = place.slice(0, place.indexOf(':') + 1);
      expectRefused(text.replace(place, key + deep));
    }
    expectRefused(deep);
  });
});

describe('corruption', () => {
  test('any field deleted, replaced or added: refused in order, or a sound graph', () => {
    fc.assert(
      fc.property(
        graphs,
        fc.nat(),
        fc.option(nasty, { nil: undefined }),
        fc.constantFrom('at', 'under __proto__', 'under constructor', 'before'),
        (graph, pick, replacement, where) => {
          const file: unknown = JSON.parse(JSON.stringify(toJSON(graph)));
          const paths = pathsOf(file);
          const path = paths[pick % paths.length]!;
          if (where === 'under __proto__') path.push('__proto__');
          if (where === 'under constructor') path.push('constructor');
          if (where === 'before') insert(file, path, replacement);
          else replace(file, path, replacement);
          expectRefusedOrSound(file);
          expectRefusedOrSound(JSON.stringify(file));
        },
      ),
    );
  });

  test('every single field of one file, with every nasty value', () => {
    const good = goodFile();
    const values = [undefined, null, -1, 0, 1, 1e9, 0.5, '', 'x', '__proto__', [], {}, true];
    checkFields(good, pathsOf(good), values);
  });

  test('text cut short at any place is refused', () => {
    checkCuts(JSON.stringify(goodFile()));
  });

  test('any character of the text changed: refused in order, or a sound graph', () => {
    const texts = graphs.map((graph) => JSON.stringify(toJSON(graph)));
    checkCharacters(texts, fc.oneof(someSymbols, fc.string({ maxLength: 3 })));
  });
});
