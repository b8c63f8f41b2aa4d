/**
 * Addresses that are not known yet. A symbol is a number beyond all addresses, and a number near it stands for as many
 * bytes behind or before its address. So whoever adds distances to addresses may add them to symbols just as well.
 */

/** Symbols are so far apart that no sum of one and a distance comes near another; addresses have 32 bits. */
const APART = 2 ** 34;

/** Symbol number `index`; there may be 2^19. */
export function symbol(index: number): number {
  return (index + 1) * APART;
}

/** Whether a number stands for an address that is not known. */
export function isSymbolic(value: number): boolean {
  return value >= APART / 2;
}

/** The address that a number stands for, when those of the symbols are known. */
export function addressFor(value: number, addresses: readonly number[]): number {
  const place = Math.round(value / APART);
  return addresses[place - 1]! + value - place * APART;
}
