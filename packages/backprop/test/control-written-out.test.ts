/**
 * Small loops and branches have the derivatives of what they mean, written out node by node: with respect to all inputs
 * and to each alone, in all modes, of first and second order. Their parts are put together in many ways, because what
 * takes no part is left out of a derivative.
 */
import {
  equal,
  evaluate,
  floor,
  Graph,
  type GraphNode,
  greater,
  less,
  not,
  or,
  type ScanOptions,
  slice,
  tensor,
  toInteger,
  where,
} from '@ad/graph';
import { describe, expect, test } from 'vitest';
import { gradient, pushforward, reverseSweep, valueAndPushforward } from '../src/index.ts';
import { asNodes, type Control, withFewSnapshots, writtenOut } from './support/written-out.ts';

/** Two numbers, a vector and a matrix of three rows. */
interface Inputs {
  readonly x: GraphNode;
  readonly w: GraphNode;
  readonly v: GraphNode;
  readonly A: GraphNode;
}

type Program = (control: Control, inputs: Inputs) => GraphNode;

const values = {
  x: 0.7,
  w: 1.3,
  v: tensor([0.4, -0.6]),
  A: tensor([
    [0.2, -1.1],
    [0.9, 0.3],
    [-0.5, 0.8],
  ]),
} as const;

function inputsOf(graph: Graph): Inputs {
  const input = (name: keyof Inputs): GraphNode =>
    graph.input(name, { value: values[name] as number });
  return { x: input('x'), w: input('w'), v: input('v'), A: input('A') };
}

/** Weights that tell elements apart. */
const weighted = (y: GraphNode): GraphNode => {
  const size = y.shape.reduce((a, b) => a * b, 1);
  const weights = Float64Array.from({ length: size }, (_, i) => 1 + 0.37 * i);
  return y.mul(y.graph.constant(tensor(weights, { shape: y.shape }))).sum();
};

/** Derivatives of first and second order, by all ways; `undefined` where there is nothing to differentiate. */
function derivatives(program: Program, control: Control): Record<string, number[]> {
  const graph = new Graph();
  const inputs = inputsOf(graph);
  const y = program(control, inputs);
  const wrt = Object.values(inputs) as GraphNode[];
  const directions = wrt.map((node, k) =>
    graph
      .constant(node.tensor)
      .mul(0.5)
      .add(1 + k),
  );
  const along = (slopes: readonly GraphNode[]): GraphNode =>
    slopes.map((slope, k) => slope.mul(directions[k]!).sum()).reduce((a, b) => a.add(b));
  const slopes = gradient(y, wrt);
  const tangent = pushforward(y, wrt, directions);
  const both = valueAndPushforward([y, ...slopes], wrt, directions);
  const sweep = reverseSweep(y);
  const nodes: Record<string, readonly GraphNode[]> = {
    value: [y],
    'reverse mode': slopes,
    'reverse mode, each input alone': wrt.map((node) => gradient(y, node)),
    'forward mode': [tangent],
    'forward mode, each input alone': wrt.map((node, k) => pushforward(y, node, directions[k]!)),
    'reverse over reverse': gradient(along(slopes), wrt),
    'reverse over forward': gradient(tangent, wrt),
    'forward over reverse': pushforward(slopes, wrt, directions),
    'forward over forward': [pushforward(tangent, wrt, directions)],
    'values beside tangents': both.value,
    'tangents beside values': both.tangent,
    'reverse over values and tangents': gradient(
      along(both.value.slice(1)).add(along(both.tangent.slice(1))),
      wrt,
    ),
  };
  const results = evaluate(Object.values(nodes).flat());
  let next = 0;
  const flat = (count: number): number[] =>
    results.slice((next += count) - count, next).flatMap(({ data }) => Array.from(data));
  const numbers = Object.entries(nodes).map(([name, list]): [string, number[]] => [
    name,
    flat(list.length),
  ]);
  const adjoints = wrt.flatMap((node) => Array.from(sweep.adjointTensor(node).data));
  return { ...Object.fromEntries(numbers), 'numeric sweep': adjoints };
}

