/**
 * The compiler's front: a specification becomes a WebAssembly module and its memory, ready to run. The passes are
 * lowering (clusters, views, kernels), the memory plan, and emission; the interpreter is the oracle.
 */
import {
  CapacityError,
  checkSpec,
  type Executor,
  type Graph,
  type GraphNode,
  interpreter,
  numbers,
  type Program,
  type ProgramSpec,
  StoredProgram,
  type TensorData,
} from '@ad/graph';
import type { Precision } from './code/expression.ts';
import { vectorMath } from './code/vector-math.ts';
import { emitContraction } from './emit/contraction.ts';
import { emitLoopNest } from './emit/loop-nest.ts';
import type { HostCall, Kernel } from './lower/kernel.ts';
import { lower } from './lower/lower.ts';
import type { Buffer } from './lower/view.ts';
import { bytesOf, planMemory } from './plan.ts';
import { FunctionBuilder } from './wasm/function-builder.ts';
import { ModuleBuilder, PAGE } from './wasm/module-builder.ts';
import { webAssembly, type WasmPlatform } from './webassembly.ts';

/** Options of {@link compile}. */
export interface CompileOptions {
  /** The type of the reals: `f64`, the default, or `f32`. */
  readonly precision?: Precision;
}

/** The most that 32-bit addresses reach. */
const MAX_BYTES = 2 ** 32 - PAGE;

/**
 * Compiles a graph to one WebAssembly program.
 *
 * Where the platform refuses to compile (a strict content security policy) the interpreter serves instead, with the
 * same interface.
 *
 * @throws {@link CapacityError} when the program would need more memory than 32-bit addresses reach.
 * @throws {@link GraphError} or {@link ShapeError} when the specification is wrong, as for the interpreter.
 * @example
 * ```ts
 * import { Graph } from '@ad/graph';
 * import { compile } from '@ad/compiler';
 *
 * const x = new Graph().input('x', { shape: [3] });
 * const program = compile({ outputs: [x.square().sum()] });
 * program.run({ x: [1, 2, 3] })[0].item(); // => 14
 * ```
 */
export function compile(spec: ProgramSpec, options: CompileOptions = {}): Program {
  const platform = webAssembly();
  if (platform === undefined) return interpreter(spec);
  return build(spec, options.precision ?? 'f64', platform) ?? interpreter(spec);
}

/** An executor that compiles; what `grad` and `fit` take as their `executor`. */
export function compiler(options: CompileOptions = {}): Executor {
  return (spec) => compile(spec, options);
}

function build(
  spec: ProgramSpec,
  precision: Precision,
  platform: WasmPlatform,
): Program | undefined {
  const { graph, updates } = checkSpec(spec);
  const size = precision === 'f64' ? 8 : 4;
  const wanted = [...spec.outputs, ...updates.map(([, value]) => value)];
  const lowered = lower(
    graph,
    wanted,
    updates.map(([input]) => input),
    precision,
    vectorMath(precision),
  );
  const results = wanted.map((node) => lowered.bufferOf(node.id));
  const bytes = planMemory(lowered.kernels, [...lowered.leaves.values(), ...results], size);
  if (bytes > MAX_BYTES)
    throw tooLarge(graph, [...lowered.leaves.values(), ...results], bytes, size);
  const copies = updates.map(([input, value]) => ({
    from: lowered.bufferOf(value.id),
    to: lowered.leaves.get(input.id)!,
  }));
  const { code, functions, hostCalls } = emit(lowered.kernels, copies, precision);

  let module: object;
  try {
    module = new platform.Module(code.encode(Math.max(1, Math.ceil(bytes / PAGE))));
  } catch (error) {
    // Refused by policy; a module that is wrong is our own mistake and must not be hidden.
    if (
      error instanceof Error &&
      /eval|content security|code generation|disallowed/i.test(error.message)
    )
      return undefined;
    throw error;
  }
  const memory = new platform.Memory({
    initial: Math.max(1, Math.ceil(bytes / PAGE)),
    maximum: Math.max(1, Math.ceil(bytes / PAGE)),
  });
  const dataOf = (buffer: Buffer): TensorData => viewOf(memory.buffer, buffer, precision);
  const bound = hostCalls.map(({ kernel, operands, result }) => {
    const [out, data] = [dataOf(result), operands.map(dataOf)];
    return () => kernel(out, data);
  });
  const env: Record<string, unknown> = {
    ...functions,
    memory,
    host: (index: number) => bound[index]!(),
  };
  const instance = new platform.Instance(module, { env });
  const inputs = new Map<number, TensorData>();
  for (const [node, buffer] of lowered.leaves) {
    if (graph.inputName(node) === undefined) fillConstant(graph, node, dataOf(buffer));
    else inputs.set(node, dataOf(buffer));
  }
  return new CompiledProgram(
    graph,
    spec.outputs,
    inputs,
    spec.outputs.map((node) => dataOf(lowered.bufferOf(node.id))),
    instance.exports['run']!,
  );
}

