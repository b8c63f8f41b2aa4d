/** Arithmetic of plain vectors, in place: what methods do between two evaluations. */

/** The inner product, in four sums that do not wait for one another. */
export function dot(a: Float64Array, b: Float64Array): number {
  const n = a.length;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < n; i += 4) {
    s0 += a[i]! * b[i]!;
    s1 += a[i + 1]! * b[i + 1]!;
    s2 += a[i + 2]! * b[i + 2]!;
    s3 += a[i + 3]! * b[i + 3]!;
  }
  for (; i < n; i++) s0 += a[i]! * b[i]!;
  return s0 + s1 + (s2 + s3);
}

/** The Euclidean norm, without overflow or underflow on the way. */
export function norm(a: Float64Array): number {
  const square = dot(a, a);
  // Subnormal or infinite: the squares have lost what the numbers say.
  if (square > 1e-290 && square < Infinity) return Math.sqrt(square);
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const size = Math.abs(a[i]!);
    if (!(size <= largest)) largest = size;
  }
  if (!(largest > 0 && largest < Infinity)) return largest;
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! / largest) ** 2;
  return largest * Math.sqrt(sum);
}

/** `out = a + factor * b`. `out` may be `a` or `b`. */
export function addScaled(
  out: Float64Array,
  a: Float64Array,
  factor: number,
  b: Float64Array,
): void {
  const n = out.length;
  for (let i = 0; i < n; i++) out[i] = a[i]! + factor * b[i]!;
}

/** `out = factor * a`. `out` may be `a`. */
export function scale(out: Float64Array, factor: number, a: Float64Array): void {
  for (let i = 0; i < out.length; i++) out[i] = factor * a[i]!;
}

/** Whether every element is finite. */
export function isFiniteVector(a: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if (!Number.isFinite(a[i]!)) return false;
  return true;
}
