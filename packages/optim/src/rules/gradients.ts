/** Rules that change the gradients before another rule sees them. */
import {
  clamp,
  type GraphNode,
  isGraphNode,
  minimum,
  norm,
  reciprocal,
  stack,
  ValueError,
} from '@ad/graph';
import { mapTree, type Tree } from '@ad/backprop';
import { describeValue, POSITIVE } from '../options.ts';
import { matchLeaves } from '../trees.ts';
import {
  checkOptimizer,
  type Gradients,
  type Optimizer,
  type OptimizerStateNodes,
  type Update,
} from './optimizer.ts';

/** Gradients as they are passed on. Those that are `null` are not among them, and stay `null`. */
export type GradientChange = (gradients: readonly GraphNode[]) => readonly GraphNode[];

/**
 * A rule with other gradients.
 *
 * @param change - gets the gradients of all parameters that have one, and returns as many of the same shapes.
 * @throws `ValueError` when `rule` is not an optimizer.
 * @example
 * ```ts
 * import { sgd, withGradients } from '@ad/optim';
 *
 * const ascent = withGradients('ascent', sgd(), (gradients) => gradients.map((g) => g.neg()));
 * ascent.name; // => 'ascent'
 * ```
 */
export function withGradients(name: string, rule: Optimizer, change: GradientChange): Optimizer {
  checkOptimizer(name, rule);
  return {
    ...rule,
    name,
    update<P>(parameters: P, gradients: Gradients<P>, state: OptimizerStateNodes): Update<P> {
      const places = matchLeaves(parameters, gradients, `${name}: the gradients`);
      const changed = change(places.filter((gradient) => isGraphNode(gradient)));
      let [place, next] = [0, 0];
      const tree = mapTree(parameters as Tree<GraphNode>, () =>
        isGraphNode(places[place++]) ? changed[next++]! : places[place - 1],
      );
      return rule.update(parameters, tree as Gradients<P>, state);
    },
  };
}

/**
 * A rule with gradients whose common length is at most `limit`: with the length $n$ of all gradients together, each is
 * multiplied by $\min(1, c / (n + 10^{-6}))$.
 *
 * As PyTorch's `clip_grad_norm_`: what was longer ends slightly below the limit. A length that overflows or is NaN
 * spoils all gradients, and `fit` refuses the step.
 *
 * @param limit - the largest length $c$: a finite number above 0.
 * @throws `ValueError` when the limit is not in its range, or `rule` is not an optimizer.
 * Source: R. Pascanu, T. Mikolov, Y. Bengio, ICML 2013.
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { clipByNorm, sgd } from '@ad/optim';
 *
 * const w = new Graph().input('w', { value: [0, 0] });
 * const rule = clipByNorm(sgd({ learningRate: 1 }), 5);
 * const { parameters } = rule.update({ w }, { w: w.graph.constant([30, 40]) }, {});
 * evaluate(parameters.w).at(0); // ≈ -3.00000
 * ```
 */
export function clipByNorm(rule: Optimizer, limit: number): Optimizer {
  checkLimit('clipByNorm', limit);
  return withGradients('clipByNorm', rule, (gradients) => {
    if (gradients.length === 0) return gradients;
    const norms = gradients.map((gradient) => norm(gradient));
    const length = norm(stack(norms));
    const factor = minimum(reciprocal(length.add(1e-6)).mul(limit), 1);
    return gradients.map((gradient) => gradient.mul(factor));
  });
}

/**
 * A rule with gradients whose elements are at least `-limit` and at most `limit`. As PyTorch's `clip_grad_value_`.
 *
 * @param limit - a finite number above 0.
 * @throws `ValueError` when the limit is not in its range, or `rule` is not an optimizer.
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { clipByValue, sgd } from '@ad/optim';
 *
 * const w = new Graph().input('w', { value: [0, 0] });
 * const rule = clipByValue(sgd({ learningRate: 1 }), 5);
 * const { parameters } = rule.update({ w }, { w: w.graph.constant([30, -4]) }, {});
 * evaluate(parameters.w).toArray(); // => [-5, 4]
 * ```
 */
export function clipByValue(rule: Optimizer, limit: number): Optimizer {
  checkLimit('clipByValue', limit);
  return withGradients('clipByValue', rule, (gradients) =>
    gradients.map((gradient) => clamp(gradient, -limit, limit)),
  );
}

function checkLimit(caller: string, limit: unknown): void {
  if (typeof limit === 'number' && POSITIVE.holds(limit)) return;
  throw new ValueError(`${caller}: limit is ${describeValue(limit)}, expected ${POSITIVE.words}`);
}
