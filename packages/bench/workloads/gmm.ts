/**
 * The log-likelihood of a mixture of Gaussians, with the parameters and the prior of the GradBench suite: weights by
 * their logarithms, precisions by the logarithms `q` of the diagonal and the strictly lower triangle `l` of a factor.
 */
import { gradient } from '@ad/backprop';
import { expandDims, Graph, type GraphNode, logSumExp, pad, take, tensor } from '@ad/graph';
import { compiled } from '../compiled.ts';
import type { Contestant } from '../measure.ts';
import { type JaxArray, loadJax } from '../peers/jax.ts';
import { generator, uniform } from '../random.ts';
import type { Workload } from '../workload.ts';

const [D, K, N] = [10, 25, 1000];
const [GAMMA, M] = [1, 0];
const TRIANGLE = (D * (D - 1)) / 2;

function problem() {
  const random = generator(6);
  return {
    alpha: uniform(random, K),
    mu: uniform(random, K * D),
    q: uniform(random, K * D, 0.5),
    l: uniform(random, K * TRIANGLE, 0.5),
    x: uniform(random, N * D, 2),
  };
}

/** Where each element of the D x D factors comes from: `l` column by column, then one 0. */
function places(): Int32Array {
  const from = new Int32Array(D * D).fill(TRIANGLE);
  let next = 0;
  for (let column = 0; column < D; column++)
    for (let row = column + 1; row < D; row++) from[row * D + column] = next++;
  return from;
}

function ours(): Contestant {
  const { alpha, mu, q, l, x } = problem();
  const graph = new Graph();
  const input = (name: string, data: readonly number[], shape: readonly number[]): GraphNode =>
    graph.input(name, { value: tensor(Float64Array.from(data), { shape }) });
  const weights = input('alpha', alpha, [K]);
  const means = input('mu', mu, [K, D]);
  const diagonals = input('q', q, [K, D]);
  const triangles = input('l', l, [K, TRIANGLE]);
  const points = graph.constant(tensor(Float64Array.from(x), { shape: [N, D] }));

  const padded = pad(triangles, [
    [0, 0],
    [0, 1],
  ]);
  const lower = take(padded, [...places()], 1).reshape([K, D, D]);
  const identity = graph.constant(
    tensor(
      Float64Array.from({ length: D * D }, (_, i) => (i % (D + 1) === 0 ? 1 : 0)),
      { shape: [D, D] },
    ),
  );
  const factors = lower.add(expandDims(diagonals.exp(), 2).mul(identity));
  const turned = factors.transpose([0, 2, 1]);
  // Q (x - mu) for every component and point.
  const distances = points.sub(expandDims(means, 1)).matmul(turned).square().sum({ axes: -1 });
  const inner = expandDims(weights.add(diagonals.sum({ axes: -1 })), 1).sub(distances.mul(0.5));
  const likelihood = logSumExp(inner, { axes: 0 }).sum().sub(logSumExp(weights).mul(N));
  const prior = diagonals
    .exp()
    .square()
    .sum()
    .add(triangles.square().sum())
    .mul((GAMMA * GAMMA) / 2)
    .sub(diagonals.sum().mul(M));
  const value = likelihood.sub(prior);
  return compiled(
    { outputs: [value, ...gradient(value, [weights, means, diagonals, triangles])] },
    'f64',
    (outputs) => outputs[2]![0]! + outputs[4]![3]!,
  );
}