function expectSame(program: Program, control: Control = asNodes): void {
  const wanted = derivatives(program, writtenOut);
  for (const [name, numbers] of Object.entries(derivatives(program, control))) {
    const expected = wanted[name]!;
    const far = numbers.filter((x, i) => !(Math.abs(x - expected[i]!) <= 1e-10 * Math.max(1, Math.abs(expected[i]!)))); // prettier-ignore
    expect({ [name]: far.length === 0 ? expected : numbers }).toEqual({ [name]: expected });
  }
}

describe('a scan', () => {
  const both =
    (options: ScanOptions): Program =>
    ({ scan }, { x, w, v, A }) => {
      const { carry, ys } = scan(
        ({ a, b }, row, i) => ({
          carry: { a: a.mul(w).add(row.sum()).sin(), b: b.mul(row).add(a.mul(i)) },
          y: { p: row.mul(a).add(w), q: b.square().sum() },
        }),
        { a: x, b: v },
        A,
        options,
      );
      return carry.a.mul(3).add(weighted(carry.b)).add(weighted(ys.p)).add(weighted(ys.q));
    };

  test.each<ScanOptions>([
    {},
    { reverse: true },
    { checkpoints: 1 },
    { checkpoints: 2, reverse: true },
    { checkpoints: 5 },
  ])('of carries, arrays, and what is outside: %j', (options) => {
    expectSame(both(options));
  });

  test.each([
    [0, false],
    [2, false],
    [2, true],
    [3, true],
  ])('of as many entries as are counted: %d, reverse: %s', (count, reverse) => {
    const program: Program = (control, inputs) => {
      const { graph } = inputs.x;
      const counted = graph.constant(tensor(count, { kind: 'integer' }));
      if (count > 0) return both({ count: counted, reverse })(control, inputs);
      const { carry } = control.scan((c: GraphNode, row: GraphNode) => ({ carry: c.mul(row.sum()), y: undefined }), inputs.x.mul(inputs.w), inputs.A, { count: counted }); // prettier-ignore
      return carry;
    };
    expectSame(program);
  });

  type Parts = { readonly a: GraphNode; readonly b: GraphNode; readonly p: GraphNode; readonly q: GraphNode }; // prettier-ignore
  /** Of two chains that know nothing of each other, what is asked for. */
  const asked: Readonly<Record<string, (parts: Parts) => GraphNode>> = {
    'the first carry': ({ a }) => a,
    'the second carry': ({ b }) => weighted(b),
    'the first result': ({ p }) => weighted(p),
    'the second result': ({ q }) => weighted(q),
    'a carry and the other result': ({ a, q }) => a.mul(weighted(q)),
    'a carry twice and its result': ({ b, q }) => b.square().sum().add(weighted(b)).mul(weighted(q)), // prettier-ignore
  };
  test.each(Object.entries(asked))('of which only %s counts', (_name, part) => {
    for (const options of [{}, { checkpoints: 2 }]) {
      expectSame(({ scan }, { x, w, v, A }) => {
        const { carry, ys } = scan(
          ({ a, b }, row) => ({
            carry: { a: a.square().add(w).mul(0.5), b: b.mul(row).sin() },
            y: { p: a.exp(), q: row.mul(b).mul(2) },
          }),
          { a: x, b: v },
          A,
          options,
        );
        return part({ ...carry, ...ys });
      });
    }
  });

  const steps: Readonly<Record<string, Program>> = {
    'no carries': ({ scan }, { w, A }) =>
      weighted(scan((c, row) => ({ carry: c, y: row.mul(w).sin() }), [], A).ys),
    'no carries, with checkpoints': ({ scan }, { w, A }) =>
      weighted(scan((c, row) => ({ carry: c, y: row.mul(w).sin() }), [], A, { checkpoints: 2 }).ys), // prettier-ignore
    'no arrays': ({ scan }, { x, w }) =>
      scan((c, _, i) => ({ carry: c.mul(w).add(i), y: undefined }), x, undefined, { length: 4 }).carry, // prettier-ignore
    'no arrays, with checkpoints': ({ scan }, { x, w, v }) =>
      scan((c) => ({ carry: c.mul(w).sin().mul(v.sum()), y: undefined }), x, undefined, { length: 4, checkpoints: 2 }).carry, // prettier-ignore
    'results that read what the carry does not': ({ scan }, { x, w, v, A }) => {
      const { carry, ys } = scan((c, row) => ({ carry: c.mul(w).sin(), y: row.mul(v).sin() }), x, A); // prettier-ignore
      return carry.add(weighted(ys));
    },
    'results that read what the carry does not, with checkpoints': ({ scan }, { x, w, v, A }) => {
      const { carry, ys } = scan((c, row) => ({ carry: c.mul(w).sin(), y: row.mul(v).sin() }), x, A, { checkpoints: 2 }); // prettier-ignore
      return carry.add(weighted(ys));
    },
    'carries and results without elements': ({ scan }, { x, w, v, A }) => {
      const none = slice(v, [{ end: 0 }]);
      const { carry, ys } = scan(
        (c, row) => ({
          carry: { a: c.a.mul(c.b), b: c.b.mul(w).add(row.sum()), c: c.c.mul(c.b), d: c.d.mul(row) },
          y: { p: c.a, q: c.b.mul(row) },
        }),
        { a: none, b: x, c: none.mul(x), d: v },
        A,
      ); // prettier-ignore
      const empty = carry.a.sum().add(carry.c.sum()).add(ys.p.sum());
      return carry.b.add(weighted(carry.d)).add(weighted(ys.q)).add(empty);
    },
    'no steps': ({ scan }, { x, v }) =>
      scan((c) => ({ carry: c.sin(), y: undefined }), x.mul(v), undefined, { length: 0 }).carry.sum(), // prettier-ignore
    'one step': ({ scan }, { x, w }) =>
      scan((c) => ({ carry: c.mul(w), y: undefined }), x, undefined, { length: 1 }).carry,
    'a carry that stays': ({ scan }, { x, w, A }) => {
      const { carry } = scan(({ a, b }, row) => ({ carry: { a, b: b.add(row.sum().mul(a)) }, y: undefined }), { a: x, b: w }, A); // prettier-ignore
      return carry.b.square().add(carry.a);
    },
    'a carry that is overwritten': ({ scan }, { x, w, A }) => {
      const { carry } = scan(({ a }, row) => ({ carry: { a: row.sum().mul(w), b: a }, y: undefined }), { a: x, b: w }, A); // prettier-ignore
      return carry.a.mul(carry.b);
    },
    'carries that change places': ({ scan }, { x, w, A }) => {
      const { carry, ys } = scan(({ a, b }, row) => ({ carry: { a: b.mul(row.sum()), b: a }, y: a.mul(b) }), { a: x, b: w }, A); // prettier-ignore
      return carry.a.add(carry.b.square()).add(weighted(ys));
    },
    'a constant carry and a constant result': ({ scan }, { x, A }) => {
      const { carry, ys } = scan(
        ({ a, b }, row) => ({
          carry: { a: a.mul(row.sum()), b: b.mul(0).add(2) },
          y: { p: b, q: a },
        }),
        { a: x, b: x.graph.constant(5) },
        A,
      );
      return carry.a.mul(carry.b).add(weighted(ys.p)).add(weighted(ys.q));
    },
    'integers and conditions among the carries': ({ scan }, { x, w, A }) => {
      const { carry, ys } = scan(
        ({ n, odd, a }, row, i) => ({
          carry: {
            n: toInteger(n.add(i)),
            odd: not(odd),
            a: where(odd, a.mul(w), a.add(row.sum()).mul(n)),
          },
          y: { n, a: a.square() },
        }),
        { n: toInteger(floor(x.mul(0).add(2))), odd: greater(x, 0), a: x },
        A,
      );
      return carry.a.mul(carry.n).add(weighted(ys.a)).add(ys.n.sum().mul(w));
    },
    'integers and conditions among the carries, with checkpoints': ({ scan }, { x, w, A }) => {
      const { carry } = scan(
        ({ n, odd, a }, row) => ({
          carry: { n: toInteger(n.add(1)), odd: not(odd), a: where(odd, a.mul(w), row.sum().mul(n)) },
          y: undefined,
        }),
        { n: toInteger(floor(x.mul(0).add(2))), odd: greater(x, 0), a: x },
        A,
        { checkpoints: 1 },
      ); // prettier-ignore
      return carry.a.mul(carry.n);
    },
    'something from outside twice': ({ scan }, { x, w, v, A }) => {
      const { carry, ys } = scan((c, row) => ({ carry: c.mul(w).add(v.mul(row).sum()), y: v.mul(c) }), x.mul(w), A.add(v)); // prettier-ignore
      return carry.mul(w).add(weighted(ys));
    },
    'what has no derivative on the way': ({ scan }, { x, w, A }) => {
      const { carry } = scan(({ a, b }, row) => ({ carry: { a: floor(a.mul(w)), b: b.mul(w).add(a).add(row.sum()) }, y: undefined }), { a: x, b: x }, A); // prettier-ignore
      return carry.a.mul(carry.b);
    },
    'a scan': ({ scan }, { x, w, v, A }) => {
      const { carry, ys } = scan(
        (c, row) => {
          const inner = scan((d, e) => ({ carry: d.mul(e).add(w), y: d.mul(c) }), c, row.add(v)); // prettier-ignore
          return { carry: inner.carry.sin(), y: inner.ys };
        },
        x,
        A,
      );
      return carry.add(weighted(ys));
    },
    'a scan with checkpoints': ({ scan }, { x, w, A }) =>
      scan((c, row) => ({ carry: scan((d, e) => ({ carry: d.mul(e).add(w), y: undefined }), c, row, { checkpoints: 1 }).carry, y: undefined }), x, A, { checkpoints: 2 }).carry, // prettier-ignore
    'a branch': ({ scan, cond }, { x, w, A }) =>
      scan((c, row) => ({ carry: cond(greater(row.sum(), 0), () => c.mul(w), () => c.square().sub(row.sum())), y: undefined }), x, A).carry, // prettier-ignore
    'a loop of unknown length': ({ scan, whileLoop }, { x, w, A }) =>
      scan((c, row) => ({ carry: whileLoop((d) => greater(d.abs(), 0.5), (d) => d.mul(w).mul(0.5), c.add(row.sum())), y: undefined }), x, A).carry, // prettier-ignore
  };
  test.each(Object.entries(steps))('with %s', (_name, program) => {
    expectSame(program);
  });
});

