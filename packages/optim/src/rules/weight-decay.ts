/** Weight decay: a pull of the parameters towards 0, of all or of some. */
import { type GraphNode, ValueError } from '@ad/graph';
import {
  checkFunction,
  checkNames,
  describeValue,
  NON_NEGATIVE,
  numberOption,
} from '../options.ts';

/**
 * How strongly parameters are pulled towards 0: a factor $\lambda \ge 0$ for all, or for those whose path a
 * function accepts, as in `{ factor: 0.01, of: (path) => path.endsWith('.weights') }`. A path is what one would write
 * after the name of the tree of parameters: `.layers[0].weights`.
 */
export type WeightDecay =
  | number
  | {
      /** The factor $\lambda \ge 0$. */
      readonly factor: number;
      /** Whether the parameter at a path decays. */
      readonly of: (path: string) => boolean;
    };

/**
 * The factor for each path.
 *
 * @throws `ValueError` when the option is wrong.
 */
export function weightDecayOption(
  caller: string,
  value: WeightDecay | undefined,
  fallback: number,
): (path: string) => number {
  if (typeof value !== 'object' || value === null) {
    const factor = numberOption(caller, 'weightDecay', value, fallback, NON_NEGATIVE);
    return () => factor;
  }
  checkNames(`${caller}: weightDecay`, value, ['factor', 'of']);
  checkFunction(caller, 'weightDecay.of', value.of, 'a function of the path of a parameter');
  const factor = numberOption(caller, 'weightDecay.factor', value.factor, Number.NaN, NON_NEGATIVE);
  return (path) => {
    const decays: unknown = value.of(path);
    if (typeof decays === 'boolean') return decays ? factor : 0;
    throw new ValueError(
      `${caller}: weightDecay.of(${JSON.stringify(path)}) returned ${describeValue(decays)}, expected true or false`,
    );
  };
}

/** The gradient with that of the penalty $\frac{\lambda}{2} |x|^2$. */
export function penalized(gradient: GraphNode, x: GraphNode, factor: number): GraphNode {
  return factor === 0 ? gradient : gradient.add(x.mul(factor));
}

/** Decoupled decay: $(1 - \alpha \lambda) x$. */
export function shrunk(x: GraphNode, rate: GraphNode, factor: number): GraphNode {
  return factor === 0 ? x : x.mul(rate.mul(factor).neg().add(1));
}

/**
 * What a step starts from, and the gradient that it follows: the decay is part of the gradient, or, decoupled, made to the
 * parameter.
 */
export function decayed(
  x: GraphNode,
  gradient: GraphNode,
  rate: GraphNode,
  factor: number,
  decoupled: boolean,
): { readonly start: GraphNode; readonly g: GraphNode } {
  return decoupled
    ? { start: shrunk(x, rate, factor), g: gradient }
    : { start: x, g: penalized(gradient, x, factor) };
}
