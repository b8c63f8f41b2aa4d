/** Rows: nonlinear reductions over axes, and the position of the largest element. */
import { reducedShape } from '../shape.ts';
import type { Type } from '../tensor.ts';
import { equal, where } from './comparison.ts';
import { div, sub } from './arithmetic.ts';
import { exp } from './exponential.ts';
import { type AxisAttributes, checkAxes, sum } from './layout.ts';
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

export const argMax: DiscreteRow<AxisAttributes> = {
  name: 'argMax',
  family: 'discrete',
  arity: 1,
  formula: '\\operatorname{argmax}_i x_i',
  attributes: { axis: 'integer' },
  infer([x], { axis }) {
    const { shape } = reduced(x!, { axes: [axis], keepDims: false }, 'the position of the maximum');
    return { shape, kind: 'integer' };
  },
  // The first of several largest elements; the first NaN, if there is one.
  prepare([x], { axis }) {
    const { starts, steps } = reductionPositions(x!.shape, [axis]);
    return (result, [data]) => {
      for (let i = 0; i < starts.length; i++) {
        let best = 0;
        for (let k = 1; k < steps.length; k++) {
          const challenger = data![starts[i]! + steps[k]!]!;
          const champion = data![starts[i]! + steps[best]!]!;
          if (challenger > champion || (Number.isNaN(challenger) && !Number.isNaN(champion)))
            best = k;
        }
        result[i] = best;
      }
    };
  },
};