describe.each([
  [1, 'taken'],
  [-1, 'not taken'],
] as const)('a branch (%d), %s,', (sign, _taken) => {
  const branches: Readonly<Record<string, Program>> = {
    'of the same operands': ({ cond }, { x, w }) =>
      cond(greater(x.mul(sign), 0), () => x.mul(w), () => x.div(w)), // prettier-ignore
    'of different operands': ({ cond }, { x, w, v, A }) =>
      cond(greater(x.mul(sign), 0), () => x.mul(v).sin().sum(), () => A.mul(w).exp().sum()), // prettier-ignore
    'with several results': ({ cond }, { x, w, v }) => {
      const { a, b } = cond(greater(x.mul(sign), 0), () => ({ a: x.square(), b: v.mul(w) }), () => ({ a: w.square(), b: v.div(x) })); // prettier-ignore
      return a.mul(weighted(b));
    },
    'with results without elements': ({ cond }, { x, w, v }) => {
      const none = slice(v, [{ end: 0 }]);
      const { a, b } = cond(greater(x.mul(sign), 0), () => ({ a: none, b: v.mul(w) }), () => ({ a: none.mul(x), b: v.div(x) })); // prettier-ignore
      return weighted(b).add(a.sum());
    },
    'of which one result counts': ({ cond }, { x, w, v }) =>
      weighted(cond(greater(x.mul(sign), 0), () => ({ a: x, b: v.mul(w) }), () => ({ a: w, b: v.mul(x) })).b), // prettier-ignore
    'with results that are constant in one of them': ({ cond }, { x, w, v }) => {
      const two = x.graph.constant(2);
      const { a, b } = cond(greater(x.mul(sign), 0), () => ({ a: two.mul(2), b: v.mul(w) }), () => ({ a: x.mul(w), b: v.mul(0) })); // prettier-ignore
      return a.add(weighted(b));
    },
    'with results that are constant in both': ({ cond }, { x, w }) => {
      const two = x.graph.constant(2);
      const { a, b } = cond(greater(x.mul(sign), 0), () => ({ a: two.mul(2), b: w.square() }), () => ({ a: two, b: w })); // prettier-ignore
      return a.mul(b).add(x);
    },
    'with integers among the results': ({ cond }, { x, w }) => {
      const { n, a } = cond(greater(x.mul(sign), 0), () => ({ n: toInteger(floor(w.add(1))), a: x.mul(w) }), () => ({ n: toInteger(floor(w.add(4))), a: w.square() })); // prettier-ignore
      return a.mul(n);
    },
    'in a branch': ({ cond }, { x, w }) =>
      cond(greater(x.mul(sign), 0), () => cond(less(w, 0), () => x, () => x.mul(w)), () => w.exp()).mul(x), // prettier-ignore
    'around loops': ({ cond, scan, whileLoop }, { x, w, A }) =>
      cond(greater(x.mul(sign), 0), () => scan((c, row) => ({ carry: c.mul(row.sum()).add(w), y: undefined }), x, A).carry, () => whileLoop((c) => greater(c, 0.1), (c) => c.mul(w).mul(0.2), x)), // prettier-ignore
  };
  test.each(Object.entries(branches))('%s', (_name, program) => {
    expectSame(program);
  });
});

