/**
 * The errors of the engine: one small hierarchy, so that a program can tell a wrong shape from a wrong file. The one that
 * holds graphs is apart (`foreign-node-error.ts`), so that what checks shapes and values need not know of any.
 *
 * Every message says what was asked for, what it got, what the rule is and what to do instead. Throwing never
 * changes a graph: a failed call leaves it as it was.
 */

/**
 * The base class of every error that this library throws on purpose.
 *
 * @example
 * ```ts
 * import { AdError, Graph } from '@ad/graph';
 *
 * const graph = new Graph();
 * graph.input('x');
 * let caught: unknown;
 * try {
 *   graph.input('x');
 * } catch (error) {
 *   caught = error;
 * }
 * caught instanceof AdError; // => true
 * ```
 */
export class AdError extends Error {
  /** The class name, so that logs and serialised errors keep it. */
  override readonly name: string = 'AdError';
}

/** Shapes do not fit the rule of an operation, or data does not fit a shape. */
export class ShapeError extends AdError {
  override readonly name: string = 'ShapeError';
}

/** An operand has the wrong kind, for example a real number where a boolean condition is needed. */
export class KindError extends AdError {
  override readonly name: string = 'KindError';
}

/** A graph is used wrongly: a foreign node, an unknown or repeated name, an input without a value. */
export class GraphError extends AdError {
  override readonly name: string = 'GraphError';
}

/** An argument has a value outside its range, for example a negative learning rate or a ragged array. */
export class ValueError extends AdError {
  override readonly name: string = 'ValueError';
}

/** An untrusted file (JSON, weights) is malformed; nothing of it has been used. */
export class FormatError extends AdError {
  override readonly name: string = 'FormatError';
}

/** What was asked for would not fit: the message says how much it would need. */
export class CapacityError extends AdError {
  override readonly name: string = 'CapacityError';
}
