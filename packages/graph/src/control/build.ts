/**
 * Loops and branches whose bodies are put together node by node, as derivatives are. What turns out not to be needed is
 * left out: arrays and outside values that the body does not read, and carries that nothing wanted depends on.
 */
import { apply } from '../apply.ts';
import { Body, inputsNeeded } from '../body.ts';
import type { Graph } from '../graph.ts';
import { ancestorsOf } from '../interpreter/schedule.ts';
import type { GraphNode } from '../node.ts';
import type { CondAttributes, ScanAttributes, WhileLoopAttributes } from '../rows/control.ts';
import type { Type } from '../tensor.ts';
import type { ControlRows } from './derivatives.ts';
import { unpack } from './unpack.ts';

/** An input of a body, and the node around it that it is fed from. */
export interface Fed {
  readonly input: GraphNode;
  readonly from: GraphNode;
}

/** A value that goes from step to step. */
export interface Carry extends Fed {
  /** Its next value. */
  readonly next: GraphNode;
  /** Whether its last value or its stack is asked for. */
  readonly wanted: boolean;
}

/** A scan in the making. */
export interface ScanDraft {
  readonly index: GraphNode;
  readonly count: GraphNode | undefined;
  readonly carries: readonly Carry[];
  readonly scanned: readonly Fed[];
  readonly outside: readonly Fed[];
  readonly stacked: readonly GraphNode[];
  readonly length: number;
  readonly reverse: boolean;
  /** How many carries its reverse mode may keep; default all. */
  readonly checkpoints?: number;
}

/** The parts of a loop that was built; `undefined` for carries that were left out. */
export interface Built {
  readonly last: readonly (GraphNode | undefined)[];
  readonly stacked: readonly GraphNode[];
  readonly residuals: readonly (GraphNode | undefined)[];
  readonly counters: readonly GraphNode[];
}

/** Zeros of the shape of a node: one number, repeated, which takes no memory in a program. */
export function zeros({ graph, shape }: Pick<GraphNode, 'graph' | 'shape'>): GraphNode {
  const zero = graph.constant(0);
  return shape.length === 0 ? zero : zero.broadcastTo(shape);
}

/** Inputs of a body, one for each type. */
export function inputsFor(graph: Graph, name: string, types: readonly Type[]): GraphNode[] {
  return types.map(({ shape, kind }, k) => graph.input(`${name}${k}`, { shape, kind }));
}

/** Builds a scan. */
export function buildScan({ scan }: ControlRows, draft: ScanDraft): Built {
  const { index, count, stacked, length, reverse } = draft;
  const kept = neededCarries(draft.carries, stacked);
  const nexts = kept.map(({ next }) => next);
  const outputs = [...nexts, ...stacked];
  if (outputs.length === 0) return nothingOf(draft.carries);
  const isNeeded = neededBy(outputs);
  const scanned = draft.scanned.filter(isNeeded);
  const outside = draft.outside.filter(isNeeded);
  const fed = [...kept, ...scanned, ...outside];
  const attributes: ScanAttributes = {
    body: new Body([index, ...fed.map(({ input }) => input)], outputs),
    carries: kept.length,
    scanned: scanned.length,
    length,
    reverse,
    counted: count !== undefined,
    checkpoints: draft.checkpoints ?? 0,
  };
  const counts = count === undefined ? [] : [count];
  const node = apply(scan, [...counts, ...fed.map(({ from }) => from)], attributes);
  const parts = scan.segments(attributes);
  const byCarry =
    (segments: typeof parts.all) =>
    (carry: Carry): GraphNode | undefined => {
      const segment = segments[kept.indexOf(carry)];
      return segment && unpack(node, segment);
    };
  return {
    last: draft.carries.map(byCarry(parts.results)),
    stacked: parts.stacked.map((part) => unpack(node, part)),
    residuals: draft.carries.map(byCarry(parts.residuals)),
    counters: [],
  };
}

/** A branch in the making: bodies in two graphs with the same inputs. */
export interface CondDraft {
  readonly predicate: GraphNode;
  /** The nodes that feed the inputs of both. */
  readonly from: readonly GraphNode[];
  readonly whenTrue: {
    readonly inputs: readonly GraphNode[];
    readonly outputs: readonly GraphNode[];
  };
  readonly whenFalse: {
    readonly inputs: readonly GraphNode[];
    readonly outputs: readonly GraphNode[];
  };
}

