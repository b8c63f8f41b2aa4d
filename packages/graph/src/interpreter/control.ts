/** Loops and branches by the interpreter: each body is a program of its own, and carries are its updates in place. */
import type { Body } from '../body.ts';
import type { CondAttributes, ScanAttributes, WhileLoopAttributes } from '../rows/control.ts';
import type { Kernel } from '../rows/row.ts';
import type { Segment, Segments } from '../rows/segments.ts';
import { sizeOf } from '../shape.ts';
import type { TensorData, Type } from '../tensor.ts';
import { interpreter } from './interpreter.ts';

/** A body made ready to run. */
interface BodyProgram {
  /** The storage of each input; `undefined` where the body does not need it. */
  readonly inputs: readonly (TensorData | undefined)[];
  /** The storage of the outputs that are not carries. */
  readonly outputs: readonly TensorData[];
  /** Computes the outputs, then writes the new carries over the old ones. */
  readonly execute: () => void;
}

/**
 * A program of a body whose first outputs are the new values of some of its inputs.
 *
 * @param first - the position of the first of these inputs.
 * @param carries - how many there are.
 */
function bodyProgram(body: Body, first: number, carries: number): BodyProgram {
  const program = interpreter({
    outputs: body.outputs.slice(carries),
    updates: body.outputs.slice(0, carries).map((value, j) => [body.inputs[first + j]!, value]),
  });
  const inputs = body.inputs.map(({ graph, id }) => program.inputs[graph.inputName(id)!]);
  const execute = (): void => {
    program.execute();
  };
  return { inputs, outputs: program.outputs, execute };
}

/** Writes operands to the inputs that stand for them. */
function feed(
  inputs: readonly (TensorData | undefined)[],
  first: number,
  operands: readonly TensorData[],
): void {
  operands.forEach((data, k) => inputs[first + k]?.set(data));
}

/** Writes values into parts of the packed result, at an entry of each. */
function store(
  result: TensorData,
  segments: readonly Segment[],
  entry: number,
  values: readonly TensorData[],
): void {
  segments.forEach(({ start }, j) => {
    const data = values[j]!;
    result.set(data, start + entry * data.length);
  });
}

/** The reference implementation of `scan`. */
export function scanKernel(
  operands: readonly Type[],
  { body, carries, scanned, length, reverse, counted }: ScanAttributes,
  { results, stacked, residuals }: Segments,
): Kernel {
  const { inputs, outputs, execute } = bodyProgram(body, 1, carries);
  const state = inputs.slice(1, 1 + carries) as TensorData[];
  const first = counted ? 1 : 0;
  const entries = operands
    .slice(first + carries, first + carries + scanned)
    .map(({ shape }) => sizeOf(shape.slice(1)));
  return (result, data) => {
    const count = counted ? Math.max(0, Math.min(length, data[0]![0]!)) : length;
    if (count < length) result.fill(0);
    feed(inputs, 1, data.slice(first, first + carries));
    feed(inputs, 1 + carries + scanned, data.slice(first + carries + scanned));
    for (let step = 0; step < count; step++) {
      const t = reverse ? count - 1 - step : step;
      inputs[0]?.fill(t);
      entries.forEach((size, k) => {
        const xs = data[first + carries + k]!;
        inputs[1 + carries + k]?.set(xs.subarray(t * size, (t + 1) * size));
      });
      store(result, residuals, t, state);
      execute();
      store(result, stacked, t, outputs);
    }
    store(result, results, 0, state);
  };
}

/** The reference implementation of `cond`: one of the bodies runs. */
export function condKernel(attributes: CondAttributes, { results }: Segments): Kernel {
  const branches = [attributes.whenFalse, attributes.whenTrue].map((body) =>
    bodyProgram(body, 0, 0),
  );
  return (result, [predicate, ...operands]) => {
    const { inputs, outputs, execute } = branches[Number(predicate![0] !== 0)]!;
    feed(inputs, 0, operands);
    execute();
    store(result, results, 0, outputs);
  };
}

/** The reference implementation of `whileLoop`. */
export function whileLoopKernel(
  attributes: WhileLoopAttributes,
  { results, residuals, counters }: Segments,
): Kernel {
  const { carries, limit, snapshots } = attributes;
  const condition = bodyProgram(attributes.condition, 0, 0);
  const { inputs, execute } = bodyProgram(attributes.body, 0, carries);
  const state = inputs.slice(0, carries) as TensorData[];
  const goesOn = (): boolean => {
    feed(condition.inputs, 0, state);
    condition.execute();
    return condition.outputs[0]![0]! !== 0;
  };
  return (result, operands) => {
    result.fill(0);
    feed(inputs, 0, operands);
    feed(condition.inputs, carries, operands.slice(carries));
    let steps = 0;
    let stride = 1;
    while (steps !== limit && goesOn()) {
      if (limit < 0 && steps === snapshots * stride) {
        dropEveryOther(result, residuals, snapshots);
        stride *= 2;
      }
      if (steps % stride === 0) store(result, residuals, steps / stride, state);
      execute();
      steps++;
    }
    store(result, results, 0, state);
    result[counters[0]!.start] = steps;
    if (limit < 0) result[counters[1]!.start] = stride;
  };
}

/** Keeps every other entry, moved together to the front. */
function dropEveryOther(result: TensorData, stacks: readonly Segment[], count: number): void {
  for (const { start, type } of stacks) {
    const size = sizeOf(type.shape.slice(1));
    for (let j = 1; j < count / 2; j++) {
      const from = start + 2 * j * size;
      result.copyWithin(start + j * size, from, from + size);
    }
  }
}
