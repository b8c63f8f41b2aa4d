/**
 * Update rules: pure functions on graphs that make new parameters and new state of the old ones and the gradients.
 * They are part of the graph of a training step and are compiled with it; nothing is called while it runs.
 */
import { type GraphNode, type Tensor, ValueError } from '@ad/graph';
import type { Tree } from '@ad/backprop';
import { describeValue } from '../options.ts';

/** What an optimizer remembers from step to step: plain data, one branch per quantity. */
export type OptimizerState = { readonly [quantity: string]: Tree<Tensor> };

/** The same in a graph. */
export type OptimizerStateNodes = { readonly [quantity: string]: Tree<GraphNode> };

/** The gradients with respect to a tree of nodes, `null` for a node that the loss does not depend on. */
export type Gradients<P> = P extends GraphNode
  ? GraphNode | null
  : { readonly [K in keyof P]: Gradients<P[K]> };

/** New parameters and new state. */
export interface Update<P> {
  /** In the form of the old parameters. */
  readonly parameters: P;
  /** In the form of the old state. */
  readonly state: OptimizerStateNodes;
}

/**
 * A rule by which parameters follow gradients, such as {@link sgd} or {@link adam}.
 *
 * Rules that remember a direction remember 0 where its square underflows to 0 (below $10^{-22}$ in single precision), so
 * that gradients that have become 0 leave no subnormal numbers behind, with which processors are slow.
 *
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { gradient } from '@ad/backprop';
 * import { sgd } from '@ad/optim';
 *
 * const rule = sgd({ learningRate: 0.1 });
 * const x = new Graph().input('x');
 * const { parameters } = rule.update({ x }, { x: gradient(x.square(), x) }, {});
 * evaluate(parameters.x, { x: 1 }).item(); // => 0.8
 * ```
 */
export interface Optimizer {
  /** How it is called. */
  readonly name: string;
  /**
   * The state before the first step.
   *
   * @param parameters - a tree of real tensors.
   */
  init(parameters: unknown): OptimizerState;
  /**
   * Appends one step to the graph.
   *
   * @param parameters - a tree of nodes.
   * @param gradients - the same tree with the gradients; `null` in the place of a parameter that the loss does not
   * depend on: it and its state stay as they are.
   * @param state - nodes in the form that {@link init} gives.
   */
  update<P>(parameters: P, gradients: Gradients<P>, state: OptimizerStateNodes): Update<P>;
  /**
   * The state after the model was judged, for rules that listen, such as those with a rate {@link onPlateau}: pure,
   * between steps. Absent where nothing listens.
   *
   * @param loss - what the judgement was; small is good.
   */
  observe?(state: OptimizerState, loss: number): OptimizerState;
}

/**
 * Checks that something is an optimizer.
 *
 * @throws `ValueError` when it is not.
 */
export function checkOptimizer(caller: string, rule: unknown): void {
  const methods = rule as Partial<Optimizer> | null | undefined;
  if (typeof methods?.init === 'function' && typeof methods.update === 'function') return;
  throw new ValueError(
    `${caller}: optimizer is ${describeValue(rule)}, expected one such as adam({ learningRate: 0.01 })`,
  );
}

/** A rule around another one, whose state it has as `inner`, listens if that one does. */
export function listening(outer: Optimizer, rule: Optimizer): Optimizer {
  if (rule.observe === undefined) return outer;
  return {
    ...outer,
    observe: (state, loss) => ({
      ...state,
      inner: rule.observe!(state['inner'] as OptimizerState, loss),
    }),
  };
}
