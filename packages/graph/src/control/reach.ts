/**
 * What depends on what in a body: reachability along its edges, and through loops and branches in it part by part, since
 * of what they pack one part may be reached and another not. O(V + E); the body of a loop inside is gone through again
 * until no carry is added.
 */
import type { Arena } from '../arena.ts';
import type { Body } from '../body.ts';
import { carriesMessage } from '../edges.ts';
import { ancestorsOf } from '../interpreter/schedule.ts';
import type { CondAttributes, ScanAttributes, WhileLoopAttributes } from '../rows/control.ts';
import type { Segment, Segments } from '../rows/segments.ts';
import { partRead } from './derivatives.ts';

/** Whether an edge counts: the one from node `node` to its operand at `position`. */
type Counts = (arena: Arena, node: number, position: number, edge: number) => boolean;

/** Which outputs depend on these inputs, by any edge. */
export function outputsDependingOn(body: Body, inputs: readonly boolean[]): boolean[] {
  return outputsReached(body, inputs, () => true);
}

/** Which outputs move when these inputs move. */
export function outputsMovedBy(body: Body, moves: readonly boolean[]): boolean[] {
  const areReal = body.inputs.map(({ kind }, k) => kind === 'real' && moves[k] === true);
  return outputsReached(body, areReal, carriesMessage);
}

/** Which inputs receive messages when these outputs send. */
export function inputsReachedBy(body: Body, sends: readonly boolean[]): boolean[] {
  const { arena } = body.graph;
  const reached = new Set<number>();
  const parts = new Map<number, Set<number>>();
  body.outputs.forEach(({ id, kind }, k) => {
    if (sends[k] === true && kind === 'real') reached.add(id);
  });
  const order = orderOf(body);
  for (let i = order.length - 1; i >= 0; i--) {
    const id = order[i]!;
    if (!reached.has(id) && !parts.has(id)) continue;
    const first = arena.operandStarts[id]!;
    const operands = Array.from(arena.operandsOf(id));
    const part = partRead(arena, id);
    if (part !== undefined) {
      const [loop] = operands as [number];
      parts.set(loop, (parts.get(loop) ?? new Set()).add(part.start));
      continue;
    }
    // Whoever reads the packed vector as a whole sends to all of its parts.
    const receives = reached.has(id)
      ? operands.map(() => true)
      : operandsReached(arena, id, parts.get(id)!);
    operands.forEach((z, k) => {
      if (receives[k]! && carriesMessage(arena, id, k, first + k)) reached.add(z);
    });
  }
  return body.inputs.map(({ id }) => reached.has(id));
}

/** The least set that holds `start` and is closed under `step`, which says what a set brings with it. */
export function closure(
  start: readonly boolean[],
  step: (set: readonly boolean[]) => readonly boolean[],
): boolean[] {
  let set = [...start];
  for (;;) {
    const next = step(set);
    const larger = set.map((is, k) => is || next[k] === true);
    if (larger.every((is, k) => is === set[k])) return set;
    set = larger;
  }
}

function outputsReached(body: Body, inputs: readonly boolean[], counts: Counts): boolean[] {
  const { arena } = body.graph;
  const reached = new Set<number>();
  const parts = new Map<number, ReadonlySet<number>>();
  body.inputs.forEach(({ id }, k) => {
    if (inputs[k] === true) reached.add(id);
  });
  for (const id of orderOf(body)) {
    const first = arena.operandStarts[id]!;
    const operands = Array.from(arena.operandsOf(id));
    const part = partRead(arena, id);
    if (part !== undefined) {
      if (parts.get(operands[0]!)?.has(part.start) === true) reached.add(id);
      continue;
    }
    const sends = operands.map((z, k) => reached.has(z) && counts(arena, id, k, first + k));
    if (!sends.includes(true)) continue;
    reached.add(id);
    if (arena.rowOf(id).family === 'control') parts.set(id, partsReached(arena, id, sends, counts));
  }
  return body.outputs.map(({ id }) => reached.has(id));
}

