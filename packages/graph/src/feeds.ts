/** Values that are fed to inputs: made tensors, and checked against what the input is. */
import { AdError, KindError, ShapeError } from './errors.ts';
import { formatShape, sameShape, sizeOf, type Shape } from './shape.ts';
import { tensor, Tensor, type Kind, type TensorLike, type Type } from './tensor.ts';

/** A value for an input, with the name in its errors. A typed array holds the elements row-major, whatever the shape. */
export function tensorFor(
  name: string,
  value: TensorLike,
  shape: Shape | undefined,
  kind: Kind | undefined,
): Tensor {
  const isFlat = ArrayBuffer.isView(value) && shape !== undefined && sizeOf(shape) === value.length;
  try {
    return tensor(value, { ...(isFlat ? { shape } : {}), ...(kind === undefined ? {} : { kind }) });
  } catch (error) {
    if (error instanceof AdError) error.message = `input "${name}": ${error.message}`;
    throw error;
  }
}

/**
 * A value of an input's type.
 *
 * @throws {@link ShapeError} or {@link KindError} when it does not fit.
 */
export function fedValue(name: string, given: TensorLike, type: Type): Tensor {
  const value =
    given instanceof Tensor && given.kind === type.kind
      ? given
      : tensorFor(name, given, type.shape, type.kind);
  checkFeed(name, value, type);
  return value;
}

/**
 * Checks a value against an input's type.
 *
 * @throws {@link ShapeError} or {@link KindError} when it does not fit.
 */
export function checkFeed(name: string, value: Tensor, { shape, kind }: Type): void {
  if (!sameShape(value.shape, shape)) {
    throw new ShapeError(
      `input "${name}" has shape ${formatShape(shape)}, got a value of shape ${formatShape(value.shape)}`,
    );
  }
  if (value.kind !== kind)
    throw new KindError(`input "${name}" is of kind ${kind}, got a ${value.kind} value`);
}

/** Names in words, shortened. */
export function listNames(names: readonly string[]): string {
  if (names.length === 0) return 'no inputs';
  const shown = names
    .slice(0, 10)
    .map((name) => `"${name}"`)
    .join(', ');
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown;
}
