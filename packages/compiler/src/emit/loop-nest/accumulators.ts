/** Accumulators of sums, products and extremes: vectors whose lanes hold partial results, and how these become one. */
import type { Precision } from '../../code/expression.ts';
import { sizeOfReal } from '../../sizes.ts';
import type { Combine } from '@ad/graph';
import type { FunctionBuilder, Local } from '../../wasm/function-builder.ts';

/** The identity of each combination. */
const IDENTITY: Readonly<Record<Combine, number>> = {
  add: 0,
  mul: 1,
  max: -Infinity,
  min: Infinity,
};

/** The accumulators of one result. */
export class Accumulators {
  /** One for each vector that is computed together with others. */
  readonly locals: readonly Local[];
  readonly #code: FunctionBuilder;
  readonly #combine: Combine;
  readonly #precision: Precision;
  /** Bytes of a lane. */
  readonly #size: number;

  /** So many accumulators, in which nothing is combined yet. */
  constructor(code: FunctionBuilder, combine: Combine, precision: Precision, vectors: number) {
    this.#code = code;
    this.#combine = combine;
    this.#precision = precision;
    this.#size = sizeOfReal(precision);
    this.locals = Array.from({ length: vectors }, () => code.local('v128'));
    for (const local of this.locals) {
      this.#pushIdentity();
      code.set(local);
    }
  }

  /** Combines a value with one of the accumulators. */
  take(value: Local, vector: number): void {
    this.#combineInto(this.locals[vector]!, value);
  }

  /** Sets all lanes of a value behind the first ones to the identity, so that they take no part. */
  keepLanes(value: Local, lanes: number): void {
    const mask = new Uint8Array(16);
    mask.fill(255, 0, lanes * this.#size);
    this.#code.get(value);
    this.#pushIdentity();
    this.#code.v128(mask).op('v128.bitselect').set(value);
  }

  /** Combines all accumulators, neighbours first, and then their lanes, into the first lane of the first one. */
  finish(): Local {
    for (let distance = 1; distance < this.locals.length; distance *= 2) {
      for (let v = 0; v + distance < this.locals.length; v += 2 * distance)
        this.#combineInto(this.locals[v]!, this.locals[v + distance]!);
    }
    const [sum] = this.locals as [Local];
    this.#combineLanes(sum);
    return sum;
  }

  /** Gives the locals back. */
  release(): void {
    for (const local of this.locals) this.#code.release('v128', local);
  }

  #combineInto(sum: Local, value: Local): void {
    this.#code.get(sum).get(value);
    this.#pushCombination();
    this.#code.set(sum);
  }

  #pushCombination(): void {
    this.#code.op(`${this.#precision === 'f64' ? 'f64x2' : 'f32x4'}.${this.#combine}`);
  }

  #combineLanes(sum: Local): void {
    const code = this.#code;
    for (let distance = 8; distance >= this.#size; distance /= 2) {
      const lanes = Array.from({ length: 16 }, (_, byte) => (byte + distance) % 16);
      code.get(sum).get(sum).get(sum).shuffle(lanes);
      this.#pushCombination();
      code.set(sum);
    }
  }

  #pushIdentity(): void {
    const bytes = new Uint8Array(16);
    const identity = IDENTITY[this.#combine];
    if (this.#precision === 'f64') new Float64Array(bytes.buffer).fill(identity);
    else new Float32Array(bytes.buffer).fill(identity);
    this.#code.v128(bytes);
  }
}
