/**
 * Reverse-mode differentiation: the message-passing sweep, its quadratic baselines, gradient graphs, and gradients
 * of plain functions.
 *
 * @packageDocumentation
 */
export { Adjoints } from './adjoints.ts';
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
} from './forward-all-pairs.ts';
export {
  grad,
  valueAndGrad,
  type GradFunction,
  type GradOptions,
  type ValueAndGradFunction,
  type ValueAndGradient,
} from './grad.ts';
export { checkOperation, type CheckOperationOptions } from './check/check-operation.ts';
export type { Application, ElementwiseDefinition, TensorDefinition } from './custom/definition.ts';
export { defineOperation, type UserOperation } from './custom/define-operation.ts';
export { gradient, type GradientOptions } from './gradient.ts';
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
} from './jacobian.ts';
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
} from './products.ts';
export { pushforward, valueAndPushforward, type ValueAndTangent } from './pushforward.ts';
export type { ArgumentOptions, TransformOptions } from './tracing.ts';
export { recomputingSweep } from './recomputing-sweep.ts';
export { reverseSweep, type ReverseSweepOptions } from './reverse-sweep.ts';
export type { Message, ObserverOptions } from './sweep-observer.ts';
export type { SparsityPattern } from './sparse/pattern.ts';
export {
  sparseHessian,
  sparseJacobian,
  sparsityPattern,
  type PatternFunction,
  type SparseFunction,
  type SparseMatrix,
} from './sparse/sparse.ts';
export type { SweepCounts } from './sweep-counts.ts';
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
export { vmap, type VmapFunction, type VmapOptions } from './vmap.ts';
