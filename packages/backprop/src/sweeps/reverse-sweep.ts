/**
 * Backpropagation as message passing (the lecture's Observation 3).
 *
 * Each node u receives messages from the nodes above that use it; their sum S is df/du. The node passes
 * S * du/dz down to each operand z. Operands have smaller ids, so one loop from the output's id down to 0 meets
 * every node after all nodes that send to it. Invariant at the top of the loop: the sum of u is complete.
 *
 * Work: one message per edge, O(V + E). Memory: the activations of the forward pass and one sum per node, and the local
 * derivative of each edge between scalars, O(V + E). Where there is nothing but real scalars, the same loop is in
 * plain-sweep.ts with fewer questions.
 */
import {
  activations,
  type Arena,
  carriesMessage,
  checkNames,
  factsOf,
  type Feeds,
  type GraphNode,
  GUARDS,
  IS_ELEMENTWISE,
  messageTo,
  NodeValues,
  SCALAR_REAL,
  type Strengthening,
  strengtheningOf,
  type Tensor,
  type TensorLike,
} from '@ad/graph';
import { Adjoints } from './adjoints.ts';
import { tensorsOfControl } from './control-tensors.ts';
import { times } from './local-derivative.ts';
import { isPlain, sweepPlainly } from './plain-sweep.ts';
import { seedOf } from '../seed.ts';
import { type ObserverOptions, SweepObserver } from './observer.ts';
import { tensorMessages } from './tensor-messages.ts';

/** Options of {@link reverseSweep}. */
export interface ReverseSweepOptions extends ObserverOptions {
  /** Values of the inputs; those not named keep their current values. */
  readonly feeds?: Feeds;
  /** The adjoint of the output, in its shape; default 1, for a scalar output. */
  readonly seed?: TensorLike;
}

/**
 * The derivative of a node with respect to every node it depends on, by one sweep of messages from top to bottom.
 *
 * @param output - a scalar, or an array with `options.seed`.
 * @returns the adjoint of every node.
 * @throws `ShapeError` when the output is an array and no seed is given, or when arrays are to be counted.
 * @throws `KindError` when the output is not real.
 * @throws `GraphError` when an input has no value.
 * @example
 * ```ts
 * import { Graph } from '@ad/graph';
 * import { reverseSweep } from '@ad/backprop';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const w = graph.input('w');
 * const sweep = reverseSweep(w.mul(x).tanh(), { feeds: { x: 0, w: 5 }, count: true });
 * sweep.adjoint(x); // => 5
 * sweep.counts.messages; // => 3
 * ```
 */
export function reverseSweep(output: GraphNode, options: ReverseSweepOptions = {}): Adjoints {
  checkNames('reverseSweep', options, ['feeds', 'seed', 'count', 'onMessage']);
  const seed = seedOf(output, options.seed, 'reverseSweep');
  const { arena } = output.graph;
  const slopes = new Float64Array(arena.operandStarts[output.id + 1]!);
  const values = activations([output], options.feeds, slopes);
  const { rows, codes, typeIds, operandStarts, operandIds } = arena;
  const facts = factsOf(rows);
  if (options.count !== true && options.onMessage === undefined && isPlain(arena, facts)) {
    // Messages reach all that has been evaluated, because that is all that the output depends on.
    const sums = new NodeValues(arena, values.present);
    sums.set(output.id, seed);
    sweepPlainly(arena, output.id, values.present, slopes, sums.scalars);
    return new Adjoints(output, values, sums, undefined);
  }
  const sums = new NodeValues(arena);
  const { present: reached, scalars: S } = sums;
  const strong = new Uint8Array(output.id + 1); // 1 below a choice between branches: there 0 * Infinity = 0
  const strengthening = strengtheningOf(rows);
  const observer = SweepObserver.of(output, values, sums, options);
  sums.set(output.id, seed);

  for (let u = output.id; u >= 0; u--) {
    if (reached[u] === 0) continue; // no path leads from the output to u
    const first = operandStarts[u]!;
    const end = operandStarts[u + 1]!;
    const operation = facts[codes[u]!]!;
    if ((operation & GUARDS) !== 0) strong[u] = 1;
    if ((operation & IS_ELEMENTWISE) !== 0 && typeIds[u] === SCALAR_REAL) {
      for (let e = first; e < end; e++) {
        const z = operandIds[e]!;
        if (strong[u] === 1) strong[z] = 1;
        if (((operation >> (e - first)) & 1) === 0 || typeIds[z] !== SCALAR_REAL) continue;
        const message = times(S[u]!, slopes[e]!, strong[u]!);
        const isFirst = reached[z] === 0;
        S[z] = isFirst ? message : S[z]! + message;
        reached[z] = 1;
        observer?.scalarMessage(u, z, e - first, message, isFirst);
      }
      continue;
    }
    const row = rows[codes[u]!]!;
    const rules = strong[u] === 1 ? strengthening : undefined;
    if (row.family === 'control') {
      const messages = tensorsOfControl(arena, u, sums.tensor(u), values, rules);
      for (let k = 0; k < messages.length; k++) {
        const z = operandIds[first + k]!;
        if (strong[u] === 1) strong[z] = 1;
        const message = messages[k];
        if (message === undefined) continue;
        accumulate(sums, z, message);
        observer?.arrayMessage(u, z, k, message);
      }
      continue;
    }
    let operands: readonly Tensor[] | undefined; // made once, though a node may have any number of them

    for (let e = first; e < end; e++) {
      const z = operandIds[e]!;
      if (strong[u] === 1) strong[z] = 1;
      if (!carriesMessage(arena, u, e - first, e)) continue;
      operands ??= tensorsOf(arena, u, values);
      const sum = sums.tensor(u);
      const message = arrayMessage(arena, u, e - first, sum, values, operands, rules);
      accumulate(sums, z, message);
      observer?.arrayMessage(u, z, e - first, message);
    }
  }
  return new Adjoints(output, values, sums, observer?.counts);
}

/** The activations of the operands of a node. Apart from the loop, which must not make closures: each costs a node's time. */
function tensorsOf(arena: Arena, u: number, values: NodeValues): Tensor[] {
  return Array.from(arena.operandsOf(u), (operand) => values.tensor(operand));
}

/** The message from node `u`, whose sum is `S`, to its operand at `position`, where one of them is an array. */
function arrayMessage(
  arena: Arena,
  u: number,
  position: number,
  S: Tensor,
  values: NodeValues,
  operands: readonly Tensor[],
  strong: Strengthening | undefined,
): Tensor {
  const attributes = arena.attributes.get(u) ?? {};
  return messageTo(
    tensorMessages,
    arena.rowOf(u),
    attributes,
    position,
    S,
    values.tensor(u),
    operands,
    strong,
  );
}

/** Adds an array's message to the sum of its receiver. */
function accumulate(sums: NodeValues, z: number, message: Tensor): void {
  if (message.shape.length === 0) {
    sums.scalars[z] = sums.has(z) ? sums.number(z) + message.data[0]! : message.data[0]!;
    sums.present[z] = 1;
  } else if (sums.has(z)) {
    const sum = sums.data(z);
    for (let i = 0; i < sum.length; i++) sum[i]! += message.data[i]!;
  } else {
    // Copied: the message may share its data with the sum of the sender, and this sum will grow.
    sums.data(z).set(message.data);
    sums.present[z] = 1;
  }
}
