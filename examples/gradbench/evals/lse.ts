/** `lse`: the logarithm of a sum of exponentials. */
import { Graph, type GraphNode } from '@ad/graph';
import { gradient } from '@ad/backprop';
import { type Eval, flat, program, scalar } from '../eval.ts';
import { fieldsOf, InputError, vectorOf } from '../input.ts';

function read(input: unknown): GraphNode {
  const x = vectorOf(fieldsOf(input, 'the input')['x'], 'x');
  if (x.length === 0) throw new InputError('x is empty, expected one number or more');
  return new Graph().input('x', { value: x });
}

/** `lse`. */
export const lse: Eval = {
  name: 'lse',
  functions: {
    primal: (input) => program([read(input).logSumExp()], scalar),
    gradient: (input) => {
      const x = read(input);
      return program([gradient(x.logSumExp(), x)], flat);
    },
  },
};
