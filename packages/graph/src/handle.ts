/**
 * The mark of a graph node: what tells a handle from any other object with the same properties. Apart from the class
 * of the handles, so that what only has to recognise them does not depend on it.
 */

import { GraphError } from './errors.ts';

/** The base class of `GraphNode`; nothing else extends it. */
export abstract class Handle {
  /** The node in words. */
  abstract toString(): string;

  /**
   * The node in words, where JavaScript asks for a string. To operators and `Math` a node is no number, and what they made
   * of it would be NaN.
   *
   * @throws `GraphError` where anything but a string is asked for.
   * @internal
   */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.toString();
    throw new GraphError(
      `${this.toString()} is a node, not a number: write x.mul(y) for x * y, exp(x) for Math.exp(x), less(x, y) for x < y, ` +
        'or take its value, x.value',
    );
  }
}
