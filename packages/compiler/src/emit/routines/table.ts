/** The routines by the operations that they compute, and how they are emitted. */
import type { Precision } from '../../code/expression.ts';
import type { RoutineKernel } from '../../lower/kernel.ts';
import { type Callee, FunctionBuilder } from '../../wasm/function-builder.ts';
import { cumSum } from './cumulative.ts';
import { determinant, determinantSign, inverse, logAbsDeterminant, solve } from './elimination.ts';
import { argMax, argMin, argSort, concat, copy, joinIndices, toInteger } from './positions.ts';
import { normal, philox, uniform } from './random.ts';
import type { Routine } from './routine.ts';
import { repairMatmul, strongly } from './strong.ts';
import { cholesky, triangularSolve } from './triangles.ts';
import { Writer } from './writer.ts';

/** The routines by the names of their operations; `copy` is the elements of a view of integers,
 * and `repair matmul` what makes a product strong. */
export const ROUTINES: ReadonlyMap<string, Routine> = new Map<string, Routine>(
  Object.entries({
    argMax,
    argMin,
    argSort,
    cholesky,
    concat,
    copy,
    cumSum,
    determinant,
    determinantSign,
    inverse,
    joinIndices,
    logAbsDeterminant,
    normal,
    philox,
    'repair matmul': repairMatmul,
    solve,
    strongSolve: strongly(solve),
    strongTriangularSolve: strongly(triangularSolve),
    toInteger,
    triangularSolve,
    uniform,
  }),
);

/**
 * The function that runs a routine.
 *
 * @param platform - functions of the platform by name.
 * @param refuse - the number by which `host` knows the interpreter's kernel.
 */
export function emitRoutine(
  { work, operands, result, scratch }: RoutineKernel,
  precision: Precision,
  platform: (name: string) => Callee,
  host: Callee,
  refuse: () => number,
): FunctionBuilder {
  const code = new FunctionBuilder();
  if (result.size === 0) return code;
  const w = new Writer(code, precision, scratch?.address ?? 0, platform, () => {
    code.i32(refuse()).call(host);
  });
  const arrays = {
    operands: operands.map((operand) => w.elements(operand)),
    result: w.elements(result),
  };
  ROUTINES.get(work.operation)!.write(w, arrays, work);
  return code;
}
