/** A network of the size of first exercises: products of matrices decide. */
import { logSoftmax } from '@ad/graph';
import { adam } from '@ad/optim';
import type { Contestant } from '../measure.ts';
import { jaxTraining } from '../peers/jax.ts';
import { tfjsTraining } from '../peers/tfjs.ts';
import { multiply, rows, transposed } from '../products.ts';
import { generator, uniform } from '../random.ts';
import { type Arrays, type Batch, trainingStep } from '../training-step.ts';
import type { Workload } from '../workload.ts';

const ROWS = 64;
const SIZES = [784, 128, 64, 10] as const;
const RATE = 1e-3;

function arrays(): { readonly parameters: Arrays; readonly batch: Batch } {
  const random = generator(2);
  const parameters = Object.fromEntries(
    [0, 1, 2].flatMap((layer) => {
      const [inputs, outputs] = [SIZES[layer]!, SIZES[layer + 1]!];
      return [
        [
          `w${layer}`,
          {
            shape: [inputs, outputs],
            data: uniform(random, inputs * outputs, Math.sqrt(6 / inputs)),
          },
        ],
        [`b${layer}`, { shape: [outputs], data: new Array<number>(outputs).fill(0) }],
      ] as const;
    }),
  );
  const x = Array.from({ length: ROWS * SIZES[0] }, random);
  const y = Array.from({ length: ROWS }, () => Math.floor(10 * random()));
  const oneHot = y.flatMap((label) => Array.from({ length: 10 }, (_, k) => (k === label ? 1 : 0)));
  return {
    parameters,
    batch: {
      x: { shape: [ROWS, SIZES[0]], data: x },
      y: { shape: [ROWS, 10], data: oneHot },
    },
  };
}

function addBiases(out: Float64Array, b: Float64Array, rectify: boolean): void {
  for (let r = 0; r < ROWS; r++) {
    for (let j = 0; j < b.length; j++) {
      const value = out[r * b.length + j]! + b[j]!;
      out[r * b.length + j] = rectify && value < 0 ? 0 : value;
    }
  }
}

function sumRows(source: Float64Array, sums: Float64Array): void {
  sums.fill(0);
  for (let r = 0; r < ROWS; r++)
    for (let j = 0; j < sums.length; j++) sums[j]! += source[r * sums.length + j]!;
}

/** The loss, and its derivatives with respect to the logits. */
function crossEntropy(out: Float64Array, y: Float64Array, delta: Float64Array): number {
  let loss = 0;
  for (let r = 0; r < ROWS; r++) {
    let largest = -Infinity;
    let sum = 0;
    for (let j = 0; j < 10; j++) largest = Math.max(largest, out[10 * r + j]!);
    for (let j = 0; j < 10; j++) sum += delta[10 * r + j] = Math.exp(out[10 * r + j]! - largest);
    for (let j = 0; j < 10; j++) {
      const target = y[10 * r + j]!;
      if (target > 0) loss -= (target * (out[10 * r + j]! - largest - Math.log(sum))) / ROWS;
      delta[10 * r + j] = (delta[10 * r + j]! / sum - target) / ROWS;
    }
  }
  return loss;
}

function adamByHand(
  value: Float64Array,
  slope: Float64Array,
  first: Float64Array,
  second: Float64Array,
  t: number,
): void {
  const c1 = 1 / (1 - 0.9 ** t);
  const c2 = 1 / (1 - 0.999 ** t);
  for (let i = 0; i < value.length; i++) {
    const g = slope[i]!;
    const m = 0.9 * first[i]! + 0.1 * g;
    const v = 0.999 * second[i]! + 0.001 * g * g;
    first[i] = m;
    second[i] = v;
    value[i]! -= (RATE * m * c1) / (Math.sqrt(v * c2) + 1e-8);
  }
}

