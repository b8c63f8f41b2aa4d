/** Messages as numbers: the rules of the rows over tensors. */
import {
  allocate,
  broadcastIndex,
  type MessageBuilder,
  numbers,
  positionIn,
  prepareKernel,
  resultType,
  sizeOf,
  Tensor,
} from '@ad/graph';

/** Messages as numbers: every operation is carried out on tensors at once. */
export const tensorMessages: MessageBuilder<Tensor> = {
  apply(row, operands, attributes) {
    const type = resultType(row, operands, attributes);
    const data = allocate(type.kind, sizeOf(type.shape));
    prepareKernel(
      row,
      operands,
      attributes ?? {},
      type,
    )(
      data,
      operands.map((operand) => operand.data),
    );
    return new Tensor(type.shape, type.kind, data);
  },
  constant: (value) =>
    typeof value === 'number' ? new Tensor([], 'real', Float64Array.of(value)) : value,
  typeOf: (value) => value,
  scale(row, position, S, result, operands, strong) {
    const partial = row.partials[position]!;
    const target = operands[position]!;
    const sums = new Float64Array(target.size);
    const [ix, iy, iz] = operands.map((operand) => broadcastIndex(operand.shape, result.shape));
    const it = [ix, iy, iz][position]!;
    const [x, y, z] = operands.map((operand) => operand.data);
    for (let i = 0; i < result.size; i++) {
      const derivative =
        typeof partial === 'number'
          ? partial
          : partial(
              numbers,
              result.data[i]!,
              x![positionIn(ix!, i)]!,
              y === undefined ? 0 : y[positionIn(iy!, i)]!,
              z === undefined ? 0 : z[positionIn(iz!, i)]!,
            );
      const message = strong ? numbers.strongMul(S.data[i]!, derivative) : S.data[i]! * derivative;
      sums[positionIn(it, i)]! += message;
    }
    return new Tensor(target.shape, 'real', sums);
  },
};
