/**
 * Templates: kernels that differ in nothing but where their arrays are have the same code but for addresses. It is
 * emitted once, with symbols in the place of addresses, and copied for each of them. Where there are many and they are
 * small, as in networks of layers that are alike, all the others are calls of one function that is told the addresses.
 */
import { type Shape, sizeOf } from '@ad/graph';
import type { Expressions } from '../code/expression.ts';
import type { Contraction, Epilogue, LoopNest, Own, Result } from '../lower/kernel.ts';
import { epilogueViews } from '../lower/kernel.ts';
import { type Buffer, isContiguous, type View } from '../lower/view.ts';
import type { Callee, FunctionBuilder } from '../wasm/function-builder.ts';
import type { ModuleBuilder } from '../wasm/module-builder.ts';
import { symbol } from '../wasm/symbols.ts';

/** The kernels whose functions depend on addresses only through the constants that they add to. */
export type PlacedKernel = LoopNest | Contraction | Own;

/** So many kernels are emitted without looking for others like them: most programs have few, and hardly any alike. */
const FEW = 8;

/** So many kernels that are alike get code of their own, which is a little faster than code for any address. */
const COPIES = 4;

/** The most elements that a kernel may go through to share its code: for long loops code of their own is worth its size. */
const MAX_SHARED = 2 ** 14;

/** How the code of a kernel knows where its arrays are: by the addresses of their buffers, or by a parameter for each. */
export type Addressing = 'constants' | 'parameters';

/** Kernels that are alike. */
interface Alike {
  count: number;
  /** With symbols for addresses. */
  template: FunctionBuilder | undefined;
  /** With parameters for addresses. */
  shared: Callee | undefined;
}

/** The templates of a module. */
export class Templates {
  readonly #module: ModuleBuilder;
  readonly #elementSize: number;
  readonly #emit: (kernel: PlacedKernel, addressing: Addressing) => FunctionBuilder;
  #calls = 0;
  readonly #known = new Map<string, Alike>();
  readonly #bodies = new Map<Expressions, number>();
  /** Shapes as text: most are the shapes of nodes, of which there are few. */
  readonly #shapes = new Map<Shape, string>();

  /**
   * None yet.
   *
   * @param emit - the function of a kernel.
   */
  constructor(
    module: ModuleBuilder,
    elementSize: number,
    emit: (kernel: PlacedKernel, addressing: Addressing) => FunctionBuilder,
  ) {
    this.#module = module;
    this.#elementSize = elementSize;
    this.#emit = emit;
  }

  /** Lets `run` call the function of a kernel, whose buffers have their addresses. */
  call(run: FunctionBuilder, kernel: PlacedKernel): void {
    // What rows write may depend on more than addresses, and where entries of stacks are does.
    const isAlone = kernel.kind === 'own' && kernel.key === undefined;
    const isEarly = this.#calls++ < FEW;
    if (isEarly || isAlone || viewsOf(kernel).some(({ buffer }) => buffer.entryAt !== undefined)) {
      run.call(this.#module.function(this.#emit(kernel, 'constants')));
      return;
    }
    const alike = this.#alike(kernel);
    const addresses = viewsOf(kernel).map((view) => this.#addressOf(view));
    alike.count++;
    if (alike.count > COPIES && sharesCode(kernel)) {
      alike.shared ??= this.#module.function(
        this.#emit(
          movedTo(kernel, () => 0),
          'parameters',
        ),
      );
      for (const address of addresses) run.i32(address);
      run.call(alike.shared);
    } else {
      alike.template ??= this.#emit(movedTo(kernel, symbol), 'constants');
      run.call(this.#module.function(alike.template, addresses));
    }
  }

  #alike(kernel: PlacedKernel): Alike {
    const key = this.#keyOf(kernel);
    let alike = this.#known.get(key);
    if (alike === undefined) {
      alike = { count: 0, template: undefined, shared: undefined };
      this.#known.set(key, alike);
    }
    return alike;
  }

  #addressOf({ buffer, offset }: View): number {
    return buffer.address + offset * (buffer.storage === 'integer' ? 4 : this.#elementSize);
  }

