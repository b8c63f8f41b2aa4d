/** Files with loops and branches whose bodies are wrong: refused with a FormatError that names the node and its body. */
import {
  cond,
  fromJSON,
  Graph,
  type GraphJSON,
  greater,
  less,
  listing,
  scan,
  toJSON,
  whileLoop,
} from '@ad/graph';
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
  replace,
  someSymbols,
  withValue,
} from './corruption.ts';

/** A scan with a branch in its body, a branch, and a loop of unknown length. */
function goodFile(): GraphJSON {
  const graph = new Graph();
  const x = graph.input('x', { shape: [2], value: [0.5, -1] });
  const w = graph.input('w', { value: 2 });
  const { carry, ys } = scan(
    (c, e, i) => {
      const next = cond(
        greater(e, 0),
        () => c.mul(w).add(e),
        () => c.sub(i),
      );
      return { carry: next, y: next.square() };
    },
    w,
    x,
  );
  const chosen = cond(greater(carry, 1), (y) => y.sin(), (y) => y.mul(w), carry); // prettier-ignore
  const root = whileLoop((y) => less(y, 10), (y) => y.mul(3), chosen, { maxSteps: 4 }); // prettier-ignore
  return toJSON(graph, { outputs: { root, ys } });
}

const good = goodFile();
test('the good file is good', () => {
  expect(listing(fromJSON(good).graph)).toMatchInlineSnapshot(`
    "%0 "x": real[2] = input
    %1 "w": real = input
    %2: real[5] = scan(%1 "w", %0 "x", %1 "w", body: 10 nodes, carries: 1, scanned: 1, length: 2, reverse: false, counted: false, checkpoints: 0)
      body: (%0 "index", %1 "carry", %2 "x", %5 "w") => (%8, %9)
        %0 "index": integer = input
        %1 "carry": real = input
        %2 "x": real = input
        %3: real = constant 0
        %4: boolean = greater(%2 "x", %3)
        %5 "w": real = input "outer0"
        %6: real[1] = cond(%4, %1 "carry", %5 "w", %2 "x", %0 "index", whenTrue: 6 nodes, whenFalse: 5 nodes)
          whenTrue: (%0 "carry", %1 "w", %3 "x", %5 "index") => (%4)
            %0 "carry": real = input "outer0"
            %1 "w": real = input "outer1"
            %2: real = mul(%0 "carry", %1 "w")
            %3 "x": real = input "outer2"
            %4: real = add(%2, %3 "x")
            %5 "index": integer = input "outer3"
          whenFalse: (%0 "carry", %3 "w", %4 "x", %1 "index") => (%2)
            %0 "carry": real = input "outer0"
            %1 "index": integer = input "outer1"
            %2: real = sub(%0 "carry", %1 "index")
            %3 "w": real = input "outer2"
            %4 "x": real = input "outer3"
        %7: real[1] = slice(%6, starts: [0], lengths: [1], steps: [1])
        %8: real = reshape(%7, shape: [])
        %9: real = square(%8)
    %3: real[1] = slice(%2, starts: [0], lengths: [1], steps: [1])
    %4: real = reshape(%3, shape: [])
    %5: real[2] = slice(%2, starts: [1], lengths: [2], steps: [1])
    %6: real[2] = reshape(%5, shape: [2])
    %7: real = constant 1
    %8: boolean = greater(%4, %7)
    %9: real[1] = cond(%8, %4, %1 "w", whenTrue: 3 nodes, whenFalse: 3 nodes)
      whenTrue: (%0 "operand", %2 "w") => (%1)
        %0 "operand": real = input
        %1: real = sin(%0 "operand")
        %2 "w": real = input "outer0"
      whenFalse: (%0 "operand", %1 "w") => (%2)
        %0 "operand": real = input
        %1 "w": real = input "outer0"
        %2: real = mul(%0 "operand", %1 "w")
    %10: real[1] = slice(%9, starts: [0], lengths: [1], steps: [1])
    %11: real = reshape(%10, shape: [])
    %12: real[6] = whileLoop(%11, condition: 3 nodes, body: 3 nodes, carries: 1, limit: 4, snapshots: 1024)
      condition: (%0 "carry") => (%2)
        %0 "carry": real = input
        %1: real = constant 10
        %2: boolean = less(%0 "carry", %1)
      body: (%0 "carry") => (%2)
        %0 "carry": real = input
        %1: real = constant 3
        %2: real = mul(%0 "carry", %1)
    %13: real[1] = slice(%12, starts: [0], lengths: [1], steps: [1])
    %14: real = reshape(%13, shape: [])"
  `);
});

