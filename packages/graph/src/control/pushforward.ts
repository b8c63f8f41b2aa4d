/**
 * Forward mode of loops and branches: a loop that carries the tangents along with the values, or a branch whose bodies
 * compute both. It is a loop or branch again, so derivatives of every order follow, and a loop needs no more memory
 * than before. What is read of the values comes from it as well, so that no step is made twice.
 */
import { applyBody } from '../body.ts';
import { Graph } from '../graph.ts';
import type { GraphNode } from '../node.ts';
import type { CondAttributes, ScanAttributes, WhileLoopAttributes } from '../rows/control.ts';
import type { Segments } from '../rows/segments.ts';
import {
  buildCond,
  buildScan,
  buildWhile,
  type Built,
  type Carry,
  type Fed,
  inputsFor,
  zeros,
} from './build.ts';
import type { PushedParts, PushforwardRule } from './derivatives.ts';
import { closure, outputsMovedBy } from './reach.ts';

/** Adds the tangents of a scan, and the values that are read. */
export const pushScan: PushforwardRule = (
  rows,
  { row, attributes, operands, result },
  tangents,
  tangentsOf,
  parts,
) => {
  const { body, carries, scanned, length, reverse, counted, checkpoints } =
    attributes as ScanAttributes;
  const segments = row.segments(attributes);
  const first = counted ? 1 : 0;
  const given = operands.slice(first);
  const moving = tangents.slice(first);
  const moves = closure([false, ...moving.map((tangent) => tangent !== undefined)], (set) => [
    false,
    ...outputsMovedBy(body, set).slice(0, carries),
  ]).slice(1);

  const graph = new Graph();
  const inputs = inputsFor(graph, 'input', body.inputs);
  const [index, ...ins] = inputs as [GraphNode, ...GraphNode[]];
  const outputs = applyBody(body, inputs, graph);
  const directions = ins.map((input, k) =>
    moves[k]! ? graph.input(`tangent${k}`, { shape: input.shape }) : undefined,
  );
  const movedIns = ins.filter((_, k) => moves[k]!);
  const movedBy = directions.filter((direction) => direction !== undefined);
  const { values, tangents: outgoing } = tangentsOf(outputs, movedIns, movedBy);

  const fed = ins.map((input, k): Fed => ({ input, from: given[k]! }));
  const fedTangents = directions.map((input, k): Fed | undefined => {
    if (input === undefined) return undefined;
    return { input, from: moving[k] ?? zeros({ graph: result.graph, shape: given[k]!.shape }) };
  });
  const present = (list: readonly (Fed | undefined)[]): Fed[] =>
    list.filter((one) => one !== undefined);
  const stacked = segments.stacked.flatMap((part, k) =>
    parts.isRead(part)
      ? [{ part, value: values[carries + k]!, tangent: outgoing[carries + k] }]
      : [],
  );
  const stackedThatMove = stacked.filter(({ tangent }) => tangent !== undefined);
  const built = buildScan(rows, {
    index,
    count: counted ? operands[0] : undefined,
    carries: [
      ...valueCarries(fed.slice(0, carries), values, segments, parts),
      ...fedTangents.slice(0, carries).flatMap((one, j) =>
        one === undefined
          ? []
          : [
              {
                ...one,
                next: outgoing[j] ?? zeros(one.input),
                wanted: isCarryRead(j, segments, parts),
              },
            ],
      ),
    ],
    scanned: [
      ...fed.slice(carries, carries + scanned),
      ...present(fedTangents.slice(carries, carries + scanned)),
    ],
    outside: [...fed.slice(carries + scanned), ...present(fedTangents.slice(carries + scanned))],
    stacked: [
      ...stacked.map(({ value }) => value),
      ...stackedThatMove.map(({ tangent }) => tangent!),
    ],
    length,
    reverse,
    checkpoints,
  });
  addCarries(parts, segments, moves, built);
  stacked.forEach(({ part }, k) => {
    parts.values.add(part, flat(built.stacked[k]!));
  });
  stackedThatMove.forEach(({ part }, k) => {
    parts.tangents.add(part, flat(built.stacked[stacked.length + k]!));
  });
};

/** Whether somebody reads the last value of a carry or its stack. */
function isCarryRead(
  j: number,
  { results, residuals }: Segments,
  { isRead }: PushedParts,
): boolean {
  const stack = residuals[j];
  return isRead(results[j]!) || (stack !== undefined && isRead(stack));
}

/** The carries of a loop beside those of its tangents. */
function valueCarries(
  fed: readonly Fed[],
  values: readonly GraphNode[],
  segments: Segments,
  parts: PushedParts,
): Carry[] {
  return fed.map(({ input, from }, j) => {
    return { input, from, next: values[j]!, wanted: isCarryRead(j, segments, parts) };
  });
}

/** Adds what is read of the carries and of their tangents; the latter are listed behind, without gaps. */
function addCarries(
  { isRead, values, tangents }: PushedParts,
  { results, residuals }: Segments,
  moves: readonly boolean[],
  built: Built,
): void {
  for (const [segments, nodes] of [
    [results, built.last],
    [residuals, built.residuals],
  ] as const) {
    let next = results.length;
    segments.forEach((part, j) => {
      if (isRead(part)) values.add(part, flat(nodes[j]!));
      if (!moves[j]!) return;
      const tangent = nodes[next++];
      if (isRead(part)) tangents.add(part, flat(tangent!));
    });
  }
}

