/** Loops and branches: what they compute, what their functions may use, and what they say when something does not fit. */
import {
  apply,
  applyBody,
  Body,
  cond,
  equal,
  evaluate,
  floor,
  ForeignNodeError,
  fori,
  fromJSON,
  gather,
  Graph,
  GraphError,
  type GraphNode,
  greater,
  interpreter,
  KindError,
  less,
  listing,
  not,
  operations,
  scan,
  ShapeError,
  tensor,
  toDot,
  toInteger,
  toJSON,
  ValueError,
  where,
  whileLoop,
} from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const numbers = fc.double({ min: -2, max: 2, noNaN: true });

/** A step that is sensitive to the order of everything. */
const next = (c: GraphNode, x: GraphNode, w: GraphNode): GraphNode => c.mul(w).add(x.sin()).tanh();

describe('scan', () => {
  test('is the loop written out, bit for bit, forwards and backwards', () => {
    fc.assert(
      fc.property(
        fc.array(numbers, { maxLength: 12 }),
        numbers,
        numbers,
        fc.boolean(),
        (list, first, weight, reverse) => {
          const graph = new Graph();
          const w = graph.input('w', { value: weight });
          const xs = graph.constant(Float64Array.from(list));
          const loop = scan(
            (c, x, i) => ({ carry: next(c, x, w), y: { before: c, place: i } }),
            w.mul(0).add(first),
            xs,
            { reverse },
          );
          let carry = w.mul(0).add(first);
          const before = list.map(() => 0);
          for (let step = 0; step < list.length; step++) {
            const t = reverse ? list.length - 1 - step : step;
            before[t] = carry.value;
            carry = next(carry, graph.constant(list[t]!), w);
          }
          expect(loop.carry.value).toBe(carry.value);
          expect(loop.ys.before.tensor.toArray()).toStrictEqual(before);
          expect(loop.ys.place.kind).toBe('integer');
          expect(loop.ys.place.tensor.toArray()).toStrictEqual(list.map((_, t) => t));
        },
      ),
    );
  });

  test('carries trees of every kind and shape', () => {
    const graph = new Graph();
    const m = graph.input('m', { value: [[1, 2], [3, 4]] }); // prettier-ignore
    const labels = tensor([2, 0, 1], { kind: 'integer' });
    const { carry, ys } = scan(
      (state, { label }) => ({
        carry: {
          list: [state.list[0].matmul(m), not(state.list[1])],
          last: label,
        },
        y: state.list[1],
      }),
      {
        list: [m, graph.constant(true)],
        last: graph.constant(tensor(7, { kind: 'integer' })),
      } as const,
      { label: labels },
    );
    expect(carry.list[0].tensor.toArray()).toStrictEqual(
      m.matmul(m).matmul(m).matmul(m).tensor.toArray(),
    );
    expect(carry.list[1].kind).toBe('boolean');
    expect(carry.list[1].value).toBe(0);
    expect(carry.last.kind).toBe('integer');
    expect(carry.last.value).toBe(1);
    expect(ys.tensor.toArray()).toStrictEqual([true, false, true]);
  });

  test('of no steps gives back what it started from, and empty stacks', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: [1, 2] });
    const { carry, ys } = scan((c) => ({ carry: c.mul(2), y: c }), x, undefined, { length: 0 });
    expect(carry.tensor.toArray()).toStrictEqual([1, 2]);
    expect(ys.shape).toStrictEqual([0, 2]);
  });

  test('a count leaves out the entries from it on', () => {
    const graph = new Graph();
    const n = graph.input('n', { kind: 'integer' });
    const xs = graph.constant(tensor([1, 2, 3, 4]));
    const sum = (reverse: boolean): GraphNode[] => {
      const { carry, ys } = scan((c, x) => ({ carry: c.mul(10).add(x), y: c }), 0, xs, {
        reverse,
        count: n,
      });
      return [carry, ys];
    };
    const values = (nodes: GraphNode[], count: number): unknown[] =>
      evaluate(nodes, { n: tensor(count, { kind: 'integer' }) }).map((value) => value.toArray());
    expect(values(sum(false), 3)).toStrictEqual([123, [0, 1, 12, 0]]);
    expect(values(sum(true), 3)).toStrictEqual([321, [32, 3, 0, 0]]);
    expect(values(sum(false), 0)).toStrictEqual([0, [0, 0, 0, 0]]);
    expect(values(sum(false), 9)).toStrictEqual(values(sum(false), 4));
  });

  test('the graph does not grow with the number of steps, and a hundred thousand of them run', () => {
    const sizes = [1, 100_000].map((length) => {
      const graph = new Graph();
      const x = graph.input('x', { value: 0.5 });
      const root = fori(length, (_i, c) => c.add(x.sub(c).mul(0.01)), x.mul(0));
      expect(root.value).toBeCloseTo(length === 1 ? 0.005 : 0.5, 12);
      return graph.nodeCount;
    });
    expect(sizes[0]).toBe(sizes[1]);
  });

  test.each<[string, (x: GraphNode) => unknown, new (message: string) => Error, RegExp]>([
    [
      'another shape',
      (x) => scan((c) => ({ carry: { h: c.h.sum() } }), { h: x }, x),
      ShapeError,
      /scan: the carry at \.h is real of shape \[3\] at first, but the body returned real of shape \[\] \(a scalar\) for it/,
    ],
    [
      'another kind',
      (x) => scan((c) => ({ carry: less(c, 1) }), x, x),
      ShapeError,
      /real of shape \[3\] at first, but the body returned boolean/,
    ],
    [
      'another form',
      (x) => scan((c) => ({ carry: { g: c.h } }), { h: x }, x),
      ValueError,
      /the carry at \.h is missing/,
    ],
    [
      'more leaves',
      (x) => scan((c) => ({ carry: { h: c.h, g: c.h } }), { h: x }, x),
      ValueError,
      /has a leaf \.g in what the body returned/,
    ],
    ['no carry', (x) => scan((c) => c as never, x, x), ValueError, /expected \{ carry, y \}/],
    [
      'no length',
      (x) => scan((c) => ({ carry: c }), x),
      ValueError,
      /the number of steps is unknown/,
    ],
    [
      'two lengths',
      (x) => scan((c) => ({ carry: c }), x, x, { length: 4 }),
      ShapeError,
      /xs of shape \[3\] has 3 entries, expected 4/,
    ],
    ['a bad length', (x) => fori(-1, (_i, c) => c, x), ValueError, /fori: the count is -1/],
    [
      'a scalar array',
      (x) => scan((c) => ({ carry: c }), x, x.sum()),
      ShapeError,
      /xs is a scalar/,
    ],
    [
      'no node',
      () => scan((c) => ({ carry: c }), 0, tensor([1])),
      GraphError,
      /no graph node among the 2 values/,
    ],
    [
      'a result that is no tree',
      (x) => scan((c) => ({ carry: c, y: () => c }), x, x),
      ValueError,
      /a function/,
    ],
  ])('%s is an error that says where', (_name, build, type, message) => {
    // prettier-ignore
    const graph = new Graph();
    const x = graph.input('x', { shape: [3] });
    expect(() => build(x)).toThrow(type);
    expect(() => build(x)).toThrow(message);
  });
});

