/** Sums of products by indices, against loops over all indices. */
import { dot, einsum, Graph, type GraphNode, outer, type Tensor, tensordot } from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectElements, indicesOf, integersOf } from '../support/arrays.ts';

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

test('dot, outer and tensordot are cases of it', () => {
  const operands = fc.tuple(integersOf([2, 3, 4]), integersOf([3, 4, 2]), integersOf([3]));
  fc.assert(
    fc.property(operands, (values) => {
      const [a, b, v] = nodesOf(values) as [GraphNode, GraphNode, GraphNode];
      const [x, y, w] = values;
      expectEinsum(tensordot(a, b).tensor, ['ijk', 'jkl'], 'il', [x, y]);
      expectEinsum(
        a.tensordot(b, [
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
  const count = graph.nodeCount;
  test.each<[() => unknown, string]>([
    [() => einsum('ij;jk', a, a), 'einsum: cannot read "ij;jk"; write letters for axes'],
    [() => einsum('...ij->ij', a), 'cannot read "...ij->ij"'],
    [() => einsum('ij,jk', a), '"ij,jk" is for 2 operands, got 1'],
    [() => einsum('ijk', a), '"ijk" names 3 axes of operand 1, which has 2'],
    [() => einsum('ij,jk->ik', a, a), 'index j of "ij,jk->ik" stands for axes of lengths 3 and 2'],
    [() => einsum('ij->ik', a), 'index k of the result of "ij->ik" is at no operand'],
    [() => einsum('ij->ii', a), 'an index stands twice in the result of "ij->ii"'],
    [() => a.dot(a), 'dot: both operands must be vectors of one length'],
    [() => a.outer(a), 'outer: both operands must be vectors'],
    [() => a.tensordot(a, 3), 'tensordot: the number of axes to sum over'],
    [() => a.tensordot(a, 1), 'axis 1 of the first has length 3, axis 0 of the second 2'],
    [() => a.tensordot(a, [[0], [0, 1]]), 'got 1 axes of the first operand and 2 of the second'],
    [
      () =>
        a.tensordot(a, [
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
