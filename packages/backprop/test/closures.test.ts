/**
 * Functions that close over nodes of the call around them. The perturbation of the inner call and that of the outer one
 * are never confused, whatever the transforms.
 */
import {
  ForeignNodeError,
  Graph,
  GraphError,
  type GraphNode,
  isGraphNode,
  KindError,
  Tensor,
  tensor,
} from '@ad/graph';
import { describe, expect, test } from 'vitest';
import {
  grad,
  hessian,
  hvp,
  jacobian,
  jvp,
  sparseHessian,
  sparseJacobian,
  vjp,
} from '../src/index.ts';

/** A derivative with respect to a number, by any transform: in a call on nodes it is a node. */
type Derivative = (
  f: (x: GraphNode) => GraphNode,
) => (x: number | GraphNode) => number | Tensor | GraphNode;

const derivatives: Readonly<Record<string, Derivative>> = {
  grad: (f) => (x) => grad(f)(x as number),
  jvp: (f) => (x) => jvp(f)([x] as [number], [1]).tangent,
  vjp: (f) => (x) => vjp(f)(x as number).pullback(1),
  forward: (f) => (x) => jacobian(f, { mode: 'forward' })(x as number),
  reverse: (f) => (x) => jacobian(f, { mode: 'reverse' })(x as number),
};

const numberOf = (value: number | Tensor | GraphNode): number =>
  typeof value === 'number' ? value : value instanceof Tensor ? value.item() : value.value;

const pairs = Object.keys(derivatives).flatMap((outer) =>
  Object.keys(derivatives).map((inner): [string, string] => [outer, inner]),
);

describe.each(pairs)('%s of %s', (outer, inner) => {
  const [D, E] = [derivatives[outer]!, derivatives[inner]!];

  test('D(x -> x D(y -> x + y)(1))(1) = 1', () => {
    expect(numberOf(D((x) => x.mul(E((y) => x.add(y))(1)))(1))).toBe(1);
  });

  test('D(x -> x D(y -> x y)(1))(5) = 10', () => {
    expect(numberOf(D((x) => x.mul(E((y) => x.mul(y))(1)))(5))).toBe(10);
  });

  test('D(x -> D(y -> x^2 y^3)(2))(3) = 72, with values and with nodes of the outer call', () => {
    expect(numberOf(D((x) => x.mul(0).add(E((y) => x.square().mul(y.pow(3)))(2)))(3))).toBe(72);
    const node = (x: GraphNode): GraphNode => x.graph.constant(2);
    expect(numberOf(D((x) => x.mul(0).add(E((y) => x.square().mul(y.pow(3)))(node(x))))(3))).toBe(
      72,
    );
  });

  test('of a function that does not look at its argument is 0', () => {
    expect(numberOf(D((x) => x.mul(E(() => x.square())(1)))(3))).toBe(0);
  });
});

/** Derivatives of a function of two arguments with respect to one of them, as nodes or tensors. */
type Transform = (
  f: (x: GraphNode, y: GraphNode) => GraphNode,
  argument: 0 | 1,
) => (x: GraphNode, y: GraphNode) => GraphNode;

const transforms: Readonly<Record<string, readonly [order: 1 | 2, transform: Transform]>> = {
  grad: [1, (f, argument) => grad(f, { argument })],
  vjp: [1, (f, argument) => (x, y) => vjp(f, { argument })(x, y).pullback(x.graph.constant(1))],
  jvp: [
    1,
    (f, argument) => (x, y) => {
      const one = x.graph.constant(1);
      return jvp(f)([x, y], argument === 0 ? [one] : [undefined, one]).tangent;
    },
  ],
  forward: [1, (f, argument) => jacobian(f, { argument, mode: 'forward' })],
  reverse: [1, (f, argument) => jacobian(f, { argument, mode: 'reverse' })],
  hessian: [2, (f, argument) => hessian(f, { argument })],
  // Of a function of numbers, one entry.
  sparseJacobian: [
    1,
    (f, argument) => (x, y) => sparseJacobian(f, { argument })(x, y).values.reshape([]),
  ],
  sparseHessian: [
    2,
    (f, argument) => (x, y) => sparseHessian(f, { argument })(x, y).values.reshape([]),
  ],
  hvp: [
    2,
    (f, argument) => (x, y) => {
      const one = x.graph.constant(1);
      const g = (a: GraphNode, b: GraphNode): GraphNode => (argument === 0 ? f(a, b) : f(b, a));
      return argument === 0 ? hvp(g)(x, one, y) : hvp(g)(y, one, x);
    },
  ],
};

