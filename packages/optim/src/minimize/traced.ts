/**
 * A user's function as programs on one vector. It is traced once; each program is built when it is first needed and
 * then run with the elements of the vector in its inputs, without allocation. A function that looks at values while
 * it is traced is traced anew at every point.
 */
import { compiler } from '@ad/compiler';
import {
  callWithNodes,
  describeValue,
  type Executor,
  Graph,
  GraphError,
  type GraphNode,
  interpreter,
  isGraphNode,
  KindError,
  type Program,
  remedyForResult,
  type TensorData,
} from '@ad/graph';
import { firstNonFinite, gradient } from '@ad/backprop';
import { storageOf } from '../storage.ts';
import type { Layout } from './layout.ts';

/** A function applied to inputs of a graph. */
export interface Trace {
  /** The inputs, one for each leaf of the argument. */
  readonly inputs: readonly GraphNode[];
  /** What the function returned. */
  readonly output: GraphNode;
}

/** A program and where its inputs take the elements of the vector. */
interface BoundProgram {
  readonly program: Program;
  readonly slots: readonly { readonly storage: TensorData; readonly offset: number }[];
}

/** A function that is evaluated at vectors. */
export class Traced {
  /** How the vector stands for the function's argument. */
  readonly layout: Layout;
  readonly #caller: string;
  readonly #f: (x: never) => GraphNode;
  readonly #executor: Executor | undefined;
  readonly #programs = new Map<string, BoundProgram>();
  #trace: Trace | undefined;
  /** Where a function that looks at values was traced; `undefined` for one that does not. */
  #tracedAt: Float64Array | undefined;

  /**
   * @param caller - for messages.
   * @param executor - what runs the programs; default the compiler, and the interpreter where the function is
   * traced at every point.
   */
  constructor(
    caller: string,
    f: (x: never) => GraphNode,
    layout: Layout,
    executor: Executor | undefined,
  ) {
    this.layout = layout;
    this.#caller = caller;
    this.#f = f;
    this.#executor = executor;
  }

  /** The function applied to nodes that stand for the elements of `x`. */
  trace(x: Float64Array): Trace {
    if (this.#trace !== undefined && (this.#tracedAt === undefined || equal(this.#tracedAt, x))) {
      return this.#trace;
    }
    const graph = new Graph();
    const inputs: GraphNode[] = [];
    const tree = this.layout.map((leaf, { path }) => {
      const input = graph.input(`x${path}`, { value: this.layout.tensor(x, leaf) });
      inputs.push(input);
      return input;
    });
    const output = this.#checked(this.#apply(tree, graph), graph);
    this.#trace = { inputs, output };
    this.#tracedAt = graph.valuesRead ? x.slice() : undefined;
    this.#programs.clear();
    return this.#trace;
  }

  /**
   * A program with `x` in its inputs, ready to be executed.
   *
   * @param outputs - makes the outputs when the program is first needed; may append nodes.
   */
  program(name: string, x: Float64Array, outputs: (trace: Trace) => readonly GraphNode[]): Program {
    const trace = this.trace(x);
    let bound = this.#programs.get(name);
    if (bound === undefined) {
      bound = this.#bind(trace, outputs(trace));
      this.#programs.set(name, bound);
    }
    for (const { storage, offset } of bound.slots) {
      for (let i = 0; i < storage.length; i++) storage[i] = x[offset + i]!;
    }
    return bound.program;
  }

  /** Which node is the first that is not finite at `x`, in words; `undefined` when value and gradient are finite. */
  whereNotFinite(x: Float64Array): string | undefined {
    const { inputs, output } = this.trace(x);
    const feeds = Object.fromEntries(
      inputs.map(({ label }, leaf) => [label!, this.layout.tensor(x, leaf)]),
    );
    const slopes = output.shape.length === 0 ? gradient(output, inputs) : [];
    return firstNonFinite([output, ...slopes], feeds)?.text.split('\n')[0];
  }

  #bind({ inputs }: Trace, outputs: readonly GraphNode[]): BoundProgram {
    const usual = this.#tracedAt === undefined ? compiler() : interpreter;
    const program = (this.#executor ?? usual)({ outputs });
    const slots = inputs.flatMap(({ label }, leaf) => {
      // An input that the outputs do not need has no storage.
      const storage = storageOf(program, label!);
      return storage === undefined ? [] : [{ storage, offset: this.layout.places[leaf]!.offset }];
    });
    return { program, slots };
  }

  /** Calls the function. Transforms that it calls may close over its nodes as long as it has not returned. */
  #apply(tree: unknown, graph: Graph): unknown {
    graph.callsInProgress++;
    try {
      return callWithNodes(this.#caller, () => this.#f(tree as never));
    } finally {
      graph.callsInProgress--;
    }
  }

  #checked(result: unknown, graph: Graph): GraphNode {
    if (!isGraphNode(result) || result.graph !== graph) {
      const got = isGraphNode(result) ? 'a node of another graph' : describeValue(result);
      throw new GraphError(
        `${this.#caller}: the function returned ${got}, expected a node computed from its argument${remedyForResult(result)}`,
      );
    }
    if (result.kind !== 'real') {
      throw new KindError(
        `${this.#caller}: the function returned ${result.toString()}, which is not real; only real nodes have derivatives`,
      );
    }
    return result;
  }
}

function equal(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
