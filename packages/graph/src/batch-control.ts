/**
 * Batches of loops and branches: the loop runs once, over bodies that are built for all examples. Where examples take
 * different numbers of steps, it runs until the last of them is done, and those that are done keep what they have; where
 * they take different branches, both are computed and each example takes its own.
 *
 * Carries that do not differ between examples, from the start to the end, are shared.
 */
import { any, max } from './functions/reduction.ts';
import { apply } from './apply.ts';
import { applyBody, type Body } from './body.ts';
import { unpack } from './control/unpack.ts';
import { cond as branchOn } from './functions/control.ts';
import { toInteger } from './functions/rounding.ts';
import { less, where } from './functions/comparison.ts';
import type { GraphNode } from './node.ts';
import {
  cond,
  scan,
  whileLoop,
  type CondAttributes,
  type ScanAttributes,
  type WhileLoopAttributes,
} from './rows/control.ts';
import { closure, outputsDependingOn } from './control/reach.ts';
import type { Attributes, ControlRow } from './rows/row.ts';
import type { Segment } from './rows/segments.ts';
import { innermost } from './scope.ts';
import { tensor } from './tensor.ts';
import { closed, sharedCaptures, traceBody, type TracedBody } from './trace-body.ts';

/** A value of all examples, with an axis of them in front if it differs between them. */
export interface Operand {
  /** The value. */
  readonly node: GraphNode;
  /** Whether it differs. */
  readonly isBatch: boolean;
}

/** The parts of the result of a loop or branch: by where they start. */
export type BatchedParts = ReadonlyMap<number, Operand>;

/** The values of outputs for all examples. */
export type ValuesOfBatch = (
  outputs: readonly GraphNode[],
  examples: readonly GraphNode[],
  batches: readonly GraphNode[],
) => Operand[];

/**
 * The parts of a loop or branch for a batch.
 *
 * @param operands - with an axis of examples in front where `batched`.
 */
export function batchControl(
  row: ControlRow,
  attributes: Attributes,
  operands: readonly GraphNode[],
  batched: readonly boolean[],
  valuesOfBatch: ValuesOfBatch,
): BatchedParts {
  const given = operands.map((node, k): Operand => ({ node, isBatch: batched[k]! }));
  const count = operands[batched.indexOf(true)]!.shape[0]!;
  const batch = new ControlBatch(given, count, valuesOfBatch);
  if (row.name === 'scan') batch.scan(attributes as ScanAttributes);
  else if (row.name === 'cond') batch.cond(attributes as CondAttributes);
  else batch.whileLoop(attributes as WhileLoopAttributes);
  return batch.parts;
}

class ControlBatch {
  readonly parts = new Map<number, Operand>();
  readonly #operands: readonly Operand[];
  readonly #count: number;
  readonly #valuesOfBatch: ValuesOfBatch;

  constructor(operands: readonly Operand[], count: number, valuesOfBatch: ValuesOfBatch) {
    this.#operands = operands;
    this.#count = count;
    this.#valuesOfBatch = valuesOfBatch;
  }

