/** The workloads by name. */
import { gmm } from './workloads/gmm.ts';
import { fullHessian } from './workloads/hessian.ts';
import { mlpStep } from './workloads/mlp.ts';
import { rosenbrockGradient, rosenbrockProduct } from './workloads/rosenbrock.ts';
import { tinyMlp } from './workloads/tiny-mlp.ts';
import { transformer } from './workloads/transformer.ts';
import type { Workload } from './workload.ts';

/** How each is built. */
export const WORKLOADS: Readonly<Record<string, () => Workload>> = {
  'tiny-mlp': tinyMlp,
  mlp: () => mlpStep('f32'),
  'mlp-f64': () => mlpStep('f64'),
  transformer,
  'rosenbrock-1000': rosenbrockGradient,
  'rosenbrock-1000-hvp': rosenbrockProduct,
  hessian: fullHessian,
  gmm,
};
