/** A function for several examples at once against the function for each: whether the rules for batches are right. */
import { batchNodes, evaluate, Tensor } from '@ad/graph';
import { moved, type Point, type Scalar } from './point.ts';
import { roundingOf, slopesOf } from './slopes.ts';

/** How far beside the point the second example lies. */
const BESIDE = 2 ** -10;

/** An example for which a batch has another value. */
export interface WrongExample {
  readonly example: number;
  readonly actual: number;
  readonly expected: number;
  readonly tolerance: number;
}

/** The first example that comes out wrong of a batch of two: the point, and one beside it along `u`. */
export function wrongExample(
  point: Point,
  scalar: Scalar,
  u: readonly Tensor[],
): WrongExample | undefined {
  // What looks at values is another function beside the point.
  if (point.readsValues || point.moving.length === 0) return undefined;
  const s = scalar(point.built);
  const reals = point.values.filter(({ kind }) => kind === 'real');
  const batches = reals.map((x, i) => s.graph.constant(pairOf(x, moved(x, u[i]!, BESIDE))));
  const [batch] = batchNodes([s], point.moving, batches);
  if (batch === undefined) return undefined; // nothing depends on what moves
  const tolerance = 2 * roundingOf(slopesOf(s, point.moving, u));
  const { data } = evaluate(batch);
  for (let example = 0; example < 2; example++) {
    const [actual, expected] = [data[example]!, point.at(scalar, u, example * BESIDE)];
    // Beside the point the function may not be defined.
    if (Number.isFinite(expected) && !(Math.abs(actual - expected) <= tolerance))
      return { example, actual, expected, tolerance };
  }
  return undefined;
}

/** Two tensors along an axis in front. */
function pairOf(a: Tensor, b: Tensor): Tensor {
  const data = new Float64Array(2 * a.size);
  data.set(a.data);
  data.set(b.data, a.size);
  return new Tensor([2, ...a.shape], 'real', data);
}
