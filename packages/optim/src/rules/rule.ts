/**
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
  type Shape,
  sizeOf,
} from '@ad/graph';
import { type Leaf, leavesOf, mapTree, tensorOfLeaf, type Tree } from '@ad/backprop';
import { describeValue } from '../options.ts';
import { isPlateau, judge, type PlateauState, startOfPlateau } from '../schedules/plateau.ts';
import { matchLeaves } from '../trees.ts';
import { isCounting, type LearningRate, learningRateNode } from './learning-rate.ts';
import type { Optimizer, OptimizerStateNodes, Update } from './optimizer.ts';

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
  /** What is remembered of each parameter: arrays of its shape. */
  readonly slots: readonly Slot[];
  /** What the elements of a slot are at first, where that is not 0. */
  readonly starts?: Readonly<Partial<Record<Slot, number>>>;
  /** What is remembered once for all parameters: numbers that depend on the step only. */
  readonly shared?: Readonly<Record<string, SharedQuantity>>;
  /** Whether the steps are counted, whatever the learning rate needs. */
  readonly counts: boolean;
  /** The learning rate; without one, {@link StepContext.rate} is 1. */
  readonly learningRate?: LearningRate;
  /** Builds what all parameters have in common, and returns what is done with each. */
  readonly begin: (
    context: StepContext,
  ) => (
    parameter: GraphNode,
    gradient: GraphNode,
    slots: Readonly<Record<Slot, GraphNode>>,
    path: string,
  ) => LeafUpdate<Slot>;
}

/** A number that is remembered from step to step. */
export interface SharedQuantity {
  /** What it is before the first step. */
  readonly start: number;
  /** What becomes of it in a step, given the number of steps made before. */
  readonly next: (value: GraphNode, step: GraphNode) => GraphNode;
}

/** What all parameters have in common in a step. */
export interface StepContext {
  /** The graph that is built on. */
  readonly graph: Graph;
  /** The number of steps made before; the constant 0 for a rule that does not count. */
  readonly step: GraphNode;
  /** The learning rate of this step. */
  readonly rate: GraphNode;
  /** The shared quantities as they are after this step. */
  readonly shared: Readonly<Record<string, GraphNode>>;
}

/**
 * The optimizer for trees of parameters that treats each by the given rule: the way to a rule of one's own.
 *
 * @example
 * ```ts
 * import { sign } from '@ad/graph';
 * import { optimizerOf } from '@ad/optim';
 *
 * // Every parameter moves by the same length, in the direction of the sign of its gradient.
 * const signs = optimizerOf({
 *   name: 'signs',
 *   slots: [],
 *   counts: false,
 *   begin: () => (parameter, gradient, slots) => ({
 *     parameter: parameter.sub(sign(gradient).mul(0.01)),
 *     slots,
 *   }),
 * });
 * signs.init({ w: 1 }); // => {}
 * ```
 */
export function optimizerOf<Slot extends string>(rule: Rule<Slot>): Optimizer {
  const { name, slots, starts = {}, shared = {}, learningRate = 1 } = rule;
  const counts = rule.counts || isCounting(learningRate) || Object.keys(shared).length > 0;
  const start = starts as Readonly<Partial<Record<string, number>>>;
  const optimizer: Optimizer = {
    name,
    init(parameters) {
      checkParameters(name, parameters);
      const state: Record<string, Tree<Tensor>> = {};
      if (counts) state['step'] = filled([], 0);
      for (const [quantity, { start }] of Object.entries(shared)) {
        state[quantity] = filled([], start);
      }
      if (isPlateau(learningRate)) state['plateau'] = startOfPlateau(learningRate);
      for (const slot of slots) {
        state[slot] = mapTree(parameters as Tree<Leaf>, (leaf) =>
          filled(tensorOfLeaf(leaf).shape, start[slot] ?? 0),
        ) as Tree<Tensor>;
      }
      return state;
    },
    update<P>(parameters: P, gradients: unknown, state: OptimizerStateNodes): Update<P> {
      const tree = parameters as Tree<GraphNode>;
      const leaves = leavesOf(tree);
      const graph = graphOf(name, leaves);
      const matched = matchLeaves(tree, gradients, `${name}: the gradients`);
      const remembered = slots.map((slot) =>
        matchLeaves(tree, state[slot], `${name}: the state .${slot}`),
      );
      const step = counts ? scalarOf(name, state, 'step') : graph.constant(0);
      const newState: Record<string, Tree<GraphNode>> = counts ? { step: step.add(1) } : {};
      const sharedNow: Record<string, GraphNode> = {};
      for (const [quantity, { next }] of Object.entries(shared)) {
        sharedNow[quantity] = next(scalarOf(name, state, quantity), step);
      }
      Object.assign(newState, sharedNow);
      if (isPlateau(learningRate)) newState['plateau'] = plateauOf(name, state);
      const rate = isPlateau(learningRate)
        ? scalarOf(`${name}: the state .plateau`, plateauOf(name, state), 'rate')
        : learningRateNode(learningRate, graph, step);
      const updateLeaf = rule.begin({ graph, step, rate, shared: sharedNow });
      const updates = leaves.map(({ path, leaf }, k): LeafUpdate<Slot> => {
        const old = Object.fromEntries(
          slots.map((slot, s) => [slot, remembered[s]![k] as GraphNode]),
        ) as Record<Slot, GraphNode>;
        const gradient = matched[k];
        if (gradient === null) return { parameter: leaf, slots: old };
        checkGradient(name, path, leaf, gradient);
        return updateLeaf(leaf, gradient, old, path);
      });
      const rebuild = (pick: (update: LeafUpdate<Slot>) => GraphNode): Tree<GraphNode> => {
        let next = 0;
        return mapTree(tree, () => pick(updates[next++]!)) as Tree<GraphNode>;
      };
      for (const slot of slots) newState[slot] = rebuild((update) => update.slots[slot]);
      return { parameters: rebuild((update) => update.parameter) as P, state: newState };
    },
  };
  if (!isPlateau(learningRate)) return optimizer;
  return {
    ...optimizer,
    observe: (state, loss) => ({
      ...state,
      plateau: judge(learningRate, state['plateau'] as PlateauState, loss),
    }),
  };
}

const filled = (shape: Shape, value: number): Tensor =>
  new Tensor(shape, 'real', new Float64Array(sizeOf(shape)).fill(value));

/** A scalar of the state, as a node. */
function scalarOf(caller: string, state: OptimizerStateNodes, quantity: string): GraphNode {
  const node: unknown = state[quantity];
  if (isGraphNode(node)) return node;
  throw new ValueError(
    `${caller}: the state .${quantity} is ${describeValue(node)}, expected a node; begin with init(parameters)`,
  );
}

/** What a plateau remembers, as nodes. */
function plateauOf(caller: string, state: OptimizerStateNodes): OptimizerStateNodes {
  const plateau: unknown = state['plateau'];
  if (typeof plateau === 'object' && plateau !== null && !isGraphNode(plateau)) {
    return plateau as OptimizerStateNodes;
  }
  throw new ValueError(
    `${caller}: the state .plateau is ${describeValue(plateau)}, expected an object; begin with init(parameters)`,
  );
}

function checkParameters(caller: string, parameters: unknown): void {
  const leaves = leavesOf(parameters as Tree<Leaf>);
  if (leaves.length === 0) throw noParameters(caller);
  for (const { path, leaf } of leaves) {
    const { kind } = tensorOfLeaf(leaf);
    // Integers are state of a model, without a gradient: no rule changes them.
    if (kind === 'boolean') {
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
