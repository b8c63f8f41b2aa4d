/**
 * Functions that build nodes: sums of products in the notation of Einstein, and its common cases. Everything becomes
 * transpositions, sums and products of stacks of matrices, two operands at a time from left to right.
 */
import { ShapeError, ValueError } from '../errors.ts';
import { explain } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import { normalizeAxes, normalizeAxis, sizeOf } from '../shape.ts';
import { diagonal } from './arrangement.ts';
import { matmul } from './contraction.ts';
import { reshape, transpose } from './layout.ts';
import { sum } from './reduction.ts';

/** How many axes to sum over, or which: those of the first operand and, in the same order, those of the second. */
export type TensordotAxes = number | readonly [readonly number[], readonly number[]];

/** An expression such as `ij,jk->ik`, taken apart; axes of an ellipsis have letters of their own. */
interface Expression {
  readonly operands: readonly string[];
  readonly result: string;
}

/** The letter for the axis of an ellipsis that is this far from its end: ellipses are aligned there. */
const ellipsisLetter = (fromEnd: number): string => String.fromCharCode(0xe000 + fromEnd);

/** The letters for an ellipsis that stands for so many axes. */
const ellipsisLetters = (count: number): string =>
  Array.from({ length: count }, (_, k) => ellipsisLetter(count - 1 - k)).join('');

/** An index in words. */
const wordsOf = (index: string): string => {
  const fromEnd = index.charCodeAt(0) - 0xe000;
  return fromEnd < 0 ? `index ${index}` : `axis ${-1 - fromEnd} of the ellipsis`;
};

/** A node and the index that each of its axes stands for. */
interface Indexed {
  readonly node: GraphNode;
  readonly indices: string;
}

/**
 * Sum of products by indices: each letter names an axis of every operand it stands at; letters that are not in the
 * result are summed over, and a letter that stands twice at one operand means its diagonal.
 *
 * Without `->` the result has the letters that occur once, in alphabetical order, capitals first.
 *
 * An ellipsis, `...`, stands for the axes that have no letter, aligned at the last of them; they broadcast, and must be
 * in the result, which begins with them where no `->` says otherwise. As in NumPy, an axis of length 1 goes with
 * axes of any length of the same letter at other operands.
 *
 * @param expression - such as `ij,jk->ik` or `...ij,...jk->...ik`; spaces do not count.
 * @throws {@link ValueError} when the expression is not well formed; {@link ShapeError} when it does not fit the operands.
 * @example
 * ```ts
 * import { einsum, evaluate, Graph } from '@ad/graph';
 *
 * const graph = new Graph();
 * const a = graph.input('a', { value: [[1, 2], [3, 4]] });
 * const b = graph.input('b', { value: [[1, 1], [0, 1]] });
 * evaluate(einsum('ij,jk->ik', a, b)).toArray(); // => [[1, 3], [3, 7]]
 * evaluate(einsum('ii', a)).item(); // => 5
 * evaluate(einsum('...j,...j', a, b)).toArray(); // => [3, 4]
 * einsum('ij,kl->ij', a); // throws /for 2 operands, got 1/
 * ```
 */
export function einsum(expression: string, ...operands: readonly GraphNode[]): GraphNode {
  const { parsed, lengths } = explain('einsum', operands, () => {
    const made = parse(expression, operands);
    return { parsed: made, lengths: check(expression, made, operands) };
  });
  const terms = operands.map((node, k) =>
    withoutOnes(withoutRepeats({ node, indices: parsed.operands[k]! }), lengths),
  );
  let sofar = terms[0]!;
  for (let k = 1; k < terms.length; k++) {
    const later = terms.slice(k + 1).map(({ indices }) => indices);
    sofar = contract(sofar, terms[k]!, parsed.result + later.join(''));
  }
  return inOrder(keepOnly(sofar, parsed.result), parsed.result);
}

function parse(expression: string, operands: readonly GraphNode[]): Expression {
  const text = expression.replaceAll(/\s/g, '');
  const match = /^([A-Za-z,.]*)(?:->([A-Za-z.]*))?$/.exec(text);
  if (match === null) {
    throw new ValueError(
      `cannot read "${expression}"; write letters for axes, ... for axes without a letter, commas between operands, ` +
        '-> before the result, as in "ij,jk->ik"',
    );
  }
  const terms = match[1]!.split(',');
  if (terms.length !== operands.length) {
    throw new ValueError(`"${expression}" is for ${terms.length} operands, got ${operands.length}`);
  }
  const counts = terms.map((term, k) => ellipsisCount(term, operands[k]!.shape.length, k));
  const most = ellipsisLetters(Math.max(...counts));
  const named = terms.map((term, k) => term.replace('...', ellipsisLetters(counts[k]!)));
  const all = Array.from(named.join(''));
  const once = Array.from(terms.join('').replaceAll('.', '')).filter(
    (letter) => all.indexOf(letter) === all.lastIndexOf(letter),
  );
  if (match[2] === undefined) return { operands: named, result: most + once.sort().join('') };
  checkEllipsis(match[2], 'the result');
  if (most !== '' && !match[2].includes('.')) {
    throw new ValueError(
      `the result of "${expression}" has no ellipsis, but the operands have axes under one; write ... in the result, ` +
        'or give the axes letters to sum over them',
    );
  }
  const result = match[2].replace('...', most);
  const unknown = Array.from(result).find((letter) => !all.includes(letter));
  if (unknown !== undefined)
    throw new ValueError(`index ${unknown} of the result of "${expression}" is at no operand`);
  const twice = Array.from(result).find((letter, k) => result.indexOf(letter) < k);
  if (twice !== undefined)
    throw new ValueError(`index ${twice} stands twice in the result of "${expression}"`);
  return { operands: named, result };
}

