/** Rows: nonlinear reductions over axes, positions of extremes, and reductions of conditions. */
import { KindError } from '../errors.ts';
import { reducedShape, sizeOf } from '../shape.ts';
import type { Type } from '../tensor.ts';
import { lowerLogSumExp } from '../lowering/log-sum-exp.ts';
import { lowerNorm } from '../lowering/norm.ts';
import { lowerRoutine } from '../routines/lower.ts';
import * as routines from '../routines/positions.ts';
import { equal, where } from './comparison.ts';
import { div, mul, sub } from './arithmetic.ts';
import { exp } from './exponential.ts';
import { batchAlongAxis } from './batch.ts';
import {
  type AxisAttributes,
  behindBatch,
  broadcast,
  checkAxes,
  reshape,
  sum,
  transpose,
} from './layout.ts';
import { concat, slice } from './parts.ts';
import {
  type Builder,
  type DiscreteRow,
  type Kernel,
  type ReductionAttributes,
  type ReductionRow,
  RuleViolation,
} from './row.ts';
import { reductionPositions } from './views.ts';

const attributeKinds = { axes: 'integers', keepDims: 'boolean' } as const;

/** The type of a reduction; `what` cannot be taken of no elements. */
function reduced(x: Type, { axes, keepDims }: ReductionAttributes, what: string | null): Type {
  checkAxes(axes, x.shape.length);
  if (what !== null && axes.some((axis) => x.shape[axis] === 0)) {
    throw new RuleViolation(
      `${what} of no elements is not defined`,
      'give every reduced axis a length of 1 or more',
    );
  }
  return { shape: reducedShape(x.shape, axes, keepDims), kind: 'real' };
}

/** A kernel that folds the elements along the reduced axes with `better`, starting from the first one. */
function extremeKernel(
  x: Type,
  axes: readonly number[],
  better: (a: number, b: number) => number,
): Kernel {
  const { starts, steps } = reductionPositions(x.shape, axes);
  return (result, [data]) => {
    for (let i = 0; i < starts.length; i++) {
      const start = starts[i]!;
      let best = data![start]!;
      for (let k = 1; k < steps.length; k++) best = better(best, data![start + steps[k]!]!);
      result[i] = best;
    }
  };
}

/** 1 at an extreme element, shared equally among ties: the subgradient of least norm. */
function shareAmongTies<V>(B: Builder<V>, x: V, result: V, { axes }: ReductionAttributes): V {
  const ties = B.apply(where, [B.apply(equal, [x, result]), B.constant(1), B.constant(0)]);
  return B.apply(div, [ties, B.apply(sum, [ties], { axes, keepDims: true })]);
}

export const max: ReductionRow = {
  name: 'max',
  family: 'reduction',
  lowering: 'max',
  arity: 1,
  formula: '\\max_i x_i',
  attributes: attributeKinds,
  infer: ([x], attributes) => reduced(x!, attributes, 'the maximum'),
  prepare: ([x], { axes }) => extremeKernel(x!, axes, Math.max),
  partial: shareAmongTies,
};

export const min: ReductionRow = {
  name: 'min',
  family: 'reduction',
  lowering: 'min',
  arity: 1,
  formula: '\\min_i x_i',
  attributes: attributeKinds,
  infer: ([x], attributes) => reduced(x!, attributes, 'the minimum'),
  prepare: ([x], { axes }) => extremeKernel(x!, axes, Math.min),
  partial: shareAmongTies,
};

export const logSumExp: ReductionRow = {
  name: 'logSumExp',
  family: 'reduction',
  lower: lowerLogSumExp,
  arity: 1,
  formula: '\\ln \\sum_i e^{x_i}',
  attributes: attributeKinds,
  infer: ([x], attributes) => reduced(x!, attributes, null),
  // The largest element is taken out of the sum, so that no exponential overflows.
  prepare([x], { axes }) {
    const { starts, steps } = reductionPositions(x!.shape, axes);
    return (result, [data]) => {
      for (let i = 0; i < starts.length; i++) {
        const start = starts[i]!;
        let largest = -Infinity;
        for (let k = 0; k < steps.length; k++)
          largest = Math.max(largest, data![start + steps[k]!]!);
        let total = 0;
        for (let k = 0; k < steps.length; k++)
          total += Math.exp(data![start + steps[k]!]! - largest);
        result[i] = Math.abs(largest) === Infinity ? largest : largest + Math.log(total);
      }
    };
  },
  // The softmax. Where every element is -Infinity the weights are 0 rather than NaN.
  partial(B, x, result) {
    const atResult = B.apply(equal, [x, result]);
    const difference = B.apply(where, [atResult, B.constant(0), B.apply(sub, [x, result])]);
    const empty = B.apply(equal, [result, B.constant(-Infinity)]);
    return B.apply(where, [empty, B.constant(0), B.apply(exp, [difference])]);
  },
};

