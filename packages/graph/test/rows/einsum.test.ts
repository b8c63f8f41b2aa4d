/** Sums of products by indices, against loops over all indices. */
import { dot, einsum, Graph, type GraphNode, outer, type Tensor, tensordot } from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectElements, indicesOf, integersOf, tensorOf } from '../support/arrays.ts';

/** The sum of products as the notation defines it. */
function expectEinsum(
  actual: Tensor,
  terms: readonly string[],
  result: string,
  operands: readonly Tensor[],
): void {
  const letters = Array.from(new Set(terms.join('')));
  const lengthOf = (letter: string): number => {
    const k = terms.findIndex((term) => term.includes(letter));
    return operands[k]!.shape[terms[k]!.indexOf(letter)]!;
  };
  const shape = Array.from(result, lengthOf);
  const summed = letters.filter((letter) => !result.includes(letter));
  expectElements(actual, shape, (index) => {
    const products = indicesOf(summed.map(lengthOf)).map((inner) => {
      const at = (letter: string): number =>
        result.includes(letter) ? index[result.indexOf(letter)]! : inner[summed.indexOf(letter)]!;
      return terms.reduce(
        (product, term, k) => product * operands[k]!.at(...Array.from(term, at)),
        1,
      );
    });
    return products.reduce((x, y) => x + y, 0);
  });
}

const LETTERS = ['i', 'j', 'k', 'L'];

/** Up to three operands of up to three indices, of lengths 1 to 3, and a result of some of them. */
const cases = fc
  .record({
    lengths: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 4 }),
    terms: fc.array(fc.array(fc.nat(3), { maxLength: 3 }), { minLength: 1, maxLength: 3 }),
    order: fc.shuffledSubarray([0, 1, 2, 3]),
  })
  .chain(({ lengths, terms, order }) =>
    fc
      .tuple(...terms.map((term) => integersOf(term.map((letter) => lengths[letter]!))))
      .map((operands) => ({
        operands,
        terms: terms.map((term) => term.map((letter) => LETTERS[letter]!).join('')),
        result: order
          .filter((letter) => terms.some((term) => term.includes(letter)))
          .map((letter) => LETTERS[letter]!)
          .join(''),
      })),
  );

function nodesOf(operands: readonly Tensor[]): GraphNode[] {
  const graph = new Graph();
  return operands.map((value, k) => graph.input(`x${k}`, { value }));
}

test('every sum of products, repeated indices and outer products among them', () => {
  fc.assert(
    fc.property(cases, ({ operands, terms, result }) => {
      const node = einsum(`${terms.join(', ')} -> ${result}`, ...nodesOf(operands));
      expectEinsum(node.tensor, terms, result, operands);
    }),
    { numRuns: 400 },
  );
});

test('without a result it has the indices that occur once, in alphabetical order', () => {
  fc.assert(
    fc.property(cases, ({ operands, terms }) => {
      const all = Array.from(terms.join(''));
      const once = all.filter((letter) => all.filter((other) => other === letter).length === 1);
      const node = einsum(terms.join(','), ...nodesOf(operands));
      expectEinsum(node.tensor, terms, once.sort().join(''), operands);
    }),
  );
});

/**
 * Up to three operands of letters around an ellipsis, for which each has some of the last of two common axes; any
 * axis, also one with a letter, may have length 1 instead of the common one.
 */