/** How many axes the ellipsis of a term stands for; 0 if it has none. */
function ellipsisCount(term: string, rank: number, k: number): number {
  checkEllipsis(term, `operand ${k + 1}`);
  const letters = term.replace('...', '').length;
  const isFree = term.includes('.');
  if (letters === rank || (isFree && letters < rank)) return rank - letters;
  throw new ShapeError(
    `"${term}" names ${letters} axes of operand ${k + 1}, which has ${rank}` +
      (letters < rank ? '; an ellipsis, ..., stands for the others' : ''),
  );
}

function checkEllipsis(term: string, what: string): void {
  if (!term.replace('...', '').includes('.')) return;
  throw new ValueError(
    `cannot read "${term}" of ${what}; an ellipsis is three dots, once per term`,
  );
}

/** The length that each index stands for. */
function check(
  expression: string,
  parsed: Expression,
  operands: readonly GraphNode[],
): ReadonlyMap<string, number> {
  const lengths = new Map<string, number>();
  const differs = (index: string, known: number, length: number): ShapeError =>
    new ShapeError(
      `${wordsOf(index)} of "${expression}" stands for axes of lengths ${known} and ${length}; they must be equal`,
    );
  operands.forEach(({ shape }, k) => {
    const own = new Map<string, number>();
    shape.forEach((length, axis) => {
      const index = parsed.operands[k]![axis]!;
      // A diagonal is of axes of one length; between operands, 1 goes with any.
      const here = own.get(index) ?? length;
      if (here !== length) throw differs(index, here, length);
      own.set(index, length);
      const known = lengths.get(index) ?? 1;
      if (known !== length && known !== 1 && length !== 1) throw differs(index, known, length);
      lengths.set(index, known === 1 ? length : known);
    });
  });
  return lengths;
}

/** Without the axes of length 1 that stand for longer ones: what they say is the same at every index. */
function withoutOnes({ node, indices }: Indexed, lengths: ReadonlyMap<string, number>): Indexed {
  const kept = Array.from(indices).filter((index, axis) => node.shape[axis] === lengths.get(index));
  if (kept.length === indices.length) return { node, indices };
  const shape = kept.map((index) => lengths.get(index)!);
  return { node: reshape(node, shape), indices: kept.join('') };
}

/** The diagonal for every index that stands twice. */
function withoutRepeats({ node, indices }: Indexed): Indexed {
  const first = Array.from(indices).findIndex(
    (index, axis) => indices.indexOf(index, axis + 1) >= 0,
  );
  if (first < 0) return { node, indices };
  const second = indices.indexOf(indices[first]!, first + 1);
  const others = Array.from(indices)
    .map((_, axis) => axis)
    .filter((k) => k !== first && k !== second);
  const rest = others.map((axis) => indices[axis]!).join('') + indices[first]!;
  return withoutRepeats({
    node: diagonal(transpose(node, [...others, first, second])),
    indices: rest,
  });
}

/** Summed over every index that is not wanted. */
function keepOnly({ node, indices }: Indexed, wanted: string): Indexed {
  const axes = Array.from(indices).flatMap((index, axis) => (wanted.includes(index) ? [] : [axis]));
  if (axes.length === 0) return { node, indices };
  const kept = Array.from(indices)
    .filter((index) => wanted.includes(index))
    .join('');
  return { node: sum(node, { axes }), indices: kept };
}

/** With the axes in the order of these indices. */
function inOrder({ node, indices }: Indexed, wanted: string): GraphNode {
  if (indices === wanted) return node;
  return transpose(
    node,
    Array.from(wanted).map((index) => indices.indexOf(index)),
  );
}

