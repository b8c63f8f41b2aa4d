/**
 * Colorings: the columns of one color are computed together, because what one sweep adds up of them can be told apart.
 * After Gebremedhin, Manne and Pothen, "What color is your Jacobian? Graph coloring for computing derivatives", SIAM
 * Review 47 (2005), and for symmetric matrices Gebremedhin, Tarafdar, Manne and Pothen, "New acyclic and star coloring
 * algorithms with application to computing Hessians", SIAM Journal on Scientific Computing 29 (2007).
 *
 * All are greedy: each column gets the first color that fits, once in the natural order and once from the fullest column
 * down; the coloring with fewer colors is taken.
 */
import { type SparsityPattern, transposed } from './pattern.ts';

/** The color of each column, -1 for columns without entries, and how many colors there are. */
export interface Coloring {
  readonly colors: Int32Array;
  readonly count: number;
}

/** What a greedy coloring must know: which colors a column cannot have, and what follows once it has one. */
interface Rule {
  forbid(column: number, colors: Int32Array, forbid: (color: number) => void): void;
  colored?(column: number, colors: Int32Array): void;
}

/**
 * Columns of one color have no row in common. At least as many colors are needed as the fullest row has entries; for
 * banded and for block-diagonal matrices that is what it takes.
 *
 * Complexity: O(sum over rows of the square of their entries).
 */
export function colorColumns(pattern: SparsityPattern): Coloring {
  const { columns, rowStarts } = pattern;
  const { columns: rows, rowStarts: columnStarts } = transposed(pattern);
  return fewestColors(columnStarts, () => ({
    forbid(column, colors, forbid) {
      for (let e = columnStarts[column]!; e < columnStarts[column + 1]!; e++) {
        const row = rows[e]!;
        for (let f = rowStarts[row]!; f < rowStarts[row + 1]!; f++) forbid(colors[columns[f]!]!);
      }
    },
  }));
}

/** The most entries of any row: no coloring of the columns has fewer colors. */
export function fullestRow({ shape: [m], rowStarts }: SparsityPattern): number {
  let most = 0;
  for (let i = 0; i < m; i++) most = Math.max(most, rowStarts[i + 1]! - rowStarts[i]!);
  return most;
}

/**
 * Columns of one color of a symmetric matrix, such that every entry can be read off directly, in its row or in its
 * column: a star coloring. Neighbors have different colors, and columns of any two colors form stars: of two neighbors
 * one is the only neighbor of its color that the other has. Two colors do for an arrow, three for a tridiagonal matrix.
 *
 * Complexity: O(sum over columns of the entries of their neighbors) at worst.
 */
export function colorSymmetric(pattern: SparsityPattern): Coloring {
  return fewestColors(pattern.rowStarts, () => starRule(pattern));
}

function starRule({ shape: [n], rowStarts, columns }: SparsityPattern): Rule {
  /** By vertex and color: how many neighbors of that color the vertex has, and the first of them. */
  const counts = new Map<number, number>();
  const firsts = new Map<number, number>();
  /** By vertex: the neighbors that are centers of stars of which it is a leaf. */
  const centers = new Map<number, number[]>();
  const addCenter = (leaf: number, center: number): void => {
    const known = centers.get(leaf);
    if (known === undefined) centers.set(leaf, [center]);
    else known.push(center);
  };
  const addNeighbor = (vertex: number, neighbor: number, color: number): void => {
    const key = vertex * n + color;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (count === 1) firsts.set(key, neighbor);
    else addCenter(neighbor, vertex);
    if (count === 2) addCenter(firsts.get(key)!, vertex);
  };
  const eachNeighbor = (
    vertex: number,
    colors: Int32Array,
    visit: (neighbor: number, color: number) => void,
  ): void => {
    for (let e = rowStarts[vertex]!; e < rowStarts[vertex + 1]!; e++) {
      const neighbor = columns[e]!;
      if (neighbor !== vertex && colors[neighbor]! >= 0) visit(neighbor, colors[neighbor]!);
    }
  };
  return {
    forbid(v, colors, forbid) {
      const firstOf = new Map<number, number>();
      const forbidAround = (w: number): void => {
        eachNeighbor(w, colors, (_x, color) => {
          forbid(color);
        });
      };
      eachNeighbor(v, colors, (w, color) => {
        forbid(color);
        // v - w - x, where x is the center of a star of w: another leaf would make it a path over four.
        for (const x of centers.get(w) ?? []) forbid(colors[x]!);
        // v will be the center of a star, so its leaves can have no other neighbors of its color.
        const first = firstOf.get(color);
        if (first === undefined) firstOf.set(color, w);
        else {
          forbidAround(first);
          forbidAround(w);
        }
      });
    },
    colored(v, colors) {
      eachNeighbor(v, colors, (w, color) => {
        addNeighbor(w, v, colors[v]!);
        addNeighbor(v, w, color);
      });
    },
  };
}

/** The better of two greedy colorings of columns, of which column `i` has `starts[i + 1] - starts[i]` entries. */
function fewestColors(starts: Int32Array, makeRule: () => Rule): Coloring {
  const natural = Array.from({ length: starts.length - 1 }, (_, i) => i);
  const entriesOf = (i: number): number => starts[i + 1]! - starts[i]!;
  const fullestFirst = [...natural].sort((i, j) => entriesOf(j) - entriesOf(i) || i - j);
  const [first, second] = [natural, fullestFirst].map((order) => {
    const filled = order.filter((i) => entriesOf(i) > 0);
    return greedy(natural.length, filled, makeRule());
  }) as [Coloring, Coloring];
  return second.count < first.count ? second : first;
}

function greedy(size: number, order: readonly number[], rule: Rule): Coloring {
  const colors = new Int32Array(size).fill(-1);
  /** The column that last could not have a color; the colors in use and one more. */
  const forbiddenFor: number[] = [-1];
  for (const column of order) {
    rule.forbid(column, colors, (color) => {
      if (color >= 0) forbiddenFor[color] = column;
    });
    const color = forbiddenFor.findIndex((last) => last !== column);
    colors[column] = color;
    if (color === forbiddenFor.length - 1) forbiddenFor.push(-1);
    rule.colored?.(column, colors);
  }
  return { colors, count: forbiddenFor.length - 1 };
}
