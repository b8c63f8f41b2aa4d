/**
 * Programs: a graph made ready to run many times. The interface is what every executor fills; the one here is the
 * reference interpreter, with all storage allocated and all kernels prepared beforehand.
 */
import { numbers } from '../algebra/numbers.ts';
import { SCALAR_BOOLEAN } from '../arena.ts';
import { GraphError, ShapeError } from '../errors.ts';
import type { Feeds, Graph } from '../graph.ts';
import type { GraphNode } from '../node.ts';
import type { ElementwiseRow, Kernel } from '../rows/row.ts';
import { sameShape } from '../shape.ts';
import { Tensor, type TensorData } from '../tensor.ts';
import { kernelOf, setLeaf } from './compute.ts';
import { graphOfAll } from './evaluate.ts';
import { NodeValues } from './node-values.ts';
import { ancestorsOf } from './schedule.ts';

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

/** A graph made ready to run. Inputs keep their values from one run to the next until they are fed or updated. */
export interface Program {
  /** The storage of each input by name: write here, then {@link execute}. */
  readonly inputs: Readonly<Record<string, TensorData>>;
  /** The storage of each output, in the order of the specification; overwritten by the next execution. */
  readonly outputs: readonly TensorData[];
  /** Computes the outputs from the inputs as they stand, then writes the updates. Allocates nothing. */
  execute(): void;
  /**
   * Feeds inputs, executes, and returns copies of the outputs.
   *
   * @throws GraphError, ShapeError or KindError as `evaluate` does; then no input has changed.
   */
  run(feeds?: Feeds): Tensor[];
}

/** Makes programs: the reference interpreter, or a compiler. */
export type Executor = (spec: ProgramSpec) => Program;

/**
 * The reference executor: runs a program node by node with the rows' own definitions.
 *
 * @throws {@link GraphError} when an update's target is not an input, or is named twice.
 * @throws {@link ShapeError} when an update has another shape or kind than its input.
 * @example
 * ```ts
 * import { Graph, interpreter } from '@ad/graph';
 *
 * const graph = new Graph();
 * const count = graph.input('count', { value: 0 });
 * const program = interpreter({ outputs: [count], updates: [[count, count.add(1)]] });
 * program.run()[0].item(); // => 0
 * program.run()[0].item(); // => 1
 * ```
 */
export const interpreter: Executor = (spec) => new InterpretedProgram(spec);

class InterpretedProgram implements Program {
  readonly inputs: Readonly<Record<string, TensorData>>;
  readonly outputs: readonly TensorData[];
  readonly #graph: Graph;
  readonly #spec: ProgramSpec;
  readonly #values: NodeValues;
  readonly #steps: readonly (() => void)[];
  /** Copies made after the steps: outputs that an update would overwrite, then the updates themselves. */
  readonly #copies: readonly { readonly from: TensorData; readonly to: TensorData }[];
  readonly #inputIds = new Set<number>();
  /** Inputs that have not been given any value yet. */
  readonly #missing = new Set<number>();

  constructor(spec: ProgramSpec) {
    const updates = spec.updates ?? [];
    const roots = [...spec.outputs, ...updates.flat()];
    const graph = graphOfAll(roots);
    checkUpdates(graph, updates);
    const { arena } = graph;
    this.#graph = graph;
    this.#spec = spec;
    const values = new NodeValues(arena);
    this.#values = values;
    const inputs = Object.create(null) as Record<string, TensorData>;
    const steps: (() => void)[] = [];
    for (const id of ancestorsOf(
      arena,
      roots.map((node) => node.id),
    )) {
      if (graph.constantValue(id) !== undefined) setLeaf(graph, id, values);
      else if (graph.inputName(id) !== undefined) this.#addInput(id, inputs);
      else steps.push(this.#step(id));
    }
    this.inputs = inputs;
    this.#steps = steps;
    const updated = new Set(updates.map(([input]) => input.id));
    // What an update overwrites must be saved first where it is still wanted: as an output, or by another update.
    const saved = new Map<number, TensorData>();
    const stable = (node: GraphNode): TensorData => {
      if (!updated.has(node.id)) return values.data(node.id);
      const buffer = saved.get(node.id) ?? values.data(node.id).slice();
      saved.set(node.id, buffer);
      return buffer;
    };
    this.outputs = spec.outputs.map(stable);
    const writes = updates.map(([input, value]) => ({
      from: stable(value),
      to: values.data(input.id),
    }));
    const saves = Array.from(saved, ([id, buffer]) => ({ from: values.data(id), to: buffer }));
    this.#copies = [...saves, ...writes];
  }

  execute(): void {
    for (const step of this.#steps) step();
    for (const { from, to } of this.#copies) to.set(from);
  }

  run(feeds: Feeds = {}): Tensor[] {
    const fed = this.#graph.resolveFeeds(feeds);
    for (const id of this.#missing) {
      if (fed.has(id)) continue;
      const current = this.#graph.currentValue(id);
      // Throws, naming the input.
      if (current === undefined) setLeaf(this.#graph, id, this.#values);
      else fed.set(id, current);
    }
    for (const [id, value] of fed) {
      // As in `evaluate`, an input that the outputs do not need may be fed, even one younger than the program.
      if (!this.#inputIds.has(id)) continue;
      this.#values.data(id).set(value.data);
      this.#missing.delete(id);
    }
    this.execute();
    return this.#spec.outputs.map(({ shape, kind }, k) => {
      const data = this.outputs[k]!;
      if (shape.length > 0) return new Tensor(shape, kind, data.slice());
      return new Tensor(
        shape,
        kind,
        kind === 'real'
          ? data.slice()
          : kind === 'integer'
            ? Int32Array.from(data)
            : Uint8Array.from(data),
      );
    });
  }

  /** Gives an input its storage, filled with its current value if it has one. */
  #addInput(id: number, inputs: Record<string, TensorData>): void {
    const data = this.#values.data(id);
    this.#inputIds.add(id);
    const current = this.#graph.currentValue(id);
    if (current === undefined) this.#missing.add(id);
    else data.set(current.data);
    // Whoever takes the storage writes it himself.
    const get = (): TensorData => {
      this.#missing.delete(id);
      return data;
    };
    Object.defineProperty(inputs, this.#graph.inputName(id)!, { enumerable: true, get });
  }

  /** The computation of one node with its storage bound. */
  #step(id: number): () => void {
    const values = this.#values;
    const { arena } = values;
    const row = arena.rowOf(id);
    const result = values.data(id);
    const ids = arena.operandsOf(id);
    if (row.family === 'elementwise' && arena.typeIds[id]! <= SCALAR_BOOLEAN)
      return scalarStep(row, values.scalars, id, ids);
    const operands = Array.from(ids, (operand) => values.data(operand));
    const kernel: Kernel = kernelOf(arena, id);
    return () => {
      kernel(result, operands);
    };
  }
}

function scalarStep(
  row: ElementwiseRow,
  scalars: Float64Array,
  id: number,
  ids: Int32Array,
): () => void {
  const [x, y = x, z = x] = ids as unknown as [number, number?, number?];
  return () => {
    scalars[id] = row.value(numbers, scalars[x]!, scalars[y]!, scalars[z]!);
  };
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
