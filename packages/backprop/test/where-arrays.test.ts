/**
 * A branch that is not taken has no influence either where arrays are multiplied as a whole: products of matrices,
 * convolutions, systems of equations, determinants. Their other factor may be NaN or infinite wherever the message is 0.
 */
import { compile } from '@ad/compiler';
import {
  apply,
  type Attributes,
  type BilinearRow,
  cholesky,
  conv1d,
  cumProd,
  determinant,
  evaluate,
  expandDims,
  Graph,
  type GraphNode,
  inverse,
  less,
  logDet,
  max,
  norm,
  type OperationName,
  operations,
  prod,
  reciprocal,
  slogDet,
  solve,
  squeeze,
  Tensor,
  tensor,
  triangularSolve,
  where,
} from '@ad/graph';
import { describe, expect, test } from 'vitest';
import { gradient, pushforward, reverseSweep } from '../src/index.ts';

/** A function that is broken at the origin: infinite or NaN, with derivatives likewise. */
const broken = (x: GraphNode): GraphNode => x.log().mul(reciprocal(x));

/** A row of the user, without a strong variant in the table. */
const scaled: BilinearRow = { ...operations.matmul, name: 'scaled' } as BilinearRow;

/** Programs of a matrix x, [2, 2], of zeros: what is not taken, and the shape of the choice. */
const programs: readonly [string, (x: GraphNode) => GraphNode][] = [
  ['a product of matrices', (x) => broken(x).matmul(x.exp())],
  ['a product on the right', (x) => x.exp().matmul(broken(x))],
  ['two broken factors', (x) => broken(x).matmul(broken(x))],
  ['a product of stacks', (x) => squeeze(expandDims(broken(x), 0).matmul(x.exp()), 0)],
  ['a product outside of the table', (x) => apply(scaled, [broken(x), x.cos()])],
  [
    'a convolution',
    (x) => {
      const image = broken(x).reshape([1, 2, 2]);
      const kernel = x.exp().reshape([2, 2, 1]);
      return conv1d(image, kernel).reshape([2, 2]);
    },
  ],
  ['a system of equations', (x) => solve(x, x.exp())],
  [
    'a side that is broken',
    (x) =>
      solve(
        x.add(
          tensor([
            [2, 0],
            [0, 3],
          ]),
        ),
        broken(x),
      ),
  ],
  ['a triangular system', (x) => triangularSolve(x, x.exp())],
  ['an inverse', (x) => inverse(x)],
  ['a Cholesky factor', (x) => cholesky(x)],
  ['a determinant', (x) => determinant(broken(x)).mul(x.exp())],
  ['a logarithm of a determinant', (x) => logDet(x).mul(x.exp())],
  ['the magnitude of a determinant', (x) => slogDet(broken(x)).logAbs.mul(x.exp())],
  ['a maximum', (x) => max(broken(x), { axes: 1, keepDims: true }).mul(x.exp())],
  ['a product of elements', (x) => prod(broken(x), { axes: 1, keepDims: true }).mul(x.exp())],
  ['a norm', (x) => norm(broken(x), { axes: 1, keepDims: true }).mul(x.exp())],
  ['running products', (x) => cumProd(broken(x), 1)],
  ['a chain of products', (x) => broken(x).matmul(x.exp()).matmul(x.exp()).tanh().matmul(x.cos())],
];

describe.each(programs)('what is not taken does not reach derivatives: %s', (_name, f) => {
  const graph = new Graph();
  const x = graph.input('x', { value: new Tensor([2, 2], 'real', new Float64Array(4)) });
  const taken = x.add(1).square();
  // d/dx of the sum of (x + 1)^2 is 2 (x + 1), its second derivative 2.
  const y = where(less(x, 100), taken, f(x)).sum();
  const first = gradient(y, x);
  const second = gradient(first.sum(), x);
  const direction = graph.constant(
    tensor([
      [1, 2],
      [3, 4],
    ]),
  );

  test('by the sweep, the gradient graph and forward mode, to second order', () => {
    expect(reverseSweep(y).adjointTensor(x).toArray()).toEqual([
      [2, 2],
      [2, 2],
    ]);
    expect(first.tensor.toArray()).toEqual([
      [2, 2],
      [2, 2],
    ]);
    expect(second.tensor.toArray()).toEqual([
      [2, 2],
      [2, 2],
    ]);
    expect(reverseSweep(first.sum()).adjointTensor(x).toArray()).toEqual([
      [2, 2],
      [2, 2],
    ]);
    expect(pushforward(y, x, direction).value).toBe(20);
    expect(pushforward(first, x, direction).tensor.toArray()).toEqual([
      [2, 4],
      [6, 8],
    ]);
  });

  test('compiled', () => {
    const outputs = [first, second, pushforward(first, x, direction)];
    const feeds = { x: x.tensor };
    const wanted = evaluate(outputs, feeds);
    compile({ outputs })
      .run(feeds)
      .forEach((got, k) => {
        expect(got.toArray()).toEqual(wanted[k]!.toArray());
      });
  });
});

