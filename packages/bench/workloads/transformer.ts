/** A character model: one pre-norm transformer layer with causal attention. */
import { logSoftmax, rsqrt, softmax, take } from '@ad/graph';
import type { GraphNode } from '@ad/graph';
import { adam } from '@ad/optim';
import type { Contestant } from '../measure.ts';
import { jaxTraining, type JaxArray } from '../peers/jax.ts';
import { tfjsTraining } from '../peers/tfjs.ts';
import { generator, uniform } from '../random.ts';
import { type Arrays, type Batch, trainingStep } from '../training-step.ts';
import type { Workload } from '../workload.ts';

const [BATCH, TOKENS, VOCABULARY, WIDTH, HEADS] = [32, 16, 27, 32, 2];
const HIDDEN = 4 * WIDTH;
const DEPTH = WIDTH / HEADS;
const RATE = 1e-3;
const EPSILON = 1e-5;
/** Added to the scores of what lies ahead. */
const MASKED = -1e9;

function arrays(): { readonly parameters: Arrays; readonly ids: Batch; readonly oneHots: Batch } {
  const random = generator(3);
  const matrix = (n: number, m: number) => ({
    shape: [n, m],
    data: uniform(random, n * m, 1 / Math.sqrt(n)),
  });
  const vector = (n: number, value: number) => ({
    shape: [n],
    data: new Array<number>(n).fill(value),
  });
  const parameters: Arrays = {
    tokens: matrix(VOCABULARY, WIDTH),
    positions: matrix(TOKENS, WIDTH),
    scale1: vector(WIDTH, 1),
    shift1: vector(WIDTH, 0),
    query: matrix(WIDTH, WIDTH),
    key: matrix(WIDTH, WIDTH),
    value: matrix(WIDTH, WIDTH),
    project: matrix(WIDTH, WIDTH),
    scale2: vector(WIDTH, 1),
    shift2: vector(WIDTH, 0),
    up: matrix(WIDTH, HIDDEN),
    upBias: vector(HIDDEN, 0),
    down: matrix(HIDDEN, WIDTH),
    downBias: vector(WIDTH, 0),
    scale3: vector(WIDTH, 1),
    shift3: vector(WIDTH, 0),
    head: matrix(WIDTH, VOCABULARY),
  };
  const letters = (): number[] =>
    Array.from({ length: BATCH * TOKENS }, () => Math.floor(VOCABULARY * random()));
  const [x, y] = [letters(), letters()];
  const oneHot = (labels: number[]) => ({
    shape: [BATCH, TOKENS, VOCABULARY],
    data: labels.flatMap((label) =>
      Array.from({ length: VOCABULARY }, (_, k) => (k === label ? 1 : 0)),
    ),
  });
  const mask = {
    shape: [TOKENS, TOKENS],
    data: Array.from({ length: TOKENS * TOKENS }, (_, k) =>
      k % TOKENS > Math.floor(k / TOKENS) ? MASKED : 0,
    ),
  };
  const shape = [BATCH, TOKENS];
  return {
    parameters,
    ids: { x: { shape, data: x, kind: 'integer' }, y: oneHot(y), mask },
    oneHots: { x: oneHot(x), y: oneHot(y), mask },
  };
}

type Nodes = Readonly<Record<string, GraphNode>>;

function loss(p: Nodes, { x, y, mask }: Nodes): GraphNode {
  const normalize = (h: GraphNode, k: number): GraphNode => {
    const centred = h.sub(h.mean({ axes: -1, keepDims: true }));
    const variance = centred.square().mean({ axes: -1, keepDims: true });
    return centred
      .mul(rsqrt(variance.add(EPSILON)))
      .mul(p[`scale${k}`]!)
      .add(p[`shift${k}`]!);
  };
  const heads = (h: GraphNode): GraphNode =>
    h.reshape([BATCH, TOKENS, HEADS, DEPTH]).transpose([0, 2, 1, 3]);
  let h = take(p['tokens']!, x!).add(p['positions']!);
  const a = normalize(h, 1);
  const [q, k, v] = ['query', 'key', 'value'].map((name) => heads(a.matmul(p[name]!)));
  const scores = q!.matmul(k!.transpose([0, 1, 3, 2])).mul(1 / Math.sqrt(DEPTH));
  const attended = softmax(scores.add(mask!)).matmul(v!);
  h = h.add(attended.transpose([0, 2, 1, 3]).reshape([BATCH, TOKENS, WIDTH]).matmul(p['project']!));
  const up = normalize(h, 2).matmul(p['up']!).add(p['upBias']!).relu();
  h = h.add(up.matmul(p['down']!).add(p['downBias']!));
  const logits = normalize(h, 3).matmul(p['head']!);
  return logSoftmax(logits)
    .mul(y!)
    .sum()
    .div(-BATCH * TOKENS);
}

