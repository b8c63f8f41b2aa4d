/** All workloads, in the order in which they are run. */
import type { Workload } from './workload.ts';
import { dataParallel } from './workloads/data-parallel.ts';
import { gmm } from './workloads/gmm.ts';
import { hessianOfNetwork } from './workloads/hessian.ts';
import { matmul } from './workloads/matmul.ts';
import { mlp, mlpDouble } from './workloads/mlp.ts';
import { rosenbrockScalar, rosenbrockVector } from './workloads/rosenbrock.ts';
import { scalarDag, scalarDagInterpreted } from './workloads/scalar-dag.ts';
import { longTraining } from './workloads/long-training.ts';
import { minimization } from './workloads/minimize.ts';
import { startup } from './workloads/startup.ts';
import { tinyMlp } from './workloads/tiny-mlp.ts';
import { transformer } from './workloads/transformer.ts';

/** All workloads. */
export const workloads: readonly Workload[] = [
  tinyMlp,
  mlp,
  mlpDouble,
  transformer,
  rosenbrockScalar,
  rosenbrockVector,
  hessianOfNetwork,
  gmm,
  matmul,
  scalarDag,
  scalarDagInterpreted,
  minimization,
  dataParallel,
  longTraining,
  startup,
];
