/**
 * Rows: parts of arrays, and arrays joined. Padding undoes slicing, slicing undoes concatenation.
 */
import { checkShape, sizeOf, stridesOf } from '../shape.ts';
import { spreadBatch } from './batch.ts';
import { type AxisAttributes, checkAxes } from './layout.ts';
import { type Builder, type LinearRow, RuleViolation } from './row.ts';
import { readAt, viewPositions } from './views.ts';

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

function checkPerAxis(list: readonly number[], rank: number, what: string, least: number): void {
  if (list.length !== rank || list.some((n) => n < least)) {
    throw new RuleViolation(
      `${what} [${list.join(', ')}] must give a number from ${least} up for each of ${rank} axes`,
    );
  }
}

export const slice: LinearRow<SliceAttributes> = {
  name: 'slice',
  family: 'linear',
  lowering: 'slice',
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
  batch: (B, [x], _batched, { starts, lengths, steps }) =>
    B.apply(slice, [x!], {
      starts: [0, ...starts],
      lengths: [B.typeOf(x!).shape[0]!, ...lengths],
      steps: [1, ...steps],
    }),
};

export const pad: LinearRow<PadAttributes> = {
  name: 'pad',
  family: 'linear',
  lowering: 'pad',
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
  batch: (B, operands, _batched, { before, after, between }) =>
    B.apply(pad, operands, {
      before: [0, ...before],
      after: [0, ...after],
      between: [0, ...between],
    }),
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
  lowering: 'concat',
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
  batch: (B, operands, batched, { axis }) =>
    B.apply(concat, spreadBatch(B, operands, batched), { axis: axis + 1 }),
};
