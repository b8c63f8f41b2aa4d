/** Checks of options, with one wording: who was called, which name is unknown, and which names there are. */
import { ValueError } from './errors.ts';

/**
 * A value in words, for messages.
 *
 * @example
 * ```ts
 * import { describeValue } from '@ad/graph';
 *
 * [describeValue('a'), describeValue([1, 2]), describeValue(null)]; // => ['"a"', 'a list of 2', 'null']
 * ```
 */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Promise) return 'a promise';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

/**
 * Checks that options are an object with no other names than the known ones.
 *
 * @param caller - who takes the options; `undefined` where the message is to be worded by whoever catches it.
 * @throws {@link ValueError} otherwise; the message lists the names there are.
 * @example
 * ```ts
 * import { checkNames } from '@ad/graph';
 *
 * checkNames('sum', { axes: 0 }, ['axes', 'keepDims']);
 * checkNames('sum', { axis: 0 }, ['axes', 'keepDims']); // throws /there is no option "axis"; the options are axes, keepDims/
 * ```
 */
export function checkNames(
  caller: string | undefined,
  options: unknown,
  known: readonly string[],
): void {
  const who = caller === undefined ? '' : `${caller}: `;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new ValueError(
      `${who}the options are ${describeValue(options)}, expected an object of ${known.join(', ')}`,
    );
  }
  const stranger = Object.keys(options).find((name) => !known.includes(name));
  if (stranger !== undefined) {
    throw new ValueError(
      `${who}there is no option ${JSON.stringify(stranger)}; the options are ${known.join(', ')}`,
    );
  }
}
