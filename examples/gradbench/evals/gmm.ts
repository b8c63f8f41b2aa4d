/** `gmm`: the log-likelihood of a mixture of Gaussians with a Wishart prior, and its gradient. */
import { expandDims, Graph, type GraphNode, logSumExp, pad, take, tensor } from '@ad/graph';
import { gradient } from '@ad/backprop';
import { type Eval, program, rowsOf, scalar } from '../eval.ts';
import { countOf, fieldsOf, matrixOf, numberOf, vectorOf } from '../input.ts';

/** What the likelihood depends on. */
interface Mixture {
  /** Logarithms of the weights, [k]. */
  readonly alpha: GraphNode;
  /** The means, [k, d]. */
  readonly mu: GraphNode;
  /** Logarithms of the diagonals of the factors of the precisions, [k, d]. */
  readonly q: GraphNode;
  /** The strictly lower triangles of the factors, column by column, [k, d (d - 1) / 2]. */
  readonly l: GraphNode;
}

/** The parameters of the prior. */
interface Wishart {
  readonly gamma: number;
  readonly m: number;
}

/** The logarithm of the gamma function of half-integers and integers. */
function logGammaOfHalves(twice: number): number {
  let [sum, half] = twice % 2 === 0 ? [0, 1] : [Math.log(Math.PI) / 2, 0.5];
  for (; half < twice / 2; half++) sum += Math.log(half);
  return sum;
}

/** Where each element of the d x d triangle comes from: `l` column by column, and beyond its end a 0. */
function places(d: number): number[] {
  const end = (d * (d - 1)) / 2;
  const from = new Array<number>(d * d).fill(end);
  let next = 0;
  for (let column = 0; column < d; column++)
    for (let row = column + 1; row < d; row++) from[row * d + column] = next++;
  return from;
}

/** The log-likelihood as a node. */
function logLikelihood(
  { alpha, mu, q, l }: Mixture,
  x: GraphNode,
  { gamma, m }: Wishart,
): GraphNode {
  const [k, d] = mu.shape as [number, number];
  const n = x.shape[0]!;
  const sums = q.sum({ axes: 1 });
  const lower = take(
    pad(l, [
      [0, 0],
      [0, 1],
    ]),
    places(d),
    1,
  ).reshape([k, d, d]);
  const identity = x.graph.constant(
    tensor(
      Float64Array.from({ length: d * d }, (_, i) => Number(i % (d + 1) === 0)),
      { shape: [d, d] },
    ),
  );
  const factors = lower.add(expandDims(q.exp(), 2).mul(identity));
  const turned = factors.transpose([0, 2, 1]);
  const distances = x.sub(expandDims(mu, 1)).matmul(turned).square().sum({ axes: 2 });
  const scores = expandDims(alpha.add(sums), 1).sub(distances.mul(0.5));
  const likelihood = logSumExp(scores, { axes: 0 }).sum().sub(logSumExp(alpha).mul(n));

  const freedom = d + m + 1;
  let multigamma = (d * (d - 1) * Math.log(Math.PI)) / 4;
  for (let j = 0; j < d; j++) multigamma += logGammaOfHalves(freedom - j);
  const constant = freedom * d * (Math.log(gamma) - 0.5 * Math.log(2)) - multigamma;
  const frobenius = q.mul(2).exp().sum().add(l.square().sum());
  const prior = frobenius.mul((gamma * gamma) / 2).sub(sums.sum().mul(m));
  return likelihood.sub(prior).add(k * constant - (n * d * Math.log(2 * Math.PI)) / 2);
}

function read(input: unknown): { readonly value: GraphNode; readonly mixture: Mixture } {
  const fields = fieldsOf(input, 'the input');
  const [d, k, n] = [countOf(fields, 'd', 1), countOf(fields, 'k', 1), countOf(fields, 'n', 1)];
  const graph = new Graph();
  const matrix = (name: string, rows: number, columns: number): GraphNode => {
    const { data } = matrixOf(fields[name], name, columns);
    return graph.input(name, { value: tensor(data, { shape: [rows, columns] }) });
  };
  const mixture = {
    alpha: graph.input('alpha', { value: vectorOf(fields['alpha'], 'alpha', k) }),
    mu: matrix('mu', k, d),
    q: matrix('q', k, d),
    l: matrix('l', k, (d * (d - 1)) / 2),
  };
  const prior = { gamma: numberOf(fields, 'gamma'), m: countOf(fields, 'm') };
  return { value: logLikelihood(mixture, matrix('x', n, d), prior), mixture };
}

/** `gmm`. */
export const gmm: Eval = {
  name: 'gmm',
  functions: {
    objective: (input) => program([read(input).value], scalar),
    jacobian: (input) => {
      const { value, mixture } = read(input);
      const { alpha, mu, q, l } = mixture;
      const d = mu.shape[1]!;
      return program(gradient(value, [alpha, mu, q, l]), ([a, b, c, e]) => ({
        alpha: Array.from(a!),
        mu: rowsOf(b!, d),
        q: rowsOf(c!, d),
        l: d === 1 ? Array.from(a!, () => []) : rowsOf(e!, (d * (d - 1)) / 2),
      }));
    },
  },
};
