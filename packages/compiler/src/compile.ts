/**
 * The compiler's front: a specification becomes a WebAssembly module and its memory, ready to run. The passes are
 * lowering (clusters, views, kernels), the memory plan, and emission; the interpreter is the oracle.
 */
import {
  checkNames,
  checkSpec,
  describeValue,
  type Executor,
  flopsOf,
  ancestorsOf,
  type Graph,
  type GraphNode,
  interpreter,
  portsOf,
  type Program,
  type ProgramSpec,
  type TensorData,
  ValueError,
} from '@ad/graph';
import type { Precision } from './code/expression.ts';
import { functionsCalled, vectorMath } from './code/vector-math.ts';
import { sizeOfReal } from './sizes.ts';
import { CompiledProgram, type ImageCall, type ProgramImage } from './compiled-program.ts';
import { emitModule } from './emit/module.ts';
import { settleBlocks } from './lower/control.ts';
import { guardedUpdate, keepOldElements } from './lower/guarded-update.ts';
import { type UpdateBuffers, updatesInPlace } from './lower/in-place.ts';
import { buffersWritten } from './lower/kernel.ts';
import { lower } from './lower/lower.ts';
import { STRAIGHT_LINE_LIMIT } from './lower/scalar-region.ts';
import { inStrips } from './lower/strips.ts';
import type { Buffer } from './lower/view.ts';
import { planMemory } from './plan.ts';
import { fusesMultiplyAdd, type Fusing } from './fused-multiply-add.ts';
import { describeProgram } from './report.ts';
import { tooLarge } from './too-large.ts';
import { instantiate, PAGE, pagesOf, webAssembly, type WasmPlatform } from './webassembly.ts';

/** Options of {@link compile}. */
export interface CompileOptions {
  /** The type of the reals: `f64`, the default, or `f32`. */
  readonly precision?: Precision;
  /**
   * Whether products of matrices and convolutions may multiply and add with one rounding, by relaxed SIMD; default
   * `false`. Errors stay within the same bound, but results are no longer the same on every machine: on one, they are.
   * How much faster it is depends on the processor. Engines without relaxed SIMD (Node 20) compute as if this were
   * not asked for, and `report()` says so. A program that was saved by an engine that has it needs one that has it.
   */
  readonly fusedMultiplyAdd?: boolean;
}

/** The most that 32-bit addresses reach. */
const MAX_BYTES = 2 ** 32 - PAGE;

/**
 * Compiles a graph to one WebAssembly program.
 *
 * Where the platform refuses to compile (a strict content security policy), or has no room for another memory, the
 * interpreter serves instead, with the same interface; `report()` says who runs.
 *
 * @throws `CapacityError` when the program would need more memory than 32-bit addresses reach.
 * @throws `GraphError` or `ShapeError` when the specification is wrong, as for the interpreter; `ValueError` when an
 * option is unknown or wrong.
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
  checkNames('compile', options, ['precision', 'fusedMultiplyAdd']);
  const { precision = 'f64', fusedMultiplyAdd = false } = options;
  if (precision !== 'f64' && precision !== 'f32') {
    throw new ValueError(
      `compile: precision is ${describeValue(precision)}, expected "f64" or "f32"`,
    );
  }
  return compileWith(spec, precision, STRAIGHT_LINE_LIMIT, fusedMultiplyAdd);
}

/**
 * Compiles, with scalar regions of up to `straightLineLimit` operations as straight-line code.
 *
 * @internal
 */
export function compileWith(
  spec: ProgramSpec,
  precision: Precision,
  straightLineLimit: number,
  fusedMultiplyAdd: boolean = false,
): Program {
  const platform = webAssembly();
  if (platform === undefined) return interpreter(spec);
  const fusing = !fusedMultiplyAdd ? 'no' : fusesMultiplyAdd(platform) ? 'yes' : 'unavailable';
  return build(spec, precision, straightLineLimit, fusing, platform) ?? interpreter(spec);
}

/** An executor that compiles; what `grad` and `fit` take as their `executor`. */
export function compiler(options: CompileOptions = {}): Executor {
  return (spec) => compile(spec, options);
}