/** The product of two, summed over what is not needed any more: one product of stacks of matrices. */
function contract(left: Indexed, right: Indexed, needed: string): Indexed {
  const x = keepOnly(left, needed + right.indices);
  const y = keepOnly(right, needed + left.indices);
  const lengthOf = (index: string): number => {
    const axis = x.indices.indexOf(index);
    return axis < 0 ? y.node.shape[y.indices.indexOf(index)]! : x.node.shape[axis]!;
  };
  const select = (from: string, isIn: (index: string) => boolean): string =>
    Array.from(from).filter(isIn).join('');
  const shared = select(x.indices, (index) => y.indices.includes(index));
  const stack = select(shared, (index) => needed.includes(index));
  const summed = select(shared, (index) => !needed.includes(index));
  const rows = select(x.indices, (index) => !shared.includes(index));
  const columns = select(y.indices, (index) => !shared.includes(index));
  const lengths = (indices: string): number[] => Array.from(indices).map(lengthOf);
  const size = (indices: string): number => sizeOf(lengths(indices));
  const product = matmul(
    reshape(inOrder(x, stack + rows + summed), [...lengths(stack), size(rows), size(summed)]),
    reshape(inOrder(y, stack + summed + columns), [...lengths(stack), size(summed), size(columns)]),
  );
  const indices = stack + rows + columns;
  return { node: reshape(product, lengths(indices)), indices };
}

/**
 * Inner product of two vectors.
 *
 * @throws {@link ShapeError} when they are not two vectors of one length.
 * @example
 * ```ts
 * import { dot, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [1, 2] });
 * evaluate(dot(x, x)).item(); // => 5
 * ```
 */
export function dot(x: GraphNode, y: GraphNode): GraphNode {
  explain('dot', [x, y], () => {
    if (x.shape.length !== 1 || y.shape.length !== 1 || x.shape[0] !== y.shape[0])
      throw new ShapeError('both operands must be vectors of one length; see matmul and tensordot');
  });
  return matmul(x, y);
}

/**
 * Products of every element of a vector with every element of another: $x y^T$.
 *
 * @throws {@link ShapeError} when an operand is not a vector.
 * @example
 * ```ts
 * import { evaluate, Graph, outer } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [1, 2] });
 * evaluate(outer(x, x)).toArray(); // => [[1, 2], [2, 4]]
 * ```
 */
export function outer(x: GraphNode, y: GraphNode): GraphNode {
  explain('outer', [x, y], () => {
    if (x.shape.length !== 1 || y.shape.length !== 1)
      throw new ShapeError('both operands must be vectors');
  });
  return matmul(reshape(x, [...x.shape, 1]), reshape(y, [1, ...y.shape]));
}

/**
 * Sum of products over axes of two arrays: what is left of the first comes first in the result.
 *
 * @param axes - how many: the last ones of `x` with the first ones of `y`; or two lists. Default 2.
 * @throws {@link ShapeError} when the axes have different lengths; {@link ValueError} when an axis does not exist.
 * @example
 * ```ts
 * import { Graph, tensordot } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x', { shape: [2, 3, 4] });
 * const y = graph.input('y', { shape: [4, 3, 5] });
 * tensordot(x, y, [[1, 2], [1, 0]]).shape; // => [2, 5]
 * ```
 */
export function tensordot(x: GraphNode, y: GraphNode, axes: TensordotAxes = 2): GraphNode {
  const [ofX, ofY] = explain('tensordot', [x, y], () => summedAxes(x, y, axes));
  const freeX = x.shape.map((_, axis) => axis).filter((axis) => !ofX.includes(axis));
  const freeY = y.shape.map((_, axis) => axis).filter((axis) => !ofY.includes(axis));
  const inner = sizeOf(ofX.map((axis) => x.shape[axis]!));
  const [rows, columns] = [
    freeX.map((axis) => x.shape[axis]!),
    freeY.map((axis) => y.shape[axis]!),
  ];
  const product = matmul(
    reshape(transpose(x, [...freeX, ...ofX]), [sizeOf(rows), inner]),
    reshape(transpose(y, [...ofY, ...freeY]), [inner, sizeOf(columns)]),
  );
  return reshape(product, [...rows, ...columns]);
}

function summedAxes(x: GraphNode, y: GraphNode, axes: TensordotAxes): [number[], number[]] {
  if (typeof axes === 'number') {
    if (!Number.isInteger(axes) || axes < 0 || axes > Math.min(x.shape.length, y.shape.length))
      throw new ValueError(
        `the number of axes to sum over is at most that of either operand, got ${axes}`,
      );
    const first = Array.from({ length: axes }, (_, i) => i);
    return checked(
      x,
      y,
      first.map((i) => x.shape.length - axes + i),
      first,
    );
  }
  const [left, right] = axes;
  normalizeAxes(left, x.shape.length);
  normalizeAxes(right, y.shape.length);
  if (left.length !== right.length)
    throw new ValueError(
      `got ${left.length} axes of the first operand and ${right.length} of the second`,
    );
  return checked(
    x,
    y,
    left.map((axis) => normalizeAxis(axis, x.shape.length)),
    right.map((axis) => normalizeAxis(axis, y.shape.length)),
  );
}

function checked(x: GraphNode, y: GraphNode, ofX: number[], ofY: number[]): [number[], number[]] {
  const k = ofX.findIndex((axis, i) => x.shape[axis] !== y.shape[ofY[i]!]);
  if (k >= 0) {
    throw new ShapeError(
      `axis ${ofX[k]} of the first has length ${x.shape[ofX[k]!]}, axis ${ofY[k]} of the second ${y.shape[ofY[k]!]}; they must be equal`,
    );
  }
  return [ofX, ofY];
}
