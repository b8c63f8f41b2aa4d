/**
 * Computation graphs: nodes, operations with their values and local derivatives, and the reference interpreter.
 *
 * @packageDocumentation
 */
export {
  partialAlgebra,
  type Algebra,
  type AlgebraName,
  type AlgebraOperations,
} from './algebra/algebra.ts';
export { nodeAlgebra } from './algebra/nodes.ts';
export { numbers } from './algebra/numbers.ts';
export { readsOf, READS_RESULT } from './algebra/reads.ts';
export { adjointsOf, type Seed } from './adjoint-graph.ts';
export { apply, resultType } from './apply.ts';
export { Arena, SCALAR_BOOLEAN, SCALAR_INTEGER, SCALAR_REAL } from './arena.ts';
export { batchNodes, batchOperation } from './batch.ts';
export { applyBody, Body, inputsNeeded } from './body.ts';
export { callSite } from './call-site.ts';
export { binomialSchedule, type Advance, type StepBack } from './control/binomial-schedule.ts';
export {
  partRead,
  type BodyTangentsOf,
  type ControlNode,
  type PushedParts,
  type ValuesAndTangents,
} from './control/derivatives.ts';
export type { Parts } from './control/parts.ts';
export { closure, outputsDependingOn } from './control/reach.ts';
export {
  AdError,
  CapacityError,
  FormatError,
  GraphError,
  KindError,
  ShapeError,
  ValueError,
} from './errors.ts';
export { ForeignNodeError } from './foreign-node-error.ts';
export { describeOperand, isGraphNode, type Operand } from './explain.ts';
export * from './functions/activation.ts';
export * from './functions/arithmetic.ts';
export * from './functions/arrangement.ts';
export * from './functions/comparison.ts';
export * from './functions/contraction.ts';
export * from './functions/convolution.ts';
export * from './functions/control.ts';
export * from './functions/cumulative.ts';
export * from './functions/einsum.ts';
export * from './functions/exponential.ts';
export * from './functions/gamma.ts';
export * from './functions/indexing.ts';
export * from './functions/layout.ts';
export * from './functions/linear-algebra.ts';
export * from './functions/pooling.ts';
export * from './functions/random.ts';
export * from './functions/reduction.ts';
export * from './functions/rounding.ts';
export * from './functions/sorting.ts';
export type { Padding, PerAxis } from './functions/spatial.ts';
export * from './functions/stop-gradient.ts';
export * from './functions/trigonometric.ts';
export { checkNames, describeValue } from './options.ts';
export { callWithNodes, remedyForResult } from './user-function.ts';
export * from './codes.ts';
export {
  carriesMessage,
  dependents,
  factsOf,
  GUARDS,
  guardsBranches,
  IS_ELEMENTWISE,
  strengtheningOf,
} from './edges.ts';
export { fedValue, listNames } from './feeds.ts';
export { Graph, type Feeds, type GraphOptions, type InputOptions } from './graph.ts';
export { kernelOf, prepareKernel } from './interpreter/compute.ts';
export { broadcastIndex, positionIn, type BroadcastIndex } from './interpreter/elementwise.ts';
export { activations, evaluate, evaluateOver } from './interpreter/evaluate.ts';
export { NodeValues } from './interpreter/node-values.ts';
export { flopsOf } from './interpreter/cost.ts';
export { interpreter } from './interpreter/interpreter.ts';
export {
  checkSpec,
  portsOf,
  StoredProgram,
  type CheckedSpec,
  type Executor,
  type InputPort,
  type Port,
  type Program,
  type ProgramPlan,
  type ProgramSpec,
  type ValueSource,
} from './interpreter/program.ts';
export { ancestorsOf, neededFor } from './interpreter/schedule.ts';
export { writeBounds } from './lowering/bounds.ts';
export type { Code, Local, ValueType } from './lowering/code.ts';
export type {
  ArrayCompiler,
  Combine,
  ElementLoop,
  KernelWriter,
  LoweredWork,
  NumberCode,
  OwnKernel,
} from './lowering/compiler.ts';
export type {
  ControlCompiler,
  ControlWriter,
  Entries,
  LoweredBody,
  LoweredControl,
  PackedPart,
  Place,
} from './lowering/control.ts';
export {
  contiguousView,
  type Buffer as MemoryBuffer,
  type Positions as MemoryPositions,
  type View as MemoryView,
} from './lowering/memory.ts';
export {
  shifted,
  type Chunk,
  type Region,
  type Term,
  type VectorPlace,
  type VectorWriter,
} from './lowering/vectors.ts';
export { messageTo, nodeMessages, timesPartial, type MessageBuilder } from './message.ts';
export { GraphNode } from './node.ts';
export { NodeTable } from './node-table.ts';
export { batchByLoop } from './rows/batch-loop.ts';
export { alignBatch, batchAlongAxis, moveAxes, spreadBatch } from './rows/batch.ts';
export { behindBatch, expand, sumTo } from './rows/layout.ts';
export type { CondAttributes, ScanAttributes, WhileLoopAttributes } from './rows/control.ts';
export type * from './rows/row.ts';
export type { Segment, Segments } from './rows/segments.ts';
export { strongRepair } from './rows/strong.ts';
export { operations, type OperationName } from './rows/table.ts';
export { viewPositions, windowStrides } from './rows/views.ts';
export type {
  Expression as VectorExpression,
  Expressions as VectorExpressions,
  VectorFunction,
} from './vector-code/expressions.ts';
export { innermost, liesInside } from './scope.ts';
export {
  broadcastShapes,
  broadcastStrides,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  reducedShape,
  sameShape,
  sizeOf,
  stridesOf,
  type Shape,
} from './shape.ts';
export { sizeOfReal } from './sizes.ts';
export {
  allocate,
  Tensor,
  tensor,
  type Kind,
  type NestedArray,
  type NumericArray,
  type TensorData,
  type TensorLike,
  type TensorOptions,
  type Type,
} from './tensor.ts';
export { toDot, type DotOptions } from './text/dot.ts';
export type * from './text/json-format.ts';
export { fromJSON, type FromJSONOptions, type LoadedGraph } from './text/json-read.ts';
export { toJSON, type NamedNodes, type ToJSONOptions } from './text/json-write.ts';
export { listing, type ListingOptions } from './text/listing.ts';
export type { GraphPart } from './text/part.ts';
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
} from './tree.ts';