/** An array of ones. */
const ones = <V>(B: Builder<V>, shape: readonly number[]): V =>
  B.apply(broadcast, [B.constant(1)], { shape });

/**
 * For each element of a row of `x`, [rows, n], the product of those before it (or after it): shifted by one place, and
 * folded by doubling. Nothing is divided, so zeros do no harm.
 */
function productsBeside<V>(B: Builder<V>, x: V, which: 'before' | 'after'): V {
  const [rows, n] = B.typeOf(x).shape as [number, number];
  const shifted = (y: V, k: number): V => {
    const starts = [0, which === 'before' ? 0 : k];
    const kept = B.apply(slice, [y], { starts, lengths: [rows, n - k], steps: [1, 1] });
    const filled = ones(B, [rows, k]);
    return B.apply(concat, which === 'before' ? [filled, kept] : [kept, filled], { axis: 1 });
  };
  let products = shifted(x, 1);
  for (let k = 1; k < n - 1; k *= 2) products = B.apply(mul, [products, shifted(products, k)]);
  return products;
}

export const prod: ReductionRow = {
  name: 'prod',
  family: 'reduction',
  lowering: 'prod',
  arity: 1,
  formula: '\\prod_i x_i',
  attributes: attributeKinds,
  infer: ([x], attributes) => reduced(x!, attributes, null),
  prepare([x], { axes }) {
    const { starts, steps } = reductionPositions(x!.shape, axes);
    return (result, [data]) => {
      for (let i = 0; i < starts.length; i++) {
        const start = starts[i]!;
        let product = 1;
        for (let k = 0; k < steps.length; k++) product *= data![start + steps[k]!]!;
        result[i] = product;
      }
    };
  },
  // The product of the others, not result / x, which fails at zeros.
  partial(B, x, _result, { axes }) {
    const { shape } = B.typeOf(x);
    const n = sizeOf(axes.map((axis) => shape[axis]!));
    if (n <= 1 || sizeOf(shape) === 0) return ones(B, shape);
    const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
    const permutation = [...kept, ...axes];
    const moved = permutation.map((axis) => shape[axis]!);
    const rows = sizeOf(shape) / n;
    const flat = B.apply(reshape, [B.apply(transpose, [x], { permutation })], { shape: [rows, n] });
    const beside = [productsBeside(B, flat, 'before'), productsBeside(B, flat, 'after')];
    const others = B.apply(reshape, [B.apply(mul, beside)], { shape: moved });
    const inverse = shape.map((_, axis) => permutation.indexOf(axis));
    return B.apply(transpose, [others], { permutation: inverse });
  },
};

export const norm: ReductionRow = {
  name: 'norm',
  family: 'reduction',
  lower: lowerNorm,
  arity: 1,
  formula: '\\sqrt{\\sum_i x_i^2}',
  attributes: attributeKinds,
  infer: ([x], attributes) => reduced(x!, attributes, null),
  // Divided by a power of two near the largest element, which is exact, so that no square over- or underflows.
  prepare([x], { axes }) {
    const { starts, steps } = reductionPositions(x!.shape, axes);
    return (result, [data]) => {
      for (let i = 0; i < starts.length; i++) {
        const start = starts[i]!;
        let largest = 0;
        for (let k = 0; k < steps.length; k++)
          largest = Math.max(largest, Math.abs(data![start + steps[k]!]!));
        const scale = 2 ** Math.min(Math.max(Math.floor(Math.log2(largest)), -1022), 1023);
        let total = 0;
        for (let k = 0; k < steps.length; k++) total += (data![start + steps[k]!]! / scale) ** 2;
        result[i] = scale * Math.sqrt(total);
      }
    };
  },
  // The unit vector along x; at the origin the subgradient of least norm, 0.
  partial(B, x, result) {
    const zero = B.constant(0);
    const atOrigin = B.apply(equal, [result, zero]);
    const length = B.apply(where, [atOrigin, B.constant(1), result]);
    return B.apply(where, [atOrigin, zero, B.apply(div, [x, length])]);
  },
};