test('a counted scan has fewer carries and arrays than operands', () => {
  const graph = new Graph();
  const count = graph.input('count', { kind: 'integer' });
  const init = graph.input('init');
  const inner = new Graph();
  const carry = inner.input('carry');
  const body = new Body([inner.input('i', { kind: 'integer' }), carry], [carry.mul(2)]);
  const scanned = (carries: number, arrays: number): GraphNode =>
    apply(operations.scan, [count, init], {
      body,
      carries,
      scanned: arrays,
      length: 3,
      reverse: false,
      counted: true,
      checkpoints: 0,
    });
  expect(evaluate(scanned(1, 0), { count: 2, init: 5 }).at(0)).toBe(20);
  expect(() => scanned(2, 0)).toThrow(/scan: carries is 2, expected a number from 0 to 1/);
  expect(() => scanned(1, 1)).toThrow(/scan: scanned is 1, expected a number from 0 to 0/);
});

describe('cond', () => {
  test('runs one of the branches', () => {
    const graph = new Graph();
    const x = graph.input('x');
    const i = graph.input('i', { kind: 'integer', value: tensor(5, { kind: 'integer' }) });
    const table = graph.constant(tensor([10, 20]));
    // The other branch would throw: the index does not exist.
    const y = cond(less(x, 0), () => x.neg(), () => gather(table, i)); // prettier-ignore
    expect(evaluate(y, { x: -3 }).item()).toBe(3);
    expect(() => evaluate(y, { x: 3 })).toThrow(/index 5/);
  });

  test('passes operands, and shares what both branches use', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: 2 });
    const result = cond(
      greater(x, 0),
      ({ a, b }) => ({ sum: a.add(b).add(x), isLarge: greater(a, 1) }),
      ({ a }) => ({ sum: a.sub(x), isLarge: less(a, 1) }),
      { a: x.square(), b: 10 },
    );
    expect(result.sum.value).toBe(16);
    expect(result.isLarge.kind).toBe('boolean');
    expect(evaluate(result.sum, { x: -3 }).item()).toBe(12);
    expect(evaluate(result.isLarge, { x: -3 }).item()).toBe(0);
    const node = graph.node(graph.nodeCount - 1).operation;
    expect(node).toBe('notEqual');
  });

  test.each<[string, (x: GraphNode) => unknown, RegExp]>([
    [
      'an array as predicate',
      (x) =>
        cond(
          greater(x, 0),
          () => x,
          () => x,
        ),
      /predicate has shape \[3\], expected a scalar/,
    ],
    [
      'a number as predicate',
      (x) =>
        cond(
          x.sum(),
          () => x,
          () => x,
        ),
      /predicate is of kind real, expected boolean/,
    ],
    [
      'branches of two shapes',
      (x) =>
        cond(
          greater(x.sum(), 0),
          () => x,
          () => x.sum(),
        ),
      /the result of the branches is real of shape \[3\] at first/,
    ],
    [
      'branches of two forms',
      (x) =>
        cond(
          greater(x.sum(), 0),
          () => ({ y: x }),
          () => x,
        ),
      /at \.y is missing/,
    ],
    [
      'nothing',
      (x) =>
        cond(
          greater(x.sum(), 0),
          () => [],
          () => [],
        ),
      /returned nothing/,
    ],
  ])('%s is an error', (_name, build, message) => {
    // prettier-ignore
    const x = new Graph().input('x', { shape: [3] });
    expect(() => build(x)).toThrow(message);
  });
});

