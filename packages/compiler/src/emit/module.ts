/** Emission of the module: the functions of the kernels, and `run`, which calls them in order and writes the updates. */
import type { LoweredBody } from '@ad/graph';
import type { Precision } from '../code/expression.ts';
import { type Functions, vectorMath } from '../code/vector-math.ts';
import { sizeOfReal } from '../sizes.ts';
import type { UpdateBuffers } from '../lower/in-place.ts';
import type { Body, HostCall, Kernel, ScalarKernel } from '../lower/kernel.ts';
import type { PlacedProgram } from '../lower/program.ts';
import type { Buffer } from '../lower/view.ts';
import { bytesOf } from '../plan.ts';
import { pagesOf } from '../webassembly.ts';
import { type Callee, FunctionBuilder } from '../wasm/function-builder.ts';
import { ModuleBuilder } from '../wasm/module-builder.ts';
import { Callees } from './callees.ts';
import { emitContraction } from './contraction.ts';
import { emitCopy } from './copies.ts';
import { emitGathered } from './gathered.ts';
import { emitLoopNest } from './loop-nest.ts';
import { emitOwn } from './own.ts';
import { emitStraightLine } from './straight-line.ts';
import { emitStrips } from './strips.ts';
import { Templates } from './templates.ts';

/** What a module runs, and how many bytes of memory it works on. */
type KernelsAndUpdates = Pick<PlacedProgram, 'kernels' | 'copies' | 'restored' | 'bytes'>;

/** A module and what it needs from outside. */
export interface EmittedModule {
  /** The module; it imports a memory, `host`, and functions of the platform. */
  readonly bytes: Uint8Array;
  /** How many bytes of memory it needs, that of the program included. */
  readonly memory: number;
  /** The functions of the platform that the code calls, by name. */
  readonly functions: Readonly<Record<string, unknown>>;
  /** What `host(index)` is to run. */
  readonly hostCalls: readonly HostCall[];
  /** What buffers must hold before the first run. */
  readonly contents: ReadonlyMap<Buffer, ArrayLike<number>>;
}

/** Bytes of the calls that are made by one function: engines take long for very long ones, and refuse longer ones. */
const PIECE = 2 ** 15;

/**
 * Emits a program.
 *
 * @param fused - whether products of arrays multiply and add with one rounding.
 * @param functions - those that operations call by their rows.
 */
export function emitModule(
  { kernels, copies, restored, bytes }: KernelsAndUpdates,
  precision: Precision,
  fused: boolean = false,
  functions: Functions = new Map(),
): EmittedModule {
  const code = new ModuleBuilder();
  const host = code.import('host', ['i32'], []);
  const math = vectorMath(functions);
  const callees = new Callees(code, precision, math, functions, bytes);
  const importOf = (name: string): Callee => callees.onNumbers(name);
  const hostCalls: HostCall[] = [];
  const contents = new Map<Buffer, ArrayLike<number>>();
  const elementSize = sizeOfReal(precision);
  const templates = new Templates(code, elementSize, (kernel, addressing) => {
    if (kernel.kind === 'loop') return emitLoopNest(kernel, precision, importOf, addressing);
    if (kernel.kind === 'own')
      return emitOwn(
        kernel,
        precision,
        fused,
        importOf,
        host,
        () => hostCalls.push(kernel.refuse!) - 1,
      );
    return emitContraction(kernel, precision, fused, importOf, addressing);
  });
  let run = new FunctionBuilder();
  const call = (emitted: FunctionBuilder): void => {
    run.call(code.function(emitted));
  };
  const emitScalars = (kernel: ScalarKernel): void => {
    const { plan } = kernel;
    if (plan.kind === 'straight line') {
      for (const piece of emitStraightLine(kernel, plan, precision, callees)) call(piece);
      return;
    }
    const loops = emitGathered(kernel, plan, precision, math, callees);
    call(loops.run(loops.steps.map((step) => code.function(step))));
    contents.set(plan.table, loops.table);
    if (plan.numbers !== undefined) contents.set(plan.numbers, kernel.code.constants);
  };
  const emitKernels = (list: readonly Kernel[]): void => {
    for (const kernel of list) {
      if (kernel.kind === 'loop' || kernel.kind === 'contraction' || kernel.kind === 'own')
        templates.call(run, kernel);
      else if (kernel.kind === 'strips')
        emitStrips(run, kernel, precision, importOf, (emitted) => code.function(emitted));
      else if (kernel.kind === 'scalars') emitScalars(kernel);
      else if (kernel.kind === 'host') run.i32(hostCalls.push(kernel) - 1).call(host);
      else {
        const bodies = new Map(kernel.bodies.map((body): [LoweredBody, Body] => [body, body]));
        kernel.write({
          code: run,
          run: (body) => emitKernels(bodies.get(body)!.kernels),
          copy: (to, from, bytes) => emitCopy(run, to, from, bytes),
        });
        for (const { constants } of kernel.bodies)
          for (const [buffer, content] of constants) contents.set(buffer, content);
      }
    }
  };
  const pieces: FunctionBuilder[] = [];
  const endPiece = (atLeast: number): void => {
    if (run.size < atLeast) return;
    pieces.push(run);
    run = new FunctionBuilder();
  };
  for (const kernel of kernels) {
    emitKernels([kernel]);
    endPiece(PIECE);
  }
  const emitCopies = (list: readonly UpdateBuffers[]): void => {
    for (const { from, to } of list) emitCopy(run, to, from, bytesOf(from, elementSize));
  };
  const emitWhere = (list: readonly UpdateBuffers[], comparison: 'eq' | 'ne'): void => {
    for (const condition of new Set(list.map((update) => update.condition))) {
      const same = list.filter((update) => update.condition === condition);
      if (condition === undefined) {
        emitCopies(same);
        continue;
      }
      run.i32(0).memory(`${precision}.load`, condition.address);
      (precision === 'f64' ? run.f64(0) : run.f32(0)).op(`${precision}.${comparison}`);
      run.if(() => emitCopies(same));
    }
  };
  emitWhere(copies, 'ne');
  emitWhere(restored, 'eq');
  if (pieces.length > 0) {
    endPiece(1);
    pieces.forEach(call);
  }
  code.export('run', code.function(run));
  return {
    bytes: code.encode(pagesOf(callees.bytes)),
    memory: callees.bytes,
    functions: callees.imported,
    hostCalls,
    contents,
  };
}
