/** Products of matrices in plain JavaScript, sixteen sums at a time in registers: what loops by hand can do. */

/** A matrix in a flat array: element (i, j) is at `i * down + j * right`. */
export interface Matrix {
  readonly data: Float64Array;
  readonly down: number;
  readonly right: number;
}

/** Rows one after the other. */
export function rows(data: Float64Array, columns: number): Matrix {
  return { data, down: columns, right: 1 };
}

/** The same numbers, transposed. */
export function transposed({ data, down, right }: Matrix): Matrix {
  return { data, down: right, right: down };
}

/** `out = left right`, of sizes n x k and k x m, row after row. */
export function multiply(
  left: Matrix,
  right: Matrix,
  out: Float64Array,
  n: number,
  k: number,
  m: number,
): void {
  const wholeRows = n - (n % 4);
  const wholeColumns = m - (m % 4);
  for (let i = 0; i < wholeRows; i += 4)
    for (let j = 0; j < wholeColumns; j += 4)
      tile(left.data, left.down, left.right, right.data, right.down, right.right, out, i, j, k, m);
  edge(left, right, out, 0, wholeRows, wholeColumns, m, k, m);
  edge(left, right, out, wholeRows, n, 0, m, k, m);
}

function tile(
  a: Float64Array,
  aDown: number,
  aRight: number,
  b: Float64Array,
  bDown: number,
  bRight: number,
  out: Float64Array,
  i: number,
  j: number,
  k: number,
  m: number,
): void {
  let [s00, s01, s02, s03, s10, s11, s12, s13] = [0, 0, 0, 0, 0, 0, 0, 0];
  let [s20, s21, s22, s23, s30, s31, s32, s33] = [0, 0, 0, 0, 0, 0, 0, 0];
  let p = i * aDown;
  let q = j * bRight;
  const [p1, p2, p3] = [aDown, 2 * aDown, 3 * aDown];
  const [q1, q2, q3] = [bRight, 2 * bRight, 3 * bRight];
  for (let l = 0; l < k; l++) {
    const a0 = a[p]!;
    const a1 = a[p + p1]!;
    const a2 = a[p + p2]!;
    const a3 = a[p + p3]!;
    const b0 = b[q]!;
    const b1 = b[q + q1]!;
    const b2 = b[q + q2]!;
    const b3 = b[q + q3]!;
    s00 += a0 * b0;
    s01 += a0 * b1;
    s02 += a0 * b2;
    s03 += a0 * b3;
    s10 += a1 * b0;
    s11 += a1 * b1;
    s12 += a1 * b2;
    s13 += a1 * b3;
    s20 += a2 * b0;
    s21 += a2 * b1;
    s22 += a2 * b2;
    s23 += a2 * b3;
    s30 += a3 * b0;
    s31 += a3 * b1;
    s32 += a3 * b2;
    s33 += a3 * b3;
    p += aRight;
    q += bDown;
  }
  let o = i * m + j;
  out[o] = s00;
  out[o + 1] = s01;
  out[o + 2] = s02;
  out[o + 3] = s03;
  o += m;
  out[o] = s10;
  out[o + 1] = s11;
  out[o + 2] = s12;
  out[o + 3] = s13;
  o += m;
  out[o] = s20;
  out[o + 1] = s21;
  out[o + 2] = s22;
  out[o + 3] = s23;
  o += m;
  out[o] = s30;
  out[o + 1] = s31;
  out[o + 2] = s32;
  out[o + 3] = s33;
}

/** What the tiles leave over. */
function edge(
  left: Matrix,
  right: Matrix,
  out: Float64Array,
  i0: number,
  i1: number,
  j0: number,
  j1: number,
  k: number,
  m: number,
): void {
  const [a, aDown, aRight] = [left.data, left.down, left.right];
  const [b, bDown, bRight] = [right.data, right.down, right.right];
  for (let i = i0; i < i1; i++) {
    for (let j = j0; j < j1; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum += a[i * aDown + l * aRight]! * b[l * bDown + j * bRight]!;
      out[i * m + j] = sum;
    }
  }
}
