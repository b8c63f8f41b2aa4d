/** Different rules, or rates, for different parameters. */
import { type GraphNode, ValueError } from '@ad/graph';
import { isLeaf, type Leaf, leavesOf, mapTree, type Tree } from '@ad/backprop';
import { checkFunction, checkNames, describeValue } from '../options.ts';
import { matchLeaves } from '../trees.ts';
import {
  checkOptimizer,
  type Gradients,
  type Optimizer,
  type OptimizerState,
  type OptimizerStateNodes,
  type Update,
} from './optimizer.ts';

/** Parameters that have a rule of their own. */
export interface ParameterGroup {
  /**
   * Whether a parameter belongs to the group, by its path: what one would write after the name of the tree of
   * parameters, as in `.layers[0].weights`. Default: every one.
   */
  readonly of?: (path: string) => boolean;
  /** Their rule; `null` where they stay as they are. */
  readonly rule: Optimizer | null;
}

/** Any tree of nodes, written as a flat one: of a tree of unknown depth the type of the gradients has no end. */
type NodeRecord = Readonly<Record<string, GraphNode>>;

/**
 * The rule that treats each parameter by the rule of its group: that of the first group that it belongs to.
 *
 * The state has one branch for each group that is not frozen, `group0`, `group1`, ..., with the state of its rule; in
 * it, lists are objects with numbers as keys. A length by which gradients are clipped is that of one group.
 *
 * @throws `ValueError` when there is no group or one is malformed; when it begins, if a parameter belongs to no group
 * or a group has no parameter.
 * @example
 * ```ts
 * import { adamW, groups, mlp } from '@ad/optim';
 *
 * const rule = groups([
 *   { of: (path) => path.endsWith('.bias'), rule: adamW({ weightDecay: 0 }) },
 *   { of: (path) => path.startsWith('.layers[0]'), rule: null },
 *   { rule: adamW({ learningRate: 0.01 }) },
 * ]);
 * Object.keys(rule.init(mlp([2, 3, 1]).init(0))); // => ['group0', 'group2']
 * ```
 */
export function groups(list: readonly ParameterGroup[]): Optimizer {
  const given: unknown = list;
  if (!Array.isArray(given) || given.length === 0) {
    throw new ValueError(
      `groups: got ${describeValue(given)}, expected a list of groups such as { of: (path) => true, rule: sgd() }`,
    );
  }
  list.forEach(({ of, rule }, k) => {
    checkNames(`groups: group ${k}`, list[k], ['of', 'rule']);
    if (of !== undefined)
      checkFunction(`groups: group ${k}`, 'of', of, 'a function of the path of a parameter');
    if (rule !== null) checkOptimizer(`groups: group ${k}`, rule);
  });

  const membersOf = (parameters: unknown): Set<string>[] => {
    const members = list.map(() => new Set<string>());
    for (const { path } of leavesOf(parameters as Tree<Leaf>)) {
      const group = list.findIndex(({ of }) => of === undefined || of(path));
      if (group < 0) {
        throw new ValueError(
          `groups: the parameter ${path} belongs to no group; add a last group without "of"`,
        );
      }
      members[group]!.add(path);
    }
    const empty = members.findIndex(({ size }) => size === 0);
    if (empty >= 0) {
      throw new ValueError(
        `groups: group ${empty} has no parameter; the paths are ` +
          leavesOf(parameters as Tree<Leaf>)
            .map(({ path }) => path)
            .join(', '),
      );
    }
    return members;
  };
  const ruled = list.flatMap(({ rule }, k) =>
    rule === null ? [] : [{ k, rule, quantity: `group${k}` }],
  );

  const optimizer: Optimizer = {
    name: 'groups',
    init(parameters) {
      const members = membersOf(parameters);
      return Object.fromEntries(
        ruled.map(({ k, rule, quantity }) => [quantity, rule.init(prune(parameters, members[k]!))]),
      );
    },
    update<P>(parameters: P, gradients: Gradients<P>, state: OptimizerStateNodes): Update<P> {
      const tree = parameters as Tree<GraphNode>;
      const members = membersOf(tree);
      const leaves = leavesOf(tree);
      const matched = matchLeaves(tree, gradients, 'groups: the gradients');
      const gradientOf = new Map(leaves.map(({ path }, i) => [path, matched[i]]));
      const newValues = new Map<string, GraphNode>();
      const newState: Record<string, Tree<GraphNode>> = {};
      for (const { k, rule, quantity } of ruled) {
        const part = prune(tree, members[k]!);
        const update = rule.update(
          part as NodeRecord,
          mapTree(part as Tree<GraphNode>, (_, path) =>
            gradientOf.get(path),
          ) as Gradients<NodeRecord>,
          (state[quantity] ?? {}) as OptimizerStateNodes,
        );
        for (const { path, leaf } of leavesOf<GraphNode>(update.parameters)) {
          newValues.set(path, leaf);
        }
        newState[quantity] = update.state;
      }
      return {
        parameters: mapTree(tree, (leaf, path) => newValues.get(path) ?? leaf) as P,
        state: newState,
      };
    },
  };
  if (ruled.every(({ rule }) => rule.observe === undefined)) return optimizer;
  return {
    ...optimizer,
    observe: (state, loss) =>
      Object.fromEntries(
        ruled.map(({ rule, quantity }) => {
          const part = state[quantity] as OptimizerState;
          return [quantity, rule.observe === undefined ? part : rule.observe(part, loss)];
        }),
      ),
  };
}

/** In the place of a leaf that is left out. */
const GONE = Symbol('gone');

/** The part of a tree that has these leaves. Lists become objects, because what is left of one has gaps. */
function prune(tree: unknown, paths: ReadonlySet<string>): unknown {
  const visit = (value: unknown): unknown => {
    if (isLeaf(value) || value === GONE) return value;
    const entries = Object.entries(value as object)
      .map(([key, child]) => [key, visit(child)] as const)
      .filter(([, child]) => child !== GONE);
    return entries.length === 0 ? GONE : Object.fromEntries(entries);
  };
  return visit(mapTree(tree as Tree<Leaf>, (leaf, path) => (paths.has(path) ? leaf : GONE)));
}
