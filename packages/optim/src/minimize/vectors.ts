/** Arithmetic of plain vectors, in place: what methods do between two evaluations. */

/** The inner product. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
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
  for (let i = 0; i < out.length; i++) out[i] = a[i]! + factor * b[i]!;
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