describe.each([
  ['a stack', {}, asNodes],
  ['snapshots', undefined, asNodes],
  ['too few snapshots', undefined, withFewSnapshots],
] as const)('a loop of unknown length with %s', (_name, limited, control) => {
  const options = limited === undefined ? {} : { maxSteps: 9 };

  test.each([0, 1, 2, 3, 4, 5, 7, 9])('of %d steps', (n) => {
    expectSame(({ whileLoop }, { x, w, v }) => {
      const { a, b } = whileLoop(
        ({ i }) => less(i, n),
        ({ i, a, b }) => ({ i: i.add(1), a: a.mul(w).add(i).sin(), b: b.mul(a) }),
        { i: x.graph.constant(0), a: x, b: v },
        options,
      );
      return a.add(weighted(b));
    }, control);
  });

  const loops: Readonly<Record<string, Program>> = {
    'of which one carry counts': ({ whileLoop }, { x, w, v }) =>
      weighted(whileLoop(({ a }) => less(a, 4), ({ a, b }) => ({ a: a.add(w), b: b.mul(w).sin() }), { a: x, b: v }, options).b), // prettier-ignore
    'that stops by what is outside': ({ whileLoop }, { x, w, v }) =>
      whileLoop((c) => less(c, v.sum().add(3)), (c) => c.mul(w).add(0.3), x, options), // prettier-ignore
    'with a carry without elements': ({ whileLoop }, { x, w, v }) => {
      const none = slice(v, [{ end: 0 }]);
      const { a, b } = whileLoop(({ b }) => less(b.sum(), 4), ({ a, b }) => ({ a: a.mul(x), b: b.mul(w).add(x) }), { a: none, b: v }, options); // prettier-ignore
      return weighted(b).add(a.sum());
    },
    'with a carry that stays': ({ whileLoop }, { x, w }) => {
      const { a, b } = whileLoop(({ a }) => less(a, 3), ({ a, b }) => ({ a: a.add(b), b }), { a: x, b: w }, options); // prettier-ignore
      return a.mul(b);
    },
    'with a carry that is overwritten': ({ whileLoop }, { x, w, v }) => {
      const { a, b } = whileLoop(({ a }) => less(a, 3), ({ a }) => ({ a: a.mul(w).add(0.5), b: a.mul(v) }), { a: x, b: v }, options); // prettier-ignore
      return a.add(weighted(b));
    },
    'with integers and conditions': ({ whileLoop }, { x, w }) => {
      const { n, a } = whileLoop(
        ({ n, odd }) => or(less(n, 4), odd),
        ({ n, odd, a }) => ({
          n: toInteger(n.add(1)),
          odd: not(odd),
          a: where(odd, a.mul(w), a.add(n)),
        }),
        { n: toInteger(floor(x)), odd: equal(x, 0), a: x },
        options,
      );
      return a.mul(n);
    },
    'around a scan and a branch': ({ whileLoop, scan, cond }, { x, w, A }) =>
      whileLoop((c) => less(c.abs(), 3), (c) => cond(greater(c, 1), () => c.mul(w).mul(2), () => scan((d, row) => ({ carry: d.mul(w).add(row.sum().abs()), y: undefined }), c, A).carry), x, options), // prettier-ignore
    'in a loop of unknown length': ({ whileLoop }, { x, w }) =>
      whileLoop((c) => less(c, 6), (c) => whileLoop((d) => less(d, 2), (d) => d.mul(w).add(0.1), c, options).mul(w), x, options), // prettier-ignore
  };
  test.each(Object.entries(loops))('%s', (_loop, program) => {
    expectSame(program, control);
  });
});

