/** The Rosenbrock function: with ten variables as scalar code, with a thousand as code on vectors. */
import { gradient, pushforward } from '@ad/backprop';
import { compile } from '@ad/compiler';
import { Graph, type GraphNode, slice, sum } from '@ad/graph';
import { compiled } from '../compiled.ts';
import type { Contestant, Race } from '../measure.ts';
import { type JaxArray, loadJax } from '../peers/jax.ts';
import { Value } from '../peers/micrograd.ts';
import { tfjsContestants } from '../peers/tfjs.ts';
import type { Workload } from '../workload.ts';

/** A start away from the minimum, the same in every run. */
function start(size: number): number[] {
  return Array.from({ length: size }, (_, i) => (i % 2 === 0 ? -1.2 : 1));
}

/** $\sum_i 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2$ in scalar code. */
function scalarGraph(size: number): { readonly outputs: GraphNode[] } {
  const graph = new Graph();
  const x = start(size).map((value, i) => graph.input(`x${i}`, { value }));
  let total = graph.constant(0);
  for (let i = 0; i + 1 < size; i++) {
    const valley = x[i + 1]!.sub(x[i]!.square());
    total = total.add(valley.square().mul(100)).add(x[i]!.neg().add(1).square());
  }
  return { outputs: [total, ...gradient(total, x)] };
}

/** The gradient by hand: each element is written once. */
function gradientByHand(x: Float64Array, slopes: Float64Array): void {
  const last = x.length - 1;
  let before = 0;
  for (let i = 0; i < last; i++) {
    const here = x[i]!;
    const valley = x[i + 1]! - here * here;
    slopes[i] = before - 400 * here * valley - 2 * (1 - here);
    before = 200 * valley;
  }
  slopes[last] = before;
}

/** The Hessian times `v` by hand. */
function productByHand(x: Float64Array, v: Float64Array, product: Float64Array): void {
  const last = x.length - 1;
  let before = 0;
  for (let i = 0; i < last; i++) {
    const here = x[i]!;
    const off = -400 * here;
    const diagonal = 1200 * here * here - 400 * x[i + 1]! + 2;
    product[i] = before + diagonal * v[i]! + off * v[i + 1]!;
    before = off * v[i]! + 200 * v[i + 1]!;
  }
  product[last] = before;
}

function gradientLoop(size: number): Contestant {
  const x = Float64Array.from(start(size));
  const slopes = new Float64Array(size);
  return {
    engine: 'loops by hand (f64)',
    step: () => gradientByHand(x, slopes),
    result: () => slopes[0]!,
  };
}

async function gradientPeers(size: number): Promise<Contestant[]> {
  const jax = await loadJax();
  const { numpy: np } = jax;
  const point = np.array(Float32Array.from(start(size)));
  const f = (x: JaxArray): JaxArray => {
    const head = x.ref.slice([0, size - 1]);
    const valley = x.slice([1, size]).sub(np.square(head.ref));
    return np.sum(
      np
        .square(valley)
        .mul(100)
        .add(np.square(np.subtract(1, head))),
    );
  };
  const slope = jax.jit(jax.grad(f));
  let result = 0;
  return [
    {
      engine: 'jax-js wasm, jit',
      step: () => {
        result = slope(point.ref).dataSync()[0]!;
      },
      result: () => result,
    },
    ...(await tfjsContestants(['cpu', 'wasm'], (tf) => {
      const x = tf.tensor1d(start(size));
      const g = tf.grad((t) => {
        const head = t.slice(0, size - 1);
        const valley = tf.sub(t.slice(1, size - 1), tf.square(head));
        return tf.sum(tf.add(tf.mul(tf.square(valley), 100), tf.square(tf.sub(1, head))));
      });
      let first = 0;
      return {
        step: () => {
          const slopes = g(x);
          first = slopes.dataSync()[0]!;
          slopes.dispose();
        },
        result: () => first,
      };
    })),
  ];
}

