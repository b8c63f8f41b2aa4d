/** Convolutions and pooling, compiled in every form, against the interpreter. */
import {
  avgPool2d,
  conv1d,
  conv2d,
  convolution,
  convTranspose2d,
  Graph,
  type GraphNode,
  maxPool1d,
  maxPool2d,
  overlapAdd,
  type Shape,
  sizeOf,
  slice,
  windows,
} from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile } from '../src/index.ts';
import { expectAgreement, waves } from './support/agreement.ts';

function inputsOf(...shapes: readonly Shape[]): GraphNode[] {
  const graph = new Graph();
  return shapes.map((shape, k) =>
    graph.input(`x${k}`, { shape, value: waves(sizeOf(shape), k + 1) }),
  );
}

const between = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });

/** One spatial axis: how many windows, of what size, and how far apart. */
const axis = fc.record({
  count: between(1, 19),
  size: between(1, 5),
  stride: between(1, 3),
  dilation: between(1, 2),
});

const layouts = fc.record({
  n: between(1, 3),
  groups: between(1, 2),
  channels: between(1, 5),
  outputs: between(1, 19),
  axes: fc.array(axis, { minLength: 1, maxLength: 2 }),
});

describe('compiled = interpreted in both precisions', () => {
  test('for convolutions of any layout', () => {
    fc.assert(
      fc.property(layouts, between(0, 3), ({ n, groups, channels, outputs, axes }, seen) => {
        const lengths = axes.map(
          ({ count, size, stride, dilation }) => (count - 1) * stride + (size - 1) * dilation + 1,
        );
        const sizes = axes.map(({ size }) => size);
        const options = {
          stride: axes.map(({ stride }) => stride),
          dilation: axes.map(({ dilation }) => dilation),
        };
        const [image, kernel] = inputsOf(
          [n, groups, channels, ...lengths],
          [groups, outputs, channels, ...sizes],
        );
        // Also seen backwards, transposed, and repeated.
        const turned = slice(image!, [{ step: -1 }, {}, { step: -1 }, { step: -1 }]);
        const views = [
          [image!, kernel!],
          [turned, slice(kernel!, [{}, { step: -1 }, {}, { step: -1 }])],
          [
            image!.transpose([0, 2, 1, ...lengths.map((_, k) => k + 3)]).reshape(image!.shape),
            kernel!.sum({ axes: 1, keepDims: true }).broadcastTo(kernel!.shape),
          ],
          [image!.sum({ axes: -1, keepDims: true }).broadcastTo(image!.shape), kernel!],
        ] as const;
        const [x, w] = views[seen]!;
        expectAgreement([convolution(x, w, options)]);
      }),
      { numRuns: 30 },
    );
  });

  test('for convolutions with padding, groups and strides, transposed too', () => {
    const [x, w, v] = inputsOf([2, 4, 9, 10], [6, 2, 3, 3], [4, 3, 3, 2]);
    expectAgreement([
      conv2d(x!, w!, { groups: 2, padding: 'same' }),
      conv2d(x!, w!, { groups: 2, padding: [[2, 0], 1], stride: [1, 2] }).relu(),
      convTranspose2d(x!, v!, { stride: 2, padding: 1 }).add(1),
      convTranspose2d(x!, v!, { dilation: 2, groups: 2 }),
      conv1d(x!.reshape([2, 4, 90]), w!.reshape([6, 2, 9]), { groups: 2, dilation: 3 }),
    ]);
  });

  test('for pooling, windows and their overlapping sums', () => {
    fc.assert(
      fc.property(between(1, 11), axis, axis, (lead, a, b) => {
        const axes = [a, b];
        const lengths = axes.map(
          ({ count, size, stride, dilation }) => (count - 1) * stride + (size - 1) * dilation + 2,
        );
        const options = {
          stride: axes.map(({ stride }) => stride),
          dilation: axes.map(({ dilation }) => dilation),
        };
        const sizes = axes.map(({ size }) => size);
        const [x, y] = inputsOf(
          [1, lead, ...lengths],
          [lead, ...sizes, ...windows(inputsOf(lengths)[0]!, sizes, options).shape.slice(2)],
        );
        expectAgreement([
          maxPool2d(x!, sizes, options),
          maxPool2d(x!, sizes),
          avgPool2d(x!, sizes, { padding: 'same', countPadding: false }),
          maxPool1d(x!.reshape([lead, 1, -1]), 2, { padding: 1, stride: 1 }),
          windows(x!, sizes, options),
          windows(x!, sizes, options)
            .exp()
            .sum({ axes: [1, 2] }),
          overlapAdd(y!, lengths, options),
          overlapAdd(y!.mul(2), lengths, options).square(),
        ]);
      }),
      { numRuns: 6 },
    );
  });

  test('for an update that is a sum of windows of the input it replaces', () => {
    const x = new Graph().input('x', { shape: [6], value: waves(6, 1) });
    const next = overlapAdd(windows(x, [2]), [6]);
    const program = compile({ outputs: [], updates: [[x, next]] });
    const expected = next.tensor.data;
    program.run();
    expect(program.inputs['x']).toEqual(expected);
  });
});
