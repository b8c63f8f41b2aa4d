/**
 * Reverse-mode differentiation: the message-passing sweep, its quadratic baselines, gradient graphs, and gradients
 * of plain functions.
 *
 * @packageDocumentation
 */
export { Adjoints } from './sweeps/adjoints.ts';
export { binomialSchedule, type Advance, type StepBack } from '@ad/graph';
export { checkGradients } from './check/check-gradients.ts';
export type { CheckOptions } from './check/options.ts';
export type { CheckName, Finding, GradientReport } from './check/report.ts';
export { checkpoint } from './checkpoint.ts';
export {
  forwardAllPairs,
  type AllPairs,
  type BaselineOptions,
  type TableCounts,
} from './sweeps/forward-all-pairs.ts';
export {
  grad,
  valueAndGrad,
  type GradFunction,
  type GradOptions,
  type ValueAndGradFunction,
  type ValueAndGradient,
} from './functions/grad.ts';
export { checkOperation, type CheckOperationOptions } from './check/check-operation.ts';
export type { Application, ElementwiseDefinition, TensorDefinition } from './custom/definition.ts';
export { defineOperation, type UserOperation } from './custom/define-operation.ts';
export { gradient, type GradientOptions } from './graphs/gradient.ts';
export {
  hessian,
  type BlocksOf,
  jacobian,
  type HessianFunction,
  type HessianOf,
  type JacobianFunction,
  type JacobianMode,
  type JacobianOf,
  type JacobianOptions,
} from './functions/jacobian.ts';
export { firstNonFinite, type NonFinite, type OperandValue } from './non-finite.ts';
export {
  hvp,
  jvp,
  vjp,
  type HvpFunction,
  type JvpFunction,
  type Pullback,
  type TangentsOf,
  type ValueAndPullback,
  type VjpFunction,
} from './functions/products.ts';
export { pushforward, valueAndPushforward, type ValueAndTangent } from './graphs/pushforward.ts';
export type { ArgumentOptions, TransformOptions } from './functions/tracing.ts';
export { recomputingSweep } from './sweeps/recomputing-sweep.ts';
export { reverseSweep, type ReverseSweepOptions } from './sweeps/reverse-sweep.ts';
export type { Message, ObserverOptions } from './sweeps/observer.ts';
export type { SparsityPattern } from './sparse/pattern.ts';
export {
  sparseHessian,
  sparseJacobian,
  sparsityPattern,
  type PatternFunction,
  type SparseFunction,
  type SparseMatrix,
} from './sparse/sparse.ts';
export type { SweepCounts } from './sweeps/counts.ts';
export {
  isLeaf,
  leavesOf,
  type LeavesOf,
  likeLeaf,
  mapTree,
  tensorOfLeaf,
  type GradientOf,
  type Leaf,
  type NodesOf,
  type PathLeaf,
  type Tree,
  type TensorsOf,
  type ValuesOf,
} from '@ad/graph';
export { vmap, type VmapFunction, type VmapOptions } from './functions/vmap.ts';
