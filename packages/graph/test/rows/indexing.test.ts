/** Gathering, scattering and one-hot vectors, with negative indices, against loops over indices. */
import {
  evaluate,
  gather,
  Graph,
  oneHot,
  scatterAdd,
  slice,
  tensor,
  type Tensor,
  ValueError,
} from '@ad/graph';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eitherSign, expectElements, indicesOf, integersOf, shapes } from '../support/arrays.ts';

/** Indices of any shape into an axis of this length, from either end. */
function indicesInto(shape: readonly number[], length: number): fc.Arbitrary<Tensor> {
  const size = indicesOf(shape).length;
  return fc
    .array(fc.integer({ min: -length, max: length - 1 }), { minLength: size, maxLength: size })
    .map((list) => tensor(list, { shape, kind: 'integer' }));
}

const wrapped = (index: number, length: number): number => (index < 0 ? index + length : index);

interface Gathering {
  readonly a: Tensor;
  readonly at: Tensor;
  readonly axis: number;
  readonly spelled: number;
}

/** An array, an axis of it that is not empty, and indices into that axis. */
const gatherings: fc.Arbitrary<Gathering> = shapes(1, 3).chain((shape) =>
  fc.integer({ min: 0, max: shape.length - 1 }).chain((axis) => {
    const full = shape.map((d, i) => (i === axis ? Math.max(d, 1) : d));
    return shapes(0, 2).chain((indexShape) =>
      fc.record({
        a: integersOf(full),
        at: indicesInto(indexShape, full[axis]!),
        axis: fc.constant(axis),
        spelled: eitherSign(axis, full.length),
      }),
    );
  }),
);

test('gather puts the axes of the indices in place of the axis read', () => {
  fc.assert(
    fc.property(gatherings, ({ a, at, axis, spelled }) => {
      const graph = new Graph();
      const gathered = gather(
        graph.input('a', { value: a }),
        graph.input('at', { value: at }),
        spelled,
      );
      const shape = [...a.shape.slice(0, axis), ...at.shape, ...a.shape.slice(axis + 1)];
      const rank = at.shape.length;
      expectElements(gathered.tensor, shape, (index) => {
        const position = wrapped(at.at(...index.slice(axis, axis + rank)), a.shape[axis]!);
        return a.at(...index.slice(0, axis), position, ...index.slice(axis + rank));
      });
    }),
    { numRuns: 200 },
  );
});

test('scatterAdd adds every value where its index says, repeated indices included', () => {
  const cases = fc.tuple(shapes(0, 1), shapes(1, 2), shapes(0, 1), fc.integer({ min: 1, max: 4 }));
  const scatterings = cases.chain(([outer, indexShape, inner, length]) =>
    fc.record({
      values: integersOf([...outer, ...indexShape, ...inner]),
      at: indicesInto(indexShape, length),
      axis: fc.constant(outer.length),
      length: fc.constant(length),
      inner: fc.constant(inner),
      outer: fc.constant(outer),
    }),
  );
  fc.assert(
    fc.property(scatterings, ({ values, at, axis, length, inner, outer }) => {
      const graph = new Graph();
      const [v, i] = [graph.input('v', { value: values }), graph.input('i', { value: at })];
      expectElements(
        scatterAdd(v, i, length, axis).tensor,
        [...outer, length, ...inner],
        (index) => {
          let sum = 0;
          for (const source of indicesOf(at.shape)) {
            if (wrapped(at.at(...source), length) !== index[axis]) continue;
            sum += values.at(...index.slice(0, axis), ...source, ...index.slice(axis + 1));
          }
          return sum;
        },
      );
    }),
    { numRuns: 200 },
  );
});

test('oneHot is 1 at the index and 0 elsewhere', () => {
  const cases = fc
    .tuple(shapes(0, 3), fc.integer({ min: 1, max: 4 }))
    .chain(([shape, depth]) => fc.tuple(indicesInto(shape, depth), fc.constant(depth)));
  fc.assert(
    fc.property(cases, ([at, depth]) => {
      const labels = new Graph().input('labels', { value: at });
      expectElements(oneHot(labels, depth).tensor, [...at.shape, depth], (index) =>
        wrapped(at.at(...index.slice(0, -1)), depth) === index.at(-1) ? 1 : 0,
      );
    }),
  );
});

test('an index outside of its axis is an error of the data, named with its place', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: [10, 20, 30] });
  const at = graph.input('at', { kind: 'integer', shape: [2] });
  const { nodeCount } = graph;
  expect(nodeCount).toBe(2);
  const outputs = {
    gather: gather(x, at),
    scatterAdd: scatterAdd(slice(x, [{ end: 2 }]), at, 3),
    oneHot: oneHot(at, 3),
  };
  for (const [name, output] of Object.entries(outputs)) {
    expect(() => evaluate(output, { at: [0, 3] })).toThrow(ValueError);
    expect(() => evaluate(output, { at: [0, 3] })).toThrow(
      `${name}: index 3 (element 1) is outside an axis of length 3`,
    );
    expect(() => evaluate(output, { at: [-4, 0] })).toThrow(/index -4 \(element 0\)/);
  }
});

test('indices must be integers, and shapes of values must begin with those of the indices', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [3] });
  const at = graph.input('at', { kind: 'integer', shape: [2] });
  expect(() => gather(x, x)).toThrow(/gather: indices must be of kind integer, got real/);
  expect(() => oneHot(x, 3)).toThrow(/oneHot: indices must be of kind integer/);
  expect(() => oneHot(at, 0)).toThrow(/length of 1 or more, got 0/);
  expect(() => scatterAdd(x, at, 3)).toThrow(/the values must have the shape \[2\] of the indices/);
  expect(graph.nodeCount).toBe(2);
});
