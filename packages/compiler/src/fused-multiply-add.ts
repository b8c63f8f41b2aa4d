/** Multiplication and addition with one rounding (relaxed SIMD), which not every engine has. */
import { FunctionBuilder } from './wasm/function-builder.ts';
import { ModuleBuilder } from './wasm/module-builder.ts';
import type { WasmPlatform } from './webassembly.ts';

/** Whether a program fuses multiplications with additions; `unavailable` where it should but cannot. */
export type Fusing = 'no' | 'yes' | 'unavailable';

/** Whether the platform has the instructions: it accepts a module with one of them. */
export function fusesMultiplyAdd(platform: WasmPlatform): boolean {
  const code = new FunctionBuilder();
  for (let operand = 0; operand < 3; operand++) code.v128(new Uint8Array(16));
  code.op('f32x4.relaxed_madd').op('drop');
  const module = new ModuleBuilder();
  module.export('run', module.function(code));
  return platform.validate(module.encode(1));
}
