/**
 * Identities: nodes that have the value of an operand, bit by bit, also where that is NaN or a zero of either sign.
 * So `x * 1` and `x - 0` are x, but `x * 0` is not 0 (it may be NaN) and `x + 0` is not x (it may be -0).
 */
import { type Attributes, type Lowering, type Operation, sameShape } from '@ad/graph';
import * as rows from '@ad/graph/rows';
import type { Simplified } from './simplified.ts';

/** Which operand has the value of a node: its id, or -1 for none. */
type Identity = (simplified: Simplified, node: number) => number;

const operandIf =
  (condition: (simplified: Simplified, node: number) => boolean): Identity =>
  (simplified, node) =>
    condition(simplified, node) ? simplified.operand(node, 0) : -1;

/** The operand beside a known number that changes nothing; `both` if that may stand on the left too. */
function neutral(value: number, both: boolean): Identity {
  return (simplified, node) => {
    const x = simplified.operand(node, 0);
    const y = simplified.operand(node, 1);
    if (Object.is(simplified.uniformValue(y), value)) return x;
    return both && Object.is(simplified.uniformValue(x), value) ? y : -1;
  };
}

/** The operand of an operand of the same name: x for -(-x). */
const undone: Identity = (simplified, node) => {
  const inner = simplified.operand(node, 0);
  return isSame(simplified, inner, node) ? simplified.operand(inner, 0) : -1;
};

const first = operandIf(() => true);

/** The operand of a layout operation that leaves the shape as it is. */
const unchanged = operandIf(({ arena }, node) => {
  const operand = arena.operandIds[arena.operandStarts[node]!]!;
  return sameShape(arena.typeOf(node).shape, arena.typeOf(operand).shape);
});

/** The operand of a slice that takes everything, forwards. */
const everything: Identity = (simplified, node) => {
  const { starts, steps } = simplified.arena.attributes.get(node) as Readonly<
    Record<'starts' | 'steps', readonly number[]>
  >;
  const forwards = starts.every((start) => start === 0) && steps.every((step) => step === 1);
  return forwards ? unchanged(simplified, node) : -1;
};

/** The operand of two transpositions that undo each other. */
const turnedBack: Identity = (simplified, node) => {
  const { attributes } = simplified.arena;
  const outer = permutationOf(attributes.get(node));
  if (outer.every((axis, k) => axis === k)) return simplified.operand(node, 0);
  const inner = simplified.operand(node, 0);
  if (!isSame(simplified, inner, node)) return -1;
  const before = permutationOf(attributes.get(inner));
  return outer.every((axis, k) => before[axis] === k) ? simplified.operand(inner, 0) : -1;
};

/** The operand that two reshapings lead back to. */
const reshapedBack: Identity = (simplified, node) => {
  const same = unchanged(simplified, node);
  const inner = simplified.operand(node, 0);
  if (same >= 0 || !isSame(simplified, inner, node)) return same;
  return simplified.operand(inner, 0);
};

/** One of two operands that are the same. */
const either: Identity = (simplified, node) => {
  const x = simplified.operand(node, 0);
  return x === simplified.operand(node, 1) ? x : -1;
};

/** The branch that a choice takes. */
const chosen: Identity = (simplified, node) => {
  const condition = simplified.uniformValue(simplified.operand(node, 0));
  const [x, y] = [simplified.operand(node, 1), simplified.operand(node, 2)];
  if (x === y || (condition !== undefined && condition !== 0)) return x;
  return condition === 0 ? y : -1;
};

function isSame({ arena }: Simplified, inner: number, node: number): boolean {
  return arena.codes[inner] === arena.codes[node];
}

function permutationOf(attributes: Attributes | undefined): readonly number[] {
  return attributes!['permutation'] as readonly number[];
}

/** The identities of elementwise operations beside a known number. */
const NEUTRALS: ReadonlyMap<Operation, Identity> = new Map<Operation, Identity>([
  [rows.mul, neutral(1, true)],
  [rows.div, neutral(1, false)],
  [rows.pow, neutral(1, false)],
  [rows.add, neutral(-0, true)],
  [rows.sub, neutral(0, false)],
]);

/** The identities of elementwise operations. */
const IDENTITIES: ReadonlyMap<Operation, Identity> = new Map<Operation, Identity>([
  [rows.identity, first],
  [rows.neg, undone],
  [rows.not, undone],
  [rows.minimum, either],
  [rows.maximum, either],
  [rows.where, chosen],
]);

/** The identities of layout operations. */
const LAYOUTS: Readonly<Partial<Record<Lowering, Identity>>> = {
  reshape: reshapedBack,
  broadcast: unchanged,
  transpose: turnedBack,
  slice: everything,
};

/** What may have the value of nodes with this row that have known operands: an operand that counts if it is of their type. */
export function neutralOf(row: Operation): Identity | undefined {
  return NEUTRALS.get(row);
}

/** What may have the value of any nodes with this row: an operand that counts if it is of their type. */
export function identityOf(row: Operation): Identity | undefined {
  return row.lowering === undefined ? IDENTITIES.get(row) : LAYOUTS[row.lowering];
}
