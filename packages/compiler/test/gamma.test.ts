/** The gamma functions as code: the bits of the interpreter, in programs that stand alone. */
import { digamma, evaluate, Graph, type GraphNode, lgamma, polygamma, sum } from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile, exportProgram, saveProgram } from '../src/index.ts';
import { loadProgram } from '../src/load.ts';

/** Where formulas change, near zeros and poles, and where results vanish or overflow. */
const CORNERS = [
  0,
  -0,
  0.7,
  -0.3,
  0.4,
  1,
  1.4,
  2,
  3,
  10,
  1.4616321449683622,
  -0.5,
  -1,
  -1.5,
  -2.25,
  -7,
  -10.75,
  -0.30000000000000004,
  -0.49999999999999994,
  -0.5000000000000001,
  1e-300,
  -1e-300,
  1e-20,
  -1e-20,
  1e15,
  -1e15,
  4503599627370495.5,
  -4503599627370495.5,
  1e200,
  -1e200,
  1e308,
  Infinity,
  -Infinity,
  NaN,
];

const reals = fc.oneof(
  fc.constantFrom(...CORNERS),
  fc.double({ min: -30, max: 30, noNaN: true }),
  fc.integer({ min: -400, max: 400 }).map((n) => n / 4),
  fc.tuple(fc.integer({ min: -20, max: 20 }), fc.integer({ min: -60, max: 0 })).map(([n, e]) => n + 2 ** e), // prettier-ignore
  fc.double(),
);

const orders = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 6 }) },
  fc.integer({ min: -1, max: 172 }),
  fc.constantFrom(0.5, NaN, Infinity, -Infinity),
);

const SIZE = 16;
const functions: Readonly<Record<string, (x: GraphNode, n: GraphNode) => GraphNode>> = {
  lgamma: (x) => lgamma(x),
  digamma: (x) => digamma(x),
  polygamma: (x, n) => polygamma(n, x),
};

describe.each(Object.entries(functions))('%s', (_name, f) => {
  const graph = new Graph();
  const [x, n] = [graph.input('x', { shape: [SIZE] }), graph.input('n', { shape: [SIZE] })];
  const elements = f(x, n);
  const arrays = compile({ outputs: [elements, x, n] });
  const [a, b] = [graph.input('a'), graph.input('b')];
  const scalars = compile({ outputs: [f(a, b), a, b] });

  test('has the bits of the interpreter, in arrays and alone', () => {
    const points = fc.array(fc.tuple(reals, orders), { minLength: SIZE, maxLength: SIZE });
    fc.assert(
      fc.property(points, (pairs) => {
        const feeds = { x: pairs.map(([real]) => real), n: pairs.map(([, order]) => order) };
        const { data } = evaluate(elements, feeds);
        expect(arrays.run(feeds)[0]!.data).toEqual(data);
        const alone = pairs.map(([real, order]) => scalars.run({ a: real, b: order })[0]!.item());
        expect(alone).toEqual(Array.from(data));
      }),
      { numRuns: 150 },
    );
  });

  test('at corners', () => {
    for (const order of [0, 1, 2, 3, 4, 20, 169, 170]) {
      for (let i = 0; i < CORNERS.length; i += SIZE) {
        const xs = Array.from({ length: SIZE }, (_, k) => CORNERS[i + k] ?? 1);
        const feeds = { x: xs, n: new Array<number>(SIZE).fill(order) };
        expect(arrays.run(feeds)[0]!.data).toEqual(evaluate(elements, feeds).data);
      }
    }
  });

  test('is saved, loaded, and exported, and needs nothing of the library', async () => {
    const total = sum(elements);
    const feeds = {
      x: Array.from({ length: SIZE }, (_, k) => 0.9 * k - 5.3),
      n: Array.from({ length: SIZE }, (_, k) => k % 4),
    };
    const program = compile({ outputs: [total, x, n] });
    const wanted = program.run(feeds)[0]!.item();
    expect(wanted).not.toBeNaN();
    expect(loadProgram(saveProgram(program)).run(feeds)[0]!.item()).toBe(wanted);
    const text = exportProgram(program, ['x', 'n']);
    expect(text).not.toMatch('gamma');
    const { default: run } = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as {
      default: (...arrays: readonly number[][]) => readonly [Float64Array];
    };
    expect(run(feeds.x, feeds.n)[0][0]).toBe(wanted);
  });
});
