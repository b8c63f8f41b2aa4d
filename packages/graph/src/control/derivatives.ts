/**
 * What the derivatives of loops and branches are given: the node, how their bodies are differentiated (by the same loop as
 * the graph around, which hands itself down where it is not here), and the rows that the derivatives are made of.
 */
import type { Arena } from '../arena.ts';
import type { GraphNode } from '../node.ts';
import type { CondAttributes, ScanAttributes, WhileLoopAttributes } from '../rows/control.ts';
import type { Attributes, ControlRow } from '../rows/row.ts';
import type { Segment } from '../rows/segments.ts';
import type { Parts } from './parts.ts';

/** Nodes and how they move. */
export interface ValuesAndTangents {
  /**
   * Nodes with the values of the outputs: the outputs themselves, or others where a loop or branch that carries tangents
   * along has computed the values too, so that nobody needs the one without.
   */
  readonly values: readonly GraphNode[];
  /** The tangents of the outputs; `undefined` where nothing moves one. */
  readonly tangents: readonly (GraphNode | undefined)[];
}

/** Differentiates a body: the values and tangents of outputs from the tangents of the nodes that move, of the same graph. */
export type BodyTangentsOf = (
  outputs: readonly GraphNode[],
  targets: readonly GraphNode[],
  directions: readonly GraphNode[],
) => ValuesAndTangents;

/** The parts of a loop or branch in forward mode. */
export interface PushedParts {
  /** Whether somebody reads a part: then its value is wanted here, and its tangent if it moves. */
  readonly isRead: (part: Segment) => boolean;
  /** Values, by the loop that computes the tangents: nothing yet. */
  readonly values: Parts;
  /** Tangents: nothing yet. */
  readonly tangents: Parts;
}

/** A loop or branch: its operation, and nodes that stand for its operands and its packed result. */
export interface ControlNode {
  /** The operation. */
  readonly row: ControlRow;
  /** Its attributes. */
  readonly attributes: Attributes;
  /** What it is computed from. */
  readonly operands: readonly GraphNode[];
  /** The packed result. */
  readonly result: GraphNode;
}

/**
 * The loops and branches that derivatives are made of. They are handed down because the row of a loop states its
 * derivative, which is a loop.
 */
export interface ControlRows {
  /** A loop of a known number of steps. */
  readonly scan: ControlRow<ScanAttributes>;
  /** A branch. */
  readonly cond: ControlRow<CondAttributes>;
  /** A loop of an unknown number of steps. */
  readonly whileLoop: ControlRow<WhileLoopAttributes>;
}

/** The rule of a loop or branch for messages (`ControlRow.pullback`), given the rows that it makes loops of. */
export type PullbackRule = (
  rows: ControlRows,
  ...given: Parameters<ControlRow['pullback']>
) => ReturnType<ControlRow['pullback']>;

/** The rule of a loop or branch for tangents (`ControlRow.pushforward`), given the rows that it makes loops of. */
export type PushforwardRule = (
  rows: ControlRows,
  ...given: Parameters<ControlRow['pushforward']>
) => void;

/** The part of a loop or branch that a node reads, if it is a slice that reads exactly one. */
export function partRead(arena: Arena, node: number): Segment | undefined {
  const first = arena.operandStarts[node]!;
  if (first === arena.operandStarts[node + 1]) return undefined;
  const operand = arena.operandIds[first]!;
  const row = arena.rowOf(operand);
  return row.family === 'control' ? row.partRead(arena, node, operand) : undefined;
}
