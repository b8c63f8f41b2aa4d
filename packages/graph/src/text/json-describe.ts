/** Untrusted values in messages: short whatever they are, and never by recursion into them. */

/** The most characters of a foreign text in a message. */
const LONGEST = 60;

/** A value in words: `the string "tnah"`, `a list of 3`, `an object`, `2.5`, `missing`. */
export function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return `the string ${quoted(value)}`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return `${value}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A text in quotes. */
export function quoted(text: string): string {
  return JSON.stringify(shorten(text));
}

/** A text with what is beyond some length cut off. */
export function shorten(text: string, length: number = LONGEST): string {
  return text.length <= length ? text : `${text.slice(0, length)}...`;
}
