/** Emission of strips: a loop over the strips, in which each loop nest is called with the first row. */
import type { Precision } from '../code/expression.ts';
import type { Strips } from '../lower/kernel.ts';
import type { Callee, FunctionBuilder } from '../wasm/function-builder.ts';
import { emitStrip } from './loop-nest.ts';

/**
 * Emits strips; the rows that are left over make a strip of their own.
 *
 * @param functionOf - adds a function to the module.
 */
export function emitStrips(
  run: FunctionBuilder,
  { rows, strip, nests, short }: Strips,
  precision: Precision,
  importOf: (name: string) => number,
  functionOf: (emitted: FunctionBuilder) => Callee,
): void {
  const rest = rows % strip;
  const functionsFor = (count: number): Callee[] =>
    nests.map((nest) => functionOf(emitStrip(nest, count, short, precision, importOf)));
  const row = run.local('i32');
  const whole = functionsFor(strip);
  run.countedLoop(row, 0, rows - rest, strip, () => {
    for (const callee of whole) run.get(row).call(callee);
  });
  run.release('i32', row);
  if (rest > 0) for (const callee of functionsFor(rest)) run.i32(rows - rest).call(callee);
}
