/**
 * The theory of smooth optimization, callable: curvature, the second-order test, the descent lemma, rates of
 * convergence, and expectations for tests of one's own functions and methods.
 *
 * @packageDocumentation
 */
export {
  classifyStationaryPoint,
  type ClassifyOptions,
  type StationaryKind,
  type StationaryPoint,
} from './classify.ts';
export {
  curvature,
  type Curvature,
  type CurvatureOptions,
  smoothness,
  strongConvexity,
} from './curvature.ts';
export { descentMargins, lyapunovMargins, type Visited } from './descent.ts';
export {
  expectDescent,
  expectLyapunovBound,
  expectRate,
  expectStationary,
  type Slack,
  TheoryError,
} from './expectations.ts';
export { type ExtremeEigenvalues, extremeEigenvalues, type LanczosOptions } from './lanczos.ts';
export {
  conjugateGradientBound,
  type Curvatures,
  gradientDescentRate,
  heavyBallBound,
  heavyBallRate,
  lyapunovSteps,
  nesterovConvexBound,
  nesterovQuadraticRate,
  nesterovRate,
  optimalStep,
  polyakParameters,
  safeStep,
  safeStepRate,
} from './rates.ts';
export { type SymmetricEigen, symmetricEigen } from './symmetric-eigen.ts';
