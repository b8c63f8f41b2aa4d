/** `hello`: the square of a number, and its derivative. */
import { Graph, type GraphNode } from '@ad/graph';
import { gradient } from '@ad/backprop';
import { type Eval, type Prepared, program, scalar } from '../eval.ts';
import { InputError } from '../input.ts';

function prepare(input: unknown, output: (square: GraphNode, x: GraphNode) => GraphNode): Prepared {
  if (typeof input !== 'number') throw new InputError('the input is not a number');
  const x = new Graph().input('x', { value: input });
  return program([output(x.square(), x)], scalar);
}

/** `hello`. */
export const hello: Eval = {
  name: 'hello',
  functions: {
    square: (input) => prepare(input, (square) => square),
    double: (input) => prepare(input, gradient),
  },
};
