import { describe, expect, test } from 'vitest';
import { Graph, type GraphNode } from '@ad/graph';
import { compile } from '../../src/index.ts';
import { simplifiedText } from '../support/simplified-text.ts';

const points = Float64Array.from({ length: 4001 }, (_, i) => (i - 2000) / 50);

/** The derivatives as the rows write them. */
const sigmoidSlope = (x: GraphNode): GraphNode => x.sigmoid().mul(x.neg().sigmoid());
const tanhSlope = (x: GraphNode): GraphNode => {
  const twice = x.add(x);
  return twice.sigmoid().mul(twice.neg().sigmoid()).mul(4);
};

const exactSigmoid = (x: number): number => {
  const d = Math.exp(-Math.abs(x));
  return d / (1 + d) / (1 + d);
};
const exactTanh = (x: number): number => 4 * exactSigmoid(2 * x);

/** The values of two nodes, the second only there to be computed. */
function valuesAt(
  f: (x: GraphNode) => GraphNode,
  beside: (x: GraphNode) => GraphNode,
  precision: 'f64' | 'f32',
) {
  const x = new Graph().input('x', { shape: [points.length] });
  const program = compile({ outputs: [f(x), beside(x)] }, { precision });
  return program.run({ x: points })[0]!.data;
}

test('slopes of tanh come from tanh in single precision, and from one exponential in double', () => {
  const x = new Graph().input('x', { shape: [4] });
  const nodes = [x.tanh(), tanhSlope(x)];
  expect(simplifiedText(nodes, 'f32')).toMatchInlineSnapshot(`
    "#0 [4] = x
    #1 [4] = tanh #0
    #6 [4] = sigmoidSlope #1
    #7 [] (a scalar) = 4
    #8 [4] = mul #6 #7
    -> #1 #8"
  `);
  expect(simplifiedText(nodes, 'f64')).toMatchInlineSnapshot(`
    "#0 [4] = x
    #1 [4] = tanh #0
    #2 [4] = add #0 #0
    #6 [4] = sigmoidSlope #2
    #7 [] (a scalar) = 4
    #8 [4] = mul #6 #7
    -> #1 #8"
  `);
});

describe('slopes of the logistic function and of tanh', () => {
  test('keep their relative accuracy in double precision, however small they are', () => {
    for (const [f, exact] of [
      [sigmoidSlope, exactSigmoid],
      [tanhSlope, exactTanh],
    ] as const) {
      const values = valuesAt(f, (x) => x.tanh(), 'f64');
      points.forEach((x, i) => {
        expect(Math.abs(values[i]! - exact(x))).toBeLessThanOrEqual(1e-15 * exact(x));
      });
    }
  });

  test('are within 2 units in the last place of the largest slope in single precision', () => {
    const cases = [
      [sigmoidSlope, exactSigmoid, (x: GraphNode) => x.sigmoid(), 1 / 4],
      [tanhSlope, exactTanh, (x: GraphNode) => x.tanh(), 1],
      [tanhSlope, exactTanh, (x: GraphNode) => x.exp(), 1],
    ] as const;
    for (const [f, exact, beside, largest] of cases) {
      const values = valuesAt(f, beside, 'f32');
      points.forEach((x, i) => {
        expect(Math.abs(values[i]! - exact(Math.fround(x)))).toBeLessThanOrEqual(
          2 ** -22 * largest,
        );
      });
    }
  });
});

test('powers with exponents 2 and -1 are products and quotients', () => {
  const x = new Graph().input('x', { shape: [4] });
  expect(simplifiedText([x.pow(2), x.pow(-1), x.pow(2.5)])).toMatchInlineSnapshot(`
    "#0 [4] = x
    #2 [4] = square #0
    #4 [4] = reciprocal #0
    #5 [] (a scalar) = 2.5
    #6 [4] = pow #0 #5
    -> #2 #4 #6"
  `);
});