/** `transformer`. */
export const transformer: Workload = {
  name: 'transformer',
  what: 'causal, one pre-norm layer, width 32, 2 heads, 16 tokens, vocabulary 27, batch 32: one full step of Adam, f32',
  async run({ race, peers, full }) {
    const { parameters, ids, oneHots } = arrays();
    const contestants: Contestant[] = trainingStep(
      parameters,
      ids,
      loss,
      adam({ learningRate: RATE }),
      'f32',
    );
    if (peers) {
      contestants.push(
        await jaxTraining(
          parameters,
          oneHots,
          ({ numpy: np, nn }, p, { x, y, mask }) => {
            const normalize = (h: JaxArray, k: number): JaxArray => {
              const centred = h.ref.sub(np.mean(h, -1, { keepdims: true }));
              const variance = np.mean(np.square(centred.ref), -1, { keepdims: true });
              return centred
                .div(np.sqrt(variance.add(EPSILON)))
                .mul(p[`scale${k}`]!)
                .add(p[`shift${k}`]!);
            };
            const heads = (h: JaxArray): JaxArray =>
              np.transpose(h.reshape([BATCH, TOKENS, HEADS, DEPTH]), [0, 2, 1, 3]);
            let h = np.matmul(x!, p['tokens']!).add(p['positions']!);
            const a = normalize(h.ref, 1);
            const q = heads(np.matmul(a.ref, p['query']!));
            const k = heads(np.matmul(a.ref, p['key']!));
            const v = heads(np.matmul(a, p['value']!));
            const scores = np.matmul(q, np.transpose(k, [0, 1, 3, 2])).mul(1 / Math.sqrt(DEPTH));
            const attended = np.matmul(nn.softmax(scores.add(mask!), -1), v);
            const merged = np.transpose(attended, [0, 2, 1, 3]).reshape([BATCH, TOKENS, WIDTH]);
            h = h.add(np.matmul(merged, p['project']!));
            const up = nn.relu(np.matmul(normalize(h.ref, 2), p['up']!).add(p['upBias']!));
            h = h.add(np.matmul(up, p['down']!).add(p['downBias']!));
            const logits = np.matmul(normalize(h, 3), p['head']!);
            return np.sum(nn.logSoftmax(logits, -1).mul(y!)).div(-BATCH * TOKENS);
          },
          { adam: RATE },
        ),
        ...(await tfjsTraining(
          full ? ['wasm', 'cpu'] : ['wasm'],
          parameters,
          oneHots,
          (tf, p, { x, y, mask }) => {
            type Tensor = NonNullable<typeof x>;
            // Stacks of products with one matrix are one product of flattened rows: faster there.
            const times = (h: Tensor, w: Tensor): Tensor =>
              tf
                .matMul(h.reshape([BATCH * TOKENS, h.shape.at(-1)!]), w)
                .reshape([BATCH, TOKENS, w.shape[1]!]);
            const normalize = (h: Tensor, k: number): Tensor => {
              const centred = tf.sub(h, tf.mean(h, -1, true));
              const variance = tf.mean(tf.square(centred), -1, true);
              const scaled = tf.div(centred, tf.sqrt(tf.add(variance, EPSILON)));
              return tf.add(tf.mul(scaled, p[`scale${k}`]!), p[`shift${k}`]!);
            };
            const heads = (h: Tensor): Tensor =>
              h.reshape([BATCH, TOKENS, HEADS, DEPTH]).transpose([0, 2, 1, 3]);
            let h: Tensor = tf.add(times(x!, p['tokens']!), p['positions']!);
            const a = normalize(h, 1);
            const [q, k, v] = ['query', 'key', 'value'].map((name) => heads(times(a, p[name]!)));
            const scores = tf.mul(tf.matMul(q!, k!, false, true), 1 / Math.sqrt(DEPTH));
            const attended = tf.matMul(tf.softmax(tf.add(scores, mask!)), v!);
            const merged = attended.transpose([0, 2, 1, 3]).reshape([BATCH, TOKENS, WIDTH]);
            h = tf.add(h, times(merged, p['project']!));
            const up = tf.relu(tf.add(times(normalize(h, 2), p['up']!), p['upBias']!));
            h = tf.add(h, tf.add(times(up, p['down']!), p['downBias']!));
            const logits = times(normalize(h, 3), p['head']!);
            return tf.div(tf.sum(tf.mul(tf.logSoftmax(logits), y!)), -BATCH * TOKENS);
          },
          { adam: RATE },
        )),
      );
    }
    await race({ metric: 'step', unit: 'us', contestants });
  },
};
