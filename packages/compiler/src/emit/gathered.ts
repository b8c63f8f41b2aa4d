/**
 * Emission of gathered loops: one function per kind of step, and one that runs group after group. The code is the
 * same for any number of operations; what differs from graph to graph is the table.
 *
 * The table: for each vector of steps, input by input, the addresses of its lanes; then for each group the number of
 * its kind and the bytes of its results; then pairs of addresses, from where to where results are copied.
 */
import { emitExpressions, keepConstants } from '../code/emit-expression.ts';
import { Expressions, type Precision } from '../code/expression.ts';
import {
  asNumbers,
  vectorAlgebra,
  type VectorMath,
  type VectorValue,
} from '../code/vector-algebra.ts';
import { lanesOfVector, sizeOfReal } from '../sizes.ts';
import type { Gathered } from '../lower/gathered.ts';
import type { ScalarKernel } from '../lower/kernel.ts';
import { CONSTANT, PLACES, SCALAR_OPERATIONS, type ScalarCode } from '../lower/scalar-code.ts';
import type { Step } from '../lower/steps.ts';
import { FunctionBuilder, type Callee } from '../wasm/function-builder.ts';
import type { Callees } from './callees.ts';

/** What runs the loops. */
export interface EmittedLoops {
  /** The functions by kind of step. */
  readonly steps: readonly FunctionBuilder[];
  /** The function that runs everything, once the others are numbered. */
  readonly run: (steps: readonly Callee[]) => FunctionBuilder;
  /** What the table is to hold. */
  readonly table: Int32Array;
}

/** The code of gathered loops, and their table; the buffers have their addresses. */
export function emitGathered(
  kernel: ScalarKernel,
  plan: Gathered,
  precision: Precision,
  math: VectorMath,
  callees: Callees,
): EmittedLoops {
  const steps = plan.kinds.map((step) => emitStep(kernel.code, step, precision, math, callees));
  return {
    steps,
    run: (numbered) => emitRun(kernel, plan, precision, numbered),
    table: tableOf(kernel, plan, precision),
  };
}

/** A loop over vectors of steps: takes the addresses of the table, of the first and past the last result. */
function emitStep(
  { constants }: ScalarCode,
  step: Step,
  precision: Precision,
  math: VectorMath,
  callees: Callees,
): FunctionBuilder {
  const lanes = lanesOfVector(precision);
  const code = new FunctionBuilder(['i32', 'i32', 'i32'], ['i32']);
  const [table, out, end] = [0, 1, 2];
  const e = new Expressions(precision);
  const A = vectorAlgebra(e, math);
  let inputs = 0;
  const valueOf = ({ operation, constant, operands }: Step): VectorValue => {
    if (operation === CONSTANT) return A.constant(constants[constant]!);
    const values = operands.map((operand) =>
      operand === undefined ? { expression: e.input(inputs++), isMask: false } : valueOf(operand),
    );
    return A.named(SCALAR_OPERATIONS[operation]!)(...values);
  };
  const expression = asNumbers(e, valueOf(step));
  const pushInput = (k: number): void => {
    // The addresses of all lanes, the first on top; then lane by lane.
    for (let lane = lanes - 1; lane >= 0; lane--)
      code.get(table).memory('i32.load', 4 * (k * lanes + lane));
    code.memory(precision === 'f64' ? 'v128.load64_splat' : 'v128.load32_splat', 0);
    for (let lane = 1; lane < lanes; lane++)
      code.memoryLane(precision === 'f64' ? 'v128.load64_lane' : 'v128.load32_lane', 0, lane);
  };
  const importOf = (name: string): Callee => callees.onNumbers(name);
  const value = code.local('v128');
  const kept = keepConstants(code, [expression]);
  const context = { code, precision, lanes, constants: kept, pushInput, importOf };
  code.doWhile(() => {
    emitExpressions(context, [expression], () => {
      code.set(value);
    });
    code.get(out).get(value).memory('v128.store', 0);
    code
      .get(table)
      .i32(4 * lanes * step.inputs)
      .op('i32.add')
      .set(table);
    code.get(out).i32(16).op('i32.add').tee(out).get(end).op('i32.lt_u');
  });
  return code.get(table);
}

