/** The distance between two doubles, counted in doubles: 0 for equal ones (and the two zeros), 1 for neighbours. */

const buffer = new DataView(new ArrayBuffer(8));

/** The position of a double among all doubles, ascending; both zeros at 0. */
function position(x: number): bigint {
  buffer.setFloat64(0, x);
  const bits = buffer.getBigInt64(0);
  return bits >= 0n ? bits : -(bits & 0x7fff_ffff_ffff_ffffn);
}

/** How many doubles apart; Infinity when exactly one is NaN, 0 when both are. */
export function ulpsBetween(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b) ? 0 : Infinity;
  const distance = position(a) - position(b);
  return Number(distance < 0n ? -distance : distance);
}
