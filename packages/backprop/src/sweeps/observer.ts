/** What watches a reverse sweep: counts every step, and shows each message to the user's hook. */
import { type GraphNode, type NodeValues, ShapeError, Tensor } from '@ad/graph';
import { noCounts, ReadCounter, type SweepCounts } from './counts.ts';

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

/** What can be watched of a sweep. */
export interface ObserverOptions {
  /** Count exactly what the sweep does (scalar graphs only); default false. */
  readonly count?: boolean;
  /** Called with each message, in the order in which they are passed. */
  readonly onMessage?: (message: Message) => void;
}

/** Present only when something is to be counted or shown, so that an ordinary sweep pays nothing. */
export class SweepObserver {
  readonly #output: GraphNode;
  readonly #sums: NodeValues;
  readonly #onMessage: ObserverOptions['onMessage'];
  readonly #reads: ReadCounter | undefined;
  readonly #tally: SweepCounts = noCounts();

  private constructor(
    output: GraphNode,
    activations: NodeValues,
    sums: NodeValues,
    options: ObserverOptions,
  ) {
    this.#output = output;
    this.#sums = sums;
    this.#onMessage = options.onMessage;
    if (options.count !== true) return;
    this.#reads = new ReadCounter();
    const { arena } = output.graph;
    for (let id = 0; id <= output.id; id++) {
      if (!activations.has(id)) continue;
      this.#tally.activations++;
      if (arena.rowOf(id).family !== 'leaf') this.#tally.evaluations++;
    }
    this.#tally.nodes = 1;
  }

  /** An observer, if the options ask for one. */
  static of(
    output: GraphNode,
    activations: NodeValues,
    sums: NodeValues,
    options: ObserverOptions,
  ): SweepObserver | undefined {
    if (options.count !== true && options.onMessage === undefined) return undefined;
    return new SweepObserver(output, activations, sums, options);
  }

  /** The counts, if they were asked for. */
  get counts(): SweepCounts | undefined {
    if (this.#reads === undefined) return undefined;
    // Nothing is freed during the sweep: the adjoint of every node is part of the result.
    return { ...this.#tally, peakLiveCells: this.#tally.activations + this.#tally.nodes };
  }

  /** A message between scalars has been added to its receiver. */
  scalarMessage(
    from: number,
    to: number,
    position: number,
    message: number,
    isFirst: boolean,
  ): void {
    if (this.#reads !== undefined) {
      const tally = this.#tally;
      tally.messages++;
      tally.partials++;
      tally.multiplications++;
      if (isFirst) tally.nodes++;
      else tally.additions++;
      tally.activationReads += this.#reads.reads(this.#output.graph.arena.rowOf(from), position);
    }
    this.#show(from, to, position, new Tensor([], 'real', Float64Array.of(message)));
  }

  /** A message from or to an array has been added to its receiver. */
  arrayMessage(from: number, to: number, position: number, message: Tensor): void {
    if (this.#reads !== undefined) {
      const node = this.#output.graph.node(from);
      throw new ShapeError(
        `reverseSweep: counts are defined for scalar graphs; ${node.toString()} works on arrays: leave out count`,
      );
    }
    this.#show(from, to, position, message);
  }

  #show(from: number, to: number, position: number, message: Tensor): void {
    if (this.#onMessage === undefined) return;
    const { graph } = this.#output;
    const shown: Message = {
      from: graph.node(from),
      to: graph.node(to),
      position,
      sum: this.#sums.tensor(from),
      message,
    };
    this.#onMessage(shown);
  }
}
