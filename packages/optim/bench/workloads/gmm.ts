/** Gaussian mixture log-likelihood with 25 components in 10 dimensions, 1000 points: its gradient, f64. */
import { gradient } from '@ad/backprop';
import { expandDims, gather, Graph, type GraphNode, logSumExp, tensor } from '@ad/graph';
import { waves, type Workload } from '../workload.ts';

const [N, K, D] = [1000, 25, 10];

/** The lower triangles, column by column, as full matrices [K, D, D] with exponentials on the diagonal. */
function factors(q: GraphNode, l: GraphNode): GraphNode {
  const positions = new Int32Array(D * D);
  let next = 0;
  for (let column = 0; column < D; column++)
    for (let row = column + 1; row < D; row++) positions[row * D + column] = next++;
  const mask = Float64Array.from({ length: D * D }, (_, i) => (Math.floor(i / D) > i % D ? 1 : 0));
  const eye = Float64Array.from({ length: D * D }, (_, i) => (Math.floor(i / D) === i % D ? 1 : 0));
  const g = q.graph;
  const index = g.constant(tensor(positions, { kind: 'integer' }));
  const lower = gather(l.transpose(), index)
    .transpose()
    .mul(g.constant(tensor(mask)));
  const diagonal = q
    .exp()
    .reshape([K, D, 1])
    .mul(g.constant(tensor(eye).reshape([D, D])));
  return lower.reshape([K, D, D]).add(diagonal);
}

export function gmm(): Workload {
  const g = new Graph();
  const [gamma, m] = [1, 0];
  const alpha = g.input('alpha', { value: waves(K, 1) });
  const mu = g.input('mu', { shape: [K, D], value: waves(K * D, 2) });
  const q = g.input('q', { shape: [K, D], value: waves(K * D, 3) });
  const l = g.input('l', { shape: [K, (D * (D - 1)) / 2], value: waves((K * D * (D - 1)) / 2, 4) });
  const x = g.input('x', { shape: [N, D], value: waves(N * D, 5) });
  const Q = factors(q, l);
  const centred = expandDims(x, 0).sub(expandDims(mu, 1)); // [K, N, D]
  const mapped = centred.matmul(Q.transpose([0, 2, 1]));
  const distance = mapped.square().sum({ axes: -1 }); // [K, N]
  const sums = q.sum({ axes: 1 });
  const terms = expandDims(alpha.add(sums), 1).sub(distance.mul(0.5));
  const likelihood = logSumExp(terms, { axes: 0 }).sum().sub(logSumExp(alpha).mul(N));
  const frobenius = q.exp().square().sum().add(l.square().sum());
  const prior = frobenius.mul((gamma * gamma) / 2).sub(sums.sum().mul(m));
  const f = likelihood.sub(prior);
  return {
    name: 'gmm',
    spec: { outputs: [f, ...gradient(f, [alpha, mu, q, l])] },
    precision: 'f64',
  };
}
