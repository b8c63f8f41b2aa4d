/** Nodes that stand for one example of a batch. No value is ever computed of them. */
import { apply, type GraphNode, type LinearRow, ValueError } from '@ad/graph';

/** A node in the shape of one example of a batch: what depends on it is built, and then built again for the batch. */
export function exampleOf(batch: GraphNode): GraphNode {
  return apply(example, [batch]);
}

const example: LinearRow = {
  name: 'example',
  family: 'linear',
  arity: 1,
  formula: 'x_i',
  isDistinct: true,
  attributes: {},
  infer: ([batch]) => ({ shape: batch!.shape.slice(1), kind: batch!.kind }),
  prepare: () => outsideOfCall,
  transpose: () => outsideOfCall(),
  batch: () => outsideOfCall(),
};

function outsideOfCall(): never {
  throw new ValueError(
    'vmap: a node that stands for each of many examples has no value of its own; ' +
      'choose between values with where, and return what is needed outside of the function',
  );
}
