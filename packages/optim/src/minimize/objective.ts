/** The function to be minimized, as methods see it: values, gradients and Hessians at vectors, all counted. */
import { formatShape, type GraphNode, type Program, ShapeError, type TensorData } from '@ad/graph';
import { gradient, pushforward } from '@ad/backprop';
import { storageOf } from '../storage.ts';
import type { Bounds } from './bounds.ts';
import { EvaluationLimit } from './evaluation-limit.ts';
import type { Trace, Traced } from './traced.ts';
import { isFiniteVector } from './vectors.ts';

/** How often a function and its derivatives were computed. */
export interface Evaluations {
  /** Values. */
  readonly value: number;
  /** Gradients: as many as values, since one program computes both. */
  readonly gradient: number;
  /** Products of the Hessian with a vector; a whole Hessian of a function of $n$ numbers counts $n$. */
  readonly hessianProduct: number;
  /** Those points among the evaluated ones at which value or gradient was not finite. */
  readonly nonFinite: number;
}

/** A point with value and gradient. */
export interface Point {
  /** Where. */
  readonly x: Float64Array;
  /** The value there. */
  value: number;
  /** The gradient there. */
  readonly gradient: Float64Array;
}

/** A point without value. */
export function newPoint(size: number): Point {
  return { x: new Float64Array(size), value: Number.NaN, gradient: new Float64Array(size) };
}

/** The problem that a method works on. */
export class Objective {
  /** The number of elements of a point. */
  readonly size: number;
  /** The box that points must stay in, if there is one. */
  readonly bounds: Bounds | undefined;
  readonly #traced: Traced;
  readonly #limit: number;
  #values = 0;
  #products = 0;
  #nonFinite = 0;

  /** @param limit - the largest number of values. */
  constructor(traced: Traced, bounds: Bounds | undefined, limit: number) {
    this.size = traced.layout.size;
    this.bounds = bounds;
    this.#traced = traced;
    this.#limit = limit;
  }

  /** What has been computed so far. */
  get evaluations(): Evaluations {
    return {
      value: this.#values,
      gradient: this.#values,
      hessianProduct: this.#products,
      nonFinite: this.#nonFinite,
    };
  }

  /**
   * Computes value and gradient at `point.x`.
   *
   * @returns whether both are finite.
   * @throws an internal signal, caught by `minimize`, when there have been as many as are allowed; then nothing has changed.
   */
  evaluate(point: Point): boolean {
    if (this.#values >= this.#limit) throw new EvaluationLimit();
    this.#values++;
    const program = this.#traced.program('value and gradient', point.x, valueAndGradient);
    program.execute();
    const { outputs } = program;
    point.value = outputs[0]![0]!;
    gather(outputs, 1, point.gradient);
    const isFinite = Number.isFinite(point.value) && isFiniteVector(point.gradient);
    if (!isFinite) this.#nonFinite++;
    return isFinite;
  }

  /** The Hessian at `x` times `v`. */
  hessianProduct(x: Float64Array, v: Float64Array, out: Float64Array): void {
    const program = this.#productProgram(x);
    this.#multiply(program, v, out);
  }

  /** The Hessian at `x`, row by row: exactly symmetric. */
  hessian(x: Float64Array, out: Float64Array): void {
    const { size } = this;
    const program = this.#productProgram(x);
    const unit = new Float64Array(size);
    const column = new Float64Array(size);
    for (let j = 0; j < size; j++) {
      unit[j] = 1;
      this.#multiply(program, unit, column);
      unit[j] = 0;
      out.set(column, j * size);
    }
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < i; j++) {
        const mean = (out[i * size + j]! + out[j * size + i]!) / 2;
        out[i * size + j] = mean;
        out[j * size + i] = mean;
      }
    }
  }

  /** Which node is the first that is not finite at `x`, in words. */
  whereNotFinite(x: Float64Array): string | undefined {
    return this.#traced.whereNotFinite(x);
  }

  #productProgram(x: Float64Array): Program {
    return this.#traced.program('hessian product', x, hessianProduct);
  }

  #multiply(program: Program, v: Float64Array, out: Float64Array): void {
    this.#products++;
    this.#traced.layout.places.forEach(({ offset, size }, leaf) => {
      const storage = storageOf(program, tangentName(leaf));
      if (storage === undefined) return;
      for (let i = 0; i < size; i++) storage[i] = v[offset + i]!;
    });
    program.execute();
    gather(program.outputs, 0, out);
  }
}

/** One after the other, the outputs from `first` on. */
function gather(outputs: readonly TensorData[], first: number, out: Float64Array): void {
  let next = 0;
  for (let k = first; k < outputs.length; k++) {
    const data = outputs[k]!;
    for (let i = 0; i < data.length; i++) out[next++] = data[i]!;
  }
}

function valueAndGradient({ inputs, output }: Trace): GraphNode[] {
  if (output.shape.length > 0) {
    throw new ShapeError(
      `minimize: the function returned an array of shape ${formatShape(output.shape)}, expected a scalar; reduce it, ` +
        'for example with sum() or mean(). For a sum of squares of an array there is leastSquares',
    );
  }
  return [output, ...gradient(output, inputs)];
}

const tangentName = (leaf: number): string => `tangent ${leaf}`;

function hessianProduct({ inputs, output }: Trace): GraphNode[] {
  const tangents = inputs.map(({ graph, shape }, leaf) =>
    graph.input(tangentName(leaf), { shape }),
  );
  return pushforward(gradient(output, inputs), inputs, tangents);
}
