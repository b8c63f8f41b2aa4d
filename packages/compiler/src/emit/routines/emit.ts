/** Emission of routines, which go through arrays element by element. */
import type { Precision } from '../../code/expression.ts';
import type { RoutineKernel } from '../../lower/kernel.ts';
import { type Callee, FunctionBuilder } from '../../wasm/function-builder.ts';
import { CodeWriter } from './writer.ts';

/**
 * The function that runs a routine.
 *
 * @param platform - functions of the platform by name.
 * @param refuse - the number by which `host` knows the interpreter's kernel.
 */
export function emitRoutine(
  { routine, work, operands, result, scratch }: RoutineKernel,
  precision: Precision,
  platform: (name: string) => Callee,
  host: Callee,
  refuse: () => number,
): FunctionBuilder {
  const code = new FunctionBuilder();
  if (routine === undefined || result.size === 0) return code;
  const w = new CodeWriter(code, precision, scratch?.address ?? 0, platform, () => {
    code.i32(refuse()).call(host);
  });
  const arrays = {
    operands: operands.map((operand) => w.elements(operand)),
    result: w.elements(result),
  };
  routine.write(w, arrays, work);
  return code;
}