test('rows that are taken have the derivatives that they have alone', () => {
  // Masked rows of a batch: the second one is NaN and not taken.
  const graph = new Graph();
  const x = graph.input('x', {
    value: [
      [1, 2],
      [NaN, Infinity],
      [3, 4],
    ],
  });
  const w = graph.input('w', {
    value: [
      [1, 1],
      [1, 2],
    ],
  });
  const mask = graph.constant(tensor([[true], [false], [true]]));
  const loss = where(mask, x.matmul(w).tanh().matmul(w), 0).sum();
  const alone = (rows: readonly number[][]): Tensor => {
    const own = new Graph();
    const weights = own.input('w', {
      value: [
        [1, 1],
        [1, 2],
      ],
    });
    const product = own.constant(tensor(rows)).matmul(weights).tanh().matmul(weights);
    return reverseSweep(product.sum()).adjointTensor(weights);
  };
  const expected = alone([
    [1, 2],
    [3, 4],
  ]).data;
  const outputs = [gradient(loss, w)];
  const feeds = { x: x.tensor, w: w.tensor };
  for (const { data } of [
    reverseSweep(loss).adjointTensor(w),
    outputs[0]!.tensor,
    compile({ outputs }).run(feeds)[0]!,
  ])
    data.forEach((slope, i) => expect(slope).toBeCloseTo(expected[i]!, 14));
});

test('what is broken in the branch that is taken shows', () => {
  const graph = new Graph();
  const x = graph.input('x', {
    value: [
      [0, 1],
      [1, 1],
    ],
  });
  const y = where(less(x, 100), x.log().matmul(x), x).sum();
  expect(gradient(y, x).tensor.data.some((slope) => !Number.isFinite(slope))).toBe(true);
  expect(
    reverseSweep(y)
      .adjointTensor(x)
      .data.some((slope) => !Number.isFinite(slope)),
  ).toBe(true);
});

test('graphs without choices have no strong products of arrays', () => {
  const graph = new Graph();
  const x = graph.input('x', {
    value: [
      [2, 1],
      [1, 3],
    ],
  });
  const y = solve(x, x.matmul(x)).sum().add(logDet(x)).add(cholesky(x).sum());
  gradient(gradient(y, x).sum(), x);
  pushforward(y, x, x);
  const names = Array.from({ length: graph.nodeCount }, (_, id) => graph.node(id).operation);
  expect(names.filter((name) => name.startsWith('strong'))).toEqual([]);
});

test.each<[OperationName, number[], Attributes]>([
  ['strongMul', [], {}],
  ['strongMatmul', [1, 1], {}],
  ['strongConvolution', [1, 1, 1, 1], { strides: [1], dilations: [1] }],
  ['strongSolve', [1, 1], {}],
  ['strongTriangularSolve', [1, 1], { lower: true, transposed: false, unitDiagonal: false }],
])('what is below %s has strong products, too', (name, shape, attributes) => {
  const graph = new Graph();
  const x = graph.input('x', { value: 0 });
  // ln 0 is infinite, and so is its derivative.
  const y = apply(operations[name], [x.log().reshape(shape), graph.constant(0).reshape(shape)], attributes); // prettier-ignore
  expect(y.sum().value).toBe(0);
  expect(gradient(y.sum(), x).value + 0).toBe(0);
  expect(reverseSweep(y.sum()).adjoint(x) + 0).toBe(0);
});
