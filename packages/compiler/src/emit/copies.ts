/** Copies within the memory: of whole buffers, and of entries of stacks, whose place depends on a counter. */
import type { Place } from '@ad/graph';
import type { FunctionBuilder } from '../wasm/function-builder.ts';

/** Copies up to this size are made vector by vector; longer ones by the instruction for it, which is a call. */
const SHORT = 64;

/** Copies so many bytes, a multiple of 4. */
export function emitCopy(code: FunctionBuilder, to: Place, from: Place, bytes: number): void {
  const push = ({ at }: Place): void => {
    if (at === undefined) code.i32(0);
    else code.get(at);
  };
  if (bytes > SHORT) {
    for (const place of [to, from]) {
      code.i32(place.address);
      if (place.at !== undefined) code.get(place.at).op('i32.add');
    }
    code.i32(bytes).copyMemory();
    return;
  }
  let done = 0;
  for (const [size, type] of [
    [16, 'v128'],
    [8, 'f64'],
    [4, 'f32'],
  ] as const) {
    for (; done + size <= bytes; done += size) {
      push(to);
      push(from);
      code.memory(`${type}.load`, from.address + done);
      code.memory(`${type}.store`, to.address + done);
    }
  }
}
