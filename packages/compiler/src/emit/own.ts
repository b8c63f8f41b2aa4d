/** Emission of kernels that rows write themselves. */
import type { VectorWriter } from '@ad/graph';
import type { Precision } from '../code/expression.ts';
import type { Own } from '../lower/kernel.ts';
import { regions } from '../lower/product-plan.ts';
import { type Callee, FunctionBuilder } from '../wasm/function-builder.ts';
import { addProducts, chunksOf, lanesOf, pushLoad, pushLocal, store } from './contraction/lanes.ts';
import { walk } from './contraction/walk.ts';

/**
 * The function that runs a kernel.
 *
 * @param platform - functions of the platform by name.
 * @param refuse - the number by which `host` knows the interpreter's kernel.
 */
export function emitOwn(
  { reads, writes, write }: Own,
  precision: Precision,
  fused: boolean,
  platform: (name: string) => Callee,
  host: Callee,
  refuse: () => number,
): FunctionBuilder {
  const code = new FunctionBuilder();
  const vectors = vectorWriter(code, precision, fused);
  write({ code, vectors, platform, refuse: () => code.i32(refuse()).call(host) }, reads, writes);
  return code;
}

function vectorWriter(code: FunctionBuilder, precision: Precision, fused: boolean): VectorWriter {
  const lanes = lanesOf(precision, fused);
  const { size, width, add, splat } = lanes;
  return {
    size,
    width,
    add,
    splat,
    addProducts: (terms) => {
      addProducts(code, lanes, terms);
    },
    push: (place) => pushLocal(code, place),
    load: (place, count) => {
      pushLoad(code, lanes, place, count, size);
    },
    store: (place, count, value) => {
      store(code, lanes, place, count, value);
    },
    walk: (count, places, distances, body) => {
      walk(code, count, places, distances, body);
    },
    regions: (columns, most) => regions(columns, most, width),
    chunks: (count) => chunksOf(count, lanes),
  };
}
