/**
 * `lse`: the logarithm of a sum of exponentials, as it is written down: the exponentials are kept for the gradient, which
 * `logSumExp` would compute once more. What is subtracted is whole, so that it is a step without a derivative: that of the
 * maximum would cancel, up to rounding errors of $10^{-9}$ of a weight at a million elements.
 */
import { floor, Graph, type GraphNode, max } from '@ad/graph';
import { gradient } from '@ad/backprop';
import { type Eval, flat, program, scalar } from '../eval.ts';
import { fieldsOf, InputError, vectorOf } from '../input.ts';

function read(input: unknown): GraphNode {
  const x = vectorOf(fieldsOf(input, 'the input')['x'], 'x');
  if (x.length === 0) throw new InputError('x is empty, expected one number or more');
  return new Graph().input('x', { value: x });
}

function logarithmOfSum(x: GraphNode): GraphNode {
  const shift = floor(max(x));
  return x.sub(shift).exp().sum().log().add(shift);
}

/** `lse`. */
export const lse: Eval = {
  name: 'lse',
  functions: {
    primal: (input) => program([logarithmOfSum(read(input))], scalar),
    gradient: (input) => {
      const x = read(input);
      return program([gradient(logarithmOfSum(x), x)], flat);
    },
  },
};