/** Adds the tangents of a loop of unknown length, and the values that are read. */
export const pushWhile: PushforwardRule = (
  rows,
  { row, attributes, operands, result },
  moving,
  tangentsOf,
  parts,
) => {
  const { body, condition, carries, limit, snapshots } = attributes as WhileLoopAttributes;
  const segments = row.segments(attributes);
  const moves = closure(
    moving.map((tangent) => tangent !== undefined),
    (set) => outputsMovedBy(body, set),
  );
  const graph = new Graph();
  const ins = inputsFor(graph, 'input', body.inputs);
  const outputs = applyBody(body, ins, graph);
  const movedIns = ins.filter((_, k) => moves[k]!);
  const movedBy = inputsFor(graph, 'tangent', movedIns);
  const { values, tangents: outgoing } = tangentsOf(outputs, movedIns, movedBy);
  const test = new Graph();
  const testIns = inputsFor(test, 'input', body.inputs);
  const testMoved = inputsFor(test, 'tangent', movedIns);

  const fed = ins.map((input, k): Fed => ({ input, from: operands[k]! }));
  const positions = moves.flatMap((isMoved, k) => (isMoved ? [k] : []));
  const fedTangents = positions.map((k, i): Fed => {
    const { graph: around } = result;
    const from = moving[k] ?? zeros({ graph: around, shape: operands[k]!.shape });
    return { input: movedBy[i]!, from };
  });
  const isCarry = (k: number): boolean => k < carries;
  const moved = positions.filter(isCarry).length;
  const built = buildWhile(rows, {
    carries: [
      ...valueCarries(fed.slice(0, carries), values, segments, parts),
      ...fedTangents.slice(0, moved).map(({ input, from }, i): Carry => {
        const j = positions[i]!;
        const wanted = isCarryRead(j, segments, parts);
        return { input, from, next: outgoing[j] ?? zeros(input), wanted };
      }),
    ],
    outside: [...fed.slice(carries), ...fedTangents.slice(moved)],
    condition: applyBody(condition, testIns, test)[0]!,
    conditionInputs: [
      ...testIns.slice(0, carries),
      ...testMoved.slice(0, moved),
      ...testIns.slice(carries),
      ...testMoved.slice(moved),
    ],
    limit,
    snapshots,
  });
  addCarries(parts, segments, moves, built);
  segments.counters.forEach((part, k) => {
    const counter = built.counters[k];
    if (counter !== undefined && parts.isRead(part)) parts.values.add(part, flat(counter));
  });
};

/** Adds the tangents of a branch, and the values that are read. */
export const pushCond: PushforwardRule = (
  rows,
  { row, attributes, operands },
  tangents,
  tangentsOf,
  parts,
) => {
  const { whenTrue, whenFalse } = attributes as CondAttributes;
  const { results } = row.segments(attributes);
  const [predicate, ...given] = operands as [GraphNode, ...GraphNode[]];
  const moving = tangents.slice(1);
  const directions = moving.filter((tangent) => tangent !== undefined);
  const sides = [whenTrue, whenFalse].map((body) => {
    const graph = new Graph();
    const inputs = inputsFor(graph, 'input', body.inputs);
    const outputs = applyBody(body, inputs, graph);
    const movedBy = inputsFor(graph, 'tangent', directions);
    const movedIns = inputs.filter((_, k) => moving[k] !== undefined);
    const { values, tangents: outgoing } = tangentsOf(outputs, movedIns, movedBy);
    return { inputs: [...inputs, ...movedBy], values, outgoing };
  });
  const [first, second] = sides as [(typeof sides)[0], (typeof sides)[0]];
  // A result that moves in one branch only has the tangent 0 in the other.
  const moved = first.outgoing.map(
    (tangent, j) =>
      parts.isRead(results[j]!) && (tangent !== undefined || second.outgoing[j] !== undefined),
  );
  if (!moved.includes(true)) return;
  const outputsOf = ({ values, outgoing }: typeof first): GraphNode[] => [
    ...values.filter((_, j) => parts.isRead(results[j]!)),
    ...values.flatMap((value, j) => (moved[j]! ? [outgoing[j] ?? zeros(value)] : [])),
  ];
  const built = buildCond(rows, {
    predicate,
    from: [...given, ...directions],
    whenTrue: { inputs: first.inputs, outputs: outputsOf(first) },
    whenFalse: { inputs: second.inputs, outputs: outputsOf(second) },
  });
  let next = 0;
  for (const part of results) if (parts.isRead(part)) parts.values.add(part, flat(built[next++]!));
  results.forEach((part, j) => {
    if (moved[j]!) parts.tangents.add(part, flat(built[next++]!));
  });
};

/** A part as it is packed: numbers one after the other. */
function flat(node: GraphNode): GraphNode {
  const row = node.reshape([-1]);
  return row.kind === 'real' ? row : row.add(0);
}
