/** Routines in the place of calls of the interpreter. */
import type { Routine } from '@ad/graph';
import type { Precision } from '../code/expression.ts';
import type { HostCall, RoutineKernel } from './kernel.ts';
import type { Buffer } from './view.ts';

/** The kernel that spares a call: the routine, or nothing where there is no element; `undefined` where there is neither. */
export function routineFor(
  call: HostCall,
  routine: Routine | undefined,
  precision: Precision,
): RoutineKernel | undefined {
  const { work, operands, result } = call;
  if (routine === undefined && result.size > 0) return undefined;
  const doubles = result.size === 0 ? 0 : (routine?.scratch?.(work) ?? 0);
  const size = precision === 'f64' ? doubles : 2 * doubles;
  const scratch: Buffer | undefined =
    size === 0 ? undefined : { node: result.node, storage: 'real', size, address: -1 };
  const refuse = { ...call, refuses: true };
  return { kind: 'routine', routine, work, operands, result, scratch, refuse };
}
