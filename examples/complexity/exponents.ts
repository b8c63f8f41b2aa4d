/** The exponent of growth: work = c x^p is a line of slope p in logarithms. */

/** How much work there was at a size. */
export interface Point {
  readonly x: number;
  readonly work: number;
}

/**
 * The slope of the least-squares line through (log x, log work).
 *
 * @throws RangeError when there are fewer than two sizes, or one of the numbers is not positive.
 */
export function fitExponent(points: readonly Point[]): number {
  const n = points.length;
  let meanX = 0;
  let meanY = 0;
  for (const { x, work } of points) {
    if (!(x > 0 && work > 0)) {
      throw new RangeError(`fitExponent: sizes and work must be positive, got ${work} at ${x}`);
    }
    meanX += Math.log(x) / n;
    meanY += Math.log(work) / n;
  }
  let covariance = 0;
  let variance = 0;
  for (const { x, work } of points) {
    covariance += (Math.log(x) - meanX) * (Math.log(work) - meanY);
    variance += (Math.log(x) - meanX) ** 2;
  }
  if (!(variance > 0)) {
    throw new RangeError(`fitExponent: takes two different sizes or more, got ${n} of one size`);
  }
  return covariance / variance;
}

/** The larger half of the sizes, where terms of lower order matter least; two at least. */
export function largerSizes<P extends Point>(points: readonly P[]): P[] {
  const sorted = [...points].sort((a, b) => a.x - b.x);
  return sorted.slice(Math.min(Math.floor(sorted.length / 2), Math.max(sorted.length - 2, 0)));
}
