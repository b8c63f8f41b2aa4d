/** UTF-8, of which the language itself knows only the form with percent signs. */

/** A text as UTF-8. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  // JSON.stringify has escaped surrogates that stand alone, which encodeURIComponent would refuse.
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code < 0x80) bytes.push(code);
    else {
      for (const part of encodeURIComponent(character).split('%').slice(1)) {
        bytes.push(Number.parseInt(part, 16));
      }
    }
  }
  return Uint8Array.from(bytes);
}

/**
 * The text of UTF-8 bytes.
 *
 * @throws `URIError` when they are not UTF-8.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  let text = '';
  let from = 0;
  while (from < bytes.length) {
    let to = from;
    const isPlain = bytes[from]! < 0x80;
    // In pieces, because a function takes only so many arguments.
    while (to < bytes.length && to - from < 4096 && bytes[to]! < 0x80 === isPlain) to++;
    if (isPlain) text += String.fromCharCode(...bytes.subarray(from, to));
    else {
      // A piece must not end within a character: continuation bytes begin with 10.
      while (to < bytes.length && bytes[to]! >= 0x80 && bytes[to]! < 0xc0) to++;
      text += decodeURIComponent(
        Array.from(bytes.subarray(from, to), (byte) => `%${byte.toString(16)}`).join(''),
      );
    }
    from = to;
  }
  return text;
}
