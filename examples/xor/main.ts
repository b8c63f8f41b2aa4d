/** A network of 2 inputs, 4 tanh units and 1 output learns the exclusive or by gradient descent. */
import { valueAndGrad } from '@ad/backprop';
import { type GraphNode, tensor } from '@ad/graph';

type Weights = Record<'W' | 'b' | 'v' | 'c', GraphNode>;
const network = ({ W, b, v, c }: Weights, x: GraphNode) => {
  const matrix = W.reshape([2, 4]);
  return x.matmul(matrix).add(b).tanh().matmul(v).add(c);
};
const loss = (w: Weights, x: GraphNode, y: GraphNode) => network(w, x).sub(y).square().mean();

const x = tensor([0, 0, 0, 1, 1, 0, 1, 1], { shape: [4, 2] }); // four points, a row each
const y = tensor([0, 1, 1, 0]);
const W = Float64Array.of(1, -1, 0.5, -0.5, 0.5, 1, -1, -0.5); // no two units start alike
const weights = { W, b: new Float64Array(4), v: Float64Array.of(0.5, 0.5, -0.5, -0.5), c: 0 };
const rate = 0.2;

const lossAndGradient = valueAndGrad(loss);
for (let step = 0; step <= 200; step++) {
  const { value, gradient } = lossAndGradient(weights, x, y);
  if (step % 20 === 0) console.log(`step ${step}: loss ${value.toFixed(5)}`);
  weights.W = weights.W.map((w, i) => w - rate * gradient.W[i]!);
  weights.b = weights.b.map((b, i) => b - rate * gradient.b[i]!);
  weights.v = weights.v.map((v, i) => v - rate * gradient.v[i]!);
  weights.c -= rate * gradient.c;
}
const predict = valueAndGrad(network);
for (const a of [0, 1])
  for (const b of [0, 1])
    console.log(`${a} xor ${b}: ${predict(weights, tensor([a, b])).value.toFixed(3)}`);
