/** Activation functions by name, and what start suits them. */
import {
  elu,
  gelu,
  type GraphNode,
  identity,
  leakyRelu,
  relu,
  sigmoid,
  silu,
  softplus,
  tanh,
  ValueError,
} from '@ad/graph';
import { describeValue } from '../options.ts';

/** The names of activation functions. */
export type ActivationName =
  | 'identity'
  | 'relu'
  | 'leakyRelu'
  | 'elu'
  | 'gelu'
  | 'silu'
  | 'softplus'
  | 'sigmoid'
  | 'tanh';

const functions: Record<ActivationName, (x: GraphNode) => GraphNode> = {
  identity,
  relu,
  leakyRelu: (x) => leakyRelu(x),
  elu: (x) => elu(x),
  gelu,
  silu,
  softplus,
  sigmoid,
  tanh,
};

/** An activation function: one of the names, or any function of nodes that keeps the shape. */
export type Activation = ActivationName | ((x: GraphNode) => GraphNode);

/** Those that pass large positive inputs on and hold negative ones back: they halve the variance. */
const RECTIFIERS: ReadonlySet<unknown> = /* @__PURE__ */ new Set([
  'relu',
  'leakyRelu',
  'elu',
  'gelu',
  'silu',
]);

/** Whether an activation is of the rectifier family. */
export function isRectifier(activation: Activation | undefined): boolean {
  return RECTIFIERS.has(activation);
}

/**
 * The function of an activation.
 *
 * @throws `ValueError` when it is neither a known name nor a function.
 */
export function activationFunction(
  caller: string,
  activation: Activation,
): (x: GraphNode) => GraphNode {
  if (typeof activation === 'function') return activation;
  if (Object.hasOwn(functions, activation)) return functions[activation];
  throw new ValueError(
    `${caller}: activation is ${describeValue(activation)}, expected a function of nodes or one of ${Object.keys(functions).join(', ')}`,
  );
}
