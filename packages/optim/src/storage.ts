import type { Program, TensorData } from '@ad/graph';

/** The storage of an input, or `undefined` where the program does not need the input. */
export function storageOf(program: Program, name: string): TensorData | undefined {
  return name in program.inputs ? program.inputs[name] : undefined;
}
