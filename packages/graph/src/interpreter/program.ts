/**
 * Programs: a graph made ready to run many times. The interfaces here are what every executor fills, and
 * {@link StoredProgram} is what all programs have in common: inputs and outputs with storage of their own.
 */
import { SCALAR_REAL } from '../arena.ts';
import { GraphError, ShapeError } from '../errors.ts';
import type { Feeds, Graph } from '../graph.ts';
import type { GraphNode } from '../node.ts';
import { sameShape } from '../shape.ts';
import { allocate, Tensor, type TensorData, type Type } from '../tensor.ts';
import { missingInput } from './compute.ts';
import { graphOfAll } from './evaluate.ts';

/** What a program is to compute. */
export interface ProgramSpec {
  /** The nodes whose values are wanted. */
  readonly outputs: readonly GraphNode[];
  /**
   * New values of inputs, written after the outputs are computed: parameters and optimizer state live in the
   * program. All new values are computed from the old ones.
   */
  readonly updates?: readonly (readonly [input: GraphNode, value: GraphNode])[];
}

/** What a program takes, known before it runs. */
export interface ProgramPlan {
  /** Bytes of storage for inputs, constants, intermediate values and outputs. */
  readonly bytes: number;
  /** Pieces of code that run one after the other. */
  readonly kernels: number;
  /** Arithmetic operations of one execution, roughly: one per element, two per term of a matrix product. */
  readonly flops: number;
}

/** A graph made ready to run. Inputs keep their values from one run to the next until they are fed or updated. */
export interface Program {
  /** The storage of each input by name: write here, then {@link execute}. */
  readonly inputs: Readonly<Record<string, TensorData>>;
  /** The storage of each output, in the order of the specification; overwritten by the next execution. */
  readonly outputs: readonly TensorData[];
  /** What it takes. */
  readonly plan: ProgramPlan;
  /** Computes the outputs from the inputs as they stand, then writes the updates. Allocates nothing. */
  execute(): void;
  /**
   * Feeds inputs, executes, and returns copies of the outputs.
   *
   * @throws GraphError, ShapeError or KindError as `evaluate` does; then no input has changed.
   */
  run(feeds?: Feeds): Tensor[];
  /** What was built, in words: who runs it, the plan, and each kernel. */
  report(): string;
}

/** Makes programs: the reference interpreter, or a compiler. */
export type Executor = (spec: ProgramSpec) => Program;

/**
 * A program whose inputs and outputs have storage: feeding with all checks, inputs without a value, and copies of the
 * outputs. An executor adds the execution.
 */
export abstract class StoredProgram implements Program {
  readonly inputs: Readonly<Record<string, TensorData>>;
  readonly outputs: readonly TensorData[];
  readonly #graph: Graph;
  readonly #outputTypes: readonly Type[];
  /** The storage of the real scalar inputs by name: most feeds are plain numbers for these. */
  readonly #scalars = new Map<string, TensorData>();
  readonly #storage: ReadonlyMap<number, TensorData>;
  /** Inputs that have not been given any value yet. */
  readonly #missing = new Set<number>();

  /**
   * Fills the inputs with their current values, where they have any.
   *
   * @param storage - of each input that the program reads or updates, by node id.
   * @param outputs - the storage of the outputs.
   */
  constructor(
    graph: Graph,
    outputNodes: readonly GraphNode[],
    storage: ReadonlyMap<number, TensorData>,
    outputs: readonly TensorData[],
  ) {
    this.#graph = graph;
    this.#outputTypes = outputNodes.map(({ shape, kind }) => ({ shape, kind }));
    this.#storage = storage;
    this.outputs = outputs;
    const inputs = Object.create(null) as Record<string, TensorData>;
    for (const [id, data] of storage) {
      if (graph.arena.typeIds[id] === SCALAR_REAL) this.#scalars.set(graph.inputName(id)!, data);
      const current = graph.currentValue(id);
      if (current === undefined) this.#missing.add(id);
      else data.set(current.data);
      // Whoever takes the storage writes it himself.
      const get = (): TensorData => {
        this.#missing.delete(id);
        return data;
      };
      Object.defineProperty(inputs, graph.inputName(id)!, { enumerable: true, get });
    }
    this.inputs = inputs;
  }

  abstract readonly plan: ProgramPlan;

  abstract execute(): void;

  abstract report(): string;

  run(feeds: Feeds = {}): Tensor[] {
    if (this.#missing.size > 0 || !this.#feedNumbers(feeds)) this.#feed(feeds);
    this.execute();
    return this.#outputTypes.map(({ shape, kind }, k) => {
      const data = this.outputs[k]!;
      const copy = allocate(kind, data.length);
      copy.set(data);
      return new Tensor(shape, kind, copy);
    });
  }

  /** Feeds numbers to real scalar inputs; does nothing and says so where anything else is fed. */
  #feedNumbers(feeds: Feeds): boolean {
    for (const name in feeds) {
      if (typeof feeds[name] !== 'number' || !this.#scalars.has(name)) return false;
    }
    for (const name in feeds) this.#scalars.get(name)![0] = feeds[name] as number;
    return true;
  }

  /** Feeds anything, with all checks before the first value is written. */
  #feed(feeds: Feeds): void {
    const fed = this.#graph.resolveFeeds(feeds);
    for (const id of this.#missing) {
      if (fed.has(id)) continue;
      const current = this.#graph.currentValue(id);
      if (current === undefined) throw missingInput(this.#graph, id);
      fed.set(id, current);
    }
    for (const [id, value] of fed) {
      // As in `evaluate`, an input that the outputs do not need may be fed, even one younger than the program.
      this.#storage.get(id)?.set(value.data);
      this.#missing.delete(id);
    }
  }
}

/** A checked specification: the graph, all nodes that must be computed or stored, and the updates. */
export interface CheckedSpec {
  /** The graph of all nodes. */
  readonly graph: Graph;
  /** Outputs, updated inputs and their new values. */
  readonly roots: readonly GraphNode[];
  /** The updates, perhaps none. */
  readonly updates: NonNullable<ProgramSpec['updates']>;
}

/**
 * Checks what a program is to compute.
 *
 * @throws {@link GraphError} when there is nothing to compute, nodes belong to different graphs, or the target of an
 * update is not an input or is named twice; {@link ShapeError} when an update has another shape or kind than its input.
 */
export function checkSpec(spec: ProgramSpec): CheckedSpec {
  const updates = spec.updates ?? [];
  const roots = [...spec.outputs, ...updates.flat()];
  const graph = graphOfAll(roots);
  checkUpdates(graph, updates);
  return { graph, roots, updates };
}

function checkUpdates(graph: Graph, updates: NonNullable<ProgramSpec['updates']>): void {
  const seen = new Set<number>();
  for (const [input, value] of updates) {
    const name = graph.inputName(input.id);
    if (name === undefined) {
      throw new GraphError(
        `updates: node ${input.id} (${input.operation}) is not an input; only inputs can be updated`,
      );
    }
    if (seen.has(input.id)) throw new GraphError(`updates: input "${name}" is updated twice`);
    seen.add(input.id);
    if (!sameShape(input.shape, value.shape) || input.kind !== value.kind) {
      throw new ShapeError(
        `updates: input "${name}" is ${input.kind} [${input.shape.join(', ')}], its new value ${value.kind} [${value.shape.join(', ')}]`,
      );
    }
  }
}