class CompiledProgram extends StoredProgram {
  readonly execute: () => void;

  constructor(
    graph: Graph,
    outputNodes: readonly GraphNode[],
    inputs: ReadonlyMap<number, TensorData>,
    outputs: readonly TensorData[],
    run: () => void,
  ) {
    super(graph, outputNodes, inputs, outputs);
    this.execute = run;
  }
}

interface Emitted {
  readonly code: ModuleBuilder;
  /** The functions of the platform that the code calls. */
  readonly functions: Readonly<Record<string, unknown>>;
  readonly hostCalls: readonly HostCall[];
}

/** One function per kernel, and one that calls them in order and then writes the updates. */
function emit(
  kernels: readonly Kernel[],
  copies: readonly { from: Buffer; to: Buffer }[],
  precision: Precision,
): Emitted {
  const code = new ModuleBuilder();
  const host = code.import('host', ['i32'], []);
  const imported = new Map<string, number>();
  const functions: Record<string, unknown> = {};
  const importOf = (name: string): number => {
    const known = imported.get(name);
    if (known !== undefined) return known;
    const value = numbers[name as keyof typeof numbers];
    const index = code.import(
      name,
      Array.from({ length: value.length || 1 }, () => 'f64' as const),
      ['f64'],
    );
    functions[name] = value;
    imported.set(name, index);
    return index;
  };
  const hostCalls: HostCall[] = [];
  // The functions are written first, because their imports must be known before they can be numbered.
  const calls = kernels.map((kernel): FunctionBuilder | number => {
    if (kernel.kind === 'loop') return emitLoopNest(kernel, precision, importOf);
    if (kernel.kind === 'contraction') return emitContraction(kernel, precision);
    return hostCalls.push(kernel) - 1;
  });
  const run = new FunctionBuilder();
  for (const call of calls) {
    if (typeof call === 'number') run.i32(call).call(host);
    else run.call(code.function(call));
  }
  const size = precision === 'f64' ? 8 : 4;
  for (const { from, to } of copies) run.copyMemory(to.address, from.address, bytesOf(from, size));
  code.export('run', code.function(run));
  return { code, functions, hostCalls };
}

function viewOf(memory: ArrayBuffer, buffer: Buffer, precision: Precision): TensorData {
  if (buffer.storage === 'integer') return new Int32Array(memory, buffer.address, buffer.size);
  if (precision === 'f64') return new Float64Array(memory, buffer.address, buffer.size);
  return new Float32Array(memory, buffer.address, buffer.size);
}

function fillConstant(graph: Graph, node: number, data: TensorData): void {
  const value = graph.constantValue(node)!;
  if (typeof value === 'number') data[0] = value;
  else data.set(value.data);
}

function tooLarge(
  graph: Graph,
  buffers: readonly Buffer[],
  bytes: number,
  size: number,
): CapacityError {
  const largest = [...new Set(buffers)]
    .sort((a, b) => bytesOf(b, size) - bytesOf(a, size))
    .slice(0, 3)
    .map(
      (buffer) =>
        `${graph.node(buffer.node).toString()} (${(bytesOf(buffer, size) / 2 ** 20).toFixed(1)} MiB)`,
    );
  return new CapacityError(
    `compile: the program would need ${(bytes / 2 ** 30).toFixed(2)} GiB, more than the 4 GiB that WebAssembly can address; ` +
      `the largest arrays are ${largest.join(', ')}: use smaller batches, or f32`,
  );
}
