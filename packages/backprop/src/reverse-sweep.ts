/**
 * Backpropagation as message passing (the lecture's Observation 3).
 *
 * Each node u receives messages from the nodes above that use it; their sum S is df/du. The node passes
 * S * du/dz down to each operand z. Operands have smaller ids, so one loop from the output's id down to 0 meets
 * every node after all nodes that send to it. Invariant at the top of the loop: the sum of u is complete.
 *
 * Work: one message per edge, O(V + E). Memory: the activations of the forward pass and one sum per node, O(V).
 */
import {
  activations,
  type Feeds,
  type GraphNode,
  NodeValues,
  numbers,
  SCALAR_REAL,
  type Tensor,
  type TensorLike,
} from '@ad/graph';
import { Adjoints } from './adjoints.ts';
import { carriesMessage, guardsBranches } from './edges.ts';
import { messageTo, tensorMessages } from './message.ts';
import { seedOf } from './seed.ts';
import { SweepObserver } from './sweep-observer.ts';

/** One message of a sweep, as the hook sees it. */
export interface Message {
  /** The node that sends. */
  readonly from: GraphNode;
  /** The operand that receives. */
  readonly to: GraphNode;
  /** Which operand of the sender that is, from 0. */
  readonly position: number;
  /** The adjoint of the sender: the sum of the messages it has received. */
  readonly sum: Tensor;
  /** What is sent: the sum times the local derivative. */
  readonly message: Tensor;
}

/** Options of {@link reverseSweep}. */
export interface ReverseSweepOptions {
  /** Values of the inputs; those not named keep their current values. */
  readonly feeds?: Feeds;
  /** The adjoint of the output, in its shape; default 1, for a scalar output. */
  readonly seed?: TensorLike;
  /** Count exactly what the sweep does (scalar graphs only); default false. */
  readonly count?: boolean;
  /** Called with each message, in the order in which they are passed. */
  readonly onMessage?: (message: Message) => void;
}

/**
 * The derivative of a node with respect to every node it depends on, by one sweep of messages from top to bottom.
 *
 * @param output - a scalar, or an array with `options.seed`.
 * @returns the adjoint of every node.
 * @throws {@link ShapeError} when the output is an array and no seed is given, or when arrays are to be counted.
 * @throws {@link KindError} when the output is not real.
 * @throws {@link GraphError} when an input has no value.
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
  const seed = seedOf(output, options.seed, 'reverseSweep');
  const values = activations([output], options.feeds);
  const { arena } = output.graph;
  const { rows, codes, typeIds, operandStarts, operandIds } = arena;
  const { scalars } = values;
  const sums = new NodeValues(arena);
  const { present: reached, scalars: S } = sums;
  const strong = new Uint8Array(output.id + 1); // 1 below a choice between branches: there 0 * Infinity = 0
  const observer = SweepObserver.of(output, values, sums, options);
  sums.set(output.id, seed);

  for (let u = output.id; u >= 0; u--) {
    if (reached[u] === 0) continue; // no path leads from the output to u
    const row = rows[codes[u]!]!;
    const first = operandStarts[u]!;
    const end = operandStarts[u + 1]!;
    if (guardsBranches(row)) strong[u] = 1;

    for (let e = first; e < end; e++) {
      const z = operandIds[e]!;
      if (strong[u] === 1) strong[z] = 1;
      if (!carriesMessage(arena, u, e - first, e)) continue;
      if (row.family === 'elementwise' && typeIds[u] === SCALAR_REAL) {
        const partial = row.partials[e - first]!;
        const derivative =
          typeof partial === 'number'
            ? partial
            : partial(
                numbers,
                scalars[u]!,
                scalars[operandIds[first]!]!,
                first + 1 < end ? scalars[operandIds[first + 1]!]! : 0,
                first + 2 < end ? scalars[operandIds[first + 2]!]! : 0,
              );
        const message = strong[u] === 1 ? numbers.strongMul(S[u]!, derivative) : S[u]! * derivative;
        const isFirst = reached[z] === 0;
        S[z] = isFirst ? message : S[z]! + message;
        reached[z] = 1;
        observer?.scalarMessage(u, z, e - first, message, isFirst);
      } else {
        const operands = Array.from(arena.operandsOf(u), (operand) => values.tensor(operand));
        const attributes = arena.attributes.get(u) ?? {};
        const message = messageTo(
          tensorMessages,
          row,
          attributes,
          e - first,
          sums.tensor(u),
          values.tensor(u),
          operands,
          strong[u] === 1,
        );
        accumulate(sums, z, message);
        observer?.arrayMessage(u, z, e - first, message);
      }
    }
  }
  return new Adjoints(output, values, sums, observer?.counts);
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
