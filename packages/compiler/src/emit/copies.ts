/** Copies within the memory: of whole buffers, and of entries of stacks, whose place depends on a counter. */
import type { Precision } from '../code/expression.ts';
import type { FunctionBuilder, Local } from '../wasm/function-builder.ts';

/** A place in memory: an address, and a local with bytes to add to it, if it is not always the same. */
export interface Place {
  readonly address: number;
  readonly at?: Local | undefined;
}

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

/** Writes so many integers as numbers of the program's precision. */
export function emitConversion(
  code: FunctionBuilder,
  to: Place,
  from: Place,
  count: number,
  precision: Precision,
): void {
  const k = code.local('i32');
  const push = ({ at }: Place, size: number): void => {
    code.get(k).i32(size).op('i32.mul');
    if (at !== undefined) code.get(at).op('i32.add');
  };
  code.countedLoop(k, 0, count, 1, () => {
    push(to, precision === 'f64' ? 8 : 4);
    push(from, 4);
    code.memory('i32.load', from.address).op(`${precision}.convert_i32_s`);
    code.memory(`${precision}.store`, to.address);
  });
  code.release('i32', k);
}