describe('whileLoop', () => {
  const collatz = (
    x: GraphNode,
    maxSteps?: number,
  ): { readonly n: GraphNode; readonly steps: GraphNode } =>
    whileLoop(
      ({ n }) => greater(n, 1),
      ({ n, steps }) => {
        const half = n.div(2);
        return { n: where(equal(floor(half), half), half, n.mul(3).add(1)), steps: steps.add(1) };
      },
      { n: x, steps: 0 },
      maxSteps === undefined ? {} : { maxSteps },
    );

  test('goes on while the condition holds', () => {
    const x = new Graph().input('x');
    const { steps } = collatz(x);
    expect(evaluate(steps, { x: 27 }).item()).toBe(111);
    expect(evaluate(steps, { x: 1 }).item()).toBe(0);
  });

  test('stops after maxSteps', () => {
    const x = new Graph().input('x');
    const { n, steps } = collatz(x, 3);
    expect(evaluate([n, steps], { x: 27 }).map((value) => value.item())).toStrictEqual([
      41 * 3 + 1,
      3,
    ]);
    expect(evaluate(collatz(x, 200).steps, { x: 27 }).item()).toBe(111);
    expect(evaluate(collatz(x, 0).n, { x: 27 }).item()).toBe(27);
  });

  test.each<[string, (x: GraphNode) => unknown, RegExp]>([
    [
      'an array as condition',
      (x) =>
        whileLoop(
          (c) => greater(c, 0),
          (c) => c,
          x,
        ),
      /condition has shape \[3\], expected a scalar/,
    ],
    [
      'a number as condition',
      (x) =>
        whileLoop(
          (c) => c.sum(),
          (c) => c,
          x,
        ),
      /of kind real, expected boolean/,
    ],
    [
      'no condition',
      (x) =>
        whileLoop(
          () => true as never,
          (c) => c,
          x,
        ),
      /returned true, expected a node/,
    ],
    [
      'no carry',
      (x) =>
        whileLoop(
          () => greater(x.sum(), 0),
          () => ({}),
          {},
        ),
      /no graph node among the 0 values/,
    ],
    [
      'a bad limit',
      (x) =>
        whileLoop(
          (c) => greater(c.sum(), 0),
          (c) => c,
          x,
          { maxSteps: 0.5 },
        ),
      /maxSteps is 0.5/,
    ],
  ])('%s is an error', (_name, build, message) => {
    // prettier-ignore
    const x = new Graph().input('x', { shape: [3] });
    expect(() => build(x)).toThrow(message);
  });
});

