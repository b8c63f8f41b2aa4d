/** Matchers for `expect` of vitest (and of others with the same interface): tensors that are close, gradients that are right. */
import {
  formatShape,
  type GraphNode,
  isGraphNode,
  sameShape,
  type Tensor,
  tensor,
  type TensorLike,
} from '@ad/graph';
import { checkGradients } from '../check/check-gradients.ts';
import type { CheckOptions } from '../check/options.ts';

/** How far apart elements may be: an element passes when any of the given bounds holds. */
export interface Closeness {
  /** Relative to the expected element; default 1e-12 where no other bound is given. */
  readonly relative?: number;
  /** In itself. */
  readonly absolute?: number;
  /** In units in the last place of the expected element, as double precision has them. */
  readonly ulps?: number;
}

/** What a matcher returns. */
export interface MatcherResult {
  /** Whether it matches. */
  readonly pass: boolean;
  /** What to say if that is not as expected. */
  readonly message: () => string;
}

/** The matchers as methods of what `expect` returns. */
export interface GradientMatchers<R = unknown> {
  /** A tensor of the same shape, every element of which is close; see {@link Closeness}. NaN is close to NaN only. */
  toBeCloseToTensor(expected: TensorLike, closeness?: Closeness): R;
  /** A function whose derivatives are right at these arguments, by `checkGradients`. */
  toHaveCorrectGradients(inputs: readonly unknown[], options?: CheckOptions): R;
}

/**
 * The matchers, to be given to `expect.extend`; the guide Testing shows how vitest learns their types.
 *
 * @example
 * ```ts
 * import { tensor } from '@ad/graph';
 * import { matchers } from '@ad/backprop/testing';
 *
 * matchers.toBeCloseToTensor(tensor([0.1 + 0.2]), [0.3], { ulps: 1 }).pass; // => true
 * matchers.toBeCloseToTensor(tensor([0.1 + 0.2]), [0.3], { ulps: 0 }).pass; // => false
 * matchers.toBeCloseToTensor(tensor([1, 2]), [1]).message(); // => 'expected shape [1], got [2]'
 * ```
 */
export const matchers: {
  /** Whether every element of a tensor is close. */
  toBeCloseToTensor(actual: unknown, expected: TensorLike, closeness?: Closeness): MatcherResult;
  /** Whether the derivatives of a function are right. */
  toHaveCorrectGradients(
    f: unknown,
    inputs: readonly unknown[],
    options?: CheckOptions,
  ): MatcherResult;
} = {
  toBeCloseToTensor(actual, expected, closeness = {}) {
    const difference = differenceOf(valueOf(actual), tensor(expected), closeness);
    return {
      pass: difference === undefined,
      message: () =>
        difference ?? 'expected the tensor to be no closer than allowed, but it is close',
    };
  },
  toHaveCorrectGradients(f, inputs, options) {
    const { ok, text } = checkGradients(f as (...args: unknown[]) => GraphNode, inputs, options);
    return {
      pass: ok,
      message: () => (ok ? 'expected the derivatives to be wrong, but they are right' : text),
    };
  },
};

function valueOf(actual: unknown): Tensor {
  return isGraphNode(actual) ? actual.tensor : tensor(actual as TensorLike);
}

/** The worst element that is too far from the expected one, in words. */
function differenceOf(actual: Tensor, expected: Tensor, closeness: Closeness): string | undefined {
  if (!sameShape(actual.shape, expected.shape))
    return `expected shape ${formatShape(expected.shape)}, got ${formatShape(actual.shape)}`;
  const isDefault = closeness.absolute === undefined && closeness.ulps === undefined;
  const { relative = isDefault ? 1e-12 : 0, absolute = 0, ulps = 0 } = closeness;
  let far = 0;
  let worst = '';
  let most = -1;
  actual.data.forEach((x, i) => {
    const wanted = expected.data[i]!;
    // Equal infinities and zeros of either sign are close, NaN is to itself.
    if (x === wanted || (Number.isNaN(x) && Number.isNaN(wanted))) return;
    const error = Math.abs(x - wanted);
    const allowed = Math.max(relative * Math.abs(wanted), absolute, ulps * ulpOf(wanted));
    if (error <= allowed && Number.isFinite(wanted)) return;
    far++;
    if (!(error <= most)) {
      most = error;
      worst = `element ${i} is ${x}, expected ${wanted}: apart by ${error} (${(error / ulpOf(wanted)).toPrecision(3)} ulp), allowed ${allowed}`;
    }
  });
  return far === 0 ? undefined : `${far} of ${actual.size} elements are not close; ${worst}`;
}

/** The distance from a number to the next larger one in magnitude. */
function ulpOf(x: number): number {
  const magnitude = Math.abs(x);
  if (!(magnitude >= 2 ** -1022)) return 2 ** -1074;
  // log2 can be off by rounding close to powers of two.
  let exponent = Math.floor(Math.log2(Math.min(magnitude, Number.MAX_VALUE)));
  if (2 ** exponent > magnitude) exponent--;
  else if (2 ** (exponent + 1) <= magnitude) exponent++;
  return 2 ** (exponent - 52);
}
