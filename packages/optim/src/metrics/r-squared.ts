/** How much of what varies is explained. */
import { formatShape, sameShape, ShapeError, tensor, type TensorLike } from '@ad/graph';

/**
 * The coefficient of determination $R^2 = 1 - \sum (t - x)^2 / \sum (t - \bar t)^2$ of predictions $x$ for targets
 * $t$: 1 for perfect ones, 0 for the mean of the targets. Of several outputs, the mean of theirs. Where the targets do
 * not vary it is 1 if they are met and 0 if not, as in scikit-learn.
 *
 * @param predictions - [samples] or [samples, outputs].
 * @param targets - in the same shape.
 * @throws `ShapeError` when the shapes differ or there are no samples.
 * @example
 * ```ts
 * import { rSquared } from '@ad/optim';
 *
 * rSquared([1, 2, 3], [1, 2, 3]); // => 1
 * rSquared([2, 2, 2], [1, 2, 3]); // => 0
 * ```
 */
export function rSquared(predictions: TensorLike, targets: TensorLike): number {
  const [x, t] = [tensor(predictions), tensor(targets)];
  if (!sameShape(x.shape, t.shape) || x.shape.length === 0 || x.shape.length > 2 || x.size === 0) {
    throw new ShapeError(
      `rSquared: predictions and targets are [samples] or [samples, outputs], both the same and not empty; ` +
        `got ${formatShape(x.shape)} and ${formatShape(t.shape)}`,
    );
  }
  const [samples, outputs = 1] = x.shape as readonly [number, number?];
  let sum = 0;
  for (let k = 0; k < outputs; k++) {
    const at = (data: ArrayLike<number>, i: number): number => data[i * outputs + k]!;
    let mean = 0;
    for (let i = 0; i < samples; i++) mean += at(t.data, i) / samples;
    let [missed, varied] = [0, 0];
    for (let i = 0; i < samples; i++) {
      missed += (at(t.data, i) - at(x.data, i)) ** 2;
      varied += (at(t.data, i) - mean) ** 2;
    }
    sum += varied === 0 ? (missed === 0 ? 1 : 0) : 1 - missed / varied;
  }
  return sum / outputs;
}
