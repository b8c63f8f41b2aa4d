/** An average of the weights beside the weights. */
import { equal, type GraphNode, isGraphNode, Tensor, ValueError, where } from '@ad/graph';
import { type Leaf, leavesOf, likeLeaf, mapTree, tensorOfLeaf, type Tree } from '@ad/backprop';
import { BELOW_ONE, describeValue, numberOption } from '../options.ts';
import { matchLeaves } from '../trees.ts';
import { average } from './averages.ts';
import {
  checkOptimizer,
  type Gradients,
  listening,
  type Optimizer,
  type OptimizerState,
  type OptimizerStateNodes,
  type Update,
} from './optimizer.ts';

/**
 * A rule that remembers an exponential moving average of the parameters, which is often the better model:
 * $\bar x_1 = x_1$, $\bar x_t = \delta \bar x_{t-1} + (1 - \delta) x_t$ for the parameters $x_t$ after step $t$. Training is not changed; read the
 * average with {@link averagedWeights}. As PyTorch's `AveragedModel` with `get_ema_multi_avg_fn`.
 *
 * The state holds `updates`, `average` and `inner`, the state of `rule`.
 *
 * @param decay - the coefficient $\delta$ in [0, 1).
 * @throws `ValueError` when the decay is not in its range, or `rule` is not an optimizer.
 * Source: B. T. Polyak, A. B. Juditsky, 1992.
 * @example
 * ```ts
 * import { averaged, sgd } from '@ad/optim';
 *
 * Object.keys(averaged(sgd(), 0.999).init({ w: 1 })); // => ['updates', 'average', 'inner']
 * ```
 */
export function averaged(rule: Optimizer, decay: number): Optimizer {
  checkOptimizer('averaged', rule);
  if (decay === undefined) {
    throw new ValueError(`averaged: decay is missing, expected ${BELOW_ONE.words}`);
  }
  numberOption('averaged', 'decay', decay, 0, BELOW_ONE);
  const optimizer: Optimizer = {
    name: `averaged ${rule.name}`,
    init(parameters) {
      const inner = rule.init(parameters);
      const copy = mapTree(parameters as Tree<Leaf>, (leaf) => {
        const { shape, data } = tensorOfLeaf(leaf);
        return new Tensor(shape, 'real', Float64Array.from(data));
      }) as Tree<Tensor>;
      return { updates: new Tensor([], 'real', Float64Array.of(0)), average: copy, inner };
    },
    update<P>(parameters: P, gradients: Gradients<P>, state: OptimizerStateNodes): Update<P> {
      const { updates, average: averages, inner } = state;
      if (!isGraphNode(updates)) {
        throw new ValueError(
          `averaged: the state .updates is ${describeValue(updates)}, expected a node; begin with init(parameters)`,
        );
      }
      const update = rule.update(parameters, gradients, (inner ?? {}) as OptimizerStateNodes);
      const olds = leavesOf(parameters as Tree<GraphNode>);
      const news = leavesOf(update.parameters as Tree<GraphNode>);
      const before = matchLeaves(parameters, averages, 'averaged: the state .average');
      let next = 0;
      const now = mapTree(parameters as Tree<GraphNode>, () => {
        const k = next++;
        const [old, value, mean] = [olds[k]!.leaf, news[k]!.leaf, before[k] as GraphNode];
        // What is not learned is its own average; of state, such as running statistics, the value before the step.
        if (value.id === old.id) return old.kind === 'real' ? old : mean;
        return where(equal(updates, 0), value, average(mean, value, decay));
      }) as Tree<GraphNode>;
      return {
        parameters: update.parameters,
        state: { updates: updates.add(1), average: now, inner: update.state },
      };
    },
  };
  return listening(optimizer, rule);
}

/**
 * The average of the weights that a rule made by {@link averaged} remembers, in the form of the parameters.
 *
 * @param parameters - the parameters, which give the form.
 * @param state - the optimizer state, such as that of a result of `fit`.
 * @throws `ValueError` when the state has no average, or one of another form.
 * @example
 * ```ts
 * import { adam, averaged, averagedWeights, fit, meanSquaredError, mlp } from '@ad/optim';
 *
 * const samples = { inputs: [[0], [1]], targets: [[1], [3]] };
 * const { parameters, state } = await fit(mlp([1, 1]), samples, {
 *   loss: meanSquaredError,
 *   optimizer: averaged(adam(), 0.99),
 *   epochs: 5,
 * });
 * averagedWeights(parameters, state).layers.length; // => 1
 * ```
 */
export function averagedWeights<P>(parameters: P, state: OptimizerState): P {
  const values = matchLeaves(parameters, state['average'], 'averagedWeights: the averages');
  let next = 0;
  return mapTree(parameters as Tree<Leaf>, (leaf) => {
    const { shape, data } = values[next++] as Tensor;
    // Keys have no average.
    if (tensorOfLeaf(leaf).kind !== 'real') return leaf;
    return likeLeaf(leaf, new Tensor(shape, 'real', Float64Array.from(data)));
  }) as P;
}
