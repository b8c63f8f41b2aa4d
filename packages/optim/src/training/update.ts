/**
 * The second half of a training step: new parameters and new optimizer state from gradients.
 *
 * A step whose loss, gradient or new parameters are not finite is not taken: the program itself chooses between
 * the new values and the old ones, so the parameters are never spoilt.
 */
import { type GraphNode, leavesOf, less, mapTree, type Tree, where } from '@ad/graph';
import type { Gradients, Optimizer, OptimizerStateNodes } from '../rules/optimizer.ts';
import { matchLeaves } from '../trees.ts';

/** Inputs and their new values. */
type Updates = readonly (readonly [input: GraphNode, value: GraphNode])[];

/** What an update is made of. */
export interface Step {
  /** The parameters, a tree of inputs. */
  readonly parameters: unknown;
  /** The optimizer state, a tree of inputs. */
  readonly state: unknown;
  /** The gradient with respect to each parameter, `null` where there is none. */
  readonly gradients: readonly (GraphNode | null)[];
  /** State that the model replaces, and its next value. */
  readonly replaced: Updates;
  /** The loss of the batch. */
  readonly loss: GraphNode;
}

/** Any tree of nodes, written as a flat one: of a tree of unknown depth the type of the gradients has no end. */
type NodeRecord = Readonly<Record<string, GraphNode>>;

/** The updates of a step, made only where the magnitude, a sum over all that must be finite, is finite. */
export function guardedUpdates(
  optimizer: Optimizer,
  { parameters, state, gradients, replaced, loss }: Step,
): { readonly magnitude: GraphNode; readonly updates: Updates } {
  let next = 0;
  const gradientTree = mapTree(parameters as Tree<GraphNode>, () => gradients[next++]!);
  const update = optimizer.update(
    parameters as NodeRecord,
    gradientTree as Gradients<NodeRecord>,
    state as OptimizerStateNodes,
  );
  const pairs = [
    ...pairsOf(parameters, update.parameters, `${optimizer.name}: the new parameters`),
    ...pairsOf(state, update.state, `${optimizer.name}: the new state`),
    ...replaced,
  ];
  const values = new Map(pairs);
  // One sum over gradient and new parameter, so that it is made by the loop that computes the one of the other.
  const magnitude = leavesOf(parameters as Tree<GraphNode>).reduce((total, { leaf }, k) => {
    const gradient = gradients[k];
    if (gradient === null || gradient === undefined) return total;
    const value = values.get(leaf);
    const size = value === undefined ? gradient.abs() : gradient.abs().add(value.abs());
    return total.add(size.sum());
  }, loss.abs());
  const isFinite = less(magnitude, Infinity);
  return {
    magnitude,
    updates: pairs.map(([old, value]) => [old, where(isFinite, value, old)] as const),
  };
}

/** Inputs with their new values, without those that stay as they are. */
function pairsOf(olds: unknown, news: unknown, what: string): (readonly [GraphNode, GraphNode])[] {
  const leaves = leavesOf(olds as Tree<GraphNode>);
  const values = matchLeaves(olds, news, what);
  return leaves.flatMap(({ leaf }, k) => {
    const value = values[k] as GraphNode;
    return value.id === leaf.id ? [] : [[leaf, value] as const];
  });
}
