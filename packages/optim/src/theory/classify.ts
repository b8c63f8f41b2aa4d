/**
 * The second-order test: what kind of stationary point a point is, from the eigenvalues of the Hessian there.
 *
 * The test is inconclusive where an eigenvalue is 0, and numbers are never quite 0. So an eigenvalue counts only if
 * it is larger than what can be known of it: rounding, $n \varepsilon |H|$, and how much the Hessian changes on the
 * way to the stationary point itself, from which a point is usually a little apart. The latter tells $x^3$ from $x^2$
 * near 0: where the Hessian vanishes at the stationary point, it changes by as much as it is on the way there.
 */
import { type Executor, type GraphNode, ValueError } from '@ad/graph';
import type { GradientOf, NodesOf } from '@ad/backprop';
import { newPoint, type Objective, type Point } from '../minimize/objective.ts';
import { norm } from '../minimize/vectors.ts';
import {
  booleanOption,
  checkNames,
  NON_NEGATIVE,
  numberOption,
  POSITIVE_INTEGER,
} from '../options.ts';
import { objectiveFor } from './curvature.ts';
import { type SymmetricEigen, symmetricEigen } from './symmetric-eigen.ts';

/** What a point can be. */
export type StationaryKind =
  /** All eigenvalues are positive: a strict local minimum. */
  | 'minimum'
  /** All eigenvalues are negative: a strict local maximum. */
  | 'maximum'
  /** There are positive and negative ones: neither. */
  | 'saddle'
  /** Some are 0 as far as can be known, and the others have one sign: higher derivatives decide. */
  | 'inconclusive'
  /** The gradient is not 0. */
  | 'not stationary';

/** What {@link classifyStationaryPoint} found. */
export interface StationaryPoint<T> {
  /** What it is. */
  readonly kind: StationaryKind;
  /** The point, polished, in the form of the argument. */
  readonly point: GradientOf<T>;
  /** The value there. */
  readonly value: number;
  /** The Euclidean norm of the gradient there. */
  readonly gradientNorm: number;
  /** The eigenvalues of the Hessian there, ascending. */
  readonly eigenvalues: Float64Array;
  /** An eigenvalue counts as 0 if it is not larger than this. */
  readonly tolerance: number;
  /** How many steps of Newton's method brought the point closer. */
  readonly polished: number;
  /** The verdict in words. */
  readonly message: string;
}

/** Options of {@link classifyStationaryPoint}. */
export interface ClassifyOptions {
  /**
   * The largest norm of the gradient at a stationary point: 0 or more. Default
   * $10^{-7} \max(1, |H| \max(1, |x|))$.
   */
  readonly gradientTolerance?: number;
  /**
   * Whether to bring the point closer by Newton's method first, if the gradient is already small: at most
   * $10^{-2} \max(1, |H| \max(1, |x|))$. Default true.
   */
  readonly polish?: boolean;
  /** How many steps of that at most: an integer of 1 or more. Default 20. */
  readonly maxPolishing?: number;
  /** What runs the programs; default the compiler, in double precision. */
  readonly executor?: Executor;
}

/**
 * Says what kind of stationary point a point is.
 *
 * @param f - a function of a tree of nodes with a scalar result, as for `minimize`.
 * @param x - a point at or near which the gradient vanishes.
 * @throws `ValueError` when value, gradient or Hessian are not finite there, or an option is out of range;
 * `ShapeError` when the function does not return a scalar.
 * Complexity: n Hessian-vector products and O(n^3) work for each Hessian; two of them, and one for each polishing step.
 * @example
 * ```ts
 * import { classifyStationaryPoint } from '@ad/optim/theory';
 *
 * classifyStationaryPoint(({ x, y }) => x.square().sub(y.square()), { x: 0, y: 0 }).kind; // => 'saddle'
 * classifyStationaryPoint((x) => x.square(), 1e-5).kind; // => 'minimum'
 * classifyStationaryPoint((x) => x.pow(3), 0).kind; // => 'inconclusive'
 * classifyStationaryPoint((x) => x.exp(), 0).kind; // => 'not stationary'
 * ```
 */
export function classifyStationaryPoint<const T>(
  f: (x: NodesOf<T>) => GraphNode,
  x: T,
  options: ClassifyOptions = {},
): StationaryPoint<T> {
  const caller = 'classifyStationaryPoint';
  checkNames(caller, options, ['gradientTolerance', 'polish', 'maxPolishing', 'executor']);
  const polish = booleanOption(caller, 'polish', options.polish, true);
  const steps = numberOption(caller, 'maxPolishing', options.maxPolishing, 20, POSITIVE_INTEGER);
  const { objective, layout } = objectiveFor(caller, f, x, options.executor);
  let here = newPoint(layout.size);
  here.x.set(layout.flatten(x));
  if (!objective.evaluate(here)) {
    throw new ValueError(
      `${caller}: value or gradient are not finite at the point: ${objective.whereNotFinite(here.x) ?? ''}`,
    );
  }
  const rounding = layout.size * Number.EPSILON;
  let eigen = eigenAt(objective, here.x, caller);
  let polished = 0;
  let step = newtonStep(eigen, here.gradient, rounding);
  // Far from a stationary point Newton's method may lead anywhere, and what is there says nothing about here.
  const near = norm(here.gradient) <= NEAR * scaleOf(eigen, here.x);
  for (const most = polish && near ? steps : 0; polished < most; polished++) {
    const next = moved(here, step);
    if (!objective.evaluate(next) || !(norm(next.gradient) < norm(here.gradient))) break;
    here = next;
    eigen = eigenAt(objective, here.x, caller);
    step = newtonStep(eigen, here.gradient, rounding);
  }

  const size = largest(eigen.values);
  const gradientNorm = norm(here.gradient);
  const gradientTolerance = numberOption(
    caller,
    'gradientTolerance',
    options.gradientTolerance,
    STATIONARY * scaleOf(eigen, here.x),
    NON_NEGATIVE,
  );
  const tolerance = Math.max(rounding * size, changeAlong(objective, here, step, eigen.values));
  const kind =
    gradientNorm > gradientTolerance ? 'not stationary' : kindOf(eigen.values, tolerance);
  return {
    kind,
    point: layout.unflatten(here.x) as GradientOf<T>,
    value: here.value,
    gradientNorm,
    eigenvalues: eigen.values,
    tolerance,
    polished,
    message: describe(kind, eigen.values, tolerance, gradientNorm, gradientTolerance),
  };
}

