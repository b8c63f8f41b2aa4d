/**
 * The value of a polynomial, by Horner's rule.
 *
 * @param coefficients - lowest power first.
 * @internal
 */
export function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + coefficients[i]!;
  return sum;
}
