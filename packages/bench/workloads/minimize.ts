/** Whole minimizations, next to the compiled values and gradients that they need. */
import { gradient } from '@ad/backprop';
import { Graph, type GraphNode, slice } from '@ad/graph';
import {
  bfgs,
  conjugateGradient,
  lbfgs,
  type Method,
  minimize,
  newton,
  newtonCG,
  trustRegion,
} from '@ad/optim';
import { compiled } from '../compiled.ts';
import type { Workload } from '../workload.ts';

/** The Rosenbrock function in code on vectors. */
const valley = (x: GraphNode): GraphNode => {
  const [from, to] = [slice(x, [{ end: -1 }]), slice(x, [{ start: 1 }])];
  return to.sub(from.square()).square().mul(100).add(from.sub(1).square()).sum();
};

const start = (size: number): Float64Array =>
  Float64Array.from({ length: size }, (_, i) => (i % 2 === 0 ? -1.2 : 1));

const TASKS: readonly (readonly [size: number, methods: readonly Method[]])[] = [
  [2, [lbfgs(), newton()]],
  [100, [lbfgs(), bfgs(), conjugateGradient(), newtonCG(), trustRegion()]],
  [1000, [lbfgs(), newtonCG()]],
];

/** `minimize`. */
export const minimization: Workload = {
  name: 'minimize',
  what: 'the Rosenbrock function minimized, f64: tracing, compiling and all iterations; next to it the evaluations alone',
  async run({ race }) {
    for (const [size, methods] of TASKS) {
      const x = new Graph().input('x', { value: start(size) });
      const value = valley(x);
      const evaluation = compiled({ outputs: [value, gradient(value, x)] }, 'f64');
      for (const method of methods) {
        const run = () =>
          minimize<Float64Array>(valley, start(size), { method, maxIterations: 1000 });
        const { evaluations, iterations } = run();
        const alone = (): void => {
          for (let k = 0; k < evaluations.value; k++) evaluation.step();
        };
        await race({
          metric: `${method.name} in ${size} dimensions, ${iterations} iterations`,
          unit: 'ms',
          value: (seconds) => seconds * 1e3,
          contestants: [
            { engine: '@ad', step: () => void run() },
            { engine: `its ${evaluations.value} values and gradients alone`, step: alone },
          ],
        });
      }
    }
  },
};
