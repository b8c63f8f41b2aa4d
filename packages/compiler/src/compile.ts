/** The compiler's front: a specification becomes a WebAssembly module and its memory, ready to run. */
import {
  checkNames,
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
import { CompiledProgram, type ImageCall, type ProgramImage } from './compiled-program.ts';
import { emitModule } from './emit/module.ts';
import { lowerProgram } from './lower/program.ts';
import { STRAIGHT_LINE_LIMIT } from './lower/scalar-region.ts';
import type { Buffer } from './lower/view.ts';
import { fusesMultiplyAdd, type Fusing } from './fused-multiply-add.ts';
import { describeProgram } from './report.ts';
import { instantiate, pagesOf, webAssembly, type WasmPlatform } from './webassembly.ts';

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
  const program = lowerProgram(spec, precision, straightLineLimit);
  const { constants, functions, graph, inPlace, kernels, leaves, outputs, wanted } = program;
  const emitted = emitModule(program, precision, fusing === 'yes', functions);
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
    imports: Object.keys(emitted.functions),
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
