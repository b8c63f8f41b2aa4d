/** Loops of unknown length: steps until a condition fails, with the carries before all steps, or some, stacked up. */
import { Body, inputsNeeded } from '../body.ts';
import type { WhileLoopAttributes } from '../rows/control.ts';
import type { Local } from './code.ts';
import type { ControlLowering, ControlWriter, LoweredBody } from './control.ts';
import { type Buffer, contiguousView } from './memory.ts';
import { changes, isPartRead, withoutUnread } from './read-parts.ts';
import { inScalars } from './small-arrays.ts';
import { buffersOf, type Stack, StepWriter, StoredParts } from './stacks.ts';

/** What such a loop does besides running its bodies. */
interface WhilePlan {
  readonly condition: LoweredBody;
  readonly body: LoweredBody;
  readonly carries: readonly Buffer[];
  /** The most steps; -1 for no limit. */
  readonly limit: number;
  readonly snapshots: number;
  readonly residuals: readonly (Stack | undefined)[];
  /** Where the numbers of steps, and of steps between snapshots, go. */
  readonly counters: readonly (Buffer | undefined)[];
}

/** Lowers a loop of unknown length. */
export const lowerWhileLoop: ControlLowering<WhileLoopAttributes> = (
  compiler,
  { condition: test, body: step, carries: carryCount, limit, snapshots },
  segments,
  operands,
  isRead,
) => {
  const isTested = inputsNeeded(test);
  const isNeeded = segments.results.map(
    (part, j) => isTested[j]! || isRead(part) || isPartRead(segments.residuals[j], isRead),
  );
  const { body: left, isLeft } = withoutUnread(step, 0, carryCount, isNeeded);
  const isThere = (_: unknown, k: number): boolean => k >= carryCount || isLeft[k]!;
  const results = segments.results.filter(isThere);
  const residuals = segments.residuals.filter(isThere);
  const { counters } = segments;
  const body = inScalars(left);
  const condition = inScalars(new Body(test.inputs.filter(isThere), test.outputs));
  const stored = new StoredParts(compiler, isRead);
  const carries = operands
    .slice(0, carryCount)
    .filter(isThere)
    .map((operand) => compiler.copyOf(operand));
  const outside = operands.slice(carryCount).map((operand) => compiler.viewOf(operand));
  const views = [
    ...carries.map((buffer, j) => contiguousView(buffer, body.inputs[j]!.shape)),
    ...outside,
  ];
  const isWanted = carries.map((_, j) => changes(body, j, j));
  const bodies = [
    compiler.body(condition, [true], views, []),
    compiler.body(body, isWanted, views, carries),
  ] as const;
  stored.carries(carries, results);
  const length = limit >= 0 ? limit : snapshots;
  const plan: WhilePlan = {
    condition: bodies[0],
    body: bodies[1],
    carries,
    limit,
    snapshots,
    residuals: residuals.map((part) => stored.stack(part, length, false)),
    counters: counters.map((part) => stored.part(part)),
  };
  const counted = plan.counters.filter((buffer) => buffer !== undefined);
  return {
    bodies,
    reads: outside.map(({ buffer }) => buffer),
    writes: [...carries, ...buffersOf(plan.residuals), ...counted],
    parts: stored.all,
    write: (writer) => {
      writeLoop(writer, plan, compiler.precision);
    },
  };
};

function writeLoop(writer: ControlWriter, plan: WhilePlan, precision: 'f64' | 'f32'): void {
  const { code } = writer;
  const w = new StepWriter(writer, precision);
  const { limit, condition, body, carries, counters } = plan;
  const locals = Array.from({ length: 4 }, () => code.local('i32'));
  const [steps, stride, slot, done] = locals as [Local, Local, Local, Local];
  code.i32(0).set(steps).i32(1).set(stride).i32(0).set(slot);
  const test = (): void => {
    w.run(condition);
    w.truth(condition.outputs[0]!.address);
    code.op('i32.eqz').set(done);
  };
  code.unrolledLoop(
    1,
    () => {
      if (limit < 0) {
        test();
        return;
      }
      code.get(steps).i32(limit).op('i32.eq').tee(done).op('i32.eqz');
      code.if(test);
    },
    () => code.get(done),
    () => {
      if (limit >= 0) w.storeEntries(plan.residuals, carries, steps);
      else storeSnapshot(w, plan, steps, stride, slot);
      w.run(body);
      w.updateCarries(body, carries);
      code.get(steps).i32(1).op('i32.add').set(steps);
    },
  );
  [steps, stride].forEach((local, k) => {
    const buffer = counters[k];
    if (buffer !== undefined) w.count(buffer, local);
  });
  for (const local of locals) code.release('i32', local);
}

/** Keeps the carries if a snapshot is due; if there is no room, every other one goes and the distance doubles. */
function storeSnapshot(
  w: StepWriter,
  { residuals, carries, snapshots }: WhilePlan,
  steps: Local,
  stride: Local,
  slot: Local,
): void {
  if (residuals.every((stack) => stack === undefined)) return;
  const { code } = w;
  code.get(steps).get(slot).get(stride).op('i32.mul').op('i32.eq');
  code.if(() => {
    code.get(slot).i32(snapshots).op('i32.eq');
    code.if(() => {
      dropEveryOther(w, residuals, snapshots);
      code.get(stride).i32(1).op('i32.shl').set(stride);
      code.i32(snapshots / 2).set(slot);
    });
    w.storeEntries(residuals, carries, slot);
    code.get(slot).i32(1).op('i32.add').set(slot);
  });
}

function dropEveryOther(
  w: StepWriter,
  stacks: readonly (Stack | undefined)[],
  count: number,
): void {
  if (count < 4) return;
  const { code } = w;
  const [j, twice] = [code.local('i32'), code.local('i32')];
  code.countedLoop(j, 1, count / 2, 1, () => {
    code.get(j).i32(1).op('i32.shl').set(twice);
    for (const stack of stacks) {
      if (stack === undefined) continue;
      w.atEntry(stack, j, (to) => {
        w.atEntry(stack, twice, (from) => {
          w.copy(to, from, stack.size);
        });
      });
    }
  });
  code.release('i32', j);
  code.release('i32', twice);
}
