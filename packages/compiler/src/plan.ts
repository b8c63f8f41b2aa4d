/**
 * The memory plan: every buffer gets an address in one linear memory, known before anything runs. Leaves, outputs and
 * updates keep theirs; a temporary buffer's space is given to others after its last use, or already to a result of the
 * loop that is its last use. First fit over a list of gaps, in the order in which the kernels run.
 */
import { mayOverwrite } from './lower/in-place.ts';
import { buffersKept, buffersRead, buffersWritten, type Kernel } from './lower/kernel.ts';
import type { Buffer } from './lower/view.ts';

/** Vectors read up to 16 bytes at an address; every buffer starts on a multiple of this. */
const ALIGNMENT = 16;

/** Bytes that a buffer takes. */
export function bytesOf(buffer: Buffer, elementSize: number): number {
  const bytes = buffer.size * (buffer.storage === 'integer' ? 4 : elementSize);
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/**
 * Sets the address of every buffer and returns the number of bytes needed.
 *
 * @param permanent - buffers that keep their values between runs.
 * @param inPlace - buffers that take the place of a permanent one.
 * @param elsewhere - buffers that are placed by someone else.
 */
export function planMemory(
  kernels: readonly Kernel[],
  permanent: readonly Buffer[],
  inPlace: ReadonlyMap<Buffer, Buffer>,
  elementSize: number,
  elsewhere: ReadonlySet<Buffer> = new Set(),
): number {
  let top = 0;
  const place = (buffer: Buffer): void => {
    buffer.address = top;
    top += bytesOf(buffer, elementSize);
  };
  const fixed = new Set([...permanent, ...inPlace.keys(), ...kernels.flatMap(buffersKept)]);
  for (const buffer of fixed) if (!inPlace.has(buffer) && !elsewhere.has(buffer)) place(buffer);
  for (const [buffer, other] of inPlace) buffer.address = other.address;

  const lastUse = new Map<Buffer, number>();
  kernels.forEach((kernel, time) => {
    for (const buffer of [...buffersRead(kernel), ...buffersWritten(kernel)])
      lastUse.set(buffer, time);
  });
  const endings: Buffer[][] = kernels.map(() => []);
  for (const [buffer, time] of lastUse)
    if (!fixed.has(buffer) && !elsewhere.has(buffer)) endings[time]!.push(buffer);

  const gaps: { start: number; end: number }[] = [];
  kernels.forEach((kernel, time) => {
    const ending = new Set(endings[time]);
    for (const buffer of buffersWritten(kernel)) {
      if (buffer.address >= 0 || elsewhere.has(buffer)) continue;
      const bytes = bytesOf(buffer, elementSize);
      const same = [...ending].find(
        (other) =>
          other.size === buffer.size &&
          other.storage === buffer.storage &&
          mayOverwrite(kernel, other, buffer),
      );
      if (same !== undefined) {
        buffer.address = same.address;
        ending.delete(same);
        continue;
      }
      const gap = gaps.find(({ start, end }) => end - start >= bytes);
      if (gap === undefined) {
        place(buffer);
      } else {
        buffer.address = gap.start;
        gap.start += bytes;
      }
    }
    for (const buffer of ending)
      release(gaps, buffer.address, buffer.address + bytesOf(buffer, elementSize));
  });
  return top;
}

/** Adds a gap to the list, which is kept in order and without gaps that touch. */
function release(gaps: { start: number; end: number }[], start: number, end: number): void {
  if (start === end) return;
  let at = gaps.findIndex((gap) => gap.start > start);
  if (at < 0) at = gaps.length;
  gaps.splice(at, 0, { start, end });
  for (let i = Math.min(at + 1, gaps.length - 1); i > 0 && i >= at; i--) {
    if (gaps[i - 1]!.end === gaps[i]!.start) {
      gaps[i - 1]!.end = gaps[i]!.end;
      gaps.splice(i, 1);
    }
  }
}