/** Builds a branch; returns its results. */
export function buildCond({ cond }: ControlRows, draft: CondDraft): GraphNode[] {
  if (draft.whenTrue.outputs.length === 0) return [];
  const bodies = [draft.whenTrue, draft.whenFalse].map(
    ({ inputs, outputs }) => new Body(inputs, outputs),
  );
  const [first, second] = bodies.map(inputsNeeded);
  const isNeeded = (_: unknown, k: number): boolean => first![k]! || second![k]!;
  const attributes: CondAttributes = {
    whenTrue: new Body(draft.whenTrue.inputs.filter(isNeeded), draft.whenTrue.outputs),
    whenFalse: new Body(draft.whenFalse.inputs.filter(isNeeded), draft.whenFalse.outputs),
  };
  const node = apply(cond, [draft.predicate, ...draft.from.filter(isNeeded)], attributes);
  return cond.segments(attributes).results.map((part) => unpack(node, part));
}

/** A loop of unknown length in the making; the condition has the same inputs as the body, in its own graph. */
export interface WhileDraft {
  readonly carries: readonly Carry[];
  readonly outside: readonly Fed[];
  readonly condition: GraphNode;
  /** The inputs of the condition that stand for the carries and for what is used from outside. */
  readonly conditionInputs: readonly GraphNode[];
  readonly limit: number;
  readonly snapshots: number;
}

/** Builds a loop of unknown length. */
export function buildWhile({ whileLoop }: ControlRows, draft: WhileDraft): Built {
  const { carries, outside, condition, conditionInputs, limit, snapshots } = draft;
  if (carries.every(({ wanted }) => !wanted)) return nothingOf(carries);
  const all = [...carries, ...outside];
  const isTested = neededBy([condition]);
  const tested = new Set(all.filter((_, k) => isTested({ input: conditionInputs[k]! })));
  const kept = neededCarries(
    carries.map((carry) => ({ ...carry, wanted: carry.wanted || tested.has(carry) })),
    [],
  );
  const keptAt = carries.flatMap(({ input }, k) =>
    kept.some((one) => one.input === input) ? [k] : [],
  );
  const isNeeded = neededBy(kept.map(({ next }) => next));
  const usedAt = outside.flatMap((fed, k) =>
    isNeeded(fed) || tested.has(fed) ? [carries.length + k] : [],
  );
  const positions = [...keptAt, ...usedAt];
  const attributes: WhileLoopAttributes = {
    condition: new Body(
      positions.map((k) => conditionInputs[k]!),
      [condition],
    ),
    body: new Body(
      positions.map((k) => all[k]!.input),
      keptAt.map((k) => carries[k]!.next),
    ),
    carries: keptAt.length,
    limit,
    snapshots,
  };
  const node = apply(
    whileLoop,
    positions.map((k) => all[k]!.from),
    attributes,
  );
  const parts = whileLoop.segments(attributes);
  const byCarry = (segments: typeof parts.all): (GraphNode | undefined)[] =>
    carries.map((_, k) => {
      const at = keptAt.indexOf(k);
      return at < 0 ? undefined : unpack(node, segments[at]!);
    });
  return {
    last: byCarry(parts.results),
    stacked: [],
    residuals: byCarry(parts.residuals),
    counters: parts.counters.map((part) => unpack(node, part)),
  };
}

/** What there is of a loop of which nothing is asked for. */
function nothingOf(carries: readonly Carry[]): Built {
  const none = carries.map(() => undefined);
  return { last: none, stacked: [], residuals: none, counters: [] };
}

/** The carries that are wanted, and those that these and the stacked results depend on. */
function neededCarries(carries: readonly Carry[], stacked: readonly GraphNode[]): Carry[] {
  let kept = carries.filter(({ wanted }) => wanted);
  for (;;) {
    const isNeeded = neededBy([...kept.map(({ next }) => next), ...stacked]);
    const larger = carries.filter((carry) => kept.includes(carry) || isNeeded(carry));
    if (larger.length === kept.length) return kept;
    kept = larger;
  }
}

function neededBy(outputs: readonly GraphNode[]): (fed: { readonly input: GraphNode }) => boolean {
  if (outputs.length === 0) return () => false;
  const { arena } = outputs[0]!.graph;
  const needed = new Set(
    ancestorsOf(
      arena,
      outputs.map(({ id }) => id),
    ),
  );
  return ({ input }) => needed.has(input.id);
}