/** The gradient at a stationary point is at most this part of the scale. */
const STATIONARY = 1e-7;
/** Points with a gradient of at most this part of the scale are brought closer. */
const NEAR = 1e-2;

/** What gradients are compared with: the change of the gradient over a distance as large as the point itself. */
function scaleOf({ values }: SymmetricEigen, x: Float64Array): number {
  return Math.max(1, largest(values) * Math.max(1, norm(x)));
}

function kindOf(eigenvalues: Float64Array, tolerance: number): StationaryKind {
  const [smallest, most] = [eigenvalues[0]!, eigenvalues.at(-1)!];
  if (smallest > tolerance) return 'minimum';
  if (most < -tolerance) return 'maximum';
  return smallest < -tolerance && most > tolerance ? 'saddle' : 'inconclusive';
}

function eigenAt(objective: Objective, x: Float64Array, caller: string): SymmetricEigen {
  const matrix = new Float64Array(x.length * x.length);
  objective.hessian(x, matrix);
  if (!matrix.every(Number.isFinite)) {
    throw new ValueError(`${caller}: the Hessian is not finite at the point`);
  }
  return symmetricEigen(matrix, x.length);
}

/** The step to where the quadratic model is stationary, along the eigenvectors whose eigenvalues are not 0. */
function newtonStep(
  { values, vectors }: SymmetricEigen,
  gradient: Float64Array,
  rounding: number,
): Float64Array {
  const n = values.length;
  const step = new Float64Array(n);
  const threshold = rounding * largest(values);
  for (let k = 0; k < n; k++) {
    if (!(Math.abs(values[k]!) > threshold)) continue;
    const vector = vectors.subarray(k * n, (k + 1) * n);
    let along = 0;
    for (let i = 0; i < n; i++) along += vector[i]! * gradient[i]!;
    for (let i = 0; i < n; i++) step[i]! -= (along / values[k]!) * vector[i]!;
  }
  return step;
}

function moved({ x }: Point, step: Float64Array): Point {
  const next = newPoint(x.length);
  for (let i = 0; i < x.length; i++) next.x[i] = x[i]! + step[i]!;
  return next;
}

/**
 * A step of Newton's method towards a point where the Hessian vanishes halves it ($x^3$), or takes away up to
 * $1 - 1/e$ of it ($x^k$). Twice that, and rounding cannot make such a curvature count.
 */
const MARGIN = 4;

/** By how much eigenvalues change along the step, with a margin. */
function changeAlong(
  objective: Objective,
  here: Point,
  step: Float64Array,
  eigenvalues: Float64Array,
): number {
  const there = moved(here, step).x;
  if (there.every((value, i) => value === here.x[i])) return 0;
  const matrix = new Float64Array(there.length * there.length);
  objective.hessian(there, matrix);
  if (!matrix.every(Number.isFinite)) return Infinity;
  const others = symmetricEigen(matrix, there.length).values;
  let change = 0;
  for (let k = 0; k < others.length; k++)
    change = Math.max(change, Math.abs(others[k]! - eigenvalues[k]!));
  return MARGIN * change;
}

function largest(eigenvalues: Float64Array): number {
  return Math.max(Math.abs(eigenvalues[0]!), Math.abs(eigenvalues.at(-1)!));
}

function describe(
  kind: StationaryKind,
  eigenvalues: Float64Array,
  tolerance: number,
  gradientNorm: number,
  gradientTolerance: number,
): string {
  const range = `the eigenvalues of the Hessian go from ${eigenvalues[0]!.toPrecision(4)} to ${eigenvalues.at(-1)!.toPrecision(4)}`;
  const zero = `those up to ${tolerance.toPrecision(2)} count as 0`;
  switch (kind) {
    case 'not stationary':
      return `the gradient has norm ${gradientNorm.toPrecision(4)}, more than ${gradientTolerance.toPrecision(2)}: not a stationary point`;
    case 'minimum':
      return `${range}: a strict local minimum`;
    case 'maximum':
      return `${range}: a strict local maximum`;
    case 'saddle':
      return `${range}: a saddle point`;
    case 'inconclusive':
      return `${range}, and ${zero}: the second-order test does not decide`;
  }
}