/** Value and gradient in loops over typed arrays. */
function loops(): Contestant {
  const p = problem();
  const [alpha, mu, q, l, x] = [p.alpha, p.mu, p.q, p.l, p.x].map((data) =>
    Float64Array.from(data),
  ) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  const [dAlpha, dMu, dQ, dL] = [alpha, mu, q, l].map((data) => new Float64Array(data.length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const [scales, sums] = [new Float64Array(K * D), new Float64Array(K)];
  const [scores, projected, centred] = [
    new Float64Array(K),
    new Float64Array(K * D),
    new Float64Array(K * D),
  ];
  const step = (): void => {
    for (const slopes of [dAlpha, dMu, dQ, dL]) slopes.fill(0);
    let normal = 0;
    for (let k = 0; k < K; k++) {
      sums[k] = 0;
      for (let i = 0; i < D; i++) {
        scales[k * D + i] = Math.exp(q[k * D + i]!);
        sums[k]! += q[k * D + i]!;
      }
      normal += Math.exp(alpha[k]!);
    }
    for (let n = 0; n < N; n++) {
      let largest = -Infinity;
      for (let k = 0; k < K; k++) {
        const base = k * D;
        for (let i = 0; i < D; i++) {
          const c = x[n * D + i]! - mu[base + i]!;
          centred[base + i] = c;
          projected[base + i] = scales[base + i]! * c;
        }
        let next = k * TRIANGLE;
        for (let column = 0; column < D; column++)
          for (let row = column + 1; row < D; row++)
            projected[base + row]! += l[next++]! * centred[base + column]!;
        let square = 0;
        for (let i = 0; i < D; i++) square += projected[base + i]! * projected[base + i]!;
        const score = alpha[k]! + sums[k]! - 0.5 * square;
        scores[k] = score;
        if (score > largest) largest = score;
      }
      let total = 0;
      for (let k = 0; k < K; k++) total += scores[k] = Math.exp(scores[k]! - largest);
      for (let k = 0; k < K; k++) {
        const w = scores[k]! / total;
        const base = k * D;
        dAlpha[k]! += w;
        for (let i = 0; i < D; i++) {
          const slope = -w * projected[base + i]!;
          dQ[base + i]! += w + slope * scales[base + i]! * centred[base + i]!;
          dMu[base + i]! -= slope * scales[base + i]!;
        }
        let next = k * TRIANGLE;
        for (let column = 0; column < D; column++) {
          let sum = 0;
          for (let row = column + 1; row < D; row++) {
            const slope = -w * projected[base + row]!;
            dL[next]! += slope * centred[base + column]!;
            sum += l[next]! * slope;
            next++;
          }
          dMu[base + column]! -= sum;
        }
      }
    }
    for (let k = 0; k < K; k++) dAlpha[k]! -= (N * Math.exp(alpha[k]!)) / normal;
    for (let i = 0; i < K * D; i++) dQ[i]! -= GAMMA * GAMMA * scales[i]! * scales[i]! - M;
    for (let i = 0; i < l.length; i++) dL[i]! -= GAMMA * GAMMA * l[i]!;
  };
  return { engine: 'loops by hand (f64)', step, result: () => dMu[0]! + dL[3]! };
}

async function jaxGradient(): Promise<Contestant> {
  const jax = await loadJax();
  const { numpy: np, nn } = jax;
  const { alpha, mu, q, l, x } = problem();
  const array = (data: readonly number[], shape: number[]): JaxArray =>
    np.array(Float64Array.from(data), { shape, dtype: np.float64 });
  const from = places();
  const scatter = new Float64Array((TRIANGLE + 0) * D * D);
  from.forEach((source, target) => {
    if (source < TRIANGLE) scatter[source * D * D + target] = 1;
  });
  const spread = array([...scatter], [TRIANGLE, D * D]);
  const identity = array(
    Array.from({ length: D * D }, (_, i) => (i % (D + 1) === 0 ? 1 : 0)),
    [D, D],
  );
  const points = array(x, [N, D]);
  type Parameters = [JaxArray, JaxArray, JaxArray, JaxArray];
  const parameters: Parameters = [
    array(alpha, [K]),
    array(mu, [K, D]),
    array(q, [K, D]),
    array(l, [K, TRIANGLE]),
  ];
  const value = ([a, m, diagonals, triangles]: Parameters): JaxArray => {
    const lower = np.matmul(triangles.ref, spread.ref).reshape([K, D, D]);
    const factors = lower.add(np.exp(diagonals.ref).reshape([K, D, 1]).mul(identity.ref));
    const centred = points.ref.sub(m.reshape([K, 1, D]));
    const distances = np.sum(np.square(np.matmul(centred, np.transpose(factors, [0, 2, 1]))), -1);
    const inner = a.ref.add(np.sum(diagonals.ref, -1)).reshape([K, 1]).sub(distances.mul(0.5));
    const likelihood = np.sum(nn.logsumexp(inner, 0)).sub(nn.logsumexp(a).mul(N));
    const squares = np.sum(np.square(np.exp(diagonals))).add(np.sum(np.square(triangles)));
    return likelihood.sub(squares.mul((GAMMA * GAMMA) / 2));
  };
  const slopes = jax.jit(jax.grad(value));
  let result = 0;
  return {
    engine: 'jax-js wasm, jit (f64)',
    step: () => {
      const all = slopes(parameters.map((array) => array.ref) as Parameters);
      const [, m, , t] = all.map((array) => array.dataSync());
      result = m![0]! + t![3]!;
    },
    result: () => result,
  };
}

/** `gmm`. */
export const gmm: Workload = {
  name: 'gmm',
  what: 'log-likelihood of a Gaussian mixture, d 10, k 25, n 1000, f64: value and gradient',
  async run({ race, peers }) {
    const contestants = [ours(), loops()];
    if (peers) contestants.push(await jaxGradient());
    await race({
      metric: 'value and gradient',
      unit: 'ms',
      value: (seconds) => seconds * 1e3,
      contestants,
    });
  },
};
