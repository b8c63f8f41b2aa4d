/** The whole Hessian of a small network. */
import { hessian } from '@ad/backprop';
import { Graph, type GraphNode, slice, tensor } from '@ad/graph';
import { compiled } from '../compiled.ts';
import type { Contestant } from '../measure.ts';
import { type JaxArray, loadJax } from '../peers/jax.ts';
import { generator, uniform } from '../random.ts';
import type { Workload } from '../workload.ts';

const [POINTS, HIDDEN] = [50, 8];
const PARAMETERS = 4 * HIDDEN + 1;

function problem() {
  const random = generator(4);
  return {
    parameters: uniform(random, PARAMETERS),
    x: uniform(random, 2 * POINTS),
    y: uniform(random, POINTS),
  };
}

/** `hessian`. */
export const hessianOfNetwork: Workload = {
  name: 'hessian',
  what: '2-8-1 tanh network, 50 points, mean squared error: the full 33 x 33 Hessian, f64',
  async run({ race, peers }) {
    const { parameters, x, y } = problem();
    const inputs = tensor(Float64Array.from(x), { shape: [POINTS, 2] });
    const targets = tensor(Float64Array.from(y), { shape: [POINTS, 1] });
    const loss = (p: GraphNode): GraphNode => {
      const w1 = slice(p, [{ end: 16 }]).reshape([2, HIDDEN]);
      const b1 = slice(p, [{ start: 16, end: 24 }]);
      const w2 = slice(p, [{ start: 24, end: 32 }]).reshape([HIDDEN, 1]);
      const b2 = slice(p, [{ start: 32 }]);
      const hidden = p.graph.constant(inputs).matmul(w1).add(b1).tanh();
      return hidden.matmul(w2).add(b2).sub(targets).square().mean();
    };
    const graph = new Graph();
    const node = graph.input('p', { value: Float64Array.from(parameters) });
    const call = hessian(loss);
    const point = Float64Array.from(parameters);
    const contestants: Contestant[] = [compiled({ outputs: [hessian(loss)(node)] }, 'f64')];
    if (peers) contestants.push(await jaxHessian());
    await race({ metric: 'Hessian', unit: 'us', contestants });
    await race({
      metric: 'Hessian through hessian(f)(x)',
      unit: 'us',
      contestants: [{ engine: '@ad', step: () => void call(point) }],
    });
  },
};

async function jaxHessian(): Promise<Contestant> {
  const jax = await loadJax();
  const { numpy: np } = jax;
  const { parameters, x, y } = problem();
  const inputs = np.array(Float32Array.from(x), { shape: [POINTS, 2] });
  const targets = np.array(Float32Array.from(y), { shape: [POINTS, 1] });
  const point = np.array(Float32Array.from(parameters));
  const loss = (p: JaxArray): JaxArray => {
    const w1 = p.ref.slice([0, 16]).reshape([2, HIDDEN]);
    const b1 = p.ref.slice([16, 24]);
    const w2 = p.ref.slice([24, 32]).reshape([HIDDEN, 1]);
    const b2 = p.slice([32, 33]);
    const hidden = np.tanh(np.matmul(inputs.ref, w1).add(b1));
    return np.mean(np.square(np.matmul(hidden, w2).add(b2).sub(targets.ref)));
  };
  const matrix = jax.jit(jax.hessian(loss));
  let result = 0;
  return {
    engine: 'jax-js wasm, jit (f32)',
    step: () => {
      result = matrix(point.ref).dataSync()[0]!;
    },
    result: () => result,
  };
}