test('a loop of unknown length whose condition reads no carry, but what moves', () => {
  expectSame(
    ({ whileLoop }, { x, w }) =>
    whileLoop(() => less(w, 5), (c) => c.mul(2), x, { maxSteps: 3 }), // prettier-ignore
  );
});

test('a loop of unknown length that is cut off', () => {
  expectSame(({ whileLoop }, { x, w }) =>
    whileLoop(
      (c) => less(c, 100),
      (c) => c.mul(w).add(1),
      x,
      { maxSteps: 3 },
    ),
  );
});

describe('at 0 times infinity', () => {
  /** The slope at x = 0 by the gradient graph, by the numeric sweep and in forward mode. */
  const slopesAtZero = (f: (x: GraphNode) => GraphNode): number[] => {
    const x = new Graph().input('x', { value: 0 });
    const y = f(x);
    const one = x.graph.constant(1);
    return [gradient(y, x).value, reverseSweep(y).adjoint(x), pushforward(y, x, one).value];
  };
  const roots: Readonly<Record<string, (c: Control, x: GraphNode) => GraphNode>> = {
    'a scan': ({ scan }, x) =>
      scan((c) => ({ carry: c.sqrt(), y: undefined }), x, undefined, { length: 1 }).carry,
    'a scan with checkpoints': ({ scan }, x) =>
      scan((c) => ({ carry: c.sqrt(), y: undefined }), x, undefined, { length: 1, checkpoints: 1 }).carry, // prettier-ignore
    'a branch': ({ cond }, x) => cond(less(x, 1), () => x.sqrt(), () => x), // prettier-ignore
    'a loop of unknown length': ({ whileLoop }, x) =>
      whileLoop(({ i }) => less(i, 1), ({ i, c }) => ({ i: i.add(1), c: c.sqrt() }), { i: x.graph.constant(0), c: x }).c, // prettier-ignore
    'a loop of limited length': ({ whileLoop }, x) =>
      whileLoop(({ i }) => less(i, 1), ({ i, c }) => ({ i: i.add(1), c: c.sqrt() }), { i: x.graph.constant(0), c: x }, { maxSteps: 2 }).c, // prettier-ignore
  };

  test.each(Object.entries(roots))('%s below a choice lets nothing through', (_name, root) => {
    const chosen = (x: GraphNode, y: GraphNode): GraphNode => where(greater(x, 0), y, x.mul(3));
    expect(slopesAtZero((x) => chosen(x, root(asNodes, x)))).toEqual([3, 3, 3]);
    expect(slopesAtZero((x) => chosen(x, root(asNodes, x.sqrt())))).toEqual([3, 3, 3]);
    expect(slopesAtZero((x) => chosen(x, root(asNodes, x).sqrt()))).toEqual([3, 3, 3]);
  });

  test.each(Object.entries(roots))('%s below none is NaN, as written out', (_name, root) => {
    for (const control of [asNodes, writtenOut]) {
      expect(slopesAtZero((x) => root(control, x).mul(0).add(x))).toEqual([NaN, NaN, NaN]);
      expect(slopesAtZero((x) => root(control, x.sqrt()).mul(0).add(x))).toEqual([NaN, NaN, NaN]);
    }
  });

  test('what is below a loop that is below no choice is NaN, too', () => {
    for (const { scan } of [asNodes, writtenOut]) {
      const twice = (x: GraphNode): GraphNode =>
        scan((c) => ({ carry: c.mul(2), y: undefined }), x, undefined, { length: 2 }).carry;
      expect(slopesAtZero((x) => twice(x.sqrt()).mul(0).add(x))).toEqual([NaN, NaN, NaN]);
    }
  });
});

