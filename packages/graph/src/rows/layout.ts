/**
 * Rows: the linear operations that move, repeat or add elements without looking at them. They are one another's
 * transposes: summing undoes broadcasting.
 */
import {
  broadcastStrides,
  checkShape,
  formatShape,
  reducedShape,
  sameShape,
  sizeOf,
  stridesOf,
} from '../shape.ts';
import type { Kind, Type } from '../tensor.ts';
import { type Builder, type LinearRow, type ReductionAttributes, RuleViolation } from './row.ts';
import { copy, readAt, reductionPositions, viewPositions } from './views.ts';

/** The attributes of an operation that gives its operand another shape. */
export interface ShapeAttributes {
  readonly [name: string]: readonly number[];
  readonly shape: readonly number[];
}

/** The attributes of a transposition: result axis `i` is operand axis `permutation[i]`. */
export interface PermutationAttributes {
  readonly [name: string]: readonly number[];
  readonly permutation: readonly number[];
}

/** The attribute of an operation along one axis. */
export interface AxisAttributes {
  readonly [name: string]: number;
  readonly axis: number;
}

/** Sums of booleans and integers are real numbers; layouts keep the kind. */
const numberKind: Kind = 'real';

/** @internal */
export function checkAxes(axes: readonly number[], rank: number): void {
  for (let i = 0; i < axes.length; i++) {
    const axis = axes[i]!;
    if (axis < 0 || axis >= rank || (i > 0 && axis <= axes[i - 1]!)) {
      throw new RuleViolation(
        `the axes [${axes.join(', ')}] are not ascending axes of an array of rank ${rank}`,
      );
    }
  }
}

/**
 * The sum of `S` over the axes along which `type` was broadcast to reach it: the transpose of broadcasting.
 *
 * @internal
 */
export function sumTo<V>(B: Builder<V>, S: V, type: Type): V {
  const from = B.typeOf(S).shape;
  if (sameShape(from, type.shape)) return S;
  const lead = from.length - type.shape.length;
  const axes = from
    .map((_, axis) => axis)
    .filter((axis) => axis < lead || (type.shape[axis - lead] === 1 && from[axis] !== 1));
  const summed = axes.length === 0 ? S : B.apply(sum, [S], { axes, keepDims: false });
  if (sameShape(B.typeOf(summed).shape, type.shape)) return summed;
  return B.apply(reshape, [summed], { shape: type.shape });
}

/**
 * `S`, of the shape of a reduction's result, spread over the operand's shape.
 *
 * @internal
 */
export function expand<V>(B: Builder<V>, S: V, operand: Type, attributes: ReductionAttributes): V {
  const kept = reducedShape(operand.shape, attributes.axes, true);
  const aligned = sameShape(B.typeOf(S).shape, kept) ? S : B.apply(reshape, [S], { shape: kept });
  return sameShape(kept, operand.shape)
    ? aligned
    : B.apply(broadcast, [aligned], { shape: operand.shape });
}

/**
 * The attributes of a reduction of a batch, whose first axis is that of the examples.
 *
 * @internal
 */
export function behindBatch({ axes, keepDims }: ReductionAttributes): ReductionAttributes {
  return { axes: axes.map((axis) => axis + 1), keepDims };
}

export const sum: LinearRow<ReductionAttributes> = {
  name: 'sum',
  family: 'linear',
  lowering: 'sum',
  arity: 1,
  formula: '\\sum_i x_i',
  attributes: { axes: 'integers', keepDims: 'boolean' },
  infer([x], { axes, keepDims }) {
    checkAxes(axes, x!.shape.length);
    return { shape: reducedShape(x!.shape, axes, keepDims), kind: numberKind };
  },
  prepare([x], { axes }) {
    const { starts, steps } = reductionPositions(x!.shape, axes);
    return (result, [data]) => {
      for (let i = 0; i < starts.length; i++) {
        const start = starts[i]!;
        let total = 0;
        for (let k = 0; k < steps.length; k++) total += data![start + steps[k]!]!;
        result[i] = total;
      }
    };
  },
  transpose: (B, S, [x], attributes) => expand(B, S, B.typeOf(x!), attributes),
  batch: (B, operands, _batched, attributes) => B.apply(sum, operands, behindBatch(attributes)),
};