function build(
  spec: ProgramSpec,
  precision: Precision,
  straightLineLimit: number,
  fusing: Fusing,
  platform: WasmPlatform,
): Program | undefined {
  const { graph, updates } = checkSpec(spec);
  const size = sizeOfReal(precision);
  const guarded = updates.map(([input, value]) => guardedUpdate(input, value));
  const inputs = updates.map(([input]) => input);
  const wanted = [
    ...spec.outputs,
    ...guarded.flatMap(({ value, condition }) => (condition ? [condition, value] : [value])),
  ];
  const functions = functionsCalled(graph);
  const math = vectorMath(functions);
  const lowered = lower(graph, wanted, inputs, precision, math, straightLineLimit);
  const { leaves, constants, bufferOf } = lowered;

  const outputs = spec.outputs.map((node) => bufferOf(node.id));
  const writes = guarded.map(({ input, value, condition }): UpdateBuffers => ({
    from: bufferOf(value.id),
    to: leaves.get(input.id)!,
    condition: condition && bufferOf(condition.id),
  }));
  const inPlace = updatesInPlace(lowered.kernels, writes, new Set(outputs));
  const { kernels: safe, restored } = keepOldElements(lowered.kernels, writes, inPlace);
  const copies = writes.filter(({ from }) => !inPlace.has(from));
  const permanent = [
    ...leaves.values(),
    ...outputs,
    ...[...copies, ...restored].flatMap(({ from, condition }) =>
      condition === undefined ? [from] : [from, condition],
    ),
  ];
  const kernels = inStrips(safe, new Set(permanent), inPlace, size);
  const bytes = planMemory(kernels, permanent, inPlace, size);
  if (bytes > MAX_BYTES)
    throw tooLarge(graph, [...permanent, ...kernels.flatMap(buffersWritten)], bytes, size);

  settleBlocks(kernels);
  const emitted = emitModule(
    kernels,
    copies,
    restored,
    precision,
    bytes,
    fusing === 'yes',
    functions,
  );
  const imports = Object.keys(emitted.functions);
  const pages = pagesOf(emitted.memory);
  const instance = instantiate(platform, emitted.bytes, pages, emitted.functions, (index) => {
    hostCalls[index]!();
  });
  if (instance === undefined) return undefined;
  const memory = instance.memory.buffer;
  const dataOf = (buffer: Buffer): TensorData => viewOf(memory, buffer, precision);
  const calls = emitted.hostCalls.map(({ row, work, operands, result, refuses }): ImageCall => ({
    row,
    work,
    refuses: refuses === true,
    operands: operands.map(dataOf),
    result: dataOf(result),
  }));
  const hostCalls = emitted.hostCalls.map(({ kernel }, index) => {
    const { operands, result } = calls[index]!;
    return () => kernel(result, operands);
  });

  const storage = new Map<number, TensorData>();
  const kept: TensorData[] = [];
  const keep = (buffer: Buffer, content: ArrayLike<number>): void => {
    const data = dataOf(buffer);
    data.set(content);
    kept.push(data);
  };
  for (const [node, buffer] of leaves)
    if (!constants.has(buffer)) storage.set(node, dataOf(buffer));
  for (const [buffer, content] of [...constants, ...emitted.contents]) keep(buffer, content);
  let flops: number | undefined;
  const plan = {
    bytes: emitted.memory,
    kernels: kernels.length,
    // Counted when it is asked for: nodes are only appended, so it is the same at any time.
    get flops(): number {
      return (flops ??= flopsBelow(graph, wanted));
    },
  };
  const image: ProgramImage = {
    code: emitted.bytes,
    pages,
    imports,
    hostCalls: calls,
    kept,
    plan,
    report: () =>
      describeProgram(precision, fusing, plan, kernels, emitted.bytes.length, inPlace.size),
  };
  const ports = portsOf(graph, storage, spec.outputs, outputs.map(dataOf));
  return new CompiledProgram(...ports, image, instance.run);
}

/** Operations of everything that nodes are computed from. */
function flopsBelow({ arena }: Graph, nodes: readonly GraphNode[]): number {
  let flops = 0;
  for (const id of ancestorsOf(
    arena,
    nodes.map((node) => node.id),
  ))
    flops += flopsOf(arena, id);
  return flops;
}

function viewOf(memory: ArrayBuffer, buffer: Buffer, precision: Precision): TensorData {
  if (buffer.storage === 'integer') return new Int32Array(memory, buffer.address, buffer.size);
  if (precision === 'f64') return new Float64Array(memory, buffer.address, buffer.size);
  return new Float32Array(memory, buffer.address, buffer.size);
}
