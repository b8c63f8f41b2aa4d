/** Causal transformer: one pre-norm layer, width 32, 2 heads, 16 tokens, vocabulary 27, batch of 32, Adam, f32. */
import {
  embedding,
  type GraphNode,
  greater,
  softmax,
  tensor,
  type Tensor,
  tril,
  where,
} from '@ad/graph';
import { adam, crossEntropy, type Model } from '../../src/index.ts';
import { trainingStep, waves, type Workload } from '../workload.ts';

const [BATCH, TOKENS, WIDTH, HEADS, VOCABULARY] = [32, 16, 32, 2, 27];

const SHAPES = {
  tokens: [VOCABULARY, WIDTH],
  positions: [TOKENS, WIDTH],
  scale1: [WIDTH],
  shift1: [WIDTH],
  query: [WIDTH, WIDTH],
  key: [WIDTH, WIDTH],
  value: [WIDTH, WIDTH],
  out: [WIDTH, WIDTH],
  scale2: [WIDTH],
  shift2: [WIDTH],
  up: [WIDTH, 4 * WIDTH],
  upBias: [4 * WIDTH],
  down: [4 * WIDTH, WIDTH],
  downBias: [WIDTH],
  head: [WIDTH, VOCABULARY],
} as const;

type Name = keyof typeof SHAPES;

function layerNorm(x: GraphNode, scale: GraphNode, shift: GraphNode): GraphNode {
  const centred = x.sub(x.mean({ axes: -1, keepDims: true }));
  const variance = centred.square().mean({ axes: -1, keepDims: true });
  return centred.div(variance.add(1e-5).sqrt()).mul(scale).add(shift);
}

function attention(x: GraphNode, p: Readonly<Record<Name, GraphNode>>): GraphNode {
  const size = WIDTH / HEADS;
  const split = (y: GraphNode): GraphNode =>
    y.reshape([BATCH, TOKENS, HEADS, size]).transpose([0, 2, 1, 3]);
  const [q, k, v] = [split(x.matmul(p.query)), split(x.matmul(p.key)), split(x.matmul(p.value))];
  const scores = q.matmul(k.transpose([0, 1, 3, 2])).mul(1 / Math.sqrt(size));
  const below = tril(
    x.graph.constant(tensor(new Float64Array(TOKENS * TOKENS).fill(1)).reshape([TOKENS, TOKENS])),
  );
  const weights = softmax(where(greater(below, 0), scores, -1e9));
  const mixed = weights.matmul(v).transpose([0, 2, 1, 3]).reshape([BATCH, TOKENS, WIDTH]);
  return mixed.matmul(p.out);
}

function apply(p: Readonly<Record<Name, GraphNode>>, ids: GraphNode): GraphNode {
  const x = embedding(p.tokens, ids).add(p.positions);
  const h = x.add(attention(layerNorm(x, p.scale1, p.shift1), p));
  const wide = layerNorm(h, p.scale2, p.shift2).matmul(p.up).add(p.upBias).relu();
  return h.add(wide.matmul(p.down).add(p.downBias)).matmul(p.head);
}

export function transformer(): Workload {
  const model = {
    init: () =>
      Object.fromEntries(
        Object.entries(SHAPES).map(([name, shape], k): [string, Tensor] => {
          const size = shape.reduce((product: number, d) => product * d, 1);
          const values = name.startsWith('scale')
            ? new Float64Array(size).fill(1)
            : waves(size, k).map((x) => x / 6);
          return [name, tensor(values).reshape(shape)];
        }),
      ),
    apply,
  } as unknown as Model<Readonly<Record<Name, Tensor>>>;
  const spec = trainingStep(model, adam(), (graph, forward) => {
    const tokens = (phase: number): Int32Array =>
      Int32Array.from({ length: BATCH * TOKENS }, (_, i) => (i * i * 7 + i * phase) % VOCABULARY);
    const input = (name: string, phase: number): GraphNode =>
      graph.input(name, { shape: [BATCH, TOKENS], kind: 'integer', value: tokens(phase) });
    return crossEntropy(forward(input('ids', 5)), input('next', 11));
  });
  return { name: 'transformer', spec, precision: 'f32' };
}
