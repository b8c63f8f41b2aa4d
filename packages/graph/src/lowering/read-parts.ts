/**
 * What of a loop somebody reads: carries and results that nobody reads, and that nothing depends on which is read, are
 * neither computed nor carried along. So the gradient of a loss that a loop adds up does not add it up.
 */
import { Body } from '../body.ts';
import { closure } from '../control/reach.ts';
import { ancestorsOf } from '../interpreter/schedule.ts';
import type { Segment } from '../rows/segments.ts';

/** A loop without what nobody reads. */
interface ReadParts {
  /** Its step: the inputs before the carries, the carries that are left, and all other inputs. */
  readonly body: Body;
  /** By carry, and behind them by result of the step: whether it is left. */
  readonly isLeft: readonly boolean[];
}

/**
 * Leaves out what nobody reads.
 *
 * @param first - the position of the first carry among the inputs.
 * @param carries - how many carries there are.
 * @param isRead - by output: whether somebody reads what it comes to, or for a carry, its values before the steps.
 */
export function withoutUnread(
  body: Body,
  first: number,
  carries: number,
  isRead: readonly boolean[],
): ReadParts {
  const { inputs, outputs, graph } = body;
  const isLeft = closure(isRead, (left) => {
    const ids = outputs.flatMap(({ id }, k) => (left[k]! ? [id] : []));
    const needed = new Set(ancestorsOf(graph.arena, ids));
    return outputs.map((_, k) => k < carries && needed.has(inputs[first + k]!.id));
  });
  if (!isLeft.includes(false) || !isLeft.includes(true))
    return { body, isLeft: outputs.map(() => true) };
  const isCarry = (k: number): boolean => k >= first && k < first + carries;
  const left = new Body(
    inputs.filter((_, k) => !isCarry(k) || isLeft[k - first]!),
    outputs.filter((_, k) => isLeft[k]!),
  );
  return { body: left, isLeft };
}

/** Whether somebody reads a part, if there is such a part. */
export function isPartRead(
  part: Segment | undefined,
  isRead: (segment: Segment) => boolean,
): boolean {
  return part !== undefined && isRead(part);
}

/** Whether a step changes a carry, rather than to pass its input on: what stays is where it was. */
export function changes({ inputs, outputs }: Body, input: number, output: number): boolean {
  return inputs[input]!.id !== outputs[output]!.id;
}
