/**
 * `llsq`: least squares of the sign function by a polynomial of degree m - 1 at n points of [-1, 1].
 *
 * The powers of a point are products of two short rows, $t^{ja + b} = (t^a)^j t^b$, so the polynomial is a product of
 * matrices of n x m/8 and m/8 x 8 elements: the n x m matrix of all powers is never there.
 */
import { Graph, type GraphNode, pad, stack, tensor } from '@ad/graph';
import { gradient } from '@ad/backprop';
import { type Eval, flat, type Prepared, program, scalar } from '../eval.ts';
import { countOf, fieldsOf, vectorOf } from '../input.ts';

/** How many coefficients stand in a block. */
const BLOCK = 8;

/** The powers 0 to `count` - 1 of a node, side by side. */
function powers(t: GraphNode, count: number): GraphNode {
  let power = t.mul(0).add(1);
  const all = [power];
  for (let k = 1; k < count; k++) all.push((power = power.mul(t)));
  return stack(all, 1);
}

/** The loss as a node, and the coefficients. */
function llsqLoss(x: Float64Array, n: number): { loss: GraphNode; x: GraphNode } {
  const graph = new Graph();
  const coefficients = graph.input('x', { value: x });
  const points = Float64Array.from({ length: n }, (_, i) => -1 + (2 * i) / (n - 1));
  const t = graph.input('t', { value: points });
  const signs = graph.constant(tensor(points.map(Math.sign)));
  const blocks = Math.ceil(x.length / BLOCK);
  const padded = pad(coefficients, [[0, blocks * BLOCK - x.length]]).reshape([blocks, BLOCK]);
  const short = powers(t, BLOCK);
  const long = powers(t.pow(BLOCK), blocks);
  const values = long.matmul(padded).mul(short).sum({ axes: 1 });
  return { loss: signs.sub(values).square().sum().div(2), x: coefficients };
}

function prepare(input: unknown, output: (loss: GraphNode, x: GraphNode) => GraphNode): GraphNode {
  const fields = fieldsOf(input, 'the input');
  const { loss, x } = llsqLoss(vectorOf(fields['x'], 'x'), countOf(fields, 'n', 2));
  return output(loss, x);
}

/** `llsq`. */
export const llsq: Eval = {
  name: 'llsq',
  functions: {
    primal: (input): Prepared => program([prepare(input, (loss) => loss)], scalar),
    gradient: (input): Prepared => program([prepare(input, gradient)], flat),
  },
};
