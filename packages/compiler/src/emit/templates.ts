/**
 * Templates: kernels that differ in nothing but where their arrays are have the same code but for addresses. It is
 * emitted once, with symbols in the place of addresses, and copied for each of them; networks are made of layers that
 * are alike.
 */
import type { Expressions } from '../code/expression.ts';
import type { Contraction, Convolution, Epilogue, LoopNest, Result } from '../lower/kernel.ts';
import { epilogueViews } from '../lower/kernel.ts';
import type { Buffer, View } from '../lower/view.ts';
import type { FunctionBuilder } from '../wasm/function-builder.ts';
import { symbol } from '../wasm/symbols.ts';

/** The kernels whose functions depend on addresses only through the constants that they add to. */
export type PlacedKernel = LoopNest | Contraction | Convolution;

/** The templates of a module. */
export class Templates {
  readonly #emit: (kernel: PlacedKernel) => FunctionBuilder;
  readonly #elementSize: number;
  readonly #known = new Map<string, FunctionBuilder>();
  readonly #bodies = new Map<Expressions, number>();

  /**
   * None yet.
   *
   * @param emit - the function of a kernel.
   */
  constructor(elementSize: number, emit: (kernel: PlacedKernel) => FunctionBuilder) {
    this.#elementSize = elementSize;
    this.#emit = emit;
  }

  /** The function of a kernel, with a symbol for each of its addresses. */
  functionOf(kernel: PlacedKernel): FunctionBuilder {
    const key = this.#keyOf(kernel);
    let template = this.#known.get(key);
    if (template === undefined) {
      template = this.#emit(onSymbols(kernel));
      this.#known.set(key, template);
    }
    return template;
  }

  /** The addresses of a kernel, in the order of the symbols. */
  addressesOf(kernel: PlacedKernel): number[] {
    return viewsOf(kernel).map((view) => this.#addressOf(view));
  }

  #addressOf({ buffer, offset }: View): number {
    return buffer.address + offset * (buffer.storage === 'integer' ? 4 : this.#elementSize);
  }

  /** What the code of a kernel depends on, apart from addresses. */
  #keyOf(kernel: PlacedKernel): string {
    const views = viewsOf(kernel).map(geometryOf).join(' ');
    if (kernel.kind === 'convolution') return `${views} ${JSON.stringify(kernel.plan)}`;
    if (kernel.kind === 'loop')
      return `${views} ${kernel.reads.length} ${kernel.reduced.join()} ${this.#computed(kernel)}`;
    const { epilogue, resultUse, scratch } = kernel;
    const then = epilogue === undefined ? '' : this.#computed(epilogue);
    return `${views} ${resultUse} ${scratch !== undefined} ${then}`;
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

/** The views of a kernel, in the order of their symbols. */
function viewsOf(kernel: PlacedKernel): View[] {
  if (kernel.kind === 'loop')
    return [...kernel.reads, ...kernel.results.map((result) => result.write)];
  if (kernel.kind === 'convolution') return [kernel.image, kernel.kernel, kernel.result];
  const { left, right, result, epilogue, scratch } = kernel;
  const whole = scratch === undefined ? [] : [wholeOf(scratch)];
  return [left, right, result, ...epilogueViews(epilogue), ...whole];
}

function wholeOf(buffer: Buffer): View {
  return { buffer, offset: 0, shape: [], strides: [] };
}

/** A view but for its place. */
function geometryOf({ buffer, shape, strides }: View): string {
  return `${buffer.storage} [${shape.join()}] [${strides.join()}]`;
}

/** The kernel with a symbol in the place of each address. */
function onSymbols(kernel: PlacedKernel): PlacedKernel {
  let count = 0;
  const moved = (view: View): View => ({
    ...view,
    buffer: { ...view.buffer, address: symbol(count++) },
    offset: 0,
  });
  const withWrite = (result: Result): Result => ({ ...result, write: moved(result.write) });
  // In the order of `viewsOf`.
  if (kernel.kind === 'loop') {
    const reads = kernel.reads.map(moved);
    return { ...kernel, reads, results: kernel.results.map(withWrite) };
  }
  if (kernel.kind === 'convolution') {
    const [image, weights] = [moved(kernel.image), moved(kernel.kernel)];
    return { ...kernel, image, kernel: weights, result: moved(kernel.result) };
  }
  const [left, right, result] = [kernel.left, kernel.right, kernel.result].map(moved) as [
    View,
    View,
    View,
  ];
  const { epilogue } = kernel;
  const reads = epilogue?.reads.map(moved);
  const results = epilogue?.results.map(withWrite);
  const scratch = kernel.scratch && moved(wholeOf(kernel.scratch)).buffer;
  return {
    ...kernel,
    left,
    right,
    result,
    epilogue: epilogue && { ...epilogue, reads: reads!, results: results! },
    scratch,
  };
}
