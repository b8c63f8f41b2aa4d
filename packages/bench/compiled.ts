/** Compiled programs of this project as contestants. */
import { compile, type Precision } from '@ad/compiler';
import type { ProgramSpec, TensorData } from '@ad/graph';
import { fusesMultiplyAdd } from '../compiler/src/fused-multiply-add.ts';
import { webAssembly } from '../compiler/src/webassembly.ts';
import type { Contestant } from './measure.ts';

type Result = (outputs: readonly TensorData[]) => number;

const firstNumber: Result = (outputs) => outputs[0]![0]!;

/** The contestant of this project that executes a program; its result is the first number of the first output. */
export function compiled(
  spec: ProgramSpec,
  precision: Precision,
  result: Result = firstNumber,
): Contestant {
  const program = compile(spec, { precision });
  return {
    engine: '@ad',
    step: () => program.execute(),
    result: () => result(program.outputs),
    source: { spec, precision },
  };
}

/** The same, and with fused multiply-add where this engine has it. */
export function compiledAndFused(spec: ProgramSpec, precision: Precision): Contestant[] {
  const plain = compiled(spec, precision);
  if (!fusesMultiplyAdd(webAssembly()!)) return [plain];
  const program = compile(spec, { precision, fusedMultiplyAdd: true });
  return [
    plain,
    {
      engine: '@ad, fused multiply-add',
      step: () => program.execute(),
      result: () => firstNumber(program.outputs),
    },
  ];
}
