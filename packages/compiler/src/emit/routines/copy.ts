/** Copies of views of integers, which loops over the program's reals may not hold. */
import type { Routine } from '@ad/graph';
import { walk } from '@ad/graph/rows';

/** The elements of a view of integers, row-major. */
export const copy: Routine = {
  write(w, { operands: [x], result }, { attributes }) {
    const { shape, strides, offset } = attributes as {
      shape: readonly number[];
      strides: readonly number[];
      offset: number;
    };
    walk(w, shape, [{ strides, offset }], ([position], index) => {
      result.setInteger(index, x!.integer(position!));
    });
  },
};
