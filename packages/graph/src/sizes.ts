/** How large numbers of compiled programs are; apart from all that lowers, because who loads a program asks, too. */

/**
 * Bytes of a number of a program, a truth value among them; integers have 4.
 *
 * @internal
 */
export function sizeOfReal(precision: 'f64' | 'f32'): 4 | 8 {
  return precision === 'f64' ? 8 : 4;
}
