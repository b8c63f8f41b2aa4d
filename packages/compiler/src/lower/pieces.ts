/**
 * Loops in pieces. Zeros around an array are nowhere written: a padded node joins the loop of its users, and with it
 * what computes its elements. The loop is cut where a padded array begins or ends in it, so in each piece every node
 * is either computed, at a distance that is the same for the whole piece, or 0, and no element is tested. The gradient
 * with respect to an array of which shifted parts are used, as in a stencil, becomes one loop and its borders.
 */
import type { Shape } from '@ad/graph';
import type { View } from './view.ts';

/** Where the first element of a node lies in the loop. */
export interface Position {
  /** Its number among the positions of the loop; 0 is the origin. */
  readonly index: number;
  readonly starts: readonly number[];
}

/** The elements of a padded node that are not the zeros around them. */
export interface Elements {
  readonly before: readonly number[];
  readonly shape: Shape;
}

/** A box of elements of the loop. */
export interface Piece {
  readonly starts: readonly number[];
  readonly shape: Shape;
}

/** More pieces, or instructions in all of them, and the code grows for borders that take no time. */
const MAX_PIECES = 27;
const MAX_COMPUTED = 640;

/** Where nodes lie in a loop, and the pieces in which each of them is either computed or 0. */
export class Layout {
  readonly #shape: Shape;
  readonly #origin: Position;
  readonly #positions: Position[];
  readonly #positionsOf = new Map<number, readonly Position[]>();
  /** Per axis where pieces begin, and the end. */
  #borders: readonly ReadonlySet<number>[];
  #computed = 0;

  /** A loop in one piece. */
  constructor(shape: Shape) {
    this.#shape = shape;
    this.#origin = { index: 0, starts: shape.map(() => 0) };
    this.#positions = [this.#origin];
    this.#borders = shape.map((length) => new Set([0, length]));
  }

  /** All positions of nodes. */
  get positions(): readonly Position[] {
    return this.#positions;
  }

  /** The positions of a node; the origin, unless the node is padded. */
  positionsOf(node: number): readonly Position[] {
    return this.#positionsOf.get(node) ?? [this.#origin];
  }

  /** The position that is `before` further along the axes. */
  moved({ starts }: Position, before: readonly number[]): Position {
    const wanted = starts.map((start, axis) => start + before[axis]!);
    const known = this.#positions.find((other) =>
      other.starts.every((start, axis) => start === wanted[axis]),
    );
    if (known !== undefined) return known;
    const made = { index: this.#positions.length, starts: wanted };
    this.#positions.push(made);
    return made;
  }

  /**
   * Takes in a node that lies at these positions, unless the code gets too long.
   *
   * @param cost - instructions for an element.
   * @param elements - of a padded node: the shape of what it surrounds with zeros, and how many are before that.
   */
  take(node: number, positions: readonly Position[], cost: number, elements?: Elements): boolean {
    const borders = this.#borders.map((known) => new Set(known));
    if (elements !== undefined) {
      for (const { starts } of positions.map((each) => this.moved(each, elements.before)))
        borders.forEach((all, axis) =>
          all.add(starts[axis]!).add(starts[axis]! + elements.shape[axis]!),
        );
    }
    const pieces = borders.reduce((count, { size }) => count * (size - 1), 1);
    const computed = this.#computed + cost * positions.length;
    if (pieces > MAX_PIECES || pieces * computed > MAX_COMPUTED) return false;
    this.#computed = computed;
    this.#borders = borders;
    this.#positionsOf.set(node, positions);
    return true;
  }

  /** The pieces, which together are the loop. */
  get pieces(): Piece[] {
    if (this.#borders.every(({ size }) => size === 2))
      return [{ starts: this.#origin.starts, shape: this.#shape }];
    let pieces: Piece[] = [{ starts: [], shape: [] }];
    for (const all of this.#borders) {
      const borders = [...all].sort((a, b) => a - b);
      pieces = pieces.flatMap(({ starts, shape }) =>
        borders.slice(1).map((end, k) => ({
          starts: [...starts, borders[k]!],
          shape: [...shape, end - borders[k]!],
        })),
      );
    }
    return pieces;
  }
}

/** Whether a piece lies inside an array of this shape at a position. It lies inside or outside, never both. */
export function isInside({ starts, shape }: Piece, array: Shape, position: Position): boolean {
  return array.every((length, axis) => {
    const start = starts[axis]! - position.starts[axis]!;
    return start >= 0 && start + shape[axis]! <= length;
  });
}

/** The elements of an array at a position that a piece meets. */
export function pieceOf(view: View, { starts, shape }: Piece, position: Position): View {
  const offset = view.strides.reduce(
    (sofar, stride, axis) => sofar + (starts[axis]! - position.starts[axis]!) * stride,
    view.offset,
  );
  return { ...view, offset, shape };
}
