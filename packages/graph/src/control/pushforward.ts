/**
 * Forward mode of loops and branches: a loop that carries the tangents along with the values, or a branch whose bodies
 * compute tangents. It is a loop or branch again, so derivatives of every order follow, and a loop needs no more memory
 * than before.
 */
import { applyBody } from '../body.ts';
import { Graph } from '../graph.ts';
import type { GraphNode } from '../node.ts';
import { closure } from '../reach.ts';
import type { CondAttributes, ScanAttributes, WhileLoopAttributes } from '../rows/control.ts';
import type { Segment } from '../rows/row.ts';
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
import type { BodyTangentsOf, ControlNode, ControlRows } from './derivatives.ts';
import type { Parts } from './parts.ts';
import { outputsMovedBy } from './reach.ts';

/** Adds the tangents of a scan. */
export function pushScan(
  rows: ControlRows,
  { row, attributes, operands, result }: ControlNode,
  tangents: readonly (GraphNode | undefined)[],
  tangentsOf: BodyTangentsOf,
  parts: Parts,
): void {
  const { body, carries, scanned, length, reverse, counted, checkpoints } =
    attributes as ScanAttributes;
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
  const outgoing = tangentsOf(outputs, movedIns, movedBy);

  const fed = ins.map((input, k): Fed => ({ input, from: given[k]! }));
  const fedTangents = directions.map((input, k): Fed | undefined => {
    if (input === undefined) return undefined;
    return { input, from: moving[k] ?? zeros({ graph: result.graph, shape: given[k]!.shape }) };
  });
  const present = (list: readonly (Fed | undefined)[]): Fed[] =>
    list.filter((one) => one !== undefined);
  const stackedTangents = outgoing.slice(carries);
  const built = buildScan(rows, {
    index,
    count: counted ? operands[0] : undefined,
    carries: [
      ...fed.slice(0, carries).map(({ input, from }, j): Carry => {
        return { input, from, next: outputs[j]!, wanted: false };
      }),
      ...fedTangents
        .slice(0, carries)
        .flatMap((one, j) =>
          one === undefined
            ? []
            : [{ ...one, next: outgoing[j] ?? zeros(one.input), wanted: true }],
        ),
    ],
    scanned: [
      ...fed.slice(carries, carries + scanned),
      ...present(fedTangents.slice(carries, carries + scanned)),
    ],
    outside: [...fed.slice(carries + scanned), ...present(fedTangents.slice(carries + scanned))],
    stacked: stackedTangents.filter((tangent) => tangent !== undefined),
    length,
    reverse,
    checkpoints,
  });
  const segments = row.segments(attributes);
  addCarries(parts, segments.results, moves, built.last.slice(carries));
  addCarries(parts, segments.residuals, moves, built.residuals.slice(carries));
  let next = 0;
  segments.stacked.forEach((part, k) => {
    if (stackedTangents[k] !== undefined) parts.add(part, flat(built.stacked[next++]!));
  });
}

/** Adds the tangents of the carries that move, which are listed without gaps. */
function addCarries(
  parts: Parts,
  segments: readonly Segment[],
  moves: readonly boolean[],
  tangents: Built['last'],
): void {
  let next = 0;
  segments.forEach((part, j) => {
    if (moves[j]!) parts.add(part, flat(tangents[next++]!));
  });
}

/** Adds the tangents of a loop of unknown length. */
export function pushWhile(
  rows: ControlRows,
  { row, attributes, operands, result }: ControlNode,
  moving: readonly (GraphNode | undefined)[],
  tangentsOf: BodyTangentsOf,
  parts: Parts,
): void {
  const { body, condition, carries, limit, snapshots } = attributes as WhileLoopAttributes;
  const moves = closure(
    moving.map((tangent) => tangent !== undefined),
    (set) => outputsMovedBy(body, set),
  );
  const graph = new Graph();
  const ins = inputsFor(graph, 'input', body.inputs);
  const outputs = applyBody(body, ins, graph);
  const movedIns = ins.filter((_, k) => moves[k]!);
  const movedBy = inputsFor(graph, 'tangent', movedIns);
  const outgoing = tangentsOf(outputs, movedIns, movedBy);
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
      ...fed.slice(0, carries).map(({ input, from }, j): Carry => {
        return { input, from, next: outputs[j]!, wanted: false };
      }),
      ...fedTangents.slice(0, moved).map(({ input, from }, i): Carry => {
        return { input, from, next: outgoing[positions[i]!] ?? zeros(input), wanted: true };
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
  const segments = row.segments(attributes);
  addCarries(parts, segments.results, moves, built.last.slice(carries));
  addCarries(parts, segments.residuals, moves, built.residuals.slice(carries));
}

/** Adds the tangents of a branch. */
export function pushCond(
  rows: ControlRows,
  { row, attributes, operands }: ControlNode,
  tangents: readonly (GraphNode | undefined)[],
  tangentsOf: BodyTangentsOf,
  parts: Parts,
): void {
  const { whenTrue, whenFalse } = attributes as CondAttributes;
  const [predicate, ...given] = operands as [GraphNode, ...GraphNode[]];
  const moving = tangents.slice(1);
  const directions = moving.filter((tangent) => tangent !== undefined);
  const sides = [whenTrue, whenFalse].map((body) => {
    const graph = new Graph();
    const inputs = inputsFor(graph, 'input', body.inputs);
    const outputs = applyBody(body, inputs, graph);
    const movedBy = inputsFor(graph, 'tangent', directions);
    const movedIns = inputs.filter((_, k) => moving[k] !== undefined);
    const outgoing = tangentsOf(outputs, movedIns, movedBy);
    return { inputs: [...inputs, ...movedBy], outputs, outgoing };
  });
  const [first, second] = sides as [(typeof sides)[0], (typeof sides)[0]];
  // A result that moves in one branch only has the tangent 0 in the other.
  const moved = first.outgoing.map(
    (tangent, j) => tangent !== undefined || second.outgoing[j] !== undefined,
  );
  const outputsOf = ({ outputs, outgoing }: typeof first): GraphNode[] =>
    outputs.flatMap((output, j) => (moved[j]! ? [outgoing[j] ?? zeros(output)] : []));
  const built = buildCond(rows, {
    predicate,
    from: [...given, ...directions],
    whenTrue: { inputs: first.inputs, outputs: outputsOf(first) },
    whenFalse: { inputs: second.inputs, outputs: outputsOf(second) },
  });
  let next = 0;
  row.segments(attributes).results.forEach((part, j) => {
    if (moved[j]!) parts.add(part, flat(built[next++]!));
  });
}

function flat(node: GraphNode): GraphNode {
  return node.reshape([-1]);
}
