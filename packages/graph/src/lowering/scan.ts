/** Scans: counters, entries copied in and out, and new carries written over the old ones around the steps. */
import type { ScanAttributes } from '../rows/control.ts';
import type { Segment } from '../rows/segments.ts';
import { sizeOf } from '../shape.ts';
import type { Local } from './code.ts';
import type { ControlLowering, ControlWriter, LoweredBody } from './control.ts';
import { type Buffer, contiguousView, type View } from './memory.ts';
import { changes, isPartRead, withoutUnread } from './read-parts.ts';
import { inScalars } from './small-arrays.ts';
import { buffersOf, type Stack, StepWriter, StoredParts } from './stacks.ts';
import { sizeOfReal } from '../sizes.ts';

/** What a scan does besides running its body. */
interface ScanPlan {
  readonly body: LoweredBody;
  readonly carries: readonly Buffer[];
  readonly length: number;
  readonly reverse: boolean;
  /** How many entries take part. */
  readonly count: View | undefined;
  /** By array: where its entries come from. */
  readonly scanned: readonly Stack[];
  /** By output after the carries, and by carry: where entries go; `undefined` where nobody reads them. */
  readonly stacked: readonly (Stack | undefined)[];
  readonly residuals: readonly (Stack | undefined)[];
}

/** Lowers a scan. */
export const lowerScan: ControlLowering<ScanAttributes> = (
  compiler,
  { body: step, carries: carryCount, scanned: scannedCount, length, reverse, counted },
  segments,
  operands,
  isRead,
) => {
  const { body: left, isLeft } = withoutUnread(step, 1, carryCount, [
    ...segments.results.map((part, j) => isRead(part) || isPartRead(segments.residuals[j], isRead)),
    ...segments.stacked.map(isRead),
  ]);
  const isCarried = (_: unknown, j: number): boolean => isLeft[j]!;
  const results = segments.results.filter(isCarried);
  const residuals = segments.residuals.filter(isCarried);
  const stacked = segments.stacked.filter((_, k) => isLeft[carryCount + k]!);
  const body = inScalars(left);
  const stored = new StoredParts(compiler, isRead);
  const given = operands.slice(counted ? 1 : 0);
  const carries = given
    .slice(0, carryCount)
    .filter(isCarried)
    .map((operand) => compiler.copyOf(operand));
  const scanned = given.slice(carryCount, carryCount + scannedCount).map((operand): Stack => {
    const view = compiler.contiguousViewOf(operand);
    return { view, size: sizeOf(view.shape) / length };
  });
  const outside = given.slice(carryCount + scannedCount).map((operand) => compiler.viewOf(operand));
  const views: (View | undefined)[] = [
    undefined,
    ...carries.map((buffer, j) => contiguousView(buffer, body.inputs[1 + j]!.shape)),
    ...scanned.map(() => undefined),
    ...outside,
  ];
  const isWanted = [...carries.map((_, j) => changes(body, 1 + j, j)), ...stacked.map(isRead)];
  const isStacked = residuals.map(isRead);
  const lowered = compiler.body(body, isWanted, views, carries, isStacked);
  stored.carries(carries, results);
  const more = reverse ? 'before' : 'after';
  const residualStack = (part: Segment, j: number): Stack | undefined =>
    stored.stack(part, length, false, lowered.entries?.carries[j] && more);
  const plan: ScanPlan = {
    body: lowered,
    carries,
    length,
    reverse,
    count: counted ? compiler.contiguousViewOf(operands[0]!) : undefined,
    scanned,
    // Entries that do not take part are zeros.
    stacked: stacked.map((part) => stored.stack(part, length, counted)),
    residuals: residuals.map(residualStack),
  };
  const { count } = plan;
  return {
    bodies: [lowered],
    reads: [...(count === undefined ? [] : [count]), ...outside]
      .map(({ buffer }) => buffer)
      .concat(buffersOf(scanned)),
    writes: [...carries, ...buffersOf(plan.stacked), ...buffersOf(plan.residuals)],
    parts: stored.all,
    write: (writer) => {
      writeScan(writer, plan, compiler.precision);
    },
    settle: () => {
      settleEntries(plan, sizeOfReal(compiler.precision));
    },
  };
};

