/** A look at positions before anything is read there. */
import type { KernelWriter } from './compiler.ts';
import type { Buffer } from './memory.ts';

/**
 * Looks at all positions, four at a time; where one is outside, the interpreter's kernel is called, which says so.
 *
 * @param length - of the axis that they are in.
 * @internal
 */
export function writeBounds({ code, refuse }: KernelWriter, indices: Buffer, length: number): void {
  const count = indices.size;
  const [at, outside] = [code.local('i32'), code.local('v128')];
  const splat = (value: number): Uint8Array =>
    new Uint8Array(Int32Array.of(value, value, value, value).buffer);
  code.v128(new Uint8Array(16)).set(outside);
  const look = (from: number, to: number, load: 'v128.load' | 'v128.load32_splat'): void => {
    code.countedLoop(at, 4 * from, 4 * to, load === 'v128.load' ? 16 : 4, () => {
      code.get(at).memory(load, indices.address).v128(splat(length)).op('i32x4.add');
      code.v128(splat(2 * length)).op('i32x4.ge_u');
      code.get(outside).op('v128.or').set(outside);
    });
  };
  const whole = count - (count % 4);
  if (whole > 0) look(0, whole, 'v128.load');
  if (whole < count) look(whole, count, 'v128.load32_splat');
  code.get(outside).op('v128.any_true');
  code.if(() => {
    refuse();
  });
  code.release('i32', at);
  code.release('v128', outside);
}