describe('bodies', () => {
  test('use nodes of all graphs around, through every level', () => {
    const graph = new Graph();
    const a = graph.input('a', { value: 2 });
    const b = graph.input('b', { value: 3 });
    const before = graph.nodeCount;
    const y = fori(
      2,
      (i, outer) => {
        const inner = fori(3, (j, c) => c.mul(a).add(outer).add(i).sub(j), b);
        return cond(greater(inner, a), () => whileLoop((c) => greater(c, b), (c) => c.sub(outer.abs().add(a)), inner), () => b); // prettier-ignore
      },
      a,
    );
    let outer = 2;
    for (let i = 0; i < 2; i++) {
      let c = 3;
      for (let j = 0; j < 3; j++) c = c * 2 + outer + i - j;
      if (c > 2) while (c > 3) c -= Math.abs(outer) + 2;
      outer = c > 2 || c <= 2 ? c : 3;
    }
    expect(y.value).toBe(outer);
    // One node for the loop, and two to read its result.
    expect(graph.nodeCount - before).toBe(3);
  });

  test('what they do with nodes from around is done inside of them', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: -1 });
    const positive = greater(x, 0);
    const before = graph.nodeCount;
    cond(positive, () => x.sqrt().exp().sum(), () => x); // prettier-ignore
    const nodes = Array.from({ length: graph.nodeCount }, (_, id) => graph.node(id));
    expect(nodes.map(({ operation }) => operation)).not.toContain('sqrt');
    expect(graph.nodeCount - before).toBe(3);
  });

  test('nodes do not outlive the call of their function', () => {
    const x = new Graph().input('x', { value: 1 });
    const kept: GraphNode[] = [];
    fori(2, (_i, c) => { kept.push(c); return c; }, x); // prettier-ignore
    expect(() => x.add(kept[0]!)).toThrow(ForeignNodeError);
    expect(() => fori(2, () => kept[0]!, x)).toThrow(
      /belongs to another graph; a body can use its parameters/,
    );
    expect(() => fori(2, (_i, c) => c.add(kept[0]!), x)).toThrow(ForeignNodeError);
    expect(() => fori(2, () => new Graph().input('y'), x)).toThrow(ForeignNodeError);
  });

  test('have no values while they are built', () => {
    const x = new Graph().input('x', { value: 1 });
    expect(() => fori(2, (_i, c) => (c.value > 0 ? c : c.neg()), x)).toThrow(
      /input "carry" has no value/,
    );
    // A value from around is a constant of the loop.
    expect(fori(3, (_i, c) => (x.value > 0 ? c.mul(2) : c), x).value).toBe(8);
  });

  test('a function that throws leaves the graph as it was, open for more', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: 1 });
    const before = listing(graph);
    expect(() => fori(2, () => { throw new Error('mine'); }, x)).toThrow('mine'); // prettier-ignore
    expect(listing(graph)).toBe(before);
    expect(x.add(1).graph).toBe(graph);
    expect(fori(2, (_i, c) => c.add(x), x).value).toBe(3);
  });

  test('are closed', () => {
    const graph = new Graph();
    const x = graph.input('x');
    const y = graph.input('y', { shape: [2] });
    expect(() => new Body([x], [x.add(y)])).toThrow(
      /needs .*"y".* not among its inputs|outputs need #1 "y"/,
    );
    expect(() => new Body([x, x], [x])).toThrow(/twice/);
    expect(() => new Body([x.add(1)], [x])).toThrow(/is none/);
    expect(() => new Body([x], [])).toThrow(/at least one output/);
    expect(() => new Body([x], [new Graph().input('z')])).toThrow(/another graph/);
    const body = new Body([x, y], [x.add(y)]);
    expect(() => applyBody(body, [x])).toThrow(/has 2 inputs, got 1/);
    expect(() => applyBody(body, [y, x])).toThrow(
      /input 1 of the body is real \[\] \(a scalar\), got real \[2\]/,
    );
  });

  test('programs of the interpreter run them many times', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: 1 });
    const program = interpreter({
      outputs: [fori(3, (_i, c) => c.mul(x), x)],
      updates: [[x, x.add(1)]],
    });
    expect([1, 2, 3].map(() => program.run()[0]!.item())).toStrictEqual([1, 16, 81]);
    expect(program.report()).toMatch(/1 x scan/);
  });
});

