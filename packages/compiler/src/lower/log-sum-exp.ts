/** The logarithm of a sum of exponentials. */
import { asNumbers } from '../code/vector-algebra.ts';
import type { Draft } from './draft.ts';
import type { Result } from './kernel.ts';
import { broadcastView, contiguousView, type View } from './view.ts';

/** The largest element, the sum of exponentials below it, and the logarithm: three loops. */
export function lowerLogSumExp(draft: Draft, node: number): void {
  const source = draft.viewOf(draft.simplified.operand(node, 0));
  const reduced = draft.reducedAxes(node);
  const kept = source.shape.map((length, axis) => (reduced[axis] ? 1 : length));
  const largest = contiguousView(draft.allocate(node), kept);
  const total = contiguousView(draft.allocate(node), kept);
  const result = contiguousView(draft.allocate(node), kept);
  draft.views.set(node, contiguousView(result.buffer, draft.arena.typeOf(node).shape));

  const first = draft.loopOver(source.shape);
  const x = asNumbers(first.expressions, first.read(source));
  const spread = (view: View): View => broadcastView(view, source.shape);
  draft.kernels.push(
    first.finish(['max'], reduced, [{ expression: x, write: spread(largest), combine: 'max' }]),
  );

  const second = draft.loopOver(source.shape);
  const { algebra: A } = second;
  const term = A.exp(A.sub(second.read(source), second.read(largest)));
  const sum: Result = {
    expression: asNumbers(second.expressions, term),
    write: spread(total),
    combine: 'add',
  };
  draft.kernels.push(second.finish(['sub', 'exp', 'sum'], reduced, [sum]));

  const third = draft.loopOver(kept);
  const m = third.read(largest);
  const B = third.algebra;
  const infinite = B.equal(B.abs(m), B.constant(Infinity));
  const value = B.select(infinite, m, B.add(m, B.log(third.read(total))));
  draft.store(third, 'log, add', asNumbers(third.expressions, value), result);
}
