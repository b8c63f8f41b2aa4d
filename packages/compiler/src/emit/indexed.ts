/** Emission of adding and writing at positions given by integers, which are all looked at first. */
import type { Precision } from '../code/expression.ts';
import type { Indexed } from '../lower/kernel.ts';
import { bytesOf } from '../plan.ts';
import { type Callee, FunctionBuilder, type Local } from '../wasm/function-builder.ts';
import { emitBounds } from './bounds.ts';

/**
 * The function that runs an indexed kernel.
 *
 * @param refuse - the number by which the host knows the interpreter's kernel.
 */
export function emitIndexed(
  kernel: Indexed,
  precision: Precision,
  host: Callee,
  refuse: number,
): FunctionBuilder {
  const { indices, length, count, outer, inner, source, result } = kernel;
  const code = new FunctionBuilder();
  const elementSize = precision === 'f64' ? 8 : 4;
  const [i, index] = [code.local('i32'), code.local('i32')];
  const readIndex = (): FunctionBuilder =>
    code.get(i).i32(4).op('i32.mul').memory('i32.load', indices.address);
  emitBounds(kernel, host, refuse, code);
  const at = code.local('i32');
  code.countedLoop(at, 0, bytesOf(result, elementSize), 16, () => {
    code.get(at).v128(new Uint8Array(16)).memory('v128.store', result.address);
  });

  const row = inner * elementSize;
  // In bytes: the row of the list of positions, and where the rows of the indexed array start.
  const [listed, start, indexed] = [code.local('i32'), code.local('i32'), code.local('i32')];
  const o = code.local('i32');
  code.i32(0).set(listed).i32(0).set(start);
  code.countedLoop(o, 0, outer, 1, () => {
    code.countedLoop(i, 0, count, 1, () => {
      readIndex().set(index);
      code.get(index).get(index).i32(31).op('i32.shr_s').i32(length).op('i32.and').op('i32.add');
      code.i32(row).op('i32.mul').get(start).op('i32.add').set(indexed);
      if (source === undefined) {
        code.get(indexed).get(listed).op('i32.add');
        if (precision === 'f64') code.f64(1).memory('f64.store', result.address);
        else code.f32(1).memory('f32.store', result.address);
      } else {
        emitRow(code, result.address, indexed, source.address, listed, row, precision);
      }
      code
        .get(listed)
        .i32(row * (source === undefined ? length : 1))
        .op('i32.add')
        .set(listed);
    });
    code
      .get(start)
      .i32(row * length)
      .op('i32.add')
      .set(start);
  });
  return code;
}

/** Adds a row to what is there. */
function emitRow(
  code: FunctionBuilder,
  target: number,
  to: Local,
  source: number,
  from: Local,
  bytes: number,
  precision: Precision,
): void {
  const lanes = precision === 'f64' ? 'f64x2' : 'f32x4';
  const whole = bytes - (bytes % 16);
  const [k, a, b] = [code.local('i32'), code.local('i32'), code.local('i32')];
  if (whole > 0) {
    code.get(to).set(a).get(from).set(b);
    code.countedLoop(k, 0, whole, 16, () => {
      code.get(a).get(a).memory('v128.load', target);
      code.get(b).memory('v128.load', source);
      code.op(`${lanes}.add`).memory('v128.store', target);
      code.get(a).i32(16).op('i32.add').set(a).get(b).i32(16).op('i32.add').set(b);
    });
  }
  for (let at = whole; at < bytes; at += precision === 'f64' ? 8 : 4) {
    code
      .get(to)
      .get(to)
      .memory(`${precision}.load`, target + at);
    code.get(from).memory(`${precision}.load`, source + at);
    code.op(`${precision}.add`).memory(`${precision}.store`, target + at);
  }
  for (const local of [k, a, b]) code.release('i32', local);
}
