/**
 * Rows: the linear operations that move, repeat or add elements without looking at them. They are one another's
 * transposes: summing undoes broadcasting, padding undoes slicing, slicing undoes concatenation.
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

/** The attributes of a slice, one entry per axis: first index, how many, and the (possibly negative) step. */
export interface SliceAttributes {
  readonly [name: string]: readonly number[];
  readonly starts: readonly number[];
  readonly lengths: readonly number[];
  readonly steps: readonly number[];
}

/** The attributes of a padding, one entry per axis: zeros before, after, and between neighbours. */
export interface PadAttributes {
  readonly [name: string]: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly between: readonly number[];
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

function checkPerAxis(list: readonly number[], rank: number, what: string, least: number): void {
  if (list.length !== rank || list.some((n) => n < least)) {
    throw new RuleViolation(
      `${what} [${list.join(', ')}] must give a number from ${least} up for each of ${rank} axes`,
    );
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

export const sum: LinearRow<ReductionAttributes> = {
  name: 'sum',
  family: 'linear',
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
};

export const broadcast: LinearRow<ShapeAttributes> = {
  name: 'broadcast',
  family: 'linear',
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
};

export const reshape: LinearRow<ShapeAttributes> = {
  name: 'reshape',
  family: 'linear',
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
};

export const transpose: LinearRow<PermutationAttributes> = {
  name: 'transpose',
  family: 'linear',
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
};

export const slice: LinearRow<SliceAttributes> = {
  name: 'slice',
  family: 'linear',
  arity: 1,
  formula: 'x_{a:b:s}',
  attributes: { starts: 'integers', lengths: 'integers', steps: 'integers' },
  infer([x], { starts, lengths, steps }) {
    const rank = x!.shape.length;
    checkPerAxis(starts, rank, 'starts', 0);
    checkPerAxis(lengths, rank, 'lengths', 0);
    if (steps.length !== rank || steps.includes(0)) {
      throw new RuleViolation(
        `steps [${steps.join(', ')}] must give a number other than 0 for each of ${rank} axes`,
      );
    }
    for (let axis = 0; axis < rank; axis++) {
      const last = starts[axis]! + (lengths[axis]! - 1) * steps[axis]!;
      const inside =
        lengths[axis] === 0 ||
        (starts[axis]! < x!.shape[axis]! && last >= 0 && last < x!.shape[axis]!);
      if (!inside) {
        throw new RuleViolation(
          `axis ${axis} has ${x!.shape[axis]} elements; the slice would read from ${starts[axis]} to ${last}`,
        );
      }
    }
    return { shape: lengths, kind: x!.kind };
  },
  prepare([x], { starts, lengths, steps }) {
    const strides = stridesOf(x!.shape);
    const offset = starts.reduce((sofar, start, axis) => sofar + start * strides[axis]!, 0);
    return readAt(
      viewPositions(
        lengths,
        steps.map((step, axis) => step * strides[axis]!),
        offset,
      ),
    );
  },
  // What was cut off receives 0. A negative step has read backwards, so the message is turned round first.
  transpose(B, S, [x], { starts, lengths, steps }) {
    const shape = B.typeOf(x!).shape;
    const backwards = steps.some((step, axis) => step < 0 && lengths[axis]! > 1);
    const first = starts.map((start, axis) => {
      if (lengths[axis] === 0) return 0;
      return steps[axis]! < 0 ? start + (lengths[axis]! - 1) * steps[axis]! : start;
    });
    const turned = backwards
      ? B.apply(slice, [S], {
          starts: steps.map((step, axis) => (step < 0 ? Math.max(lengths[axis]! - 1, 0) : 0)),
          lengths,
          steps: steps.map((step) => Math.sign(step)),
        })
      : S;
    const between = steps.map((step) => Math.abs(step) - 1);
    const spread = lengths.map((length, axis) =>
      length === 0 ? 0 : (length - 1) * Math.abs(steps[axis]!) + 1,
    );
    const after = shape.map((length, axis) => length - first[axis]! - spread[axis]!);
    return B.apply(pad, [turned], { before: first, after, between });
  },
};

export const pad: LinearRow<PadAttributes> = {
  name: 'pad',
  family: 'linear',
  arity: 1,
  formula: 'x \\text{ with zeros around it}',
  attributes: { before: 'integers', after: 'integers', between: 'integers' },
  infer([x], { before, after, between }) {
    const rank = x!.shape.length;
    checkPerAxis(before, rank, 'before', 0);
    checkPerAxis(after, rank, 'after', 0);
    checkPerAxis(between, rank, 'between', 0);
    const shape = x!.shape.map(
      (d, axis) => before[axis]! + d + Math.max(d - 1, 0) * between[axis]! + after[axis]!,
    );
    checkShape(shape, 'the result');
    return { shape, kind: x!.kind };
  },
  prepare([x], { before, between }, result) {
    const strides = stridesOf(result.shape);
    const offset = before.reduce((sofar, zeros, axis) => sofar + zeros * strides[axis]!, 0);
    const positions = viewPositions(
      x!.shape,
      between.map((gap, axis) => (gap + 1) * strides[axis]!),
      offset,
    );
    return (data, [source]) => {
      data.fill(0);
      for (let i = 0; i < positions.length; i++) data[positions[i]!] = source![i]!;
    };
  },
  transpose(B, S, [x], { before, between }) {
    const { shape } = B.typeOf(x!);
    const steps = between.map((gap) => gap + 1);
    return B.apply(slice, [S], {
      starts: shape.map((d, axis) => (d === 0 ? 0 : before[axis]!)),
      lengths: shape,
      steps,
    });
  },
};

/** Where the operands of a concatenation start, by the list of operands: a sweep asks once for each of them. */
const knownStarts = /* @__PURE__ */ new WeakMap<
  readonly unknown[],
  { readonly axis: number; readonly starts: readonly number[] }
>();

function startsAlong<V>(B: Builder<V>, operands: readonly V[], axis: number): readonly number[] {
  const known = knownStarts.get(operands);
  if (known?.axis === axis) return known.starts;
  let end = 0;
  const starts = operands.map((operand) => {
    const start = end;
    end += B.typeOf(operand).shape[axis]!;
    return start;
  });
  knownStarts.set(operands, { axis, starts });
  return starts;
}

export const concat: LinearRow<AxisAttributes> = {
  name: 'concat',
  family: 'linear',
  arity: null,
  formula: 'x \\text{ followed by } y',
  attributes: { axis: 'integer' },
  infer(operands, { axis }) {
    const first = operands[0]!;
    checkAxes([axis], first.shape.length);
    for (const { shape, kind } of operands) {
      const fits =
        shape.length === first.shape.length &&
        shape.every((d, i) => i === axis || d === first.shape[i]);
      if (!fits) throw new RuleViolation(`shapes must agree except along axis ${axis}`);
      if (kind !== first.kind)
        throw new RuleViolation(`all operands must be of one kind, got ${first.kind} and ${kind}`);
    }
    const total = operands.reduce((length, { shape }) => length + shape[axis]!, 0);
    return { shape: first.shape.map((d, i) => (i === axis ? total : d)), kind: first.kind };
  },
  prepare(operands, { axis }, result) {
    // Seen as [outer, along the axis, inner], each operand is a run of consecutive elements per outer index.
    const outer = sizeOf(result.shape.slice(0, axis));
    const rows = operands.map(({ shape }) => sizeOf(shape.slice(axis)));
    return (data, sources) => {
      let position = 0;
      for (let o = 0; o < outer; o++) {
        for (let k = 0; k < sources.length; k++) {
          const row = rows[k]!;
          data.set(sources[k]!.subarray(o * row, (o + 1) * row), position);
          position += row;
        }
      }
    };
  },
  transpose(B, S, operands, { axis }, position) {
    const { shape } = B.typeOf(operands[position]!);
    const start = shape[axis] === 0 ? 0 : startsAlong(B, operands, axis)[position]!;
    const starts = shape.map((_, i) => (i === axis ? start : 0));
    return B.apply(slice, [S], { starts, lengths: shape, steps: shape.map(() => 1) });
  },
};