/** The step in loops over typed arrays, as one would write it by hand. */
function loops({
  parameters,
  batch,
}: ReturnType<typeof arrays>): Pick<Contestant, 'step' | 'result'> {
  const layers = [0, 1, 2].map((k) => {
    const [inputs, outputs] = [SIZES[k]!, SIZES[k + 1]!];
    const array = (size: number): Float64Array => new Float64Array(size);
    const like = (): [Float64Array, Float64Array] => [array(inputs * outputs), array(outputs)];
    return {
      inputs,
      outputs,
      values: [Float64Array.from(parameters[`w${k}`]!.data), array(outputs)] as const,
      slopes: like(),
      first: like(),
      second: like(),
      out: array(ROWS * outputs),
      delta: array(ROWS * outputs),
    };
  });
  const x = Float64Array.from(batch['x']!.data);
  const y = Float64Array.from(batch['y']!.data);
  let loss = 0;
  let t = 0;
  const step = (): void => {
    layers.forEach(({ inputs, outputs, values: [w, b], out }, k) => {
      const source = k === 0 ? x : layers[k - 1]!.out;
      multiply(rows(source, inputs), rows(w, outputs), out, ROWS, inputs, outputs);
      addBiases(out, b, k < 2);
    });
    loss = crossEntropy(layers[2]!.out, y, layers[2]!.delta);
    t++;
    for (let k = 2; k >= 0; k--) {
      const { inputs, outputs, values, slopes, delta } = layers[k]!;
      const below = layers[k - 1];
      const source = below?.out ?? x;
      const messages = rows(delta, outputs);
      multiply(transposed(rows(source, inputs)), messages, slopes[0], inputs, ROWS, outputs);
      sumRows(delta, slopes[1]);
      if (below === undefined) continue;
      const weights = transposed(rows(values[0], outputs));
      multiply(messages, weights, below.delta, ROWS, outputs, inputs);
      for (let i = 0; i < source.length; i++) if (source[i]! <= 0) below.delta[i] = 0;
    }
    for (const { values, slopes, first, second } of layers)
      for (const k of [0, 1] as const) adamByHand(values[k], slopes[k], first[k], second[k], t);
  };
  return { step, result: () => loss };
}

function workload(name: string, precision: 'f32' | 'f64'): Workload {
  return {
    name,
    what: `784-128-64-10 relu network, 64 samples, softmax cross entropy: one full step of Adam, ${precision}`,
    async run({ race, peers }) {
      const { parameters, batch } = arrays();
      const ours = trainingStep(
        parameters,
        batch,
        (p, { x, y }) => {
          const h0 = x!.matmul(p['w0']!).add(p['b0']!).relu();
          const h1 = h0.matmul(p['w1']!).add(p['b1']!).relu();
          const logits = h1.matmul(p['w2']!).add(p['b2']!);
          return logSoftmax(logits).mul(y!).sum().div(-ROWS);
        },
        adam({ learningRate: RATE }),
        precision,
      );
      const contestants: Contestant[] = [
        ...ours,
        { engine: 'loops by hand (f64)', ...loops({ parameters, batch }) },
      ];
      if (peers) {
        contestants.push(
          await jaxTraining(
            parameters,
            batch,
            ({ numpy: np, nn }, p, { x, y }) => {
              const h0 = nn.relu(np.matmul(x!, p['w0']!).add(p['b0']!));
              const h1 = nn.relu(np.matmul(h0, p['w1']!).add(p['b1']!));
              const logits = np.matmul(h1, p['w2']!).add(p['b2']!);
              return np.sum(nn.logSoftmax(logits).mul(y!)).div(-ROWS);
            },
            { adam: RATE },
            precision,
          ),
        );
      }
      if (peers && precision === 'f32') {
        contestants.push(
          ...(await tfjsTraining(
            ['wasm', 'cpu'],
            parameters,
            batch,
            (tf, p, { x, y }) => {
              const h0 = tf.relu(tf.add(tf.matMul(x!, p['w0']!), p['b0']!));
              const h1 = tf.relu(tf.add(tf.matMul(h0, p['w1']!), p['b1']!));
              const logits = tf.add(tf.matMul(h1, p['w2']!), p['b2']!);
              return tf.div(tf.sum(tf.mul(tf.logSoftmax(logits), y!)), -ROWS);
            },
            { adam: RATE },
          )),
        );
      }
      await race({ metric: 'step', unit: 'us', contestants });
    },
  };
}

/** `mlp`. */
export const mlp: Workload = workload('mlp', 'f32');
/** `mlp-f64`. */
export const mlpDouble: Workload = workload('mlp-f64', 'f64');
