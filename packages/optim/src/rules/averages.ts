/** Moving averages, as most rules use them. */
import { type GraphNode, greater, ValueError } from '@ad/graph';
import { BELOW_ONE, describeValue, numberOption } from '../options.ts';

/** $\beta a + (1 - \beta) x$ */
export function average(old: GraphNode, x: GraphNode, beta: number): GraphNode {
  return old.mul(beta).add(x.mul(1 - beta));
}

/**
 * A direction as it is remembered: 0 where its square underflows to 0, which is below $10^{-22}$ in single precision
 * and below $10^{-161}$ in double. Else that of a parameter whose gradient has become 0, as in a dead unit, would never
 * be 0: single precision rounds 0.9 times its smallest numbers to themselves, and processors are slow with them (a step
 * of Adam took three times as long when a fifth of the directions had come to this).
 */
export function remembered(direction: GraphNode): GraphNode {
  return direction.mul(greater(direction.square(), 0));
}

/** $1 - \beta^t$: what an average that began at 0 is short of. */
export function bias(beta: number, t: GraphNode): GraphNode {
  return t.graph.constant(beta).pow(t).neg().add(1);
}

/**
 * The coefficients of two moving averages.
 *
 * @throws `ValueError` when they are not two numbers in [0, 1).
 */
export function betasOption(
  caller: string,
  betas: readonly [number, number] | undefined,
  fallback: readonly [number, number],
): readonly [number, number] {
  if (betas === undefined) return fallback;
  if (!Array.isArray(betas) || betas.length !== 2) {
    throw new ValueError(
      `${caller}: betas is ${describeValue(betas)}, expected two numbers, such as [${fallback.join(', ')}]`,
    );
  }
  betas.forEach((beta, k) => numberOption(caller, `betas[${k}]`, beta, 0, BELOW_ONE));
  return [betas[0], betas[1]];
}
