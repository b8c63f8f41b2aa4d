/** Products of matrices, also in the forms of a backward pass. */
import { Graph, type GraphNode, tensor } from '@ad/graph';
import { compiledAndFused } from '../compiled.ts';
import type { Contestant } from '../measure.ts';
import { type JaxArray, loadJax } from '../peers/jax.ts';
import { tfjsContestants } from '../peers/tfjs.ts';
import { multiply, rows, transposed } from '../products.ts';
import { generator, uniform } from '../random.ts';
import type { Workload } from '../workload.ts';

/** n, k, m: an n x k matrix times a k x m one. */
const SIZES = [
  [16, 16, 16],
  [64, 64, 64],
  [64, 784, 128],
  [256, 256, 256],
  [512, 512, 512],
] as const;

/** Which factor lies transposed in memory. */
const FORMS = ['NN', 'NT', 'TN'] as const;

/** `matmul`. */
export const matmul: Workload = {
  name: 'matmul',
  what: 'products of n x k and k x m matrices, f32; NT: the right factor lies transposed, TN: the left one',
  async run({ race, peers }) {
    for (const [n, k, m] of SIZES) {
      for (const form of FORMS) {
        const random = generator(5);
        const [a, b] = [uniform(random, n * k), uniform(random, k * m)];
        const left = form === 'TN' ? [k, n] : [n, k];
        const right = form === 'NT' ? [m, k] : [k, m];
        const graph = new Graph();
        const [x, y] = [
          graph.input('a', { value: tensor(Float64Array.from(a), { shape: left }) }),
          graph.input('b', { value: tensor(Float64Array.from(b), { shape: right }) }),
        ];
        const turn = (node: GraphNode, yes: boolean): GraphNode => (yes ? node.transpose() : node);
        const output = turn(x, form === 'TN').matmul(turn(y, form === 'NT'));
        const [p, q] = [
          rows(Float64Array.from(a), left[1]!),
          rows(Float64Array.from(b), right[1]!),
        ];
        const out = new Float64Array(n * m);
        const contestants: Contestant[] = [
          ...compiledAndFused({ outputs: [output] }, 'f32'),
          {
            engine: 'tiles by hand (f64)',
            step: () =>
              multiply(
                form === 'TN' ? transposed(p) : p,
                form === 'NT' ? transposed(q) : q,
                out,
                n,
                k,
                m,
              ),
            result: () => out[0]!,
          },
        ];
        if (peers) {
          contestants.push(await jaxProduct(a, left, b, right, form));
          contestants.push(
            ...(await tfjsContestants(['wasm'], (tf) => {
              const [s, t] = [
                tf.tensor2d(a, left as [number, number]),
                tf.tensor2d(b, right as [number, number]),
              ];
              let result = 0;
              return {
                step: () => {
                  const product = tf.matMul(s, t, form === 'TN', form === 'NT');
                  result = product.dataSync()[0]!;
                  product.dispose();
                },
                result: () => result,
              };
            })),
          );
        }
        await race({
          metric: `${form} ${n}x${k}x${m}`,
          unit: 'GFLOP/s',
          value: (seconds) => (2 * n * k * m) / seconds / 1e9,
          contestants,
        });
      }
    }
  },
};

async function jaxProduct(
  a: readonly number[],
  left: readonly number[],
  b: readonly number[],
  right: readonly number[],
  form: (typeof FORMS)[number],
): Promise<Contestant> {
  const jax = await loadJax();
  const { numpy: np } = jax;
  const x = np.array(Float32Array.from(a), { shape: [...left] });
  const y = np.array(Float32Array.from(b), { shape: [...right] });
  const product = jax.jit((s: JaxArray, t: JaxArray): JaxArray =>
    np.matmul(form === 'TN' ? np.transpose(s) : s, form === 'NT' ? np.transpose(t) : t),
  );
  let result = 0;
  return {
    engine: 'jax-js wasm, jit',
    step: () => {
      result = product(x.ref, y.ref).dataSync()[0]!;
    },
    result: () => result,
  };
}