/** Where the parts of a loop or branch start that are reached from some of its operands. */
function partsReached(
  arena: Arena,
  node: number,
  operands: readonly boolean[],
  counts: Counts,
): Set<number> {
  const { results, stacked, residuals, all, loop, branches } = controlAt(arena, node);
  const startsOf = (parts: readonly Segment[], are: readonly boolean[]): number[] =>
    parts.flatMap(({ start }, k) => (are[k]! ? [start] : []));
  const everything = new Set(all.map(({ start }) => start));
  if (loop === undefined) {
    // The predicate decides about everything.
    if (operands[0]!) return everything;
    const [first, second] = branches.map((body) => outputsReached(body, operands.slice(1), counts));
    return new Set(
      startsOf(
        results,
        first!.map((is, k) => is || second![k]!),
      ),
    );
  }
  const { body, condition, first, lead, carries } = loop;
  const step = (set: readonly boolean[]): boolean[] =>
    outputsReached(body, [...lead, ...set], counts);
  const set = closure(operands.slice(first), (before) => step(before).slice(0, carries));
  // So does how many steps there are.
  const decided = condition === undefined ? false : outputsReached(condition, set, counts)[0]!;
  if (decided || operands.slice(0, first).includes(true)) return everything;
  return new Set([
    ...startsOf([...results, ...stacked], step(set).map((is, k) => is || (k < carries && set[k]!))), // prettier-ignore
    ...startsOf(residuals, set),
  ]);
}

/** Which operands of a loop or branch receive messages when some of its parts do: those that start there. */
function operandsReached(arena: Arena, node: number, starts: ReadonlySet<number>): boolean[] {
  const { results, stacked, residuals, loop, branches } = controlAt(arena, node);
  const isSent = ({ start }: Segment): boolean => starts.has(start);
  if (loop === undefined) {
    const sends = results.map(isSent);
    const [first, second] = branches.map((body) => inputsReachedBy(body, sends));
    return [false, ...first!.map((is, k) => is || second![k]!)];
  }
  const { body, first, lead, carries } = loop;
  const step = (set: readonly boolean[]): boolean[] =>
    inputsReachedBy(body, set).slice(lead.length);
  const sends = results.map((part, j) => isSent(part) || (residuals[j] && isSent(residuals[j])) === true); // prettier-ignore
  const set = closure([...sends, ...stacked.map(isSent)], (after) => step(after).slice(0, carries));
  return [
    ...Array.from({ length: first }, () => false),
    ...step(set).map((is, k) => is || (k < carries && set[k]!)),
  ];
}

/** A loop, of a known number of steps or not. */
interface Loop {
  readonly body: Body;
  readonly carries: number;
  /** Which operand is the first carry. */
  readonly first: number;
  /** For the inputs of the body before the carries: the index does not depend on anything. */
  readonly lead: readonly false[];
  /** What decides on another step. */
  readonly condition: Body | undefined;
}

/** A loop or branch: its parts, and either its step or its two bodies. */
interface ControlAt extends Segments {
  readonly loop: Loop | undefined;
  readonly branches: readonly Body[];
}

function controlAt(arena: Arena, node: number): ControlAt {
  const row = arena.rowOf(node);
  if (row.family !== 'control') throw new Error(`${row.name} is no loop or branch`);
  const attributes = arena.attributes.get(node)!;
  const segments = row.segments(attributes);
  if (row.name === 'cond') {
    const { whenTrue, whenFalse } = attributes as CondAttributes;
    return { ...segments, loop: undefined, branches: [whenTrue, whenFalse] };
  }
  if (row.name === 'scan') {
    const { body, carries, counted } = attributes as ScanAttributes;
    const first = counted ? 1 : 0;
    const loop: Loop = { body, carries, first, lead: [false], condition: undefined };
    return { ...segments, loop, branches: [] };
  }
  const { body, carries, condition } = attributes as WhileLoopAttributes;
  return { ...segments, loop: { body, carries, first: 0, lead: [], condition }, branches: [] };
}

function orderOf({ graph, outputs }: Body): Int32Array {
  return ancestorsOf(
    graph.arena,
    outputs.map(({ id }) => id),
  );
}