export const broadcast: LinearRow<ShapeAttributes> = {
  name: 'broadcast',
  family: 'linear',
  lowering: 'broadcast',
  arity: 1,
  formula: 'x \\text{ repeated to a larger shape}',
  attributes: { shape: 'integers' },
  infer([x], { shape }) {
    checkShape(shape, 'the new shape');
    const lead = shape.length - x!.shape.length;
    const fits = lead >= 0 && x!.shape.every((d, axis) => d === 1 || d === shape[lead + axis]);
    if (!fits)
      throw new RuleViolation(
        `${formatShape(x!.shape)} cannot be repeated to ${formatShape(shape)}`,
      );
    return { shape, kind: x!.kind };
  },
  prepare: ([x], { shape }) => readAt(viewPositions(shape, broadcastStrides(x!.shape, shape))),
  transpose: (B, S, [x]) => sumTo(B, S, B.typeOf(x!)),
  batch(B, [x], _batched, { shape }) {
    const [count, ...example] = B.typeOf(x!).shape as [number, ...number[]];
    const ones = new Array<number>(shape.length - example.length).fill(1);
    const aligned = B.apply(reshape, [x!], { shape: [count, ...ones, ...example] });
    return B.apply(broadcast, [aligned], { shape: [count, ...shape] });
  },
};

export const reshape: LinearRow<ShapeAttributes> = {
  name: 'reshape',
  family: 'linear',
  lowering: 'reshape',
  arity: 1,
  formula: 'x \\text{ in another shape}',
  attributes: { shape: 'integers' },
  infer([x], { shape }) {
    checkShape(shape, 'the new shape');
    if (sizeOf(shape) !== sizeOf(x!.shape)) {
      throw new RuleViolation(
        `${formatShape(x!.shape)} has ${sizeOf(x!.shape)} elements, ${formatShape(shape)} would have ${sizeOf(shape)}`,
      );
    }
    return { shape, kind: x!.kind };
  },
  prepare: () => copy,
  transpose: (B, S, [x]) => B.apply(reshape, [S], { shape: B.typeOf(x!).shape }),
  batch: (B, [x], _batched, { shape }) =>
    B.apply(reshape, [x!], { shape: [B.typeOf(x!).shape[0]!, ...shape] }),
};

export const transpose: LinearRow<PermutationAttributes> = {
  name: 'transpose',
  family: 'linear',
  lowering: 'transpose',
  arity: 1,
  formula: 'x^T',
  attributes: { permutation: 'integers' },
  infer([x], { permutation }) {
    const rank = x!.shape.length;
    const sorted = [...permutation].sort((a, b) => a - b);
    if (permutation.length !== rank || sorted.some((axis, i) => axis !== i)) {
      throw new RuleViolation(
        `[${permutation.join(', ')}] is not a permutation of the ${rank} axes`,
      );
    }
    return { shape: permutation.map((axis) => x!.shape[axis]!), kind: x!.kind };
  },
  prepare([x], { permutation }, result) {
    const strides = stridesOf(x!.shape);
    return readAt(
      viewPositions(
        result.shape,
        permutation.map((axis) => strides[axis]!),
      ),
    );
  },
  transpose(B, S, _operands, { permutation }) {
    const inverse = new Array<number>(permutation.length);
    permutation.forEach((axis, i) => (inverse[axis] = i));
    return B.apply(transpose, [S], { permutation: inverse });
  },
  batch: (B, operands, _batched, { permutation }) =>
    B.apply(transpose, operands, { permutation: [0, ...permutation.map((axis) => axis + 1)] }),
};
