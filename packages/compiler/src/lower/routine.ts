/** Routines in the place of calls of the interpreter. */
import { sizeOf } from '@ad/graph';
import type { Precision } from '../code/expression.ts';
import { ROUTINES } from '../emit/routines/table.ts';
import type { HostWork } from '../host-kernel.ts';
import type { HostCall, RoutineKernel } from './kernel.ts';
import type { Buffer } from './view.ts';

/** The kernel that spares a call; `undefined` where there is no routine for it. */
export function routineFor(call: HostCall, precision: Precision): RoutineKernel | undefined {
  const { work, operands, result } = call;
  const isKnown = work !== undefined && (ROUTINES.has(work.operation) || result.size === 0);
  if (!isKnown) return undefined;
  return routineKernel(work, operands, result, precision, { ...call, refuses: true });
}

/** The kernel that does some work for which there is a routine. */
export function routineKernel(
  work: HostWork,
  operands: readonly Buffer[],
  result: Buffer,
  precision: Precision,
  refuse?: HostCall,
): RoutineKernel {
  const isEmpty = sizeOf(work.result.shape) === 0;
  const doubles = isEmpty ? 0 : (ROUTINES.get(work.operation)!.scratch?.(work) ?? 0);
  const size = precision === 'f64' ? doubles : 2 * doubles;
  const scratch: Buffer | undefined =
    size === 0 ? undefined : { node: result.node, storage: 'real', size, address: -1 };
  return { kind: 'routine', work, operands, result, scratch, refuse };
}