describe('every mistake is named with its node, its body and what was expected', () => {
  const scan = 'nodes.2.attributes';
  const branch = 'nodes.9.attributes';
  const loop = 'nodes.12.attributes';
  // A place in the good file, what to put there (`undefined` deletes), and what the message must say.
  const cases: readonly [path: string, replacement: unknown, message: RegExp][] = [
    // The body as a whole.
    [`${scan}.body`, undefined, /node 2 \(scan\): its attribute body is missing, expected a body/],
    [`${scan}.body`, null, /node 2 \(scan\): its attribute body is null, expected a body/],
    [`${scan}.body`, [], /its attribute body is a list of 0, expected a body/],
    [`${scan}.body`, 'x => x', /its attribute body is the string "x => x", expected a body/],
    [`${scan}.body`, {}, /node 2 \(scan\): body: nodes is missing, expected a list of nodes/],
    [`${branch}.whenFalse`, undefined, /node 9 \(cond\): its attribute whenFalse is missing/],
    [
      `${loop}.condition`,
      0,
      /node 12 \(whileLoop\): its attribute condition is 0, expected a body/,
    ],
    [
      `${loop}.body.extra`,
      1,
      /node 12 \(whileLoop\): body: it has a field "extra", expected none but nodes, inputs/,
    ],
    [`${loop}.body.nodes`, 3, /node 12 \(whileLoop\): body: nodes is 3, expected a list/],
    [
      `${loop}.body.nodes`,
      [],
      /node 12 \(whileLoop\): body: inputs has 0, expected a position in the list of 0 nodes/,
    ],

    // Its inputs and outputs.
    [
      `${scan}.body.inputs`,
      undefined,
      /node 2 \(scan\): body: inputs is missing, expected a list of positions/,
    ],
    [
      `${scan}.body.inputs.1`,
      10,
      /body: inputs has 10, expected a position in the list of 10 nodes/,
    ],
    [`${scan}.body.inputs.1`, -1, /body: inputs has -1, expected a position/],
    [`${scan}.body.inputs.1`, '1', /body: inputs has the string "1", expected a position/],
    [
      `${scan}.body.inputs.1`,
      3,
      /node 2 \(scan\): body: .* is listed as an input of a body, but is none/,
    ],
    [`${scan}.body.inputs.1`, 0, /node 2 \(scan\): body: .* is listed twice as an input/],
    [
      `${scan}.body.inputs.3`,
      undefined,
      /node 2 \(scan\): body: a body is closed, but its outputs need .*"w"/,
    ],
    [`${scan}.body.outputs`, [], /node 2 \(scan\): body: a body needs at least one output/],
    [`${scan}.body.outputs.0`, 1e9, /body: outputs has 1000000000, expected a position/],
    [
      `${scan}.body.outputs.0`,
      0,
      /node 2 \(scan\): the carries that the body returns: number 1 is integer \[\] .*, expected real/,
    ],
    [
      `${scan}.body.outputs.0`,
      6,
      /the carries that the body returns: number 1 is real \[1\], expected real/,
    ],
    [
      `${branch}.whenFalse.outputs.1`,
      0,
      /node 9 \(cond\): the results of the second branch: there are 2, expected 1/,
    ],
    [
      `${branch}.whenTrue.inputs.1`,
      undefined,
      /node 9 \(cond\): the inputs of the first branch: there are 1, expected 2/,
    ],
    [
      `${branch}.whenFalse.nodes.0.shape`,
      [1],
      /node 9 \(cond\): whenFalse: node 2 \(mul\): its type is real, but by the rule of mul it is real\[1\]/,
    ],
    [
      `${loop}.condition.outputs.0`,
      1,
      /node 12 \(whileLoop\): the results of the condition: number 1 is real \[\] .*, expected boolean/,
    ],
    [`${loop}.condition.outputs.1`, 2, /the results of the condition: there are 2, expected 1/],
    [
      `${loop}.body.outputs.1`,
      2,
      /node 12 \(whileLoop\): the carries that the body returns: there are 2, expected 1/,
    ],
    [
      `${loop}.condition.inputs`,
      [],
      /node 12 \(whileLoop\): condition: a body is closed, but its outputs need .*carry/,
    ],
    [
      `${loop}.body.nodes.0.kind`,
      'integer',
      /node 12 \(whileLoop\): the inputs of the body: number 1 is integer \[\] .*, expected real/,
    ],

    // Its nodes.
    [`${scan}.body.nodes.3`, 7, /node 2 \(scan\): body: node 3: it is 7, expected an object/],
    [
      `${scan}.body.nodes.9.operands.0`,
      9,
      /node 2 \(scan\): body: node 9 \(square\): operand 1 is 9, expected the position of an earlier node, 0 to 8/,
    ],
    [`${scan}.body.nodes.9.operands.0`, 400, /body: node 9 \(square\): operand 1 is 400, expected/],
    [
      `${scan}.body.nodes.9.op`,
      'launch',
      /node 2 \(scan\): body: node 9 \(launch\): there is no operation "launch"/,
    ],
    [`${scan}.body.nodes.9.op`, '__proto__', /there is no operation "__proto__"/],
    [
      `${scan}.body.nodes.9.attributes`,
      { axis: 0 },
      /body: node 9 \(square\): it has an attribute "axis"/,
    ],
    [
      `${scan}.body.nodes.1.value`,
      1,
      /node 2 \(scan\): body: an input has a value; inputs of a body are fed by/,
    ],
    [`${scan}.body.nodes.1.name`, 'x', /body: node 2 \(input "x"\): .*already has an input "x"/],
    [
      `${scan}.body.nodes.2.kind`,
      'boolean',
      /body: node 6 \(cond\): the inputs of the first branch: number 3 is real .*, expected boolean/,
    ],
    [
      `${scan}.body.nodes.6.attributes.whenTrue.nodes.4.op`,
      'sub2',
      /node 2 \(scan\): body: node 6 \(cond\): whenTrue: node 4 \(sub2\): there is no operation/,
    ],
    [
      `${scan}.body.nodes.6.attributes.whenTrue.outputs.0`,
      9,
      /node 2 \(scan\): body: node 6 \(cond\): whenTrue: outputs has 9/,
    ],
    [
      `${scan}.body.nodes.6.operands.0`,
      2,
      /body: node 6 \(cond\): the predicate: number 1 is real \[\] .*, expected boolean/,
    ],

    // Its counts.
    [
      `${scan}.carries`,
      1e9,
      /node 2 \(scan\): carries is 1000000000, expected a number from 0 to 3/,
    ],
    [`${scan}.carries`, -1, /carries is -1, expected a number from 0/],
    [`${scan}.carries`, 0.5, /its attribute carries is 0.5, expected an integer/],
    [
      `${scan}.carries`,
      0,
      /node 2 \(scan\): scanned array 1 has shape \[\] .*, expected 2 entries/,
    ],
    [`${scan}.scanned`, 3, /scanned is 3, expected a number from 0 to 2/],
    [`${scan}.length`, 3, /node 2 \(scan\): scanned array 1 has shape \[2\], expected 3 entries/],
    [`${scan}.length`, -1, /length is -1, expected a number from 0 to 2147483647/],
    [`${scan}.length`, 2 ** 31, /length is 2147483648, expected a number from 0/],
    [`${scan}.length`, 1e300, /its attribute length is 1e\+300, expected an integer/],
    [`${scan}.checkpoints`, 1e9, /checkpoints is 1000000000, expected a number from 0 to 1048576/],
    [`${scan}.checkpoints`, 1, /its type is real\[5\], but by the rule of scan it is real\[3\]/],
    [
      `${scan}.counted`,
      true,
      /node 2 \(scan\): the count: number 1 is real \[\] .*, expected integer/,
    ],
    [`${scan}.reverse`, 1, /its attribute reverse is 1, expected true or false/],
    [`${loop}.carries`, 0, /node 12 \(whileLoop\): carries is 0, expected a number from 1 to 1/],
    [`${loop}.limit`, -2, /limit is -2, expected a number from -1/],
    [`${loop}.limit`, 2 ** 31 - 1, /node 12 \(whileLoop\): .*more than 2\^31 - 1 elements/],
    [`${loop}.limit`, 5, /its type is real\[6\], but by the rule of whileLoop it is real\[7\]/],
    [`${loop}.snapshots`, 7, /snapshots is 7, which is odd/],
    [
      `${loop}.snapshots`,
      2 ** 40,
      /snapshots is 1099511627776, expected a number from 2 to 1048576/,
    ],
    [
      'nodes.2.shape',
      [7],
      /node 2 \(scan\): its type is real\[7\], but by the rule of scan it is real\[5\]/,
    ],
    [
      'nodes.2.operands.2',
      undefined,
      /node 2 \(scan\): the inputs of the body: there are 4, expected 3/,
    ],
    [
      'nodes.9.operands.0',
      1,
      /node 9 \(cond\): the predicate: number 1 is real \[\] .*, expected boolean/,
    ],
  ];
  test.each(cases)('%s: %j', (path, replacement, message) => {
    const file = withValue(good, path.split('.'), replacement);
    expectRefused(file, message, /^fromJSON: node \d+ \(/);
  });

  test('a body that has itself for a body is refused when the nesting is deeper than anyone writes', () => {
    const file = structuredClone(good);
    const step = file.nodes[2]!.attributes!['body'] as unknown as {
      nodes: { attributes?: Record<string, unknown> }[];
    };
    step.nodes[6]!.attributes!['whenTrue'] = step;
    expectRefused(file, /bodies lie in one another more than 64 deep/);
  });

  test('bodies nested 20,000 deep do not exhaust the stack', () => {
    const open = '{"nodes":[{"op":"cond","operands":[0],"attributes":{"whenTrue":';
    const text = JSON.stringify(good).replace(
      '"body":{',
      `"body":${open.repeat(20_000)}1${'}}]}'.repeat(20_000)},"other":{`,
    );
    expectRefused(text);
  });
});

describe('corruption', () => {
  test('every single field of loops and branches, with nasty values', () => {
    const paths = pathsOf(good).filter((path) => path.includes('attributes'));
    checkFields(good, paths, [undefined, null, 1, 1e9, []]);
  });

  test('two fields deleted, replaced or added: refused in order, or a sound graph', () => {
    const change = fc.record({
      pick: fc.nat(),
      value: fc.option(nasty, { nil: undefined }),
      how: fc.constantFrom(replace, insert),
    });
    fc.assert(
      fc.property(change, change, (first, second) => {
        const file = structuredClone(good);
        for (const { pick, value, how } of [first, second]) {
          const paths = pathsOf(file);
          how(file, paths[pick % paths.length]!, value);
        }
        expectRefusedOrSound(file);
      }),
      { numRuns: 1000 },
    );
  });

  test('a part of the file in the place of another: refused in order, or a sound graph', () => {
    const paths = pathsOf(good);
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (from, to) => {
        let part: unknown = good;
        for (const key of paths[from % paths.length]!)
          part = (part as Record<string, unknown>)[key];
        expectRefusedOrSound(withValue(good, paths[to % paths.length]!, structuredClone(part)));
      }),
      { numRuns: 1000 },
    );
  });

  test('text cut short at any place is refused', () => {
    checkCuts(JSON.stringify(good));
  });

  test('any character of the text changed: refused in order, or a sound graph', () => {
    checkCharacters(fc.constant(JSON.stringify(good)), someSymbols, { numRuns: 1000 });
  });
});
