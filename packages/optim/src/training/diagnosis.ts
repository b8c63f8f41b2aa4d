/** Why a step was not finite: the first node at fault, found by computing the batch again with the interpreter. */
import { firstNonFinite } from '@ad/backprop';
import type { Feeds, GraphNode } from '@ad/graph';

/** The node at which numbers stopped being finite. */
export interface NonFiniteNode {
  /** The label of the node, if it has one. */
  readonly label?: string;
  /** The name of its operation. */
  readonly operation: string;
  /** One of its values that are not finite: `NaN`, `Infinity` or `-Infinity`. */
  readonly value: string;
  /** The node in words. */
  readonly description: string;
}

/** Where numbers stopped being finite, on the way to which node. */
export interface Diagnosis {
  /** The position of that node among those that were looked at. */
  readonly target: number;
  /** Where. */
  readonly node: NonFiniteNode;
}

/** Why one of `targets` is not finite, in plain data; `undefined` when all are finite. */
export function diagnose(targets: readonly GraphNode[], feeds: Feeds): Diagnosis | undefined {
  const found = firstNonFinite(targets, feeds);
  if (found === undefined) return undefined;
  const { node, target, value } = found;
  const { label, operation } = node;
  return {
    target,
    node: {
      ...(label === undefined ? {} : { label }),
      operation,
      value: String(value),
      description: node.toString(),
    },
  };
}
