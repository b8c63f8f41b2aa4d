/** Adding at positions given by integers, and one-hot vectors. All positions are looked at first. */
import { sizeOf } from '../shape.ts';
import { writeBounds } from './bounds.ts';
import type { Code, Local } from './code.ts';
import type { ArrayCompiler, KernelWriter } from './compiler.ts';
import { type Buffer, contiguousView } from './memory.ts';
import { sizeOfReal } from '../sizes.ts';

/** What is written where. The indexed array is [outer, length, inner], the other one [outer, count, inner]. */
interface Indexed {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  readonly indices: Buffer;
  /** The elements, row-major; `undefined` for ones. */
  readonly source: Buffer | undefined;
}

/** Lowers adding rows of reals at positions. */
export function lowerScatterAdd(c: ArrayCompiler): boolean {
  const { attributes, operands, result } = c.work;
  if (operands[0]!.kind === 'integer') return false;
  const { axis, length } = attributes as { axis: number; length: number };
  return lowerIndexed(c, {
    outer: sizeOf(result.shape.slice(0, axis)),
    length,
    inner: sizeOf(result.shape.slice(axis + 1)),
    indices: c.contiguous(1),
    source: c.contiguous(0),
  });
}

/** Lowers one-hot vectors. */
export function lowerOneHot(c: ArrayCompiler): boolean {
  const length = c.work.result.shape.at(-1)!;
  return lowerIndexed(c, {
    outer: 1,
    length,
    inner: 1,
    indices: c.contiguous(0),
    source: undefined,
  });
}

function lowerIndexed({ work, precision, result, add }: ArrayCompiler, indexed: Indexed): boolean {
  const { indices, length, source } = indexed;
  const views = (source === undefined ? [indices] : [source, indices]).map((buffer) =>
    contiguousView(buffer, [buffer.size]),
  );
  add({
    description: `${work.operation} of ${indices.size} positions along ${length}`,
    reads: views,
    writes: [result],
    write(writer) {
      writeBounds(writer, indices, length);
      writeRows(writer, precision, indexed, result.buffer);
    },
  });
  return true;
}

function writeRows(
  { code }: KernelWriter,
  precision: 'f64' | 'f32',
  { outer, length, inner, indices, source }: Indexed,
  { address, size }: Buffer,
): void {
  const elementSize = sizeOfReal(precision);
  const at = code.local('i32');
  code.countedLoop(at, 0, size * elementSize, 16, () => {
    code.get(at).v128(new Uint8Array(16)).memory('v128.store', address);
  });
  const row = inner * elementSize;
  const [i, index, o] = [code.local('i32'), code.local('i32'), code.local('i32')];
  // In bytes: the row of the list of positions, and where the rows of the indexed array start.
  const [listed, start, indexed] = [code.local('i32'), code.local('i32'), code.local('i32')];
  code.i32(0).set(listed).i32(0).set(start);
  code.countedLoop(o, 0, outer, 1, () => {
    code.countedLoop(i, 0, indices.size, 1, () => {
      code.get(i).i32(4).op('i32.mul').memory('i32.load', indices.address).set(index);
      code.get(index).get(index).i32(31).op('i32.shr_s').i32(length).op('i32.and').op('i32.add');
      code.i32(row).op('i32.mul').get(start).op('i32.add').set(indexed);
      if (source === undefined) {
        code.get(indexed).get(listed).op('i32.add');
        code[precision](1).memory(`${precision}.store`, address);
      } else {
        addRow(code, address, indexed, source.address, listed, row, precision);
      }
      code.get(listed).i32(row * (source === undefined ? length : 1));
      code.op('i32.add').set(listed);
    });
    code.get(start).i32(row * length);
    code.op('i32.add').set(start);
  });
}

/** Adds a row to what is there. */
function addRow(
  code: Code,
  target: number,
  to: Local,
  source: number,
  from: Local,
  bytes: number,
  precision: 'f64' | 'f32',
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
  for (let at = whole; at < bytes; at += sizeOfReal(precision)) {
    code
      .get(to)
      .get(to)
      .memory(`${precision}.load`, target + at);
    code.get(from).memory(`${precision}.load`, source + at);
    code.op(`${precision}.add`).memory(`${precision}.store`, target + at);
  }
  for (const local of [k, a, b]) code.release('i32', local);
}
