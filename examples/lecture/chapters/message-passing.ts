/** Backpropagation as message passing: what a node receives is the derivative with respect to it. */
import { Graph, type GraphNode } from '@ad/graph';
import { toSvg } from '@ad/graph/svg';
import { forwardAllPairs, recomputingSweep, reverseSweep } from '@ad/backprop';
import { type Chapter, Claims } from '../chapter.ts';

/** The unit of the lecture, with a square on top and one input used twice. */
function unit(): { readonly output: GraphNode; readonly inputs: readonly GraphNode[] } {
  const graph = new Graph();
  const [w1, w2, z1, z2, b] = (
    [
      ['w1', 0.5],
      ['w2', -1],
      ['z1', 2],
      ['z2', 1],
      ['b', 0.25],
    ] as const
  ).map(([name, value]) => graph.input(name, { value })) as [
    GraphNode,
    GraphNode,
    GraphNode,
    GraphNode,
    GraphNode,
  ];
  const u = w1.mul(z1).add(w2.mul(z2)).add(b).sigmoid().named('u');
  return { output: u.square().add(z1.mul(u)).named('f'), inputs: [w1, w2, z1, z2, b] };
}

/** A chain of `n` operations. */
function chain(n: number): GraphNode {
  let u = new Graph().input('x', { value: 0.5 });
  for (let k = 0; k < n; k++) u = u.sin();
  return u;
}

const digits = (value: number): string => value.toFixed(3);

/** The chapter. */
export const messagePassing: Chapter = {
  name: 'message-passing',
  title: 'the sum of the messages a node receives is the derivative; O(E) messages, O(V) memory',
  run: async () => {
    const claims = new Claims();
    const { output, inputs } = unit();
    const messages = new Map<string, number>();
    const sweep = reverseSweep(output, {
      count: true,
      onMessage: ({ from, to, position, message }) => {
        messages.set(`${from.id} ${to.id} ${position}`, message.item());
      },
    });
    const lines: string[] = [];
    // The claim of the lecture, against the table of all derivatives by forward induction.
    const table = forwardAllPairs(output);
    for (const input of inputs) {
      let sum = 0;
      for (const [edge, message] of messages)
        if (edge.split(' ')[1] === String(input.id)) sum += message;
      const derivative = table.derivative(output, input);
      lines.push(
        `df/d${input.label}: messages add up to ${digits(sum)}, by forward induction ${digits(derivative)}`,
      );
      claims.claim(
        Math.abs(sum - derivative) < 1e-12,
        `df/d${input.label}: ${sum}, not ${derivative}`,
      );
    }
    const { graph } = output;
    claims.claim(sweep.counts.messages === graph.edgeCount, 'messages are not as many as edges');
    for (const n of [100, 200, 400]) {
      const top = chain(n);
      const linear = reverseSweep(top, { count: true }).counts.messages;
      const entries = forwardAllPairs(top).counts.entries;
      const evaluations = recomputingSweep(top).counts.evaluations;
      lines.push(
        `chain of ${n}: ${linear} messages; forward induction ${entries} derivatives; without cached activations ${evaluations} evaluations`,
      );
      claims.claim(linear === n, `chain of ${n}: ${linear} messages`);
      claims.claim(entries === ((n + 1) * (n + 2)) / 2, `chain of ${n}: ${entries} entries`);
    }
    return {
      lines,
      failures: claims.failures,
      picture: await toSvg(output, {
        rankdir: 'BT',
        annotate: (node) => `value ${digits(node.value)}\nS = ${digits(sweep.adjoint(node))}`,
        messages: (from, to, position) => {
          const message = messages.get(`${from.id} ${to.id} ${position}`);
          return message === undefined ? undefined : digits(message);
        },
      }),
    };
  },
};
