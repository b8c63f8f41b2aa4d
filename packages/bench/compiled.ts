/** A compiled program of this project as a contestant. */
import { compile, type Precision } from '@ad/compiler';
import type { ProgramSpec, TensorData } from '@ad/graph';
import type { Contestant } from './measure.ts';

/** The contestant of this project that executes a program; its result is the first number of the first output. */
export function compiled(
  spec: ProgramSpec,
  precision: Precision,
  result: (outputs: readonly TensorData[]) => number = (outputs) => outputs[0]![0]!,
): Contestant {
  const program = compile(spec, { precision });
  return {
    engine: '@ad',
    step: () => program.execute(),
    result: () => result(program.outputs),
    source: { spec, precision },
  };
}
