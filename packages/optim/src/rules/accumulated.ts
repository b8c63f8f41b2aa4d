/** Steps on more samples than fit into one batch. */
import { equal, type GraphNode, isGraphNode, Tensor, ValueError, where } from '@ad/graph';
import { type Leaf, mapTree, tensorOfLeaf, type Tree } from '@ad/backprop';
import { describeValue, numberOption, POSITIVE_INTEGER } from '../options.ts';
import { matchLeaves } from '../trees.ts';
import {
  checkOptimizer,
  type Gradients,
  listening,
  type Optimizer,
  type OptimizerStateNodes,
  type Update,
} from './optimizer.ts';

/**
 * A rule that collects the gradients of `count` batches and takes one step with their mean: the step that `rule`
 * would take on all these samples together, if the batches have the same size. Between, nothing moves, and `rule`
 * counts one step where `fit` counts `count`.
 *
 * The update is computed at every batch and kept at the last one, in one program without branches.
 *
 * The state holds `batches`, `sum` and `inner`, the state of `rule`.
 *
 * @param count - an integer of 1 or more.
 * @throws `ValueError` when the count is not in its range, or `rule` is not an optimizer.
 * @example
 * ```ts
 * import { accumulated, adam } from '@ad/optim';
 *
 * Object.keys(accumulated(adam(), 4).init({ w: 1 })); // => ['batches', 'sum', 'inner']
 * ```
 */
export function accumulated(rule: Optimizer, count: number): Optimizer {
  checkOptimizer('accumulated', rule);
  if (count === undefined) {
    throw new ValueError(`accumulated: count is missing, expected ${POSITIVE_INTEGER.words}`);
  }
  numberOption('accumulated', 'count', count, 1, POSITIVE_INTEGER);
  const optimizer: Optimizer = {
    name: `accumulated ${rule.name}`,
    init(parameters) {
      const inner = rule.init(parameters);
      const sum = mapTree(parameters as Tree<Leaf>, (leaf) => {
        const { shape, size } = tensorOfLeaf(leaf);
        return new Tensor(shape, 'real', new Float64Array(size));
      }) as Tree<Tensor>;
      return { batches: new Tensor([], 'real', Float64Array.of(0)), sum, inner };
    },
    update<P>(parameters: P, gradients: Gradients<P>, state: OptimizerStateNodes): Update<P> {
      const { batches, sum } = state;
      const inner = (state['inner'] ?? {}) as OptimizerStateNodes;
      if (!isGraphNode(batches)) {
        throw new ValueError(
          `accumulated: the state .batches is ${describeValue(batches)}, expected a node; begin with init(parameters)`,
        );
      }
      const tree = parameters as Tree<GraphNode>;
      const matched = matchLeaves(tree, gradients, 'accumulated: the gradients');
      const before = matchLeaves(tree, sum, 'accumulated: the state .sum') as GraphNode[];
      const isLast = equal(batches.add(1), count);
      const totals = before.map((total, k) => {
        const gradient = matched[k];
        return isGraphNode(gradient) ? total.add(gradient) : null;
      });
      const inForm = (values: readonly unknown[]): unknown => {
        let next = 0;
        return mapTree(tree, () => values[next++]);
      };
      const means = totals.map((total) => total && total.div(count));
      const update = rule.update(parameters, inForm(means) as Gradients<P>, inner);
      // What the rule leaves alone stays the same node, so that it is not written either.
      const keep = <T>(olds: T, news: unknown, what: string): T => {
        const values = matchLeaves(olds, news, what) as GraphNode[];
        let next = 0;
        return mapTree(olds as Tree<GraphNode>, (old) => {
          const value = values[next++]!;
          return value.id === old.id ? old : where(isLast, value, old);
        }) as T;
      };
      return {
        parameters: keep(parameters, update.parameters, `${rule.name}: the new parameters`),
        state: {
          batches: where(isLast, 0, batches.add(1)),
          sum: inForm(
            totals.map((total, k) => (total === null ? before[k] : where(isLast, 0, total))),
          ) as Tree<GraphNode>,
          inner: keep(inner, update.state, `${rule.name}: the new state`),
        },
      };
    },
  };
  return listening(optimizer, rule);
}