describe.each(Object.entries(transforms))('%s', (_name, [order, transform]) => {
  test.each([0, 1] as const)(
    'holds a node fixed that is argument %d, and other arguments, and closed over',
    (argument) => {
      const n = new Graph().input('n', { value: 3 });
      // x^2 y n or x y^2 n, at x = y = n = 3, with y or x and n fixed.
      const f = (x: GraphNode, y: GraphNode): GraphNode => {
        const [moving, fixed] = argument === 0 ? [x, y] : [y, x];
        return moving.square().mul(fixed).mul(n);
      };
      expect(transform(f, argument)(n, n).value).toBe(order === 1 ? 2 * 27 : 2 * 9);
    },
  );

  test('takes integers in the arguments that do not move, and in no other', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: 3 });
    const n = graph.input('n', { kind: 'integer', value: 5 });
    const f = (y: GraphNode, k: GraphNode): GraphNode => y.square().mul(k);
    expect(transform(f, 0)(x, n).value).toBe(order === 1 ? 30 : 10);
    expect(() => transform(f, 1)(x, n)).toThrow(KindError);
  });
});

test('three calls, one in another', () => {
  // d/dx of x d/dy (y d/dz (x y z)) = d/dx of x d/dy (x y^2) = d/dx of 2 x^2 y at y = 3.
  const f = grad((x: GraphNode) =>
    x.mul(grad((y: GraphNode) => y.mul(grad((z: GraphNode) => x.mul(y).mul(z))(7)))(3)),
  );
  expect(f(2)).toBe(4 * 2 * 3);
  // The innermost closes over the outermost only, or over the middle one only.
  const g = grad((x: GraphNode) =>
    x.mul(grad((y: GraphNode) => y.mul(grad((z: GraphNode) => x.mul(z))(7)))(3)),
  );
  expect(g(2)).toBe(4);
  const h = grad((x: GraphNode) =>
    x.mul(grad((y: GraphNode) => y.mul(grad((z: GraphNode) => y.mul(z))(7)))(3)),
  );
  expect(h(2)).toBe(6);
});

test('trees, arrays and second derivatives', () => {
  const f = grad((x: GraphNode) => {
    const slopes = grad((p: { w: GraphNode; b: GraphNode }) => p.w.mul(x).add(p.b).square().sum())({
      w: tensor([1, 2]),
      b: 3,
    });
    return x.mul(slopes.w).sum().add(slopes.b);
  });
  // w: 2 (w x + b) x, b: sum 2 (w x + b). d/dx of sum 2 (w x^3 + b x^2) + 2 (w x + b) at x = 1.
  expect(f(1)).toBe(2 * (3 * 3 + 2 * 3 * 2) + 2 * 3);
  const curvature = grad((x: GraphNode) => x.mul(hvp((y: GraphNode) => y.pow(3).mul(x))(2, 1)));
  expect(curvature(5)).toBe(2 * 5 * 12);
  const trace = grad((x: GraphNode) =>
    x.mul(
      (
        hessian((y: GraphNode) => y.square().mul(x).sum())(tensor([1, 1])) as unknown as GraphNode
      ).sum(),
    ),
  );
  expect(trace(3)).toBe(2 * 3 * 4);
});

test('an inner call that closes over nothing gives plain numbers', () => {
  let seen: unknown;
  const f = grad((x: GraphNode) => {
    seen = grad((y: GraphNode) => y.square())(3);
    return x.mul(seen as number);
  });
  expect(f(1)).toBe(6);
  expect(seen).toBe(6);
});

test('an inner call that closes over a node gives nodes', () => {
  let seen: unknown;
  grad((x: GraphNode) => {
    seen = grad((y: GraphNode) => x.mul(y))(3);
    return x.mul(seen as GraphNode);
  })(1);
  expect(isGraphNode(seen)).toBe(true);
});

test('the outer call may be one on nodes', () => {
  const x = new Graph().input('x', { value: 5 });
  expect(grad((y: GraphNode) => y.mul(grad((z: GraphNode) => y.mul(z))(1)))(x).value).toBe(10);
});

test('the outer function may branch on what the inner one gives', () => {
  const f = grad((x: GraphNode) => {
    const slope = grad((y: GraphNode) => x.mul(y).square())(1) as unknown as GraphNode;
    return slope.value > 10 ? slope : slope.mul(-1);
  });
  expect([f(1), f(3), f(2)]).toEqual([-4, 12, -8]);
});

describe('a node that outlives its call stays an error that says what to do', () => {
  test('used by a later call', () => {
    let leaked: GraphNode | undefined;
    grad((x: GraphNode) => (leaked = x))(1);
    const f = grad((y: GraphNode) => y.mul(leaked!));
    expect(() => f(1)).toThrow(ForeignNodeError);
    expect(() => f(1)).toThrow(/belongs to another graph.*pass the value of one as a constant/);
    expect(() => grad((_y: GraphNode) => leaked!)(1)).toThrow(
      /another graph; pass what it uses from outside as an argument/,
    );
  });

  test('used after a call that failed', () => {
    let leaked: GraphNode | undefined;
    const fails = grad((x: GraphNode) => {
      leaked = x;
      throw new RangeError('no');
    });
    expect(() => fails(1)).toThrow('no');
    expect(() => grad((y: GraphNode) => y.mul(leaked!))(1)).toThrow(GraphError);
  });
});
