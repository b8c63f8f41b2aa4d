/** The reference executor: programs that run node by node with the rows' own definitions. */
import { numbers } from '../algebra/numbers.ts';
import { SCALAR_BOOLEAN } from '../arena.ts';
import type { GraphNode } from '../node.ts';
import type { ElementwiseRow, Kernel } from '../rows/row.ts';
import type { TensorData } from '../tensor.ts';
import { kernelOf, setLeaf } from './compute.ts';
import { flopsOf } from './cost.ts';
import { NodeValues } from './node-values.ts';
import {
  checkSpec,
  type Executor,
  portsOf,
  type ProgramPlan,
  type ProgramSpec,
  StoredProgram,
} from './program.ts';
import { ancestorsOf } from './schedule.ts';

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

class InterpretedProgram extends StoredProgram {
  readonly plan: ProgramPlan;
  readonly #operations: ReadonlyMap<string, number>;

  constructor(spec: ProgramSpec) {
    const { graph, roots, updates } = checkSpec(spec);
    const { arena } = graph;
    const values = new NodeValues(arena);
    const inputs = new Map<number, TensorData>();
    const steps: (() => void)[] = [];
    const operations = new Map<string, number>();
    let [bytes, flops] = [0, 0];
    for (const id of ancestorsOf(
      arena,
      roots.map((node) => node.id),
    )) {
      if (graph.constantValue(id) !== undefined) setLeaf(graph, id, values);
      else if (graph.inputName(id) !== undefined) inputs.set(id, values.data(id));
      else {
        steps.push(bindStep(values, id));
        const { name } = arena.rowOf(id);
        operations.set(name, (operations.get(name) ?? 0) + 1);
      }
      bytes += values.data(id).byteLength;
      flops += flopsOf(arena, id);
    }
    const updated = new Set(updates.map(([input]) => input.id));
    // What an update overwrites must be saved first where it is still wanted: as an output, or by another update.
    const saved = new Map<number, TensorData>();
    const stable = (node: GraphNode): TensorData => {
      if (!updated.has(node.id)) return values.data(node.id);
      const buffer = saved.get(node.id) ?? values.data(node.id).slice();
      saved.set(node.id, buffer);
      return buffer;
    };
    const outputs = spec.outputs.map(stable);
    const writes = updates.map(([input, value]) => ({
      from: stable(value),
      to: values.data(input.id),
    }));
    const saves = Array.from(saved, ([id, buffer]) => ({ from: values.data(id), to: buffer }));
    // Made after the steps: outputs that an update would overwrite, then the updates themselves.
    const copies = [...saves, ...writes];
    super(...portsOf(graph, inputs, spec.outputs, outputs), () => {
      for (const step of steps) step();
      for (const { from, to } of copies) to.set(from);
    });
    this.plan = { bytes, kernels: steps.length, flops };
    this.#operations = operations;
  }

  report(): string {
    const { bytes, kernels, flops } = this.plan;
    const counts = Array.from(this.#operations, ([name, count]) => `  ${count} x ${name}`);
    return [`interpreter: ${kernels} operations, ${bytes} bytes, ${flops} flops`, ...counts].join(
      '\n',
    );
  }
}

/** The computation of one node with its storage bound. */
function bindStep(values: NodeValues, id: number): () => void {
  const { arena } = values;
  const row = arena.rowOf(id);
  const result = values.data(id);
  const ids = arena.operandsOf(id);
  if (row.family === 'elementwise' && arena.typeIds[id]! <= SCALAR_BOOLEAN) {
    return scalarStep(row, values.scalars, id, ids);
  }
  const operands = Array.from(ids, (operand) => values.data(operand));
  const kernel: Kernel = kernelOf(arena, id);
  return () => {
    kernel(result, operands);
  };
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
