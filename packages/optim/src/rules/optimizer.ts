/**
 * Update rules: pure functions on graphs that make new parameters and new state of the old ones and the gradients.
 * They are part of the graph of a training step and are compiled with it; nothing is called while it runs.
 *
 * A rule says what happens to one parameter. What it means for a tree of them is said once, here: the state is a
 * tree with one branch per quantity that the rule remembers, each in the form of the parameters.
 */
import {
  type Graph,
  type GraphNode,
  isGraphNode,
  KindError,
  ShapeError,
  Tensor,
  ValueError,
  formatShape,
  sameShape,
  sizeOf,
} from '@ad/graph';
import { type Leaf, leavesOf, mapTree, tensorOfLeaf, type Tree } from '@ad/backprop';
import { describeValue, NON_NEGATIVE, numberOption } from '../options.ts';
import { matchLeaves } from '../trees.ts';

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
}

/**
 * A learning rate: a number, or a function of the number of steps made before (0 at the first step), as a node.
 */
export type LearningRate = number | ((step: GraphNode) => GraphNode);

/** What becomes of one parameter. */
export interface LeafUpdate<Slot extends string> {
  /** Its new value. */
  readonly parameter: GraphNode;
  /** The new values of what is remembered of it. */
  readonly slots: Readonly<Record<Slot, GraphNode>>;
}

/** A rule for one parameter, from which {@link optimizerOf} makes one for trees. */
export interface Rule<Slot extends string> {
  /** How it is called. */
  readonly name: string;
  /** What is remembered of each parameter: arrays of its shape, 0 at first. */
  readonly slots: readonly Slot[];
  /** Whether the steps are counted. */
  readonly counts: boolean;
  /**
   * Builds what all parameters share, and returns what is done with each.
   *
   * @param step - the number of steps made before; the constant 0 for a rule that does not count.
   */
  readonly begin: (
    graph: Graph,
    step: GraphNode,
  ) => (
    parameter: GraphNode,
    gradient: GraphNode,
    slots: Readonly<Record<Slot, GraphNode>>,
  ) => LeafUpdate<Slot>;
}

/**
 * The optimizer for trees of parameters that treats each by the given rule: the way to a rule of one's own.
 *
 * @example
 * ```ts
 * import { optimizerOf } from '@ad/optim';
 *
 * // Every parameter moves by the same length, in the direction of the sign of its gradient.
 * const signs = optimizerOf({
 *   name: 'signs',
 *   slots: [],
 *   counts: false,
 *   begin: () => (parameter, gradient, slots) => ({
 *     parameter: parameter.sub(gradient.sign().mul(0.01)),
 *     slots,
 *   }),
 * });
 * signs.init({ w: 1 }); // => {}
 * ```
 */