/** A kernel for the position of the first element that no other is better than; the first NaN, if there is one. */
function positionKernel(x: Type, axis: number, better: (a: number, b: number) => boolean): Kernel {
  const { starts, steps } = reductionPositions(x.shape, [axis]);
  return (result, [data]) => {
    for (let i = 0; i < starts.length; i++) {
      let best = 0;
      for (let k = 1; k < steps.length; k++) {
        const challenger = data![starts[i]! + steps[k]!]!;
        const champion = data![starts[i]! + steps[best]!]!;
        if (better(challenger, champion) || (Number.isNaN(challenger) && !Number.isNaN(champion)))
          best = k;
      }
      result[i] = best;
    }
  };
}

export const argMax: DiscreteRow<AxisAttributes> = {
  name: 'argMax',
  family: 'discrete',
  lower: (compiler) => lowerRoutine(compiler, routines.argMax),
  arity: 1,
  formula: '\\operatorname{argmax}_i x_i',
  attributes: { axis: 'integer' },
  infer([x], { axis }) {
    const { shape } = reduced(x!, { axes: [axis], keepDims: false }, 'the position of the maximum');
    return { shape, kind: 'integer' };
  },
  prepare: ([x], { axis }) => positionKernel(x!, axis, (a, b) => a > b),
  batch: (B, operands, _batched, attributes) => batchAlongAxis(B, argMax, operands, attributes),
};

export const argMin: DiscreteRow<AxisAttributes> = {
  name: 'argMin',
  family: 'discrete',
  lower: (compiler) => lowerRoutine(compiler, routines.argMin),
  arity: 1,
  formula: '\\operatorname{argmin}_i x_i',
  attributes: { axis: 'integer' },
  infer([x], { axis }) {
    const { shape } = reduced(x!, { axes: [axis], keepDims: false }, 'the position of the minimum');
    return { shape, kind: 'integer' };
  },
  prepare: ([x], { axis }) => positionKernel(x!, axis, (a, b) => a < b),
  batch: (B, operands, _batched, attributes) => batchAlongAxis(B, argMin, operands, attributes),
};

/** The type of a reduction of conditions. */
function reducedCondition(x: Type, attributes: ReductionAttributes): Type {
  if (x.kind !== 'boolean') {
    throw new KindError(
      `the operand must be of kind boolean, got ${x.kind}; compare it with something first, for example notEqual(x, 0)`,
    );
  }
  return { shape: reduced(x, attributes, null).shape, kind: 'boolean' };
}

/** A kernel whose result is `found` where `found` occurs among the reduced elements, else the other truth value. */
function searchKernel(x: Type, axes: readonly number[], found: 0 | 1): Kernel {
  const { starts, steps } = reductionPositions(x.shape, axes);
  return (result, [data]) => {
    for (let i = 0; i < starts.length; i++) {
      const occurs = steps.some((step) => data![starts[i]! + step] === found);
      result[i] = occurs ? found : 1 - found;
    }
  };
}

export const any: DiscreteRow<ReductionAttributes> = {
  name: 'any',
  family: 'discrete',
  lowering: 'any',
  arity: 1,
  formula: '\\bigvee_i x_i',
  attributes: attributeKinds,
  infer: ([x], attributes) => reducedCondition(x!, attributes),
  prepare: ([x], { axes }) => searchKernel(x!, axes, 1),
  batch: (B, operands, _batched, attributes) => B.apply(any, operands, behindBatch(attributes)),
};

export const all: DiscreteRow<ReductionAttributes> = {
  name: 'all',
  family: 'discrete',
  lowering: 'all',
  arity: 1,
  formula: '\\bigwedge_i x_i',
  attributes: attributeKinds,
  infer: ([x], attributes) => reducedCondition(x!, attributes),
  prepare: ([x], { axes }) => searchKernel(x!, axes, 0),
  batch: (B, operands, _batched, attributes) => B.apply(all, operands, behindBatch(attributes)),
};