  scan(attributes: ScanAttributes): void {
    const { body, carries: carryCount, scanned, counted } = attributes;
    const [counts, given] = counted
      ? [this.#operands[0], this.#operands.slice(1)]
      : [undefined, this.#operands];
    // Where examples have different counts, all carries differ.
    const isRagged = counts?.isBatch ?? false;
    const moves = closure(
      [false, ...given.map(({ isBatch }, k) => isBatch || (isRagged && k < carryCount))],
      (set) => [false, ...outputsDependingOn(body, set).slice(0, carryCount)],
    ).slice(1);
    const inits = given.slice(0, carryCount).map((init, j) => this.#if(moves[j]!, init));
    const arrays = given
      .slice(carryCount, carryCount + scanned)
      .map(({ node, isBatch }) => (isBatch ? swapAxes(node) : node));
    const outside = given.slice(carryCount + scanned).map(({ node }) => node);
    const graph = innermost(this.#operands[0]!.node.graph);
    const parameters = [
      { name: 'index', shape: [], kind: 'integer' as const },
      ...inits.map(({ shape, kind }, j) => ({ name: `carry${j}`, shape, kind })),
      ...arrays.map(({ shape, kind }, k) => ({ name: `x${k}`, shape: shape.slice(1), kind })),
    ];
    let isStackBatch: readonly boolean[] = [];
    const traced = traceBody(graph, parameters, ([index, ...ins]) => {
      const outputs = this.#body(body, [index!, ...ins, ...outside], [false, ...moves]);
      const active = isRagged ? less(index!, counts!.node) : undefined;
      const next = outputs.slice(0, carryCount).map((output, j) => {
        const value = this.#if(moves[j]!, output);
        return active === undefined ? value : choose(active, value, ins[j]!);
      });
      const ys = outputs.slice(carryCount).map((output) => {
        return active === undefined ? output.node : choose(active, this.#spread(output), zeroOf(output.node)); // prettier-ignore
      });
      isStackBatch = outputs.slice(carryCount).map(({ isBatch }) => isBatch || isRagged);
      return [...next, ...ys];
    });
    const batched: ScanAttributes = { ...attributes, body: bodyOf(traced) };
    const count =
      counts === undefined ? [] : [isRagged ? toInteger(max(counts.node)) : counts.node];
    const operands = [...count, ...inits, ...arrays, ...traced.captured];
    const node = apply(scan, operands, batched);
    const [now, before] = [scan.segments(batched), scan.segments(attributes)];
    now.results.forEach((part, j) => {
      this.#set(before.results[j]!, unpack(node, part), moves[j]!);
    });
    now.stacked.forEach((part, k) => {
      this.#setStack(before.stacked[k]!, unpack(node, part), isStackBatch[k]!);
    });
    now.residuals.forEach((part, j) => {
      this.#setStack(before.residuals[j]!, unpack(node, part), moves[j]!);
    });
  }

  cond(attributes: CondAttributes): void {
    const [predicate, ...given] = this.#operands as readonly [Operand, ...Operand[]];
    const nodes = given.map(({ node }) => node);
    const flags = given.map(({ isBatch }) => isBatch);
    const { whenTrue, whenFalse } = attributes;
    const [first, second] = [whenTrue, whenFalse].map((body) => outputsDependingOn(body, flags));
    const differ = first!.map((is, j) => predicate.isBatch || is || second![j]!);
    const branch = (body: Body) => (): GraphNode[] =>
      this.#body(body, nodes, flags).map((output, j) => this.#if(differ[j]!, output));
    const { results } = cond.segments(attributes);
    const both = (): GraphNode[] => {
      const [then, otherwise] = [branch(whenTrue)(), branch(whenFalse)()];
      return then.map((value, j) => choose(predicate.node, value, otherwise[j]!));
    };
    const values = predicate.isBatch
      ? both()
      : branchOn(predicate.node, branch(whenTrue), branch(whenFalse));
    results.forEach((part, j) => {
      this.#set(part, values[j]!, differ[j]!);
    });
  }

  whileLoop(attributes: WhileLoopAttributes): void {
    const { condition, body, carries: carryCount, limit, snapshots } = attributes;
    const given = this.#operands;
    const step = (set: readonly boolean[]): boolean[] => outputsDependingOn(body, set);
    let moves = closure(
      given.map(({ isBatch }) => isBatch),
      step,
    );
    const isRagged = outputsDependingOn(condition, moves)[0]!;
    // Where examples end at different steps, all carries differ.
    if (isRagged) moves = moves.map((is, k) => is || k < carryCount);
    const graph = innermost(given[0]!.node.graph);
    const inits = given.slice(0, carryCount).map((init, j) => this.#if(moves[j]!, init));
    const outside = given.slice(carryCount).map(({ node }) => node);
    if (isRagged) inits.push(this.#spread({ node: graph.constant(0), isBatch: false })); // steps made
    const parameters = inits.map(({ shape, kind }, j) => ({ name: `carry${j}`, shape, kind }));
    const goesOn = (ins: readonly GraphNode[]): GraphNode =>
      this.#body(condition, [...ins.slice(0, carryCount), ...outside], moves)[0]!.node;
    const test = traceBody(graph, parameters, (ins) => [isRagged ? any(goesOn(ins)) : goesOn(ins)]);
    const loop = traceBody(graph, parameters, (ins) => {
      const outputs = this.#body(body, [...ins.slice(0, carryCount), ...outside], moves);
      const next = outputs.map((output, j) => this.#if(moves[j]!, output));
      if (!isRagged) return next;
      const active = goesOn(ins);
      return [
        ...next.map((value, j) => choose(active, value, ins[j]!)),
        ins[carryCount]!.add(active),
      ];
    });
    const captured = sharedCaptures(test, loop);
    const batched: WhileLoopAttributes = {
      condition: bodyOf(test, captured),
      body: bodyOf(loop, captured),
      carries: inits.length,
      limit,
      snapshots,
    };
    const node = apply(whileLoop, [...inits, ...captured], batched);
    const [now, before] = [whileLoop.segments(batched), whileLoop.segments(attributes)];
    before.results.forEach((part, j) => {
      this.#set(part, unpack(node, now.results[j]!), moves[j]!);
    });
    before.residuals.forEach((part, j) => {
      const stack = unpack(node, now.residuals[j]!);
      this.#setStack(part, stack, moves[j]!);
    });
    before.counters.forEach((part, k) => {
      const steps = isRagged && k === 0 ? now.results[carryCount]! : now.counters[k]!;
      this.#set(part, unpack(node, steps), isRagged && k === 0);
    });
  }

  /** What a body computes: for all examples, or once where that does not differ between them. */
  #body(body: Body, nodes: readonly GraphNode[], isBatch: readonly boolean[]): Operand[] {
    const graph = innermost(nodes[0]!.graph);
    const adopted = nodes.map((node) => graph.adopt(node));
    const examples = body.inputs.map(({ shape, kind }, k) => {
      return isBatch[k]! ? graph.input(`example${graph.nodeCount}`, { shape, kind }) : adopted[k]!;
    });
    const outputs = applyBody(body, examples, graph);
    const differ = (_: unknown, k: number): boolean => isBatch[k]!;
    return this.#valuesOfBatch(outputs, examples.filter(differ), adopted.filter(differ));
  }

  /** The value for each example. */
  #spread({ node, isBatch }: Operand): GraphNode {
    return isBatch ? node : node.broadcastTo([this.#count, ...node.shape]);
  }

  #if(isBatch: boolean, operand: Operand): GraphNode {
    return isBatch ? this.#spread(operand) : operand.node;
  }

  #set({ start }: Segment, node: GraphNode, isBatch: boolean): void {
    this.parts.set(start, { node, isBatch });
  }

  /** A stack of batches becomes a batch of stacks. */
  #setStack(segment: Segment, node: GraphNode, isBatch: boolean): void {
    this.#set(segment, isBatch ? swapAxes(node) : node, isBatch);
  }
}

/** The body of a function that returned a list of nodes. */
function bodyOf(traced: TracedBody, captured: readonly GraphNode[] = traced.captured): Body {
  const outputs = (traced.result as readonly GraphNode[]).map((node) =>
    traced.lift(node, 'a result of a batch'),
  );
  return closed(traced, outputs, captured);
}

/** For each example one of two values, as a list of conditions says. */
function choose(conditions: GraphNode, x: GraphNode, y: GraphNode): GraphNode {
  const rank = Math.max(x.shape.length, y.shape.length);
  const ones = new Array<number>(rank - 1).fill(1);
  return where(conditions.reshape([conditions.shape[0]!, ...ones]), x, y);
}

function zeroOf({ graph, kind }: GraphNode): GraphNode {
  return kind === 'real' ? graph.constant(0) : graph.constant(tensor(0, { kind }));
}

/** The first two axes in the other order. */
function swapAxes(node: GraphNode): GraphNode {
  const [, , ...rest] = node.shape;
  return node.transpose([1, 0, ...rest.map((_, k) => k + 2)]);
}
