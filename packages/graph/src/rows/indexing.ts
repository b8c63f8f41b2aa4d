/** Rows: reading and adding at positions given by integers. */
import { formatShape, sameShape, sizeOf } from '../shape.ts';
import { ValueError } from '../errors.ts';
import type { TensorData, Type } from '../tensor.ts';
import { lowerOneHot, lowerScatterAdd } from '../lowering/indexed.ts';
import { lowerRoutine } from '../routines/lower.ts';
import * as routines from '../routines/positions.ts';
import { batchAlongAxis, moveAxes, spreadBatch } from './batch.ts';
import { type AxisAttributes, checkAxes, reshape } from './layout.ts';
import { type Builder, type DiscreteRow, type LinearRow, RuleViolation } from './row.ts';

/** Attributes of a scatter: along which axis, and how long that axis is in the result. */
export interface ScatterAttributes {
  readonly [name: string]: number;
  readonly axis: number;
  readonly length: number;
}

/** The attribute of one-hot vectors: how long they are. */
export interface DepthAttributes {
  readonly [name: string]: number;
  readonly depth: number;
}

function checkIndices(indices: Type): void {
  if (indices.kind !== 'integer') {
    throw new RuleViolation(
      `indices must be of kind integer, got ${indices.kind}`,
      "make them with tensor(values, { kind: 'integer' }) or declare the input with kind 'integer'",
    );
  }
}

/** An index as it is used, counted from the front; an index outside the axis is an error of the data. */
function position(name: string, indices: TensorData, i: number, length: number): number {
  const index = indices[i]!;
  if (index < -length || index >= length) {
    throw new ValueError(
      `${name}: index ${index} (element ${i}) is outside an axis of length ${length}`,
    );
  }
  return index < 0 ? index + length : index;
}

/** Seen as [outer, along the axis, inner]: the sizes of what is before and after the axis. */
function around(shape: readonly number[], axis: number): { outer: number; inner: number } {
  return { outer: sizeOf(shape.slice(0, axis)), inner: sizeOf(shape.slice(axis + 1)) };
}

export const gather: LinearRow<AxisAttributes> = {
  name: 'gather',
  family: 'linear',
  lowering: 'gather',
  arity: 2,
  formula: 'x_{i}',
  attributes: { axis: 'integer' },
  infer([x, indices], { axis }) {
    checkIndices(indices!);
    checkAxes([axis], x!.shape.length);
    const shape = [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)];
    return { shape, kind: x!.kind };
  },
  prepare([x, indices], { axis }) {
    const { outer, inner } = around(x!.shape, axis);
    const [length, count] = [x!.shape[axis]!, sizeOf(indices!.shape)];
    return (result, [source, at]) => {
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < count; i++) {
          const from = (o * length + position('gather', at!, i, length)) * inner;
          const to = (o * count + i) * inner;
          for (let k = 0; k < inner; k++) result[to + k] = source![from + k]!;
        }
      }
    };
  },
  transpose(B, S, [x, indices], { axis }) {
    return B.apply(scatterAdd, [S, indices!], { axis, length: B.typeOf(x!).shape[axis]! });
  },
  batch(B, [x, indices], batched, { axis }) {
    if (!batched[1]!) return B.apply(gather, [x!, indices!], { axis: axis + 1 });
    const { shape } = B.typeOf(indices!);
    if (!batched[0]!) return moveAxes(B, B.apply(gather, [x!, indices!], { axis }), axis, 1, 0);
    // All that is read from lies along one axis: the examples one after the other.
    const front = moveAxes(B, x!, axis + 1, 1, 1);
    const [count, length, ...rest] = B.typeOf(front).shape as [number, number, ...number[]];
    const joined = B.apply(reshape, [front], { shape: [count * length, ...rest] });
    const found = B.apply(gather, [joined, joinedIndices(B, indices!, length)], { axis: 0 });
    return moveAxes(B, found, 1, shape.length - 1, axis + 1);
  },
};

export const scatterAdd: LinearRow<ScatterAttributes> = {
  name: 'scatterAdd',
  family: 'linear',
  lower: lowerScatterAdd,
  arity: 2,
  formula: '\\textstyle\\sum_{k : i_k = j} x_k',
  attributes: { axis: 'integer', length: 'integer' },
  infer([x, indices], { axis, length }) {
    checkIndices(indices!);
    const rank = x!.shape.length;
    const covered = x!.shape.slice(axis, axis + indices!.shape.length);
    if (axis < 0 || axis + indices!.shape.length > rank || !sameShape(covered, indices!.shape)) {
      throw new RuleViolation(
        `from axis ${axis} on, the values must have the shape ${formatShape(indices!.shape)} of the indices`,
      );
    }
    if (length < 0) throw new RuleViolation(`the axis of the result cannot have length ${length}`);
    const shape = [
      ...x!.shape.slice(0, axis),
      length,
      ...x!.shape.slice(axis + indices!.shape.length),
    ];
    return { shape, kind: 'real' };
  },
  prepare([_x, indices], { axis, length }, result) {
    const { outer, inner } = around(result.shape, axis);
    const count = sizeOf(indices!.shape);
    return (data, [source, at]) => {
      data.fill(0);
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < count; i++) {
          const to = (o * length + position('scatterAdd', at!, i, length)) * inner;
          const from = (o * count + i) * inner;
          for (let k = 0; k < inner; k++) data[to + k]! += source![from + k]!;
        }
      }
    };
  },
  transpose: (B, S, [, indices], { axis }) => B.apply(gather, [S, indices!], { axis }),
  batch(B, operands, batched, { axis, length }) {
    if (!batched[1]!) return B.apply(scatterAdd, operands, { axis: axis + 1, length });
    const [x, indices] = spreadBatch(B, operands, batched);
    const { shape } = B.typeOf(indices!);
    const count = shape[0]!;
    const front = moveAxes(B, x!, axis + 1, shape.length - 1, 1);
    const sums = B.apply(scatterAdd, [front, joinedIndices(B, indices!, length)], {
      axis: 0,
      length: count * length,
    });
    const rest = B.typeOf(sums).shape.slice(1);
    const parted = B.apply(reshape, [sums], { shape: [count, length, ...rest] });
    return moveAxes(B, parted, 1, 1, axis + 1);
  },
};