/** The function that runs group after group, then copies the results. */
function emitRun(
  { code: { constants, operations, operands }, reads, results }: ScalarKernel,
  plan: Gathered,
  precision: Precision,
  steps: readonly Callee[],
): FunctionBuilder {
  const size = sizeOfReal(precision);
  const code = new FunctionBuilder();
  reads.forEach(({ buffer, offset }, k) => {
    const slot = plan.slotOfRead[k]!;
    if (slot === -1) return;
    code
      .i32(0)
      .i32(0)
      .memory('i32.load', buffer.address + 4 * offset);
    code.op(`${precision}.convert_i32_s`);
    code.memory(`${precision}.store`, plan.slots.address + slot * size);
  });
  const [table, out, group, end] = [0, 1, 2, 3].map(() => code.local('i32')) as [
    number,
    number,
    number,
    number,
  ];
  const firstGroup = plan.table.address + 4 * plan.gathered;
  const firstPair = firstGroup + 8 * plan.groupKinds.length;
  code.i32(plan.table.address).set(table);
  code.i32(plan.slots.address + plan.groupStarts[0]! * size).set(out);
  code.i32(firstGroup).set(group);
  code.doWhile(() => {
    code.get(out).get(group).memory('i32.load', 4).op('i32.add').set(end);
    code.switch(
      steps.length,
      () => code.get(group).memory('i32.load', 0),
      (k) => code.get(table).get(out).get(end).call(steps[k]!).set(table),
    );
    code.get(end).set(out);
    code.get(group).i32(8).op('i32.add').tee(group).i32(firstPair).op('i32.lt_u');
  });
  const copied = results.filter(({ operand }) => isComputed(operand, operations));
  if (copied.length > 0) {
    code.i32(firstPair).set(group);
    code.doWhile(() => {
      code.get(group).memory('i32.load', 4);
      code.get(group).memory('i32.load', 0).memory(`${precision}.load`, 0);
      code.memory(`${precision}.store`, 0);
      code.get(group).i32(8).op('i32.add').tee(group);
      code.i32(firstPair + 8 * copied.length).op('i32.lt_u');
    });
  }
  for (const { operand, write } of results) {
    if (isComputed(operand, operations)) continue;
    code.i32(0);
    if (operand >= 0) {
      code[precision](constants[operands[PLACES * operand]!]!);
    } else {
      code.i32(0).memory(`${precision}.load`, addressOfRead(reads, plan, ~operand, size));
    }
    code.memory(`${precision}.store`, write.buffer.address + write.offset * size);
  }
  return code;
}

/** Whether a result is computed by a step: neither read nor constant. */
function isComputed(operand: number, operations: Uint8Array): boolean {
  return operand >= 0 && operations[operand] !== CONSTANT;
}

function addressOfRead(
  reads: ScalarKernel['reads'],
  plan: Gathered,
  k: number,
  size: number,
): number {
  const slot = plan.slotOfRead[k]!;
  if (slot !== -1) return plan.slots.address + slot * size;
  const { buffer, offset } = reads[k]!;
  return buffer.address + offset * size;
}

/** What the table holds: see the head of this file. */
function tableOf(
  { code: { operations }, reads, results }: ScalarKernel,
  plan: Gathered,
  precision: Precision,
): Int32Array {
  const size = sizeOfReal(precision);
  const { slotOf, slots, groupKinds, groupStarts, steps } = plan;
  const table = new Int32Array(plan.table.size);
  writeOperands(table, plan, addressesOfOthers(reads, plan, size), size);
  let at = plan.gathered;
  for (let group = 0; group < groupKinds.length; group++) {
    table[at++] = groupKinds[group]!;
    table[at++] = (groupStarts[group + 1]! - groupStarts[group]!) * size;
  }
  for (const { operand, write } of results) {
    if (!isComputed(operand, operations)) continue;
    table[at++] = slots.address + slotOf[steps.stepOf[operand]!]! * size;
    table[at++] = write.buffer.address + write.offset * size;
  }
  return table;
}

/** Writes the addresses of operands, those that are `~k` as they are `elsewhere`. */
function writeOperands(
  table: Int32Array,
  { kinds, groupKinds, groupStarts, groups, slots, slotOf, steps }: Gathered,
  elsewhere: Int32Array,
  size: number,
): void {
  const { inputs, inputStarts } = steps;
  const { order, ends } = groups;
  const { address } = slots;
  const lanes = 16 / size;
  let at = 0;
  let first = 0;
  for (let group = 0; group < groupKinds.length; group++) {
    const count = kinds[groupKinds[group]!]!.inputs;
    const last = ends[group]! - 1;
    const end = first + groupStarts[group + 1]! - groupStarts[group]!;
    for (let i = first, lane = 0; i < end; i++) {
      // Padding repeats the last step.
      const start = inputStarts[order[i < last ? i : last]!]!;
      for (let k = 0; k < count; k++) {
        const operand = inputs[start + k]!;
        table[at + lane + k * lanes] =
          operand < 0 ? elsewhere[~operand]! : address + slotOf[operand]! * size;
      }
      if (++lane < lanes) continue;
      lane = 0;
      at += lanes * count;
    }
    first = last + 1;
  }
}

/** Where the values that no step computes are: those that are read, then the constants. */
function addressesOfOthers(reads: ScalarKernel['reads'], plan: Gathered, size: number): Int32Array {
  const { numbers } = plan;
  const constants = numbers?.size ?? 0;
  const addresses = new Int32Array(reads.length + constants);
  for (let k = 0; k < reads.length; k++) addresses[k] = addressOfRead(reads, plan, k, size);
  for (let k = 0; k < constants; k++) addresses[reads.length + k] = numbers!.address + k * size;
  return addresses;
}