  /** What the code of a kernel depends on, apart from addresses. */
  #keyOf(kernel: PlacedKernel): string {
    const views = viewsOf(kernel)
      .map((view) => this.#geometryOf(view))
      .join(' ');
    if (kernel.kind === 'own') return `${views} ${kernel.key}`;
    if (kernel.kind === 'loop')
      return `${views} ${kernel.reads.length} ${kernel.reduced.join()} ${this.#computed(kernel)}`;
    const { epilogue, resultUse, scratch } = kernel;
    const then = epilogue === undefined ? '' : this.#computed(epilogue);
    return `${views} ${resultUse} ${scratch !== undefined} ${then}`;
  }

  /** A view but for its place. */
  #geometryOf(view: View): string {
    const { buffer, shape, strides, positions } = view;
    let dimensions = this.#shapes.get(shape);
    if (dimensions === undefined) {
      dimensions = shape.join();
      this.#shapes.set(shape, dimensions);
    }
    const steps = isContiguous(view) ? '' : ` by ${strides.join()}`;
    const gathered = positions && ` at ${positions.axis} ${positions.length} ${positions.stride}`;
    return `${buffer.storage} ${dimensions}${steps}${gathered ?? ''}`;
  }

  #computed({ expressions, results }: LoopNest | Epilogue): string {
    let body = this.#bodies.get(expressions);
    if (body === undefined) {
      body = this.#bodies.size;
      this.#bodies.set(expressions, body);
    }
    return `${body}: ${results.map(({ expression, combine }) => `${expression.id} ${combine}`).join()}`;
  }
}

/** Whether kernels like this one may have one function for all. */
function sharesCode(kernel: PlacedKernel): boolean {
  if (kernel.kind === 'loop') return sizeOf(kernel.shape) <= MAX_SHARED;
  if (kernel.kind === 'own') return false;
  return sizeOf(kernel.result.shape) * kernel.left.shape.at(-1)! <= MAX_SHARED;
}

/** The views of a kernel, in the order of their addresses. */
function viewsOf(kernel: PlacedKernel): View[] {
  if (kernel.kind === 'loop') {
    const { reads, results } = kernel;
    return [...reads, ...results.map(({ write }) => write), ...positionsIn(reads)];
  }
  if (kernel.kind === 'own') return [...kernel.reads, ...kernel.writes];
  const { left, right, result, epilogue, scratch } = kernel;
  const whole = scratch === undefined ? [] : [wholeOf(scratch)];
  return [left, right, result, ...epilogueViews(epilogue), ...whole];
}

/** The positions at which elements are read. */
function positionsIn(reads: readonly View[]): View[] {
  return reads.flatMap(({ positions }) =>
    positions === undefined ? [] : [wholeOf(positions.indices)],
  );
}

function wholeOf(buffer: Buffer): View {
  return { buffer, offset: 0, shape: [], strides: [] };
}

/** The kernel with its views, in their order, at other addresses. */
function movedTo(kernel: PlacedKernel, addressOf: (index: number) => number): PlacedKernel {
  let count = 0;
  const movedBuffer = (buffer: Buffer): Buffer => ({ ...buffer, address: addressOf(count++) });
  const moved = (view: View): View => ({ ...view, buffer: movedBuffer(view.buffer), offset: 0 });
  const withPositions = (view: View): View => {
    const { positions } = view;
    if (positions === undefined) return view;
    return { ...view, positions: { ...positions, indices: movedBuffer(positions.indices) } };
  };
  const withWrite = (result: Result): Result => ({ ...result, write: moved(result.write) });
  if (kernel.kind === 'loop') {
    const elements = kernel.reads.map(moved);
    const results = kernel.results.map(withWrite);
    return { ...kernel, reads: elements.map(withPositions), results };
  }
  if (kernel.kind === 'own') {
    const reads = kernel.reads.map(moved);
    return { ...kernel, reads, writes: kernel.writes.map(moved) };
  }
  const left = moved(kernel.left);
  const right = moved(kernel.right);
  const result = moved(kernel.result);
  const epilogue = kernel.epilogue && {
    ...kernel.epilogue,
    reads: kernel.epilogue.reads.map(moved),
    results: kernel.epilogue.results.map(withWrite),
  };
  const scratch = kernel.scratch && movedBuffer(kernel.scratch);
  return { ...kernel, left, right, result, epilogue, scratch };
}