/** The attributes of indices into one of many arrays: the axis that says which, and the length of each. */
interface JoinedAttributes {
  readonly [name: string]: number;
  readonly axis: number;
  readonly length: number;
}

/** Indices into arrays of `length` elements, an array for each index along the first axis, as ones into all of them. */
const joinedIndices = <V>(B: Builder<V>, indices: V, length: number): V =>
  B.apply(joinIndices, [indices], { axis: 0, length });

/**
 * Made by the rules for batches only, and in the table so that files can be read.
 *
 * @public
 */
export const joinIndices: DiscreteRow<JoinedAttributes> = {
  name: 'joinIndices',
  family: 'discrete',
  lower: (compiler) => lowerRoutine(compiler, routines.joinIndices),
  arity: 1,
  formula: 'i_k + n k',
  attributes: { axis: 'integer', length: 'integer' },
  infer([indices], { axis, length }) {
    checkIndices(indices!);
    checkAxes([axis], indices!.shape.length);
    if (length < 0) throw new RuleViolation(`an array cannot have length ${length}`);
    return { shape: indices!.shape, kind: 'integer' };
  },
  prepare([indices], { axis, length }) {
    const { outer, inner } = around(indices!.shape, axis);
    const count = indices!.shape[axis]!;
    return (result, [at]) => {
      for (let o = 0, i = 0; o < outer; o++) {
        for (let k = 0; k < count; k++) {
          for (let j = 0; j < inner; j++, i++)
            result[i] = k * length + position('joinIndices', at!, i, length);
        }
      }
    };
  },
  batch: (B, operands, _batched, attributes) =>
    batchAlongAxis(B, joinIndices, operands, attributes),
};

export const oneHot: DiscreteRow<DepthAttributes> = {
  name: 'oneHot',
  family: 'discrete',
  lower: lowerOneHot,
  arity: 1,
  formula: 'e_i',
  attributes: { depth: 'integer' },
  infer([indices], { depth }) {
    checkIndices(indices!);
    if (depth < 1) throw new RuleViolation(`the vectors need a length of 1 or more, got ${depth}`);
    return { shape: [...indices!.shape, depth], kind: 'real' };
  },
  prepare([indices], { depth }) {
    const count = sizeOf(indices!.shape);
    return (result, [at]) => {
      result.fill(0);
      for (let i = 0; i < count; i++) result[i * depth + position('oneHot', at!, i, depth)] = 1;
    };
  },
  batch: (B, operands, _batched, attributes) => B.apply(oneHot, operands, attributes),
};

/** The attributes of a sorting: along which axis, in which order, and what the positions count. */
export interface SortAttributes {
  readonly [name: string]: number | boolean;
  readonly axis: number;
  readonly descending: boolean;
  /** -1 for positions along the axis; else they are row-major positions in the axes from this one on. */
  readonly within: number;
}

export const argSort: DiscreteRow<SortAttributes> = {
  name: 'argSort',
  family: 'discrete',
  lower: (compiler) => lowerRoutine(compiler, routines.argSort),
  arity: 1,
  formula: '\\operatorname{argsort}_i x_i',
  attributes: { axis: 'integer', descending: 'boolean', within: 'integer' },
  infer([x], { axis, within }) {
    checkAxes([axis], x!.shape.length);
    if (within < -1 || within > axis)
      throw new RuleViolation(`positions within axis ${within} leave out axis ${axis}`);
    return { shape: x!.shape, kind: 'integer' };
  },
  // Stable in both directions; NaN comes last in both.
  prepare([x], { axis, descending, within }) {
    const { outer, inner } = around(x!.shape, axis);
    const size = within < 0 ? 0 : sizeOf(x!.shape.slice(within));
    const length = x!.shape[axis]!;
    const sign = descending ? -1 : 1;
    return (result, [data]) => {
      const order = new Int32Array(length);
      for (let o = 0; o < outer; o++) {
        for (let k = 0; k < inner; k++) {
          const start = o * length * inner + k;
          for (let i = 0; i < length; i++) order[i] = i;
          order.sort((i, j) => {
            const [a, b] = [data![start + i * inner]!, data![start + j * inner]!];
            if (Number.isNaN(a) || Number.isNaN(b))
              return Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || i - j;
            return a === b ? i - j : a < b ? -sign : sign;
          });
          for (let i = 0; i < length; i++) {
            const at = start + i * inner;
            result[at] = within < 0 ? order[i]! : (start + order[i]! * inner) % size;
          }
        }
      }
    };
  },
  batch: (B, operands, _batched, { axis, descending, within }) =>
    B.apply(argSort, operands, {
      axis: axis + 1,
      descending,
      within: within < 0 ? within : within + 1,
    }),
};
