/** A builder over tensors: derivative rules written for graph nodes, run on numbers. */
import {
  allocate,
  prepareKernel,
  resultType,
  sizeOf,
  Tensor,
  tensor,
  type Attributes,
  type Builder,
  type Operation,
} from '@ad/graph';

/** Applies a row to tensors by the row's own type rule and kernel, without any graph. */
export function applyToTensors<A extends Attributes>(
  row: Operation<A>,
  operands: readonly Tensor[],
  attributes?: A,
): Tensor {
  const general = row as unknown as Operation;
  const type = resultType(general, operands, attributes);
  const data = allocate(type.kind, sizeOf(type.shape));
  prepareKernel(
    general,
    operands,
    attributes ?? {},
    type,
  )(
    data,
    operands.map((operand) => operand.data),
  );
  return new Tensor(type.shape, type.kind, data);
}

/** Derivative rules over tensors. */
export const tensorBuilder: Builder<Tensor> = {
  apply: applyToTensors,
  constant: (value) => tensor(value),
  typeOf: (value) => value,
};
