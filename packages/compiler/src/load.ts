/**
 * Loading of saved programs, without the compiler: where they only have to run, for example in a worker.
 *
 * @packageDocumentation
 */
import {
  AdError,
  checkNames,
  type Feeds,
  fedValue,
  FormatError,
  GraphError,
  type InputPort,
  type Kernel,
  listNames,
  type Port,
  type Program,
  sizeOf,
  Tensor,
  type TensorData,
  ValueError,
  type ValueSource,
} from '@ad/graph';
import { CompiledProgram, type ImageCall } from './compiled-program.ts';
import type { HostWork } from './host-kernel.ts';
import { PLATFORM } from './platform.ts';
import { readHeader, type SavedCall, type SavedPort } from './saved-format.ts';
import { instantiate, type Instantiated, webAssembly } from './webassembly.ts';

/** Options of {@link loadProgram}. */
export interface LoadOptions {
  /**
   * The kernels of operations that the program leaves to the interpreter: `hostKernel` from `@ad/compiler/kernels`.
   * Without it such programs are refused; those that are WebAssembly alone, which are most, load without it.
   */
  readonly hostKernel?: (work: HostWork) => Kernel;
}

/**
 * The program that `saveProgram` made bytes of, with the values that its inputs had.
 *
 * @throws `FormatError` when the bytes are not a saved program, or one of another version, truncated or damaged; what
 * is wrong is in the message, and nothing has run.
 * @throws `FormatError`, too, when it was compiled with `fusedMultiplyAdd` and the engine here has no relaxed SIMD.
 * @throws `GraphError` when it leaves operations to the interpreter and `hostKernel` is not given.
 * @throws `AdError` where the platform does not run WebAssembly.
 * @example
 * ```ts
 * import { Graph } from '@ad/graph';
 * import { compile, saveProgram } from '@ad/compiler';
 * import { loadProgram } from '@ad/compiler/load';
 *
 * const x = new Graph().input('x', { shape: [2], value: [3, 4] });
 * const bytes = saveProgram(compile({ outputs: [x.square().sum().sqrt()] }));
 * loadProgram(bytes).run()[0].item(); // => 5
 * ```
 */
export function loadProgram(bytes: Uint8Array, options: LoadOptions = {}): Program {
  checkNames('loadProgram', options, ['hostKernel']);
  const platform = webAssembly();
  const refused = 'and a saved program has no graph to interpret: compile it from its graph here';
  if (platform === undefined)
    throw new AdError(`loadProgram: this platform has no WebAssembly, ${refused}`);
  const { header, start } = readHeader(bytes);
  const codeEnd = start + header.code;
  const kernels = kernelsOf(header.calls, options);
  const calls: ImageCall[] = [];
  const host = (index: number): void => {
    const call = calls[index];
    if (call === undefined)
      throw new FormatError(
        'loadProgram: a loaded program calls an operation that it does not have',
      );
    kernels[index]!(call.result, call.operands);
  };
  const code = bytes.slice(start, codeEnd);
  let instance: Instantiated | undefined;
  try {
    const functions = Object.fromEntries(header.imports.map((name) => [name, PLATFORM[name]]));
    instance = instantiate(platform, code, header.pages, functions, host);
  } catch (error) {
    throw new FormatError(
      `loadProgram: the code is damaged, or compiled with fusedMultiplyAdd for an engine with relaxed SIMD, which this one lacks: ${String(error)}`,
    );
  }
  if (instance === undefined) {
    throw new AdError(
      `loadProgram: this platform refuses to run more WebAssembly (a content security policy, or no room for ` +
        `another memory), ${refused}`,
    );
  }
  if (typeof instance.run !== 'function')
    throw new FormatError('loadProgram: the code is damaged: it does not export run');
  const memory = instance.memory.buffer;
  const view = (port: SavedPort): TensorData => {
    const { at, kind, shape } = port;
    if (kind === 'integer') return new Int32Array(memory, at, sizeOf(shape));
    return header.precision === 'f64'
      ? new Float64Array(memory, at, sizeOf(shape))
      : new Float32Array(memory, at, sizeOf(shape));
  };
  for (const work of header.calls) {
    const { refuses, operands, result } = work;
    const row = undefined;
    calls.push({ row, work, refuses, operands: operands.map(view), result: view(result) });
  }
  let from = codeEnd;
  const kept = header.kept.map(([at, length]) => {
    const part = new Int32Array(memory, at, length / 4);
    new Uint8Array(memory, at, length).set(bytes.subarray(from, (from += length)));
    return part;
  });
  const inputs: InputPort[] = [];
  const values = new Map<string, Tensor>();
  for (const input of header.inputs) {
    const data = view(input);
    inputs.push({ name: input.name, kind: input.kind, shape: input.shape, data });
    if (!input.set) continue;
    const { byteLength } = data;
    const raw = new Uint8Array(memory, input.at, byteLength);
    raw.set(bytes.subarray(from, (from += byteLength)));
    values.set(input.name, new Tensor(input.shape, input.kind, data));
  }
  const outputs = header.outputs.map((output): Port => ({
    kind: output.kind,
    shape: output.shape,
    data: view(output),
  }));
  const image = {
    code,
    pages: header.pages,
    imports: header.imports,
    hostCalls: calls,
    kept,
    plan: header.plan,
    report: () => header.report,
  };
  return new CompiledProgram(inputs, outputs, sourceOf(inputs, values), image, instance.run);
}

/** The kernels of the calls, in their order. */
function kernelsOf(calls: readonly SavedCall[], { hostKernel }: LoadOptions): readonly Kernel[] {
  const needed = calls.filter(({ refuses }) => !refuses);
  if (needed.length > 0 && hostKernel === undefined) {
    const names = new Set(needed.map(({ operation }) => operation));
    throw new GraphError(
      `loadProgram: the program leaves ${[...names].join(', ')} to the interpreter: give its kernels, as in ` +
        "loadProgram(bytes, { hostKernel }) with hostKernel from '@ad/compiler/kernels'",
    );
  }
  return calls.map((call) => {
    if (hostKernel === undefined) return refuseIndex(call.operation);
    try {
      return hostKernel(call);
    } catch (error) {
      throw new FormatError(`loadProgram: a call is damaged: ${String(error)}`);
    }
  });
}

/** The kernel of an operation that is called for operands only that it refuses. */
function refuseIndex(operation: string): Kernel {
  return () => {
    throw new ValueError(`${operation}: an index is outside of the axis`);
  };
}

/** What stands for the graph of a loaded program: it knows the inputs and the values that were saved. */
function sourceOf(inputs: readonly InputPort[], values: ReadonlyMap<string, Tensor>): ValueSource {
  const byName = new Map(inputs.map((input) => [input.name, input]));
  return {
    resolve(feeds: Feeds) {
      const fed = new Map<string, Tensor>();
      for (const name of Object.keys(feeds)) {
        const input = byName.get(name);
        if (input === undefined)
          throw new GraphError(
            `no input "${name}"; this program has ${listNames([...byName.keys()])}`,
          );
        fed.set(name, fedValue(name, feeds[name]!, input));
      }
      return fed;
    },
    current: (name) => values.get(name),
  };
}
