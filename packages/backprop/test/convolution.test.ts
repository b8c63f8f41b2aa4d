/** Derivatives of convolutions and pooling: against differences, in both modes, of second order, and at ties. */
import {
  avgPool1d,
  avgPool2d,
  conv1d,
  conv2d,
  convolution,
  convTranspose1d,
  convTranspose2d,
  Graph,
  type GraphNode,
  maxPool1d,
  maxPool2d,
  type Shape,
  sizeOf,
  slice,
  Tensor,
} from '@ad/graph';
import { expect, test } from 'vitest';
import { gradient, reverseSweep } from '../src/index.ts';
import { expectGradients } from '../src/testing/index.ts';

/** Numbers of which no two are equal or close. */
const scattered = (shape: Shape, seed: number): Tensor =>
  new Tensor(
    shape,
    'real',
    Float64Array.from({ length: sizeOf(shape) }, (_, i) => ((7 * i + seed) % 101) / 40 - 1.1),
  );

test.each<[string, (x: GraphNode, w: GraphNode) => GraphNode, Shape, Shape]>([
  ['conv1d', (x, w) => conv1d(x, w), [2, 2, 5], [3, 2, 2]],
  ['conv1d in groups', (x, w) => conv1d(x, w, { groups: 2, padding: 1 }), [1, 4, 4], [2, 2, 3]],
  ['conv2d', (x, w) => conv2d(x, w, { padding: 'same' }), [2, 2, 3, 4], [2, 2, 3, 3]],
  [
    'conv2d with everything',
    (x, w) => conv2d(x, w, { stride: [2, 3], dilation: [2, 1], padding: [[1, 0], 2], groups: 2 }),
    [2, 2, 6, 5],
    [4, 1, 2, 3],
  ],
  [
    'convTranspose1d',
    (x, w) => convTranspose1d(x, w, { stride: 2, padding: 1 }),
    [2, 2, 3],
    [2, 3, 3],
  ],
  [
    'convTranspose2d',
    (x, w) => convTranspose2d(x, w, { stride: 2, outputPadding: [1, 0], dilation: [1, 2] }),
    [1, 2, 2, 2],
    [2, 1, 2, 2],
  ],
  [
    'convolution over three axes',
    (x, w) => convolution(x, w),
    [1, 1, 2, 3, 3, 2],
    [1, 2, 2, 2, 2, 2],
  ],
])('%s', (_name, f, image, kernel) => {
  expectGradients(
    (x: GraphNode, w: GraphNode) => f(x, w).sin(),
    [scattered(image, 1), scattered(kernel, 5)],
  );
});

test.each<[string, (x: GraphNode) => GraphNode, Shape]>([
  ['maxPool1d', (x) => maxPool1d(x, 3, { stride: 1, padding: 1 }), [2, 1, 7]],
  ['maxPool2d', (x) => maxPool2d(x, 2), [1, 2, 5, 4]],
  ['overlapping maxPool2d', (x) => maxPool2d(x, 3, { stride: 2, padding: 1 }), [1, 1, 5, 6]],
  ['avgPool1d', (x) => avgPool1d(x, 2, { padding: 1, countPadding: false }), [1, 2, 5]],
  ['avgPool2d', (x) => avgPool2d(x, [2, 3], { stride: 1, dilation: [2, 1] }), [1, 1, 5, 4]],
])('%s', (_name, f, image) => {
  expectGradients((x: GraphNode) => f(x).sin(), [scattered(image, 3)]);
});

test('equal largest elements of a window share the derivative', () => {
  const x = new Graph().input('x', { value: [[[2, 2, 1, 5, 5, 5]]] });
  const y = maxPool1d(x, 3).sum();
  const expected = [[[0.5, 0.5, 0, 1 / 3, 1 / 3, 1 / 3]]];
  expect(reverseSweep(y).adjointTensor(x).toArray()).toEqual(expected);
  expect(gradient(y, x).tensor.toArray()).toEqual(expected);
});

test('what is around the images takes no part of the derivative', () => {
  const x = new Graph().input('x', { value: [[[-1, -2, -4]]] });
  const y = maxPool1d(x, 3, { stride: 1, padding: 1 }).sum();
  expect(reverseSweep(y).adjointTensor(x).toArray()).toEqual([[[2, 1, 0]]]);
});

test('third derivatives of a convolution of a square are those of the polynomial', () => {
  // y = sum_p (w0 x_p^2 + w1 x_{p+1}^2): the derivative by w0, x_0, x_0 is 2.
  const graph = new Graph();
  const x = graph.input('x', { value: [[[3, 5, 7]]] });
  const w = graph.input('w', { value: [[[11, 13]]] });
  const y = conv1d(x.square(), w).sum();
  const byKernel = gradient(y, w);
  expect(byKernel.tensor.toArray()).toEqual([[[9 + 25, 25 + 49]]]);
  const first = gradient(slice(byKernel, [{}, {}, { end: 1 }]).sum(), x);
  expect(first.tensor.toArray()).toEqual([[[6, 10, 0]]]);
  expect(gradient(first.sum(), x).tensor.toArray()).toEqual([[[2, 2, 0]]]);
});
