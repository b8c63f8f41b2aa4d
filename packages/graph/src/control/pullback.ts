/**
 * Reverse mode of loops and branches: all messages of one node, from one loop or branch that runs backwards. Its body is
 * the body of the node followed by its adjoint graph, made once; since it is a loop or branch again, derivatives of
 * every order follow.
 */
import { adjointsOf, type Seed } from '../adjoint-graph.ts';
import { applyBody } from '../body.ts';
import { Graph } from '../graph.ts';
import type { GraphNode } from '../node.ts';
import type { CondAttributes, ScanAttributes } from '../rows/control.ts';
import { buildCond, inputsFor, zeros } from './build.ts';
import type { PullbackRule } from './derivatives.ts';
import { reverseFromCheckpoints } from './reverse-checkpoints.ts';
import { reverseSteps } from './reverse-steps.ts';
import { unpack } from './unpack.ts';

/** Of a scan: a scan in the other direction over the carries that it has stacked up. */
export const scanMessages: PullbackRule = (
  rows,
  { row, attributes, operands, result },
  S,
  wanted,
  strong,
) => {
  const { body, carries, scanned, length, reverse, counted, checkpoints } =
    attributes as ScanAttributes;
  const { results, stacked, residuals } = row.segments(attributes);
  const first = counted ? 1 : 0;
  const given = operands.slice(first);
  const steps = {
    body,
    carries,
    length,
    reverse: !reverse,
    arrays: given.slice(carries, carries + scanned),
    outside: given.slice(carries + scanned),
    last: results.map((part) => S.at(part)),
    stacked: stacked.map((part) => S.at(part)),
    wanted: wanted.slice(first),
    rows,
    strong,
  };
  // Without carries there is nothing to keep, and a single step starts from what is at hand.
  if (checkpoints > 0 && carries > 0) {
    const init = given.slice(0, carries);
    return reverseFromCheckpoints({ ...steps, first: init, snapshots: checkpoints });
  }
  const messages = reverseSteps({
    ...steps,
    isIndexed: true,
    count: counted ? operands[0] : undefined,
    stacks: residuals.map((part) => unpack(result, part)),
    residuals: residuals.map((part) => S.at(part)),
  });
  return counted ? [undefined, ...messages] : messages;
};

/** Of a branch: a branch with the same predicate, each of whose bodies is the adjoint graph of one body. */
export const condMessages: PullbackRule = (
  rows,
  { row, attributes, operands, result },
  S,
  wanted,
  strong,
) => {
  const { whenTrue, whenFalse } = attributes as CondAttributes;
  const sums = row.segments(attributes).results.map((part) => S.at(part));
  const given = sums.filter((s) => s !== undefined);
  const [predicate, ...from] = operands as [GraphNode, ...GraphNode[]];
  const sides = [whenTrue, whenFalse].map((body) => {
    const graph = new Graph();
    const inputs = inputsFor(graph, 'input', body.inputs);
    const outputs = applyBody(body, inputs, graph);
    const adjoints = inputsFor(graph, 'adjoint', given);
    let next = 0;
    const seeds = outputs.flatMap((output, j): Seed[] =>
      sums[j] === undefined ? [] : [[output, adjoints[next++]!]],
    );
    const targets = inputs.filter((_, k) => wanted[1 + k] === true);
    const slopes = adjointsOf(seeds, targets, strong);
    return { inputs: [...inputs, ...adjoints], targets, slopes };
  });
  const [first, second] = sides as [(typeof sides)[0], (typeof sides)[0]];
  // An operand that only one branch uses gets 0 from the other.
  const used = first.slopes.map(
    (slope, k) => slope !== undefined || second.slopes[k] !== undefined,
  );
  const outputsOf = ({ targets, slopes }: typeof first): GraphNode[] =>
    targets.flatMap((target, k) => (used[k]! ? [slopes[k] ?? zeros(target)] : []));
  const built = buildCond(rows, {
    predicate,
    from: [...from, ...given],
    whenTrue: { inputs: first.inputs, outputs: outputsOf(first) },
    whenFalse: { inputs: second.inputs, outputs: outputsOf(second) },
  });
  let target = 0;
  let next = 0;
  return [result, ...from].map((_, k) => {
    if (k === 0 || wanted[k] !== true) return undefined;
    return used[target++]! ? built[next++] : undefined;
  });
};
