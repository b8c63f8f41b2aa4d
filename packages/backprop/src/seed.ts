/** What a sweep starts from: the adjoint of the output, 1 for a scalar. */
import {
  describeValue,
  formatShape,
  GraphError,
  type GraphNode,
  isGraphNode,
  KindError,
  sameShape,
  ShapeError,
  Tensor,
  tensor,
  type TensorLike,
} from '@ad/graph';

/**
 * The checked seed of a sweep.
 *
 * @param caller - the function to name in messages.
 * @throws `KindError` when the output is not real.
 * @throws `ShapeError` when an array has no seed, or the seed another shape.
 */
export function seedOf(output: GraphNode, seed: TensorLike | undefined, caller: string): Tensor {
  checkDifferentiable(output, seed === undefined ? undefined : tensor(seed).shape, caller);
  return seed === undefined
    ? new Tensor([], 'real', Float64Array.of(1))
    : tensor(seed, { kind: 'real' });
}

/** Checks that `output` is real, and a scalar or of the shape of its seed. */
export function checkDifferentiable(
  output: GraphNode,
  seedShape: readonly number[] | undefined,
  caller: string,
): void {
  if (!isGraphNode(output)) {
    throw new GraphError(`${caller}: the output is ${describeValue(output)}, expected a node`);
  }
  if (output.kind !== 'real') {
    throw new KindError(
      `${caller}: the output ${output.toString()} is not real; only real nodes have derivatives`,
    );
  }
  if (seedShape === undefined && output.shape.length > 0) {
    throw new ShapeError(
      `${caller}: the output has shape ${formatShape(output.shape)}, expected a scalar; ` +
        'reduce it, for example with sum() or mean(), or give a seed (the adjoint of the output) of its shape',
    );
  }
  if (seedShape !== undefined && !sameShape(seedShape, output.shape)) {
    throw new ShapeError(
      `${caller}: the seed has shape ${formatShape(seedShape)}, expected that of the output, ${formatShape(output.shape)}`,
    );
  }
}
