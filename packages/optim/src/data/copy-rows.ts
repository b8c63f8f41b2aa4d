import type { Tensor, TensorData } from '@ad/graph';

/**
 * Copies rows of a tensor, such as those of a batch into the storage of an input.
 *
 * @param order - the rows in the order in which they are taken, or `null` for their own order.
 * @param start - where in the order the batch starts.
 */
export function copyRows(
  { data: source, shape }: Tensor,
  order: Int32Array | null,
  start: number,
  count: number,
  target: TensorData,
): void {
  const rowSize = source.length / shape[0]!;
  if (order === null) {
    target.set(source.subarray(start * rowSize, (start + count) * rowSize));
    return;
  }
  for (let i = 0; i < count; i++) {
    const from = order[start + i]! * rowSize;
    const to = i * rowSize;
    for (let k = 0; k < rowSize; k++) target[to + k] = source[from + k]!;
  }
}
