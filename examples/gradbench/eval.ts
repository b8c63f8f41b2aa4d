/** What an eval is: functions by name, each made ready for an input and then run as often as asked for. */
import { compile } from '@ad/compiler';
import type { GraphNode, TensorData } from '@ad/graph';

/** A function with its input, ready to run. */
export interface Prepared {
  /** Computes; this is what is timed. */
  readonly run: () => void;
  /** The result of the last run, as it is sent. */
  readonly output: () => unknown;
}

/** Reads an input and makes the function ready for it: traces, differentiates, compiles. */
export type Preparation = (input: unknown) => Prepared;

/** One of the twelve. */
export interface Eval {
  readonly name: string;
  readonly functions: Readonly<Record<string, Preparation>>;
}

/**
 * A program that computes nodes, and what is sent of them.
 *
 * @param outputs - what is computed, from inputs that have their values.
 * @param send - makes the result of the arrays.
 */
export function program(
  outputs: readonly GraphNode[],
  send: (values: readonly TensorData[]) => unknown,
): Prepared {
  const compiled = compile({ outputs });
  return { run: () => compiled.execute(), output: () => send(compiled.outputs) };
}

/** Sends a number. */
export function scalar([value]: readonly TensorData[]): number {
  return value![0]!;
}

/** Sends a list of numbers. */
export function flat([values]: readonly TensorData[]): number[] {
  return Array.from(values!);
}

/** A flat array as a list of rows. */
export function rowsOf(values: TensorData, columns: number): number[][] {
  if (columns === 0) return [];
  return Array.from({ length: values.length / columns }, (_, i) =>
    Array.from(values.subarray(i * columns, (i + 1) * columns)),
  );
}