test('the packed results of a loop are a node that moves like any other', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: 3 });
  const { carry } = asNodes.scan((c: GraphNode) => ({ carry: c.mul(2), y: undefined }), x, undefined, { length: 2 }); // prettier-ignore
  let packed = carry;
  while (packed.operation !== 'scan') packed = packed.operands[0]!;
  const ones = graph.constant(1).broadcastTo(packed.shape);
  const y = carry.mul(5);
  expect(pushforward(y, packed, ones).value).toBe(5);
  expect(pushforward(y, [x, packed], [graph.constant(1), ones]).value).toBe(20 + 5);
  expect(pushforward(packed, x, graph.constant(1)).sum().value).toBe(4 + 1 + 2);
  expect(gradient(y, packed).sum().value).toBe(5);
  expect(gradient(packed.sum(), x).value).toBe(4 + 1 + 2);
  // A part read twice, and the whole besides, twice: 5 * 4 x + 7 * 4 x + (4 + 1 + 2) x + (16 + 1 + 4) x^2.
  const again = slice(packed, [{ end: 1 }]).sum();
  const all = y.add(again.mul(7)).add(packed.sum()).add(packed.square().sum());
  const slope = 20 + 28 + 7 + 2 * 21 * 3;
  expect(gradient(all, x).value).toBe(slope);
  expect(pushforward(all, x, graph.constant(1)).value).toBe(slope);
  expect(reverseSweep(all).adjoint(x)).toBe(slope);
});

test('every other of the packed results of a loop is no part of them', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: 3 });
  const { ys } = asNodes.scan((c: GraphNode) => ({ carry: c.mul(2), y: c.mul(c) }), x, undefined, { length: 2 }); // prettier-ignore
  let packed = ys;
  while (packed.operation !== 'scan') packed = packed.operands[0]!;
  // 4 x, then the results x^2 and 4 x^2, then the carries x and 2 x.
  const some = slice(packed, [{ start: 1, end: 5, step: 2 }]);
  expect(some.tensor.toArray()).toEqual([9, 3]);
  expect(gradient(some.sum(), x).value).toBe(2 * 3 + 1);
  expect(pushforward(some.sum(), x, graph.constant(1)).value).toBe(2 * 3 + 1);
  expect(reverseSweep(some.sum()).adjoint(x)).toBe(2 * 3 + 1);
});