export function optimizerOf<Slot extends string>(rule: Rule<Slot>): Optimizer {
  return {
    name: rule.name,
    init(parameters) {
      checkParameters(rule.name, parameters);
      const state: Record<string, Tree<Tensor>> = {};
      if (rule.counts) state['step'] = new Tensor([], 'real', Float64Array.of(0));
      for (const slot of rule.slots) {
        state[slot] = mapTree(parameters as Tree<Leaf>, (leaf) => {
          const { shape } = tensorOfLeaf(leaf);
          return new Tensor(shape, 'real', new Float64Array(sizeOf(shape)));
        }) as Tree<Tensor>;
      }
      return state;
    },
    update<P>(parameters: P, gradients: unknown, state: OptimizerStateNodes): Update<P> {
      const tree = parameters as Tree<GraphNode>;
      const leaves = leavesOf(tree);
      const graph = graphOf(rule.name, leaves);
      const matched = matchLeaves(tree, gradients, `${rule.name}: the gradients`);
      const slots = rule.slots.map((slot) =>
        matchLeaves(tree, state[slot], `${rule.name}: the state .${slot}`),
      );
      const step = rule.counts ? (state['step'] as GraphNode) : graph.constant(0);
      if (!isGraphNode(step)) {
        throw new ValueError(
          `${rule.name}: the state .step is ${describeValue(step)}, expected a node; begin with init(parameters)`,
        );
      }
      const updateLeaf = rule.begin(graph, step);
      const updates = leaves.map(({ path, leaf }, k): LeafUpdate<Slot> => {
        const old = Object.fromEntries(
          rule.slots.map((slot, s) => [slot, slots[s]![k] as GraphNode]),
        ) as Record<Slot, GraphNode>;
        const gradient = matched[k];
        if (gradient === null) return { parameter: leaf, slots: old };
        checkGradient(rule.name, path, leaf, gradient);
        return updateLeaf(leaf, gradient, old);
      });
      const rebuild = (pick: (update: LeafUpdate<Slot>) => GraphNode): Tree<GraphNode> => {
        let next = 0;
        return mapTree(tree, () => pick(updates[next++]!)) as Tree<GraphNode>;
      };
      const newState: Record<string, Tree<GraphNode>> = {};
      if (rule.counts) newState['step'] = step.add(1);
      for (const slot of rule.slots) newState[slot] = rebuild((update) => update.slots[slot]);
      return { parameters: rebuild((update) => update.parameter) as P, state: newState };
    },
  };
}

/**
 * Checks an option that is a learning rate.
 *
 * @throws `ValueError` when it is neither a function nor a finite number of 0 or more.
 */
export function learningRateOption(
  caller: string,
  value: LearningRate | undefined,
  fallback: number,
): LearningRate {
  if (typeof value === 'function') return value;
  return numberOption(caller, 'learningRate', value, fallback, {
    ...NON_NEGATIVE,
    words: `${NON_NEGATIVE.words}, or a function of the step`,
  });
}

/** A learning rate as a node of the graph. */
export function learningRateNode(rate: LearningRate, graph: Graph, step: GraphNode): GraphNode {
  if (typeof rate === 'number') return graph.constant(rate);
  const node: unknown = rate(step);
  if (isGraphNode(node) && node.shape.length === 0) return node;
  throw new ValueError(
    `learningRate: the function of the step returned ${isGraphNode(node) ? node.toString() : describeValue(node)}, expected a scalar node`,
  );
}

function checkParameters(caller: string, parameters: unknown): void {
  const leaves = leavesOf(parameters as Tree<Leaf>);
  if (leaves.length === 0) throw noParameters(caller);
  for (const { path, leaf } of leaves) {
    const { kind } = tensorOfLeaf(leaf);
    if (kind !== 'real') {
      throw new KindError(
        `${caller}: the parameter ${path} is of kind ${kind}, expected real numbers`,
      );
    }
  }
}

function checkGradient(
  caller: string,
  path: string,
  parameter: GraphNode,
  gradient: unknown,
): asserts gradient is GraphNode {
  if (!isGraphNode(gradient)) {
    throw new ValueError(
      `${caller}: the gradient of the parameter ${path} is ${describeValue(gradient)}, expected a node or null`,
    );
  }
  if (sameShape(parameter.shape, gradient.shape)) return;
  throw new ShapeError(
    `${caller}: the gradient of the parameter ${path} has shape ${formatShape(gradient.shape)}, ` +
      `the parameter ${formatShape(parameter.shape)}`,
  );
}

function graphOf(caller: string, leaves: readonly { readonly leaf: GraphNode }[]): Graph {
  const first = leaves[0];
  if (first === undefined) throw noParameters(caller);
  if (!isGraphNode(first.leaf)) {
    throw new ValueError(
      `${caller}: update takes trees of graph nodes, got ${describeValue(first.leaf)}`,
    );
  }
  return first.leaf.graph;
}

function noParameters(caller: string): ValueError {
  return new ValueError(`${caller}: there are no parameters; give a tree with at least one`);
}
