/**
 * The mark of a graph node: what tells a handle from any other object with the same properties. Apart from the class
 * of the handles, so that what only has to recognise them does not depend on it.
 */

/** The base class of `GraphNode`; nothing else extends it. */
export abstract class Handle {
  /** The node in words. */
  abstract toString(): string;
}
