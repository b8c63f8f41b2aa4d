/**
 * Reverse mode of loops of unknown length. With a limit the carries of all steps are in a stack, and the way back is that
 * of a scan. Without, the loop has kept snapshots of its carries, at most K of them, at a distance that doubled whenever
 * there was no more room. The way back goes by chunks of at most K steps: from the snapshot before a chunk the loop runs
 * on to its start, then through it, now with a stack, and the adjoints go back through that.
 *
 * Memory: K snapshots and one chunk of K carries, whatever the number of steps. Work beyond a stack's: each step once
 * more where there are at most K^2 steps; beyond, also the way from a snapshot to the chunks that do not follow it at
 * once, which makes T / (2 K^2) more passes for T steps.
 */
import { applyBody } from '../body.ts';
import { maximum } from '../functions/arithmetic.ts';
import { equal, greater, less, where } from '../functions/comparison.ts';
import { gather } from '../functions/indexing.ts';
import { floor, toInteger } from '../functions/rounding.ts';
import { Graph } from '../graph.ts';
import type { GraphNode } from '../node.ts';
import type { WhileLoopAttributes } from '../rows/control.ts';
import { buildScan, inputsFor, zeros } from './build.ts';
import type { ControlRows, PullbackRule } from './derivatives.ts';
import { inputsReachedBy } from './reach.ts';
import { carriesTakingPart, reverseSteps } from './reverse-steps.ts';
import { traceWhileLoop } from './trace-loops.ts';
import { unpack } from './unpack.ts';

/** The messages of a loop of unknown length to its operands. */
export const whileMessages: PullbackRule = (
  rows,
  { row, attributes, operands, result },
  S,
  wanted,
  strong,
) => {
  const { body, carries, limit, snapshots } = attributes as WhileLoopAttributes;
  const segments = row.segments(attributes);
  const [steps, stride] = segments.counters.map((part) => unpack(result, part));
  const kept = segments.residuals.map((part) => unpack(result, part));
  const outside = operands.slice(carries);
  const common = {
    body,
    isIndexed: false,
    carries,
    reverse: true,
    arrays: [],
    outside,
    rows,
    strong,
  };
  const last = segments.results.map((part) => S.at(part));
  const residuals = segments.residuals.map((part) => S.at(part));
  if (limit >= 0) {
    const count = toInteger(steps!);
    return reverseSteps({
      ...common,
      length: limit,
      count,
      stacks: kept,
      last,
      stacked: [],
      residuals,
      wanted,
    });
  }
  const takesPart = carriesTakingPart({ ...common, last, stacked: [], residuals, wanted });
  const reached = inputsReachedBy(body, takesPart);
  const asked = reached.map((is, k) => (k < carries ? takesPart[k]! : is && wanted[k]!));
  const { graph } = result;
  const first: State = {
    left: steps!,
    adjoints: asked.flatMap((is, k) => {
      const { shape } = operands[k]!;
      return is ? [last[k] ?? zeros({ graph, shape })] : [];
    }),
  };

  /** The part of the adjoints that belongs to the carries, by carry. */
  const spread = (adjoints: readonly GraphNode[]): (GraphNode | undefined)[] => {
    let next = 0;
    return asked.map((is) => (is ? adjoints[next++] : undefined));
  };
  const back = traceWhileLoop<State>(
    rows.whileLoop,
    ({ left }) => greater(left, 0),
    ({ left, adjoints }) => {
      const slot = floor(left.sub(1).div(stride!));
      const at = toInteger(slot);
      const snapshot = slot.mul(stride!);
      const start = maximum(snapshot, left.sub(snapshots));
      const from = runUp(
        rows,
        body,
        kept.map((stack) => gather(stack, at)),
        start.sub(snapshot),
        outside,
      );
      const count = toInteger(left.sub(start));
      const stacks = stacksOf(rows, body, from, outside, snapshots, count);
      const incoming = spread(adjoints);
      const outgoing = reverseSteps({
        ...common,
        length: snapshots,
        count,
        stacks,
        last: incoming.slice(0, carries),
        stacked: [],
        residuals: residuals.map(() => undefined),
        wanted: asked,
      });
      const isSnapshot = equal(start, snapshot);
      const next = asked.flatMap((is, k) => {
        if (!is) return [];
        const slope = outgoing[k];
        // What the body uses from outside is summed up over the chunks; carries are replaced.
        if (k >= carries) return [slope === undefined ? incoming[k]! : incoming[k]!.add(slope)];
        const more = residuals[k];
        const adjoint = slope ?? zeros(incoming[k]!);
        if (more === undefined) return [adjoint];
        const sent = gather(more, at);
        return [adjoint.add(where(isSnapshot, sent, zeros(sent)))];
      });
      return { left: start, adjoints: next };
    },
    first,
  );
  return spread(back.adjoints).map((adjoint, k) => (wanted[k]! ? adjoint : undefined));
};

interface State {
  readonly left: GraphNode;
  readonly adjoints: readonly GraphNode[];
}

/** The carries some steps later. */
function runUp(
  { whileLoop }: ControlRows,
  body: WhileLoopAttributes['body'],
  carry: readonly GraphNode[],
  steps: GraphNode,
  outside: readonly GraphNode[],
): readonly GraphNode[] {
  const first = { done: steps.mul(0), carry };
  return traceWhileLoop<typeof first>(
    whileLoop,
    ({ done }) => less(done, steps),
    (state) => ({
      done: state.done.add(1),
      carry: applyBody(body, [...state.carry, ...outside]),
    }),
    first,
  ).carry;
}

/** The carries before each of so many steps, in stacks. */
function stacksOf(
  rows: ControlRows,
  body: WhileLoopAttributes['body'],
  from: readonly GraphNode[],
  outside: readonly GraphNode[],
  length: number,
  count: GraphNode,
): GraphNode[] {
  const graph = new Graph();
  const inputs = inputsFor(graph, 'input', body.inputs);
  const outputs = applyBody(body, inputs, graph);
  const { residuals } = buildScan(rows, {
    index: graph.input('index', { kind: 'integer' }),
    count,
    carries: from.map((node, j) => {
      return { input: inputs[j]!, from: node, next: outputs[j]!, wanted: true };
    }),
    scanned: [],
    outside: outside.map((node, k) => ({ input: inputs[from.length + k]!, from: node })),
    stacked: [],
    length,
    reverse: false,
  });
  return residuals.map((stack) => stack!);
}
