/**
 * Where random graphs may apply an operation: inside of its domain, where derivatives of all orders stay moderate,
 * and away from the points where the derivative jumps.
 */
import {
  type Attributes,
  broadcastIndex,
  type OperationName,
  positionIn,
  type ReductionAttributes,
  type Shape,
  sizeOf,
  type Tensor,
} from '@ad/graph';

/** How far operands stay away from kinks. */
const MARGIN = 1 / 8;

type Condition = (x: number, y: number, z: number) => boolean;

const isPositive: Condition = (x) => x >= 0.4;
const isFarFromZero: Condition = (x) => Math.abs(x) >= MARGIN;
const areApart: Condition = (x, y) => Math.abs(x - y) >= MARGIN;
const isModerate: Condition = (x) => Math.abs(x) <= 1.5;
const isInsideUnit: Condition = (x) => Math.abs(x) <= 0.7;
const isFarFromIntegers: Condition = (x) => Math.abs(x - Math.round(x)) >= MARGIN;
/** Also when both operands move by the margin. */
const isFarFromMultiples: Condition = (x, y) => {
  const quotient = x / y;
  const distance = Math.abs(quotient - Math.round(quotient)) * Math.abs(y);
  return Math.abs(y) >= 0.5 && distance >= MARGIN * (1 + Math.abs(quotient));
};

/** Conditions on the elements of the operands, of operations that have any. */
const conditions: Partial<Record<OperationName, Condition>> = {
  div: (_x, y) => Math.abs(y) >= 0.5,
  reciprocal: (x) => Math.abs(x) >= 0.5,
  sqrt: isPositive,
  rsqrt: isPositive,
  cbrt: (x) => Math.abs(x) >= 0.4,
  xlogy: (_x, y) => isPositive(y, 0, 0),
  xlog1py: (_x, y) => y >= -0.6,
  log: isPositive,
  log2: isPositive,
  log10: isPositive,
  lgamma: isPositive,
  digamma: isPositive,
  log1p: (x) => x >= -0.6,
  pow: (x, y) => isPositive(x, 0, 0) && Math.abs(y) <= 3,
  exp: isModerate,
  expm1: isModerate,
  exp2: isModerate,
  sinh: isModerate,
  cosh: isModerate,
  tan: (x) => Math.abs(x) <= 1,
  asin: isInsideUnit,
  acos: isInsideUnit,
  atanh: isInsideUnit,
  acosh: (x) => x >= 1.5,
  hypot: (x, y) => Math.hypot(x, y) >= 0.5,
  atan2: (x, y) => Math.hypot(x, y) >= 0.5 && (y > 0 || Math.abs(x) >= 2 * MARGIN),
  abs: isFarFromZero,
  sign: isFarFromZero,
  relu: isFarFromZero,
  leakyRelu: isFarFromZero,
  elu: isFarFromZero,
  selu: isFarFromZero,
  softsign: isFarFromZero,
  floor: isFarFromIntegers,
  ceil: isFarFromIntegers,
  trunc: isFarFromIntegers,
  round: (x) => isFarFromIntegers(x + 0.5, 0, 0),
  fmod: isFarFromMultiples,
  remainder: isFarFromMultiples,
  minimum: areApart,
  maximum: areApart,
  less: areApart,
  clamp: (x, low, high) => areApart(x, low, 0) && areApart(x, high, 0) && high - low >= MARGIN,
};

/** Whether all elements of the operands are where the operation is smooth. */
export function isInDomain(
  operation: OperationName,
  operands: readonly Tensor[],
  shape: Shape,
): boolean {
  const condition = conditions[operation];
  if (condition === undefined) return true;
  const indices = operands.map((operand) => broadcastIndex(operand.shape, shape));
  for (let i = 0; i < sizeOf(shape); i++) {
    const [x, y, z] = operands.map((operand, k) => operand.data[positionIn(indices[k]!, i)]!);
    if (!condition(x!, y ?? 0, z ?? 0)) return false;
  }
  return true;
}

/** Whether no two elements that a maximum or minimum is taken of are close to each other. */
export function isOffKinks(
  operation: OperationName,
  operands: readonly Tensor[],
  attributes: Attributes | undefined,
): boolean {
  if (operation !== 'max' && operation !== 'min') return true;
  const [x] = operands as [Tensor];
  const { axes } = attributes as ReductionAttributes;
  const rivals = sizeOf(axes.map((axis) => x.shape[axis]!)) > 1;
  const sorted = Float64Array.from(x.data).sort();
  return !rivals || sorted.every((value, i) => i === 0 || value - sorted[i - 1]! >= MARGIN);
}
