/** Runs one function of the vector code, or of the platform, over arrays, as a fused loop would. */
import { byName } from '../../../graph/test/support/functions.ts';
import { type Expression, Expressions, type Precision } from '../../src/code/expression.ts';
import type { VectorMath } from '../../src/code/vector-algebra.ts';
import { emitLoopNest } from '../../src/emit/loop-nest.ts';
import { type Buffer, contiguousView } from '../../src/lower/view.ts';
import { ModuleBuilder } from '../../src/wasm/module-builder.ts';
import { PAGE, webAssembly } from '../../src/webassembly.ts';

/** The numbers of a precision. */
type Reals = Float64Array | Float32Array;

/** A function compiled for arrays of one length. */
export interface Loop {
  readonly operands: readonly Reals[];
  readonly result: Reals;
  readonly execute: () => void;
  /** How often the platform has been called. */
  calls(): number;
}

/**
 * Compiles the loop `result[i] = name(operands[0][i], ...)`.
 *
 * @param math - where the function is; one that is missing there is called on the platform.
 */
export function compileLoop(
  name: string,
  arity: number,
  precision: Precision,
  length: number,
  math: VectorMath,
): Loop {
  const size = precision === 'f64' ? 8 : 4;
  const stride = Math.ceil((length * size) / 16) * 16;
  const buffer = (index: number): Buffer => ({
    node: index,
    storage: 'real',
    size: length,
    address: index * stride,
  });
  const buffers = Array.from({ length: arity + 1 }, (_, index) => buffer(index));
  const views = buffers.map((each) => contiguousView(each, [length]));
  const expressions = new Expressions(precision);
  const inputs = Array.from({ length: arity }, (_, index) => expressions.input(index));
  const expression = (math[name]?.(expressions, ...inputs) ??
    expressions.call(name, ...inputs)) as Expression;

  const code = new ModuleBuilder();
  const env: Record<string, unknown> = {};
  const numbersByName: Readonly<Record<string, (...operands: number[]) => number>> = byName;
  let calls = 0;
  const importOf = (imported: string): number => {
    const of = numbersByName[imported]!;
    env[imported] = (x: number, y: number) => {
      calls++;
      return of(x, y);
    };
    return code.import(
      imported,
      Array.from({ length: arity }, () => 'f64' as const),
      ['f64'],
    );
  };
  const known = new Map<string, number>();
  const nest = {
    kind: 'loop',
    operations: [name],
    shape: [length],
    reduced: [false],
    reads: views.slice(0, arity),
    results: [{ expression, write: views[arity]!, combine: undefined }],
    expressions,
  } as const;
  const body = emitLoopNest(nest, precision, (imported) => {
    const index = known.get(imported) ?? importOf(imported);
    known.set(imported, index);
    return index;
  });
  code.export('run', code.function(body));
  const pages = Math.ceil(((arity + 1) * stride) / PAGE);
  const platform = webAssembly()!;
  const memory = new platform.Memory({ initial: pages, maximum: pages });
  const module = new platform.Module(code.encode(pages));
  const instance = new platform.Instance(module, { env: { ...env, memory } });
  const arrays = buffers.map(({ address }) =>
    precision === 'f64'
      ? new Float64Array(memory.buffer, address, length)
      : new Float32Array(memory.buffer, address, length),
  );
  return {
    operands: arrays.slice(0, arity),
    result: arrays[arity]!,
    execute: instance.exports['run']!,
    calls: () => calls,
  };
}
