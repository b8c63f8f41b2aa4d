/**
 * Third derivatives of functions by every mixture of transforms, against the closed form: the transforms call one
 * another with nodes, each with respect to nodes of its own.
 */
import { type GraphNode, interpreter } from '@ad/graph';
import { describe, expect, test } from 'vitest';
import { grad, hessian, hvp, jacobian, jvp, vjp, vmap } from '../src/index.ts';

type Scalar = (x: GraphNode) => GraphNode;

/** The derivative of a function of a number, by each transform; of a function of an array for each of its elements. */
const derivatives: Readonly<Record<string, (f: Scalar) => Scalar>> = {
  grad: (f) => grad(f),
  'jvp along a node': (f) => (x) => jvp(f)([x], [x.mul(0).add(1)]).tangent,
  'jvp along a number': (f) => (x) => jvp(f)([x], [1]).tangent,
  vjp: (f) => (x) => vjp(f)(x).pullback(1),
  'forward Jacobian': (f) => jacobian(f, { mode: 'forward' }),
  'reverse Jacobian': (f) => jacobian(f, { mode: 'reverse' }),
  'grad of one example': (f) => (x) => vmap(grad(f))(x.reshape([1])).reshape([]),
  'grad of a batch': (f) => grad((x) => vmap(f)(x.reshape([1])).sum()),
};

const names = Object.keys(derivatives);
const mixtures = names.flatMap((a) => names.flatMap((b) => names.map((c) => [a, b, c] as const)));

/** x e^(2 x) + sin x, and its third derivative (8 x + 12) e^(2 x) - cos x. */
const f: Scalar = (x) => x.mul(x.mul(2).exp()).add(x.sin());
const third = (x: number): number => (8 * x + 12) * Math.exp(2 * x) - Math.cos(x);

describe('third derivatives', () => {
  test.each(mixtures)('%s of %s of %s', (a, b, c) => {
    const [D, E, F] = [derivatives[a]!, derivatives[b]!, derivatives[c]!];
    const at = 0.7;
    const result = jvp(D(E(F(f))), { executor: interpreter })([at], []).value.item();
    expect(Math.abs(result / third(at) - 1)).toBeLessThan(1e-14);
  });

  test('from second derivatives by one transform', () => {
    const seconds: Readonly<Record<string, (x: GraphNode) => GraphNode>> = {
      hessian: hessian(f),
      hvp: (x) => hvp(f)(x, x.mul(0).add(1)),
    };
    for (const second of Object.values(seconds)) {
      for (const D of Object.values(derivatives)) {
        const result = jvp(D(second), { executor: interpreter })([0.7], []).value.item();
        expect(Math.abs(result / third(0.7) - 1)).toBeLessThan(1e-14);
      }
    }
  });
});
