/** A network as small as those of first lessons, where overhead is everything. */
import { sgd } from '@ad/optim';
import type { Contestant } from '../measure.ts';
import { jaxTraining } from '../peers/jax.ts';
import { Value } from '../peers/micrograd.ts';
import { tfjsTraining } from '../peers/tfjs.ts';
import { generator, uniform } from '../random.ts';
import { type Arrays, type Batch, trainingStep } from '../training-step.ts';
import type { Workload } from '../workload.ts';

const ROWS = 100;
const SIZES = [2, 16, 16, 1] as const;
const RATE = 0.01;

function problem() {
  const random = generator(1);
  const weights = [0, 1, 2].map((layer) => {
    const [inputs, outputs] = [SIZES[layer]!, SIZES[layer + 1]!];
    return { inputs, outputs, data: uniform(random, inputs * outputs, 1 / Math.sqrt(inputs)) };
  });
  return {
    weights,
    x: uniform(random, ROWS * SIZES[0]),
    y: uniform(random, ROWS),
  };
}

/** The step in loops over typed arrays, as one would write it by hand. */
function loops(): Pick<Contestant, 'step' | 'result'> {
  const { weights, x: inputs, y } = problem();
  const x = Float64Array.from(inputs);
  const [w1, w2, w3] = weights.map(({ data }) => Float64Array.from(data)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const [b1, b2, b3] = [new Float64Array(16), new Float64Array(16), new Float64Array(1)];
  const [h1, h2] = [new Float64Array(ROWS * 16), new Float64Array(ROWS * 16)];
  const [d1, d2] = [new Float64Array(16), new Float64Array(16)];
  const gradients = [w1, w2, w3, b1, b2, b3].map((array) => new Float64Array(array.length));
  const [g1, g2, g3, c1, c2, c3] = gradients as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  let loss = 0;
  const step = (): void => {
    for (const gradient of gradients) gradient.fill(0);
    loss = 0;
    for (let r = 0; r < ROWS; r++) {
      const [x0, x1, base] = [x[2 * r]!, x[2 * r + 1]!, 16 * r];
      for (let j = 0; j < 16; j++)
        h1[base + j] = Math.tanh(b1[j]! + x0 * w1[j]! + x1 * w1[16 + j]!);
      for (let j = 0; j < 16; j++) {
        let sum = b2[j]!;
        for (let i = 0; i < 16; i++) sum += h1[base + i]! * w2[16 * i + j]!;
        h2[base + j] = Math.tanh(sum);
      }
      let out = b3[0]!;
      for (let i = 0; i < 16; i++) out += h2[base + i]! * w3[i]!;
      const error = out - y[r]!;
      loss += (error * error) / ROWS;
      const slope = (2 * error) / ROWS;
      c3[0]! += slope;
      for (let i = 0; i < 16; i++) {
        const h = h2[base + i]!;
        g3[i]! += slope * h;
        d2[i] = slope * w3[i]! * (1 - h * h);
        c2[i]! += d2[i]!;
      }
      for (let i = 0; i < 16; i++) {
        const h = h1[base + i]!;
        let sum = 0;
        for (let j = 0; j < 16; j++) {
          g2[16 * i + j]! += h * d2[j]!;
          sum += w2[16 * i + j]! * d2[j]!;
        }
        d1[i] = sum * (1 - h * h);
        c1[i]! += d1[i]!;
        g1[i]! += x0 * d1[i]!;
        g1[16 + i]! += x1 * d1[i]!;
      }
    }
    [w1, w2, w3, b1, b2, b3].forEach((array, k) => {
      const gradient = gradients[k]!;
      for (let i = 0; i < array.length; i++) array[i]! -= RATE * gradient[i]!;
    });
  };
  return { step, result: () => loss };
}

/** The step on objects and closures. */
function micrograd(): Pick<Contestant, 'step' | 'result'> {
  const { weights, x, y } = problem();
  const layers = weights.map(({ inputs, outputs, data }) => ({
    inputs,
    outputs,
    weights: data.map((value) => new Value(value)),
    biases: Array.from({ length: outputs }, () => new Value(0)),
  }));
  let result = 0;
  const step = (): void => {
    let loss = new Value(0);
    for (let r = 0; r < ROWS; r++) {
      let values = [new Value(x[2 * r]!), new Value(x[2 * r + 1]!)];
      layers.forEach(({ inputs, outputs, weights: w, biases }, layer) => {
        values = Array.from({ length: outputs }, (_, j) => {
          let sum = biases[j]!;
          for (let i = 0; i < inputs; i++) sum = sum.add(values[i]!.mul(w[i * outputs + j]!));
          return layer < 2 ? sum.tanh() : sum;
        });
      });
      const error = values[0]!.sub(new Value(y[r]!));
      loss = loss.add(error.mul(error));
    }
    const all = layers.flatMap(({ weights: w, biases }) => w.concat(biases));
    for (const value of all) value.grad = 0;
    const mean = loss.mul(new Value(1 / ROWS));
    mean.backward();
    for (const value of all) value.data -= RATE * value.grad;
    result = mean.data;
  };
  return { step, result: () => result };
}

const BATCH_SHAPES = { x: [ROWS, SIZES[0]], y: [ROWS, 1] } as const;

function arrays(): { readonly parameters: Arrays; readonly batch: Batch } {
  const { weights, x, y } = problem();
  return {
    parameters: Object.fromEntries(
      weights.flatMap(({ inputs, outputs, data }, layer) => [
        [`w${layer}`, { shape: [inputs, outputs], data }],
        [`b${layer}`, { shape: [outputs], data: new Array<number>(outputs).fill(0) }],
      ]),
    ),
    batch: { x: { shape: BATCH_SHAPES.x, data: x }, y: { shape: BATCH_SHAPES.y, data: y } },
  };
}

/** `tiny-mlp`. */
export const tinyMlp: Workload = {
  name: 'tiny-mlp',
  what: '2-16-16-1 tanh network, 100 samples, mean squared error: one full step of gradient descent, f32',
  async run({ race, peers }) {
    const { parameters, batch } = arrays();
    const contestants: Contestant[] = [
      ...trainingStep(
        parameters,
        batch,
        (p, { x, y }) => {
          const h0 = x!.matmul(p['w0']!).add(p['b0']!).tanh();
          const h1 = h0.matmul(p['w1']!).add(p['b1']!).tanh();
          return h1.matmul(p['w2']!).add(p['b2']!).sub(y!).square().mean();
        },
        sgd({ learningRate: RATE }),
        'f32',
      ),
      { engine: 'loops by hand (f64)', ...loops() },
    ];
    if (peers) {
      contestants.push(
        { engine: 'micrograd style (f64)', ...micrograd() },
        await jaxTraining(
          parameters,
          batch,
          ({ numpy: np }, p, { x, y }) => {
            const h0 = np.tanh(np.matmul(x!, p['w0']!).add(p['b0']!));
            const h1 = np.tanh(np.matmul(h0, p['w1']!).add(p['b1']!));
            return np.mean(np.square(np.matmul(h1, p['w2']!).add(p['b2']!).sub(y!)));
          },
          { sgd: RATE },
        ),
        ...(await tfjsTraining(
          ['wasm', 'cpu'],
          parameters,
          batch,
          (tf, p, { x, y }) => {
            const h0 = tf.tanh(tf.add(tf.matMul(x!, p['w0']!), p['b0']!));
            const h1 = tf.tanh(tf.add(tf.matMul(h0, p['w1']!), p['b1']!));
            return tf.mean(tf.square(tf.sub(tf.add(tf.matMul(h1, p['w2']!), p['b2']!), y!)));
          },
          { sgd: RATE },
        )),
      );
    }
    await race({ metric: 'step', unit: 'us', contestants });
  },
};