/** `rosenbrock-10`. */
export const rosenbrockScalar: Workload = {
  name: 'rosenbrock-10',
  what: 'gradient of the 10-dimensional Rosenbrock function, scalar code (vectors for the array libraries), f64',
  async run({ race, peers }) {
    const size = 10;
    const program = compile(scalarGraph(size));
    const feeds = Object.fromEntries(start(size).map((value, i) => [`x${i}`, value]));
    const views: Contestant = {
      engine: '@ad',
      step: () => program.execute(),
      result: () => program.outputs[1]![0]!,
    };
    const contestants = [views, gradientLoop(size)];
    if (peers) {
      contestants.push({ engine: 'micrograd style', ...microgradStep(size) });
      contestants.push(...(await gradientPeers(size)));
    }
    await race({ metric: 'gradient', unit: 'us', contestants });
    const byRun: Contestant = { engine: '@ad', step: () => void program.run(feeds) };
    await race({ metric: 'gradient through run', unit: 'us', contestants: [byRun] });
    const compiling: Race = {
      metric: 'trace, differentiate, compile',
      unit: 'ms',
      value: (seconds) => seconds * 1e3,
      contestants: [{ engine: '@ad', step: () => void compile(scalarGraph(size)) }],
    };
    await race(compiling);
  },
};

function microgradStep(size: number): Pick<Contestant, 'step' | 'result'> {
  let first = 0;
  const step = (): void => {
    const x = start(size).map((value) => new Value(value));
    let total = new Value(0);
    for (let i = 0; i + 1 < size; i++) {
      const valley = x[i + 1]!.sub(x[i]!.mul(x[i]!));
      const distance = new Value(1).sub(x[i]!);
      total = total.add(valley.mul(valley).mul(new Value(100))).add(distance.mul(distance));
    }
    total.backward();
    first = x[0]!.grad;
  };
  return { step, result: () => first };
}

/** `rosenbrock-1000`. */
export const rosenbrockVector: Workload = {
  name: 'rosenbrock-1000',
  what: 'the 1000-dimensional Rosenbrock function, code on vectors, f64: gradient, and Hessian times a vector',
  async run({ race, peers }) {
    const size = 1000;
    const graph = new Graph();
    const x = graph.input('x', { value: Float64Array.from(start(size)) });
    const v = graph.input('v', { value: new Float64Array(size).fill(1) });
    const head = slice(x, [{ end: size - 1 }]);
    const valley = slice(x, [{ start: 1 }]).sub(head.square());
    const total = sum(valley.square().mul(100).add(head.neg().add(1).square()));
    const slope = gradient(total, x);
    const ours = (output: GraphNode): Contestant => compiled({ outputs: [output] }, 'f64');
    const peersOfGradient = peers ? await gradientPeers(size) : [];
    await race({
      metric: 'gradient',
      unit: 'us',
      contestants: [ours(slope), gradientLoop(size), ...peersOfGradient],
    });
    const point = Float64Array.from(start(size));
    const direction = new Float64Array(size).fill(1);
    const product = new Float64Array(size);
    await race({
      metric: 'Hessian times vector',
      unit: 'us',
      contestants: [
        ours(pushforward(slope, x, v)),
        {
          engine: 'loops by hand (f64)',
          step: () => productByHand(point, direction, product),
          result: () => product[0]!,
        },
        ...(peers ? [await jaxProduct(size)] : []),
      ],
    });
  },
};

async function jaxProduct(size: number): Promise<Contestant> {
  const jax = await loadJax();
  const { numpy: np } = jax;
  const point = np.array(Float32Array.from(start(size)));
  const direction = np.ones([size]);
  const f = (x: JaxArray): JaxArray => {
    const head = x.ref.slice([0, size - 1]);
    const valley = x.slice([1, size]).sub(np.square(head.ref));
    return np.sum(
      np
        .square(valley)
        .mul(100)
        .add(np.square(np.subtract(1, head))),
    );
  };
  const product = jax.jit((x: JaxArray, v: JaxArray): JaxArray => {
    const [value, tangent] = jax.jvp(jax.grad(f), [x], [v]);
    value.dispose();
    return tangent;
  });
  let result = 0;
  return {
    engine: 'jax-js wasm, jit',
    step: () => {
      result = product(point.ref, direction.ref).dataSync()[0]!;
    },
    result: () => result,
  };
}
