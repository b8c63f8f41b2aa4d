/** The derivatives of the gamma function's logarithm, of any order and in every mode, against what defines them. */
import { compile } from '@ad/compiler';
import { digamma, evaluate, Graph, type GraphNode, lgamma, polygamma, tensor } from '@ad/graph';
import { expectGradients } from '@ad/backprop/testing';
import { expect, test } from 'vitest';
import { grad, gradient, pushforward } from '../src/index.ts';

const POINTS = [0.3, 1, 1.4616321449683622, 2, 5.5, -0.5, -2.25];

/** The derivatives of ln |x| of order 0, 1, ..., 5 at x. */
const ofLogarithm = (x: number): number[] => [
  Math.log(Math.abs(x)),
  1 / x,
  -1 / x ** 2,
  2 / x ** 3,
  -6 / x ** 4,
  24 / x ** 5,
];

test('Gamma(x + 1) = x Gamma(x), differentiated up to the fifth order', () => {
  for (const at of POINTS) {
    const x = new Graph().input('x', { value: at });
    let [above, below] = [lgamma(x.add(1)), lgamma(x)];
    for (const expected of ofLogarithm(at)) {
      const scale = Math.max(1, Math.abs(above.value), Math.abs(below.value));
      const error = Math.abs(above.value - below.value - expected);
      expect(error / scale).toBeLessThan(16 * Number.EPSILON);
      [above, below] = [gradient(above, x), gradient(below, x)];
    }
  }
});

test('against difference quotients, in both modes and to second order', () => {
  for (const f of [
    lgamma,
    digamma,
    (x: GraphNode) => polygamma(1, x),
    (x: GraphNode) => polygamma(3, x),
  ])
    expectGradients((x: GraphNode) => f(x), [tensor([0.8, 1.5, 2.2, 7, -0.4])]);
});

test('the order has no derivative', () => {
  const graph = new Graph();
  const [n, x] = [graph.input('n', { value: 2 }), graph.input('x', { value: 1.5 })];
  const y = polygamma(n, x);
  expect(gradient(y, [n, x]).map(({ value }) => value)).toEqual([0, polygamma(3, x).value]);
  expect(pushforward(y, n, graph.constant(1)).value).toBe(0);
});

test('the chain of derivatives is that of the named functions', () => {
  expect(grad(lgamma)(2.5)).toBe(evaluate(digamma(new Graph().constant(2.5))).item());
  const trigamma = evaluate(polygamma(1, new Graph().constant(2.5))).item();
  expect(grad(grad((x: GraphNode) => lgamma(x)))(2.5)).toBe(trigamma);
  expect(grad(digamma)(2.5)).toBe(trigamma);
});

test('compiled = interpreted', () => {
  const x = new Graph().input('x', { value: POINTS });
  const outputs = [lgamma(x), digamma(x), polygamma(4, x), gradient(lgamma(x).sum(), x)];
  const feeds = { x: POINTS };
  const wanted = evaluate(outputs, feeds);
  compile({ outputs })
    .run(feeds)
    .forEach((got, k) => expect(got.data).toEqual(wanted[k]!.data));
  compile({ outputs }, { precision: 'f32' })
    .run(feeds)
    .forEach((got, k) => {
      got.data.forEach((value, i) => {
        const exact = wanted[k]!.data[i]!;
        // Next to a zero the rounding of the argument shows.
        expect(Math.abs(value - exact)).toBeLessThan(3e-6 * Math.max(1, Math.abs(exact)));
      });
    });
});