describe('as text', () => {
  const build = (): GraphNode => {
    const graph = new Graph();
    const x = graph.input('x', { value: 1.5 });
    const xs = graph.input('xs', { shape: [3], value: [1, 2, 3] });
    const { carry, ys } = scan(
      (c, x_t) => ({
        carry: cond(less(c, 4), () => c.mul(x).named('grown'), () => c.sub(x_t)), // prettier-ignore
        y: whileLoop((z) => greater(z, 1), (z) => z.mul(0.5), c, { maxSteps: 9 }), // prettier-ignore
      }),
      x,
      xs,
    );
    return carry.add(ys.sum());
  };

  test('a file gives back the same loops', () => {
    const y = build();
    const text = JSON.stringify(toJSON([y]));
    const loaded = fromJSON(text).outputs[0]!;
    expect(loaded.value).toBe(y.value);
    expect(JSON.stringify(toJSON([loaded]))).toBe(text);
  });

  test('a listing shows the bodies below their nodes', () => {
    const x = new Graph().input('x');
    const y = fori(3, (i, c) => cond(less(c, x), () => c.mul(i), () => x), x); // prettier-ignore
    expect(listing(y)).toMatchInlineSnapshot(`
      "%0 "x": real = input
      %1: real[4] = scan(%0 "x", %0 "x", body: 7 nodes, carries: 1, scanned: 0, length: 3, reverse: false, counted: false, checkpoints: 0)
        body: (%0 "index", %1 "carry", %2 "x") => (%6)
          %0 "index": integer = input
          %1 "carry": real = input
          %2 "x": real = input "outer0"
          %3: boolean = less(%1 "carry", %2 "x")
          %4: real[1] = cond(%3, %1 "carry", %0 "index", %2 "x", whenTrue: 4 nodes, whenFalse: 3 nodes)
            whenTrue: (%0 "carry", %1 "index", %3 "x") => (%2)
              %0 "carry": real = input "outer0"
              %1 "index": integer = input "outer1"
              %2: real = mul(%0 "carry", %1 "index")
              %3 "x": real = input "outer2"
            whenFalse: (%1 "carry", %2 "index", %0 "x") => (%0 "x")
              %0 "x": real = input "outer0"
              %1 "carry": real = input "outer1"
              %2 "index": integer = input "outer2"
          %5: real[1] = slice(%4, starts: [0], lengths: [1], steps: [1])
          %6: real = reshape(%5, shape: [])
      %2: real[1] = slice(%1, starts: [0], lengths: [1], steps: [1])
      %3: real = reshape(%2, shape: [])"
    `);
    expect(listing(y, { limit: 3 }).split('\n')).toHaveLength(4);
  });

  test('a drawing says how large bodies are', () => {
    expect(toDot(build())).toMatch(/body: 12 nodes|body: a body of \d+ nodes/);
  });
});

describe('toInteger', () => {
  test('rounds towards 0', () => {
    const x = new Graph().input('x', { value: [1.9, -1.9, 0, NaN, 5] });
    expect(toInteger(x).tensor.toArray()).toStrictEqual([1, -1, 0, 0, 5]);
    expect(toInteger(x.sum().mul(0)).value).toBe(0);
    expect(toInteger(new Graph().constant(-2.5)).value).toBe(-2);
    expect(toInteger(greater(x, 0)).tensor.toArray()).toStrictEqual([1, 0, 0, 0, 1]);
  });

  test('is no condition', () => {
    const x = new Graph().input('x');
    expect(() => cond(toInteger(x), () => x, () => x)).toThrow(KindError); // prettier-ignore
  });
});