const ellipses = fc
  .record({
    lengths: fc.array(fc.integer({ min: 2, max: 3 }), { minLength: 6, maxLength: 6 }),
    terms: fc.array(
      fc.record({
        before: fc.shuffledSubarray([0, 1], { maxLength: 1 }),
        under: fc.nat(2),
        after: fc.shuffledSubarray([2, 3], { maxLength: 2 }),
        ones: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    order: fc.shuffledSubarray([0, 1, 2, 3]),
    at: fc.nat(4),
  })
  .chain(({ lengths, terms, order, at }) => {
    const named = terms.map(({ before, under, after, ones }) => {
      const axes = [...before, ...[4, 5].slice(2 - under), ...after];
      return { axes, shape: axes.map((axis, k) => (ones[k]! ? 1 : lengths[axis]!)), before, after };
    });
    return fc.tuple(...named.map(({ shape }) => integersOf(shape))).map((operands) => ({
      named,
      operands,
      result: order.filter((letter) => named.some(({ axes }) => axes.includes(letter))),
      at,
    }));
  });

/** Operands stretched to the common lengths, which is what broadcasting means. */
function stretched(terms: readonly (readonly number[])[], operands: readonly Tensor[]): Tensor[] {
  const length = (axis: number): number =>
    Math.max(...terms.map((term, k) => operands[k]!.shape[term.indexOf(axis)] ?? 1));
  return operands.map((x, k) =>
    tensorOf(terms[k]!.map(length), (index) =>
      x.at(...index.map((i, axis) => (x.shape[axis] === 1 ? 0 : i))),
    ),
  );
}

describe('an ellipsis', () => {
  const ALL = [...LETTERS, 'X', 'Y'];
  const text = (axes: readonly number[]): string => axes.map((axis) => ALL[axis]!).join('');

  test('stands for the axes without letters, which broadcast', () => {
    fc.assert(
      fc.property(ellipses, ({ named, operands, result, at }) => {
        const terms = named.map(({ before, after }) => `${text(before)}...${text(after)}`);
        const under = [4, 5].filter((axis) => named.some(({ axes }) => axes.includes(axis)));
        const place = at % (result.length + 1);
        const [left, right] = [result.slice(0, place), result.slice(place)];
        const node = einsum(
          `${terms.join(',')}->${text(left)} ... ${text(right)}`,
          ...nodesOf(operands),
        );
        const axes = named.map((term) => term.axes);
        const wanted = text([...left, ...under, ...right]);
        expectEinsum(node.tensor, axes.map(text), wanted, stretched(axes, operands));
      }),
      { numRuns: 300 },
    );
  });

  test('comes first where no result is given', () => {
    fc.assert(
      fc.property(ellipses, ({ named, operands }) => {
        const terms = named.map(({ before, after }) => `${text(before)}...${text(after)}`);
        const all = named.flatMap(({ before, after }) => [...before, ...after]);
        const once = all.filter((axis) => all.filter((other) => other === axis).length === 1);
        const under = [4, 5].filter((axis) => named.some(({ axes }) => axes.includes(axis)));
        const node = einsum(terms.join(','), ...nodesOf(operands));
        const axes = named.map((term) => term.axes);
        const wanted = text(under) + Array.from(text(once)).sort().join('');
        expectEinsum(node.tensor, axes.map(text), wanted, stretched(axes, operands));
      }),
      { numRuns: 200 },
    );
  });

  test('may stand for nothing', () => {
    const x = new Graph().input('x', {
      value: [
        [1, 2],
        [3, 4],
      ],
    });
    expect(einsum('i...j->j...i', x).tensor.toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(einsum('ij->...', x).value).toBe(10);
  });
});

test('dot, outer and tensordot are cases of it', () => {
  const operands = fc.tuple(integersOf([2, 3, 4]), integersOf([3, 4, 2]), integersOf([3]));
  fc.assert(
    fc.property(operands, (values) => {
      const [a, b, v] = nodesOf(values) as [GraphNode, GraphNode, GraphNode];
      const [x, y, w] = values;
      expectEinsum(tensordot(a, b).tensor, ['ijk', 'jkl'], 'il', [x, y]);
      expectEinsum(
        tensordot(a, b, [
          [-1, 0],
          [1, 2],
        ]).tensor,
        ['ijk', 'lki'],
        'jl',
        [x, y],
      );
      expectEinsum(tensordot(a, v, [[1], [0]]).tensor, ['ijk', 'j'], 'ik', [x, w]);
      expectEinsum(tensordot(v, v, 0).tensor, ['i', 'j'], 'ij', [w, w]);
      expectEinsum(dot(v, v).tensor, ['i', 'i'], '', [w, w]);
      expectEinsum(outer(v, v).tensor, ['i', 'j'], 'ij', [w, w]);
    }),
  );
});

describe('what is wrong is said, and nothing is built', () => {
  const graph = new Graph();
  const a = graph.input('a', { shape: [2, 3] });
  const b = graph.input('b', { shape: [3, 2] });
  const one = graph.input('one', { shape: [1, 3] });
  const count = graph.nodeCount;
  test.each<[() => unknown, string]>([
    [() => einsum('ij;jk', a, a), 'einsum: cannot read "ij;jk"; write letters for axes'],
    [() => einsum('..ij->ij', a), 'cannot read "..ij" of operand 1; an ellipsis is three dots'],
    [() => einsum('...i...', a), 'cannot read "...i..." of operand 1'],
    [() => einsum('ij->....', a), 'cannot read "...." of the result'],
    [
      () => einsum('...j->j', a),
      'the result of "...j->j" has no ellipsis, but the operands have axes',
    ],
    [() => einsum('...ijk->...', a), '"...ijk" names 3 axes of operand 1, which has 2'],
    [
      () => einsum('...,...', a, b),
      'axis -2 of the ellipsis of "...,..." stands for axes of lengths 2 and 3',
    ],
    [() => einsum('ii', one), 'index i of "ii" stands for axes of lengths 1 and 3'],
    [() => einsum('ij,jk', a), '"ij,jk" is for 2 operands, got 1'],
    [() => einsum('ijk', a), '"ijk" names 3 axes of operand 1, which has 2'],
    [() => einsum('i', a), '"i" names 1 axes of operand 1, which has 2; an ellipsis, ..., stands'],
    [() => einsum('ij,jk->ik', a, a), 'index j of "ij,jk->ik" stands for axes of lengths 3 and 2'],
    [() => einsum('ij->ik', a), 'index k of the result of "ij->ik" is at no operand'],
    [() => einsum('ij->ii', a), 'index i stands twice in the result of "ij->ii"'],
    [() => dot(a, a), 'dot: both operands must be vectors of one length'],
    [() => outer(a, a), 'outer: both operands must be vectors'],
    [() => tensordot(a, a, 3), 'tensordot: the number of axes to sum over'],
    [() => tensordot(a, a, 1), 'axis 1 of the first has length 3, axis 0 of the second 2'],
    [() => tensordot(a, a, [[0], [0, 1]]), 'got 1 axes of the first operand and 2 of the second'],
    [
      () =>
        tensordot(a, a, [
          [0, 0],
          [0, 1],
        ]),
      'axis 0 is named twice',
    ],
  ])('%#: %s', (build, message) => {
    expect(build).toThrow(message);
    expect(graph.nodeCount).toBe(count);
  });
});
