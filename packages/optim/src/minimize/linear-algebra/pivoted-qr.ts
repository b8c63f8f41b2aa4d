/**
 * Least squares by Householder reflections with column pivoting, and the same with a multiple of a diagonal matrix
 * below: what Gauss-Newton and Levenberg-Marquardt steps are made of. Normal equations would square the condition.
 */

/** The factorisation $A P = Q R$ of a matrix, with $Q^T b$ beside it. Made once and used for many matrices. */
export class PivotedQR {
  /** The number of columns. */
  readonly columns: number;
  /** The triangle $R$, row by row; 0 below where there are fewer rows than columns. */
  readonly triangle: Float64Array;
  /** The first elements of $Q^T b$. */
  readonly rotated: Float64Array;
  /** Which column of $A$ is the k-th of $A P$. */
  readonly order: Int32Array;
  readonly #rows: number;
  readonly #work: Float64Array;
  readonly #side: Float64Array;
  /** Space for {@link solveDamped}: the triangle of the system and its right side. */
  readonly #damped: Float64Array;
  readonly #dampedSide: Float64Array;
  readonly #row: Float64Array;

  /** For matrices of this size. */
  constructor(rows: number, columns: number) {
    this.columns = columns;
    this.triangle = new Float64Array(columns * columns);
    this.rotated = new Float64Array(columns);
    this.order = new Int32Array(columns);
    this.#rows = rows;
    this.#work = new Float64Array(rows * columns);
    this.#side = new Float64Array(rows);
    this.#damped = new Float64Array(columns * columns);
    this.#dampedSide = new Float64Array(columns);
    this.#row = new Float64Array(columns);
  }

