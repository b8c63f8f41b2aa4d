/**
 * Programs: a graph made ready to run many times. The interfaces here are what every executor fills, and
 * {@link StoredProgram} is what all programs have in common: inputs and outputs with storage of their own.
 */
import { GraphError, ShapeError } from '../errors.ts';
import type { Feeds, Graph } from '../graph.ts';
import type { GraphNode } from '../node.ts';
import { checkNames, describeValue } from '../options.ts';
import { sameShape } from '../shape.ts';
import { allocate, tensor, Tensor, type TensorData, type Type } from '../tensor.ts';
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
  /**
   * Computes the outputs from the inputs as they stand, then writes the updates. Allocates nothing.
   *
   * @throws GraphError when an input has no value: it was never fed, its storage never taken from {@link inputs}.
   */
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

/** An output of a program: what it is, and its storage. */
export interface Port extends Type {
  /** The storage. */
  readonly data: TensorData;
}

/** An input of a program. */
export interface InputPort extends Port {
  /** How it is fed. */
  readonly name: string;
}

/** Who knows about inputs: the graph that a program was made of, or what stands for it. */
export interface ValueSource {
  /**
   * The values fed, checked; there may be some that the program does not need.
   *
   * @throws GraphError, ShapeError or KindError.
   */
  resolve(feeds: Feeds): ReadonlyMap<string, Tensor>;
  /** The value of an input that has not been fed; a number for a real scalar, where no tensor is at hand. */
  current(name: string): number | Tensor | undefined;
}

/** What a program of a graph has: its inputs, its outputs, and the graph as the source of values. */
export function portsOf(
  graph: Graph,
  storage: ReadonlyMap<number, TensorData>,
  outputNodes: readonly GraphNode[],
  outputs: readonly TensorData[],
): [inputs: InputPort[], outputs: Port[], source: ValueSource] {
  const port = ({ shape, kind }: Type, data: TensorData): Port => ({ shape, kind, data });
  return [
    Array.from(storage, ([id, data]) => ({
      name: graph.inputName(id)!,
      ...port(graph.arena.typeOf(id), data),
    })),
    outputNodes.map((node, k) => port(node, outputs[k]!)),
    {
      // As in `evaluate`, an input that the outputs do not need may be fed, even one younger than the program.
      resolve: (feeds) =>
        new Map(
          Array.from(graph.resolveFeeds(feeds), ([id, value]) => [graph.inputName(id)!, value]),
        ),
      current: (name) => graph.leafValue(graph.find(name).id),
    },
  ];
}

/**
 * A program whose inputs and outputs have storage: feeding with all checks, inputs without a value, and copies of the
 * outputs. An executor hands in the execution.
 */
export abstract class StoredProgram implements Program {
  /** The first one sees to it that all inputs have values; a check in each would be felt where little is computed. */
  execute: () => void;
  readonly outputs: readonly TensorData[];
  /** What the inputs are, for who saves a program. */
  readonly inputPorts: readonly InputPort[];
  /** What the outputs are. */
  readonly outputPorts: readonly Port[];
  readonly #source: ValueSource;
  readonly #storage = new Map<string, TensorData>();
  /** The storage of the real scalar inputs by name: most feeds are plain numbers for these. */
  readonly #scalars = new Map<string, TensorData>();
  /** Inputs that have not been given any value yet. */
  readonly #missing = new Set<string>();
  #inputs: Readonly<Record<string, TensorData>> | undefined;

  /** Fills the inputs with their current values, where they have any. */
  constructor(
    inputs: readonly InputPort[],
    outputs: readonly Port[],
    source: ValueSource,
    execution: () => void,
  ) {
    this.inputPorts = inputs;
    this.outputPorts = outputs;
    this.outputs = outputs.map(({ data }) => data);
    this.#source = source;
    for (const { name, kind, shape, data } of inputs) {
      this.#storage.set(name, data);
      if (kind === 'real' && shape.length === 0) this.#scalars.set(name, data);
      const current = source.current(name);
      if (current === undefined) this.#missing.add(name);
      else if (typeof current === 'number') data[0] = current;
      else data.set(current.data);
    }
    const first = (): void => {
      if (this.#missing.size > 0) this.#feed({});
      // Whoever has put something around the execution keeps it.
      if (this.execute === first) this.execute = execution;
      execution();
    };
    this.execute = first;
  }

  /** Made when it is first asked for: who only feeds has no use for it. */
  get inputs(): Readonly<Record<string, TensorData>> {
    if (this.#inputs !== undefined) return this.#inputs;
    const byName = Object.create(null) as Record<string, TensorData>;
    for (const [name, data] of this.#storage) {
      // Whoever takes the storage writes it himself.
      const get = (): TensorData => {
        this.#missing.delete(name);
        return data;
      };
      Object.defineProperty(byName, name, { enumerable: true, get });
    }
    return (this.#inputs = byName);
  }

  abstract readonly plan: ProgramPlan;

  abstract report(): string;

  /** Whether an input has been given a value, by feeding or by whoever took its storage. */
  hasValue(name: string): boolean {
    return !this.#missing.has(name);
  }

  run(feeds: Feeds = {}): Tensor[] {
    if (this.#missing.size > 0 || !this.#feedNumbers(feeds)) this.#feed(feeds);
    this.execute();
    return this.outputPorts.map(({ shape, kind, data }) => {
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
    const fed = new Map(this.#source.resolve(feeds));
    for (const name of this.#missing) {
      if (fed.has(name)) continue;
      const current = this.#source.current(name);
      if (current === undefined) throw missingInput(name);
      fed.set(name, tensor(current));
    }
    for (const [name, value] of fed) {
      this.#storage.get(name)?.set(value.data);
      this.#missing.delete(name);
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
  checkNames('program', spec, ['outputs', 'updates']);
  const { outputs, updates = [] } = spec;
  if (!Array.isArray(outputs) || !Array.isArray(updates)) {
    throw new GraphError(
      `program: outputs are ${describeValue(outputs)} and updates ${describeValue(updates)}, expected lists, as in ` +
        '{ outputs: [loss], updates: [[weights, newWeights]] }',
    );
  }
  const roots = [...spec.outputs, ...updates.flat()];
  const graph = graphOfAll(roots, 'program');
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