function writeScan(writer: ControlWriter, plan: ScanPlan, precision: 'f64' | 'f32'): void {
  const { code } = writer;
  const w = new StepWriter(writer, precision);
  const [count, step, t] = [code.local('i32'), code.local('i32'), code.local('i32')];
  if (plan.count === undefined) code.i32(plan.length);
  else {
    const { buffer, offset } = plan.count;
    code
      .i32(0)
      .memory('i32.load', buffer.address + 4 * offset)
      .tee(count);
    code.i32(plan.length).get(count).i32(plan.length).op('i32.lt_s').op('select');
  }
  code.tee(count).i32(0).op('i32.gt_s');
  code.if(() => {
    beginCarries(w, plan, count);
    code.i32(0).set(step);
    code.doWhile(() => {
      if (plan.reverse) code.get(count).i32(1).op('i32.sub').get(step).op('i32.sub').set(t);
      else code.get(step).set(t);
      writeStep(w, plan, t);
      code.get(step).i32(1).op('i32.add').tee(step).get(count).op('i32.lt_s');
    });
    endCarries(w, plan, count);
  });
  for (const local of [count, step, t]) code.release('i32', local);
}

/** One step, at entry `t`. */
function writeStep(
  w: StepWriter,
  { body, carries, scanned, stacked, residuals }: ScanPlan,
  t: Local,
): void {
  const [index, ...inputs] = body.inputs;
  for (const place of [index, body.entries?.at])
    if (place !== undefined) w.code.i32(0).get(t).memory('i32.store', place.address);
  scanned.forEach((stack, k) => {
    const to = inputs[carries.length + k];
    if (to === undefined) return;
    w.atEntry(stack, t, (from) => {
      w.copy(to, from, stack.size, to);
    });
  });
  const copied = carries.map((carry, j) => (body.entries?.carries[j] ? undefined : carry));
  w.storeEntries(residuals, copied, t);
  w.run(body);
  w.storeEntries(stacked, body.outputs.slice(carries.length), t);
  w.updateCarries(body, carries);
}

/** Carries that are entries of stacks begin as the first entry. */
function beginCarries(w: StepWriter, plan: ScanPlan, count: Local): void {
  const { code } = w;
  const t = code.local('i32');
  if (plan.reverse) code.get(count).i32(1).op('i32.sub').set(t);
  else code.i32(0).set(t);
  forEntries(plan, (carry, stack) => {
    w.atEntry(stack, t, (to) => {
      w.copy(to, carry, stack.size);
    });
  });
  code.release('i32', t);
}

/** The last entry is copied to where the carry is read. */
function endCarries(w: StepWriter, plan: ScanPlan, count: Local): void {
  forEntries(plan, (carry, stack) => {
    const { buffer, offset } = stack.view;
    if (plan.reverse)
      w.copy(
        carry,
        { address: buffer.address + (offset - stack.size) * w.elementSize },
        stack.size,
      );
    else
      w.atEntry(stack, count, (from) => {
        w.copy(carry, from, stack.size);
      });
  });
}

/** Does something with each carry that is an entry of a stack. */
function forEntries(
  { body: { entries }, carries, residuals }: ScanPlan,
  use: (carry: Buffer, stack: Stack) => void,
): void {
  carries.forEach((carry, j) => {
    if (entries?.carries[j] !== undefined) use(carry, residuals[j]!);
  });
}

/** Entries of stacks begin where those of number 0 are, or the one after. */
function settleEntries(
  { body: { entries }, scanned, residuals, stacked, reverse }: ScanPlan,
  elementSize: number,
): void {
  if (entries === undefined) return;
  const settle = (entry: Buffer | undefined, stack: Stack | undefined, after = 0): void => {
    if (entry === undefined) return;
    const { view, size } = stack!;
    const bytes = entry.storage === 'integer' ? 4 : elementSize;
    entry.address = view.buffer.address + (view.offset + after * size) * bytes;
  };
  scanned.forEach((stack, k) => {
    settle(entries.scanned[k], stack);
  });
  stacked.forEach((stack, k) => {
    settle(entries.stacked[k], stack);
  });
  residuals.forEach((stack, j) => {
    settle(entries.carries[j]?.[0], stack);
    settle(entries.carries[j]?.[1], stack, reverse ? -1 : 1);
  });
}