  /**
   * Factors a matrix given column by column.
   *
   * Complexity: $O(m n^2)$.
   * Source: G. Golub, Ch. Van Loan, Matrix Computations, 2013, algorithm 5.4.1.
   */
  factor(a: Float64Array, b: Float64Array): void {
    const [m, n] = [this.#rows, this.columns];
    const [work, side] = [this.#work, this.#side];
    work.set(a);
    side.set(b);
    for (let j = 0; j < n; j++) this.order[j] = j;
    const steps = Math.min(m, n);
    for (let k = 0; k < steps; k++) {
      this.#pivot(k);
      const length = this.#lengthBelow(k, k);
      if (length === 0) break;
      const start = k * m;
      // The reflection I - v v' / (sign * v_k), with v the column of length 1 less sign e_k: no square underflows.
      const sign = work[start + k]! > 0 ? -1 : 1;
      for (let i = k; i < m; i++) work[start + i] = work[start + i]! / length;
      const first = work[start + k]! - sign;
      work[start + k] = first;
      for (let j = k + 1; j <= n; j++) {
        const other = j < n ? work : side;
        const at = j < n ? j * m : 0;
        let sum = 0;
        for (let i = k; i < m; i++) sum += work[start + i]! * other[at + i]!;
        const factor = sum / (sign * first);
        for (let i = k; i < m; i++) other[at + i] = other[at + i]! + factor * work[start + i]!;
      }
      work[start + k] = sign * length;
    }
    this.triangle.fill(0);
    for (let i = 0; i < steps; i++) {
      for (let j = i; j < n; j++) this.triangle[i * n + j] = work[j * m + i]!;
      this.rotated[i] = side[i]!;
    }
    for (let i = steps; i < n; i++) this.rotated[i] = 0;
  }

  /** How many columns are independent, as far as rounding lets one tell. */
  get rank(): number {
    const n = this.columns;
    const least = Number.EPSILON * Math.max(this.#rows, n) * Math.abs(this.triangle[0]!);
    let rank = 0;
    while (rank < n && Math.abs(this.triangle[rank * n + rank]!) > least) rank++;
    return rank;
  }

  /**
   * The least-squares solution of $A x = b$, with 0 for the columns that depend on others.
   *
   * Complexity: $O(n^2)$.
   */
  solve(out: Float64Array): void {
    const n = this.columns;
    const { rank } = this;
    const x = this.#dampedSide;
    x.set(this.rotated);
    x.fill(0, rank);
    backSubstitute(this.triangle, n, rank, x);
    for (let k = 0; k < n; k++) out[this.order[k]!] = x[k]!;
  }

  /**
   * The least-squares solution of $A x = b$, $\sqrt\lambda D x = 0$ together. The triangle of this system is kept for
   * {@link dampedLength}.
   *
   * @param diagonal - of $D$, in the order of the columns of $A$.
   * Complexity: $O(n^3)$, by rotations.
   */
  solveDamped(lambda: number, diagonal: Float64Array, out: Float64Array): void {
    const n = this.columns;
    const [s, side, row] = [this.#damped, this.#dampedSide, this.#row];
    s.set(this.triangle);
    side.set(this.rotated);
    const root = Math.sqrt(lambda);
    for (let k = 0; k < n; k++) {
      row.fill(0, k);
      row[k] = root * diagonal[this.order[k]!]!;
      let last = 0;
      // Rotate the new row into the triangle, element by element.
      for (let j = k; j < n; j++) {
        const a = s[j * n + j]!;
        const b = row[j]!;
        if (b === 0) continue;
        const length = Math.hypot(a, b);
        const [cosine, sine] = [a / length, b / length];
        for (let i = j; i < n; i++) {
          const upper = s[j * n + i]!;
          s[j * n + i] = cosine * upper + sine * row[i]!;
          row[i] = cosine * row[i]! - sine * upper;
        }
        const upper = side[j]!;
        side[j] = cosine * upper + sine * last;
        last = cosine * last - sine * upper;
      }
    }
    let rank = 0;
    while (rank < n && s[rank * n + rank] !== 0) rank++;
    side.fill(0, rank);
    backSubstitute(s, n, rank, side);
    for (let k = 0; k < n; k++) out[this.order[k]!] = side[k]!;
  }

  /** The norm of $S^{-T} P^T v$, where $S$ is the triangle of the last damped system. */
  dampedLength(v: Float64Array): number {
    const n = this.columns;
    const [s, z] = [this.#damped, this.#dampedSide];
    let sum = 0;
    for (let i = 0; i < n; i++) {
      let rest = v[this.order[i]!]!;
      for (let k = 0; k < i; k++) rest -= s[k * n + i]! * z[k]!;
      z[i] = rest / s[i * n + i]!;
      sum += z[i]! ** 2;
    }
    return Math.sqrt(sum);
  }

  /** The inverse of $A^T A$, row by row; `undefined` when the columns are dependent. */
  inverseOfSquare(): Float64Array | undefined {
    const n = this.columns;
    if (this.rank < n) return undefined;
    // Column by column, the inverse of R.
    const inverse = new Float64Array(n * n);
    const column = new Float64Array(n);
    for (let j = 0; j < n; j++) {
      column.fill(0);
      column[j] = 1;
      backSubstitute(this.triangle, n, n, column);
      for (let i = 0; i < n; i++) inverse[i * n + j] = column[i]!;
    }
    const result = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let k = Math.max(i, j); k < n; k++) sum += inverse[i * n + k]! * inverse[j * n + k]!;
        result[this.order[i]! * n + this.order[j]!] = sum;
      }
    }
    return result;
  }

  /** Exchanges column k with the one that has most below row k. */
  #pivot(k: number): void {
    const [m, n] = [this.#rows, this.columns];
    let best = k;
    let most = -1;
    for (let j = k; j < n; j++) {
      const length = this.#lengthBelow(k, j);
      if (length > most) [best, most] = [j, length];
    }
    if (best === k) return;
    const work = this.#work;
    for (let i = 0; i < m; i++) {
      const x = work[k * m + i]!;
      work[k * m + i] = work[best * m + i]!;
      work[best * m + i] = x;
    }
    const column = this.order[k]!;
    this.order[k] = this.order[best]!;
    this.order[best] = column;
  }

  /** The norm of column j from row k on. Scaled: squares of tiny derivatives underflow. */
  #lengthBelow(k: number, j: number): number {
    const m = this.#rows;
    let largest = 0;
    for (let i = k; i < m; i++) largest = Math.max(largest, Math.abs(this.#work[j * m + i]!));
    if (!(largest > 0)) return 0;
    let sum = 0;
    for (let i = k; i < m; i++) sum += (this.#work[j * m + i]! / largest) ** 2;
    return largest * Math.sqrt(sum);
  }
}

/** Solves the upper `rank` rows of a triangle in place. */
function backSubstitute(triangle: Float64Array, n: number, rank: number, x: Float64Array): void {
  for (let i = rank - 1; i >= 0; i--) {
    let sum = x[i]!;
    for (let j = i + 1; j < rank; j++) sum -= triangle[i * n + j]! * x[j]!;
    x[i] = sum / triangle[i * n + i]!;
  }
}
