/**
 * Optimizers, layers, losses and training on differentiable graphs.
 *
 * @packageDocumentation
 */
export {
  type CsvOptions,
  type CsvSampleOptions,
  type CsvSamples,
  type CsvTable,
  parseCsv,
  samplesFromCsv,
} from './data/csv.ts';
export { readIdx } from './data/idx.ts';
export type { Samples, SampleTensors } from './data/samples.ts';
export {
  shuffle,
  split,
  type Split,
  type SplitOptions,
  standardize,
  type Standardized,
} from './data/split.ts';
export { batchesOf, type SampleSource } from './data/stream.ts';
export {
  blobs,
  type BlobsOptions,
  circles,
  type CirclesOptions,
  moons,
  spirals,
  type SpiralsOptions,
  type ToyOptions,
  xor,
} from './data/toys.ts';
export { parseCheckpoint, serializeCheckpoint } from './files/checkpoint-file.ts';
export { parseTensors, serializeTensors, type TensorFile } from './files/safetensors.ts';
export { parseParameters, serializeParameters } from './files/tree-file.ts';
export { type Activation, type ActivationName } from './layers/activations.ts';
export {
  type AttentionOptions,
  type AttentionParameters,
  multiHeadAttention,
} from './layers/attention.ts';
export { conv1d, conv2d, type ConvOptions, type ConvParameters } from './layers/conv.ts';
export {
  dense,
  type DenseOptions,
  type DenseParameters,
  type WeightsOnly,
} from './layers/dense.ts';
export { dropout, type DropoutParameters } from './layers/dropout.ts';
export {
  embedding,
  type EmbeddingOptions,
  type EmbeddingParameters,
  positionEmbedding,
} from './layers/embedding.ts';
export {
  type Fans,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  type InitializerName,
  lecunNormal,
  lecunUniform,
  normalOf,
  orthogonal,
  zeros,
} from './layers/initializers.ts';
export { mlp, type MlpOptions, type MlpParameters } from './layers/mlp.ts';
export {
  type Model,
  type NoParameters,
  type ParametersOf,
  residual,
  sequential,
  type SequentialParameters,
  type Training,
} from './layers/model.ts';
export {
  batchNorm,
  type BatchNormOptions,
  type BatchNormParameters,
  groupNorm,
  layerNorm,
  type NormOptions,
  type NormParameters,
  rmsNorm,
  type ScaleParameters,
} from './layers/normalization.ts';
export {
  gru,
  lstm,
  type RecurrentOptions,
  type RecurrentParameters,
  rnn,
} from './layers/recurrent.ts';
export {
  activation,
  avgPool1d,
  avgPool2d,
  flatten,
  layerOf,
  maxPool1d,
  maxPool2d,
  reshape,
} from './layers/shapes.ts';
export { type LayerSummary, type ModelSummary, summary } from './layers/summary.ts';
export {
  binaryCrossEntropy,
  type BinaryCrossEntropyOptions,
  crossEntropy,
  type CrossEntropyOptions,
} from './losses/cross-entropy.ts';
export {
  gaussianNll,
  type GaussianNllOptions,
  klDivergence,
  type KlDivergenceOptions,
  poissonNll,
  type PoissonNllOptions,
} from './losses/likelihood.ts';
export {
  type Loss,
  type LossFunction,
  type LossOptions,
  type Metric,
  type Reduction,
  withOptions,
} from './losses/loss.ts';
export type { Range } from './options.ts';
export {
  hinge,
  type HingeOptions,
  huber,
  type HuberOptions,
  meanAbsoluteError,
  meanSquaredError,
  smoothL1,
  type SmoothL1Options,
} from './losses/regression.ts';
export {
  cosineEmbedding,
  type CosineEmbeddingOptions,
  tripletMargin,
  type TripletMarginOptions,
} from './losses/similarity.ts';
export { accuracy, topKAccuracy } from './metrics/accuracy.ts';
export {
  type ClassScores,
  classScores,
  confusionMatrix,
  predictedLabels,
  type Scores,
} from './metrics/confusion.ts';
export { rSquared } from './metrics/r-squared.ts';
export { bfgs, type BfgsOptions } from './minimize/bfgs.ts';
export type { Bounds, BoundsOption } from './minimize/bounds.ts';
export { conjugateGradient, type ConjugateGradientOptions } from './minimize/conjugate-gradient.ts';
export { gaussNewton, type GaussNewtonOptions } from './minimize/gauss-newton.ts';
export { gradientDescent, type GradientDescentOptions } from './minimize/gradient-descent.ts';
export { heavyBall, type HeavyBallOptions } from './minimize/heavy-ball.ts';
export { lbfgs, type LbfgsOptions } from './minimize/lbfgs.ts';
export type { LeastSquaresMethod } from './minimize/least-squares-method.ts';
export {
  leastSquares,
  type LeastSquaresOptions,
  type LeastSquaresResult,
} from './minimize/least-squares.ts';
export {
  levenbergMarquardt,
  type LevenbergMarquardtOptions,
} from './minimize/levenberg-marquardt.ts';
export { backtracking, type BacktrackingOptions } from './minimize/line-search/backtracking.ts';
export type {
  LineFunction,
  LinePoint,
  LineSearch,
  NoStep,
  StepFound,
} from './minimize/line-search/line-search.ts';
export { strongWolfe, type StrongWolfeOptions } from './minimize/line-search/strong-wolfe.ts';
export type { Iteration, Method } from './minimize/method.ts';
export {
  minimize,
  type MinimizeOptions,
  type MinimizeResult,
  type TrajectoryPoint,
} from './minimize/minimize.ts';
export { nesterov, type NesterovOptions } from './minimize/nesterov.ts';
export { newton, type NewtonOptions } from './minimize/newton.ts';
export { newtonCG, type NewtonCGOptions } from './minimize/newton-cg.ts';
export type { LimitOptions, Limits } from './minimize/loop.ts';
export type { Evaluations, Objective, Point } from './minimize/objective.ts';
export type { ResidualEvaluations, ResidualPoint, Residuals } from './minimize/residuals.ts';
export type { CurvatureOptions } from './minimize/step-size.ts';
export type {
  Failure,
  Stop,
  StopAtGradient,
  StopAtLimit,
  StopAtOrthogonality,
  StopAtRounding,
  StopAtStep,
  StopAtValue,
  StopNoDecrease,
  StopNotDescent,
  StopNotFinite,
  StopOnSignal,
  StopSingular,
  StopUnbounded,
} from './minimize/stop.ts';
export { trustRegion, type TrustRegionOptions } from './minimize/trust-region.ts';
export { deriveSeed, Random, threefry } from './random.ts';
export { accumulated } from './rules/accumulated.ts';
export { adadelta, type AdadeltaOptions } from './rules/adadelta.ts';
export { adagrad, type AdagradOptions } from './rules/adagrad.ts';
export { adam, adamW, type AdamOptions } from './rules/adam.ts';
export { adamax, type AdamaxOptions } from './rules/adamax.ts';
export { averaged, averagedWeights } from './rules/averaged.ts';
export { clipByNorm, clipByValue, type GradientChange, withGradients } from './rules/gradients.ts';
export { groups, type ParameterGroup } from './rules/groups.ts';
export { lamb, type LambOptions } from './rules/lamb.ts';
export type { LearningRate } from './rules/learning-rate.ts';
export { lion, type LionOptions } from './rules/lion.ts';
export { nadam, type NAdamOptions } from './rules/nadam.ts';
export type {
  Gradients,
  Optimizer,
  OptimizerState,
  OptimizerStateNodes,
  Update,
} from './rules/optimizer.ts';
export { radam, type RAdamOptions } from './rules/radam.ts';
export { rmsprop, type RmspropOptions } from './rules/rmsprop.ts';
export { rprop, type RpropOptions } from './rules/rprop.ts';
export {
  type LeafUpdate,
  optimizerOf,
  type Rule,
  type SharedQuantity,
  type StepContext,
} from './rules/rule.ts';
export { sgd, type SgdOptions } from './rules/sgd.ts';
export type { WeightDecay } from './rules/weight-decay.ts';
export {
  constantRate,
  cosineDecay,
  cosineRestarts,
  exponentialDecay,
  inSequence,
  oneCycle,
  type OptionsOf,
  polynomialDecay,
  productOf,
  stepDecay,
  warmUp,
} from './schedules/constructors.ts';
export type { Kinds, Schedule, ScheduleKind } from './schedules/kinds.ts';
export { onPlateau, type Plateau } from './schedules/plateau.ts';
export { rateAt, rateNode } from './schedules/schedule.ts';
export type { StopSignal } from './stop-signal.ts';
export type { NonFiniteNode } from './training/diagnosis.ts';
export { type EvaluateOptions, evaluateModel, type Evaluation } from './training/evaluation.ts';
export { exportModel, type ExportOptions } from './training/export.ts';
export { fit } from './training/fit.ts';
export type {
  Best,
  Checkpoint,
  Checkpointing,
  EarlyStopping,
  EpochRecord,
  FitOptions,
  FitResult,
  NonFiniteReport,
  Progress,
  TrainingSetting,
} from './training/fit-options.ts';
export { predict, predictor, type PredictOptions } from './training/predict.ts';
export type { SampleStream } from './training/readers.ts';
export type { BatchProgram } from './training/batch-program.ts';
export type { Shard, ShardedBatch, Team, Workers } from './training/shards.ts';
