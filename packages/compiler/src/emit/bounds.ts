/** Emission of a look at positions: where one is outside, the interpreter's kernel is called, which says so. */
import type { Bounds } from '../lower/kernel.ts';
import { type Callee, FunctionBuilder } from '../wasm/function-builder.ts';

/**
 * The function that looks at all positions, four at a time.
 *
 * @param refuse - the number by which the host knows the interpreter's kernel.
 */
export function emitBounds(
  { indices, count, length }: Pick<Bounds, 'indices' | 'count' | 'length'>,
  host: Callee,
  refuse: number,
  code: FunctionBuilder = new FunctionBuilder(),
): FunctionBuilder {
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
  code.if(() => code.i32(refuse).call(host));
  code.release('i32', at);
  code.release('v128', outside);
  return code;
}
