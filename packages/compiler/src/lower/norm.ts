/** The Euclidean norm. */
import { asNumbers } from '../code/vector-algebra.ts';
import type { Draft } from './draft.ts';
import { broadcastView, contiguousView, type View } from './view.ts';

/** The bits of the exponent, and the smallest normal number. */
const EXPONENT = {
  f64: { mask: 0x7ff0_0000_0000_0000n, smallest: 2 ** -1022 },
  f32: { mask: 0x7f80_0000n, smallest: 2 ** -126 },
};

/**
 * Adds loops for the largest element, a power of two near it, the sum of squares of the elements divided by that, so
 * that none over- or underflows, and the root.
 */
export function lowerNorm(draft: Draft, node: number): void {
  const source = draft.viewOf(draft.simplified.operand(node, 0));
  const reduced = draft.reducedAxes(node);
  const kept = source.shape.map((length, axis) => (reduced[axis] ? 1 : length));
  const fresh = (): View => contiguousView(draft.allocate(node), kept);
  const spread = (view: View): View => broadcastView(view, source.shape);
  const [largest, scale, inverse, total, result] = [fresh(), fresh(), fresh(), fresh(), fresh()];

  const sizes = draft.loopOver(source.shape);
  const size = asNumbers(sizes.expressions, sizes.algebra.abs(sizes.read(source)));
  draft.kernels.push(
    sizes.finish(['abs', 'max'], reduced, [
      { expression: size, write: spread(largest), combine: 'max' },
    ]),
  );

  const powers = draft.loopOver(kept);
  const e = powers.expressions;
  const { mask, smallest } = EXPONENT[draft.precision];
  const power = e.instruction('v128.and', asNumbers(e, powers.read(largest)), e.integer(mask));
  const normal = e.real('max', power, e.constant(smallest));
  draft.kernels.push(
    powers.finish(
      ['scale'],
      kept.map(() => false),
      [
        { expression: normal, write: scale, combine: undefined },
        { expression: e.real('div', e.constant(1), normal), write: inverse, combine: undefined },
      ],
    ),
  );

  const squares = draft.loopOver(source.shape);
  const S = squares.algebra;
  const scaled = S.mul(squares.read(source), squares.read(inverse));
  const square = asNumbers(squares.expressions, S.mul(scaled, scaled));
  draft.kernels.push(
    squares.finish(['mul', 'square', 'sum'], reduced, [
      { expression: square, write: spread(total), combine: 'add' },
    ]),
  );

  const roots = draft.loopOver(kept);
  const R = roots.algebra;
  const most = roots.read(largest);
  const length = R.mul(roots.read(scale), R.sqrt(roots.read(total)));
  const unbounded = R.select(R.less(most, R.constant(Infinity)), length, most);
  const value = R.select(R.less(R.constant(0), most), unbounded, most);
  draft.store(roots, 'sqrt, mul', asNumbers(roots.expressions, value), result);
  draft.views.set(node, contiguousView(result.buffer, draft.arena.typeOf(node).shape));
}
