/** Loops that are cut at the borders of padded arrays. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apply, Graph, type GraphNode, greater, operations, sizeOf, slice, sum } from '@ad/graph';
import { compile } from '../../src/index.ts';
import { isInside, Layout } from '../../src/lower/pieces.ts';
import { expectAgreement, waves } from '../support/agreement.ts';

const pad = (x: GraphNode, before: readonly number[], after: readonly number[]): GraphNode =>
  apply(operations.pad, [x], { before, after, between: before.map(() => 0) });

const loopsOf = (outputs: readonly GraphNode[]): string[] =>
  compile({ outputs }).report().split('\n').slice(1);

test('what is made of shifted parts of an array is one loop and its borders, without arrays between', () => {
  const x = new Graph().input('x', { shape: [100] });
  const [head, tail] = [slice(x, [{ end: 99 }]), slice(x, [{ start: 1 }])];
  const left = pad(head.mul(tail), [0], [1]);
  const right = pad(head.square(), [1], [0]);
  expect(loopsOf([left.sub(right).mul(2)])).toEqual([
    '  loop over [1]: mul, pad, square, pad, sub, mul',
    '  loop over [98]: mul, pad, square, pad, sub, mul',
    '  loop over [1]: mul, pad, square, pad, sub, mul',
  ]);
});

test('what takes long is computed once, if several shifted parts need it', () => {
  const x = new Graph().input('x', { shape: [20] });
  const once = pad(x.exp(), [0], [1]);
  const e = x.exp();
  const twice = pad(e, [0], [1]).sub(pad(e, [1], [0]));
  expect(loopsOf([once.neg()])).toEqual([
    '  loop over [20]: exp, pad, neg',
    '  loop over [1]: exp, pad, neg',
  ]);
  expect(loopsOf([twice]).map((line) => line.trim().split(':')[1])).toEqual([
    ' exp',
    ' pad, pad, sub',
    ' pad, pad, sub',
    ' pad, pad, sub',
  ]);
});

test('what others read too is stored on the way', () => {
  const x = new Graph().input('x', { value: waves(100, 1) });
  const product = slice(x, [{ end: 99 }]).mul(slice(x, [{ start: 1 }]));
  const left = pad(product, [0], [1]).add(x);
  const right = pad(product.mul(slice(left, [{ start: 1 }])), [1], [0]).sub(left);
  expect(loopsOf([right])).toEqual([
    '  loop over [99]: mul, pad, add',
    '  loop over [1]: mul, pad, add',
    '  loop over [1]: mul, pad, sub',
    '  loop over [99]: mul, pad, sub',
  ]);
  expectAgreement([right, left]);
});

/** A padding along each axis, to a length of 9. */
const side = fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 }));

test('sums, products and choices of padded arrays are those of the interpreter, wherever they lie', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 }),
      fc.array(fc.tuple(side, side), { minLength: 1, maxLength: 4 }),
      (rank, sides) => {
        const graph = new Graph();
        const around = Array.from({ length: rank }, () => 9);
        const y = graph.input('y', { shape: around, value: waves(sizeOf(around), 9) });
        const mirrored: GraphNode[] = [];
        const padded = sides.map((pair, k) => {
          const paddings = pair.slice(0, rank);
          const shape = paddings.map(([before, after]) => 9 - before - after);
          const x = graph.input(`x${k}`, { shape, value: waves(sizeOf(shape), k) });
          const inner = x
            .mul(
              slice(
                x,
                shape.map(() => ({ step: -1 })),
              ),
            )
            .add(1);
          const befores = paddings.map(([before]) => before);
          const afters = paddings.map(([, after]) => after);
          mirrored.push(pad(inner.neg(), afters, befores));
          return pad(k === 0 ? x : inner, befores, afters);
        });
        const total = padded.reduce((sofar, each, k) => sofar.add(each.mul(k + 1)), y);
        const wider = pad(
          total.neg(),
          [...around.keys()],
          around.map(() => 1),
        );
        expectAgreement([total, greater(total, 0), sum(total.square())]);
        expectAgreement([wider.add(0.5).mul(wider), total]);
        expectAgreement([mirrored.reduce((sofar, each) => sofar.sub(each), total.mul(total))]);
      },
    ),
    { numRuns: 40 },
  );
});

test('every piece lies inside or outside of every node, and together they are the loop', () => {
  const box = fc.tuple(side, side);
  fc.assert(
    fc.property(fc.array(box, { minLength: 1, maxLength: 5 }), (boxes) => {
      const layout = new Layout([9, 9]);
      const [origin] = layout.positions;
      const taken = boxes.flatMap((sides, node) => {
        const shape = sides.map(([before, after]) => 9 - before - after);
        const starts = sides.map(([before]) => before);
        const taken = layout.take(node, [origin!], 1, { before: starts, shape });
        return taken ? [{ shape, position: layout.moved(origin!, starts) }] : [];
      });
      const covered = new Set<number>();
      for (const piece of layout.pieces) {
        for (let i = 0; i < piece.shape[0]!; i++) {
          for (let j = 0; j < piece.shape[1]!; j++) {
            const at = [piece.starts[0]! + i, piece.starts[1]! + j];
            covered.add(at[0]! * 9 + at[1]!);
            for (const { shape, position } of taken) {
              const isThere = isInside({ starts: at, shape: [1, 1] }, shape, position);
              expect(isInside(piece, shape, position)).toBe(isThere);
            }
          }
        }
      }
      expect(covered.size).toBe(81);
    }),
  );
});
