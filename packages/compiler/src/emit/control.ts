/**
 * Emission of loops and branches: the kernels of a body are called in order, as those of a program are, and around them
 * stands what makes a loop of them: counters, entries copied in and out, and new carries written over the old ones.
 */
import type { Precision } from '../code/expression.ts';
import type { Control, LoweredBody, Stack } from '../lower/control.ts';
import type { Kernel } from '../lower/kernel.ts';
import type { Buffer } from '../lower/view.ts';
import type { FunctionBuilder, Local } from '../wasm/function-builder.ts';
import { emitConversion, emitCopy, type Place } from './copies.ts';

type Plan<Kind extends Control['plan']['kind']> = Extract<Control['plan'], { readonly kind: Kind }>;

/**
 * Emits a loop or branch.
 *
 * @param emitKernels - emits the kernels of a body.
 */
export function emitControl(
  code: FunctionBuilder,
  { plan }: Control,
  precision: Precision,
  emitKernels: (kernels: readonly Kernel[]) => void,
): void {
  const emitter = new ControlEmitter(code, precision, emitKernels);
  if (plan.kind === 'scan') emitter.scan(plan);
  else if (plan.kind === 'cond') emitter.cond(plan);
  else emitter.whileLoop(plan);
}

class ControlEmitter {
  readonly #code: FunctionBuilder;
  readonly #precision: Precision;
  readonly #emitKernels: (kernels: readonly Kernel[]) => void;

  constructor(
    code: FunctionBuilder,
    precision: Precision,
    emitKernels: (kernels: readonly Kernel[]) => void,
  ) {
    this.#code = code;
    this.#precision = precision;
    this.#emitKernels = emitKernels;
  }

  scan(plan: Plan<'scan'>): void {
    const code = this.#code;
    const [count, step, t] = [code.local('i32'), code.local('i32'), code.local('i32')];
    this.#pushCount(plan);
    code
      .tee(count)
      .i32(0)
      .op('i32.gt_s')
      .if(() => {
        this.#beginCarries(plan, count);
        code.i32(0).set(step);
        code.doWhile(() => {
          if (plan.reverse) code.get(count).i32(1).op('i32.sub').get(step).op('i32.sub').set(t);
          else code.get(step).set(t);
          this.#step(plan, t);
          code.get(step).i32(1).op('i32.add').tee(step).get(count).op('i32.lt_s');
        });
        this.#endCarries(plan, count);
      });
    for (const local of [count, step, t]) code.release('i32', local);
  }

  cond({ predicate, branches, results }: Plan<'cond'>): void {
    const code = this.#code;
    const run = (body: LoweredBody) => (): void => {
      this.#emitKernels(body.kernels);
      this.#copyAll(body.outputs, results);
    };
    this.#pushTruth(predicate.buffer.address + predicate.offset * this.#size);
    code.ifElse(run(branches[1]), run(branches[0]));
  }

  whileLoop(plan: Plan<'while'>): void {
    const code = this.#code;
    const { limit, condition, body, carries, counters } = plan;
    const locals = Array.from({ length: 4 }, () => code.local('i32'));
    const [steps, stride, slot, done] = locals as [Local, Local, Local, Local];
    code.i32(0).set(steps).i32(1).set(stride).i32(0).set(slot);
    const test = (): void => {
      this.#emitKernels(condition.kernels);
      this.#pushTruth(condition.outputs[0]!.address);
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
        if (limit >= 0) this.#storeEntries(plan.residuals, carries, steps);
        else this.#storeSnapshot(plan, steps, stride, slot);
        this.#emitKernels(body.kernels);
        this.#updateCarries(body, carries);
        code.get(steps).i32(1).op('i32.add').set(steps);
      },
    );
    [steps, stride].forEach((local, k) => {
      const buffer = counters[k];
      if (buffer === undefined) return;
      code.i32(0).get(local).op(`${this.#precision}.convert_i32_s`);
      code.memory(`${this.#precision}.store`, buffer.address);
    });
    for (const local of locals) code.release('i32', local);
  }

  get #size(): number {
    return this.#precision === 'f64' ? 8 : 4;
  }

  /** Pushes how many entries take part. */
  #pushCount({ count, length }: Plan<'scan'>): void {
    const code = this.#code;
    if (count === undefined) {
      code.i32(length);
      return;
    }
    const local = code.local('i32');
    code
      .i32(0)
      .memory('i32.load', count.buffer.address + 4 * count.offset)
      .tee(local)
      .i32(length);
    code.get(local).i32(length).op('i32.lt_s').op('select');
    code.release('i32', local);
  }

  /** Pushes 1 if the number at an address is not 0, else 0. */
  #pushTruth(address: number): void {
    this.#code.i32(0).memory(`${this.#precision}.load`, address);
    this.#code[this.#precision](0).op(`${this.#precision}.ne`);
  }

  /** One step of a scan, at entry `t`. */
  #step({ body, carries, scanned, stacked, residuals }: Plan<'scan'>, t: Local): void {
    const code = this.#code;
    const [index, ...inputs] = body.inputs;
    for (const place of [index, body.entries?.at])
      if (place !== undefined) code.i32(0).get(t).memory('i32.store', place.address);
    scanned.forEach((stack, k) => {
      const to = inputs[carries.length + k];
      if (to === undefined) return;
      this.#atEntry(stack, t, (from) => {
        emitCopy(code, to, from, stack.size * this.#bytesPerElement(to));
      });
    });
    const copied = carries.map((carry, j) => (body.outputs[j] === undefined ? undefined : carry));
    this.#storeEntries(residuals, copied, t);
    this.#emitKernels(body.kernels);
    this.#storeEntries(stacked, body.outputs.slice(carries.length), t);
    this.#updateCarries(body, carries);
  }

  /** Carries that are entries of stacks begin as the first entry. */
  #beginCarries(plan: Plan<'scan'>, count: Local): void {
    const code = this.#code;
    const t = code.local('i32');
    if (plan.reverse) code.get(count).i32(1).op('i32.sub').set(t);
    else code.i32(0).set(t);
    forEntries(plan, (carry, stack) => {
      this.#atEntry(stack, t, (to) => {
        emitCopy(code, to, carry, stack.size * this.#size);
      });
    });
    code.release('i32', t);
  }

  /** The last entry is copied to where the carry is read. */
  #endCarries(plan: Plan<'scan'>, count: Local): void {
    const code = this.#code;
    forEntries(plan, (carry, stack) => {
      const bytes = stack.size * this.#size;
      const { buffer, offset } = stack.view;
      const before = { address: buffer.address + offset * this.#size - bytes };
      if (plan.reverse) emitCopy(code, carry, before, bytes);
      else
        this.#atEntry(stack, count, (from) => {
          emitCopy(code, carry, from, bytes);
        });
    });
  }

  /** New carries that are not where they belong. */
  #updateCarries({ outputs, inPlace }: LoweredBody, carries: readonly Buffer[]): void {
    carries.forEach((to, j) => {
      const from = outputs[j];
      if (from !== undefined && !inPlace.has(from))
        emitCopy(this.#code, to, from, to.size * this.#bytesPerElement(to));
    });
  }

  #copyAll(from: readonly (Buffer | undefined)[], to: readonly (Buffer | undefined)[]): void {
    to.forEach((place, j) => {
      if (place !== undefined) this.#copyValue(place, from[j]!, place.size);
    });
  }

  /** Copies values into entry `t` of stacks. */
  #storeEntries(
    stacks: readonly (Stack | undefined)[],
    values: readonly (Buffer | undefined)[],
    t: Local,
  ): void {
    stacks.forEach((stack, k) => {
      const value = values[k];
      if (stack === undefined || value === undefined) return;
      this.#atEntry(stack, t, (to) => {
        this.#copyValue(to, value, stack.size);
      });
    });
  }

  /** Copies numbers into a place for numbers; integers become numbers. */
  #copyValue(to: Place, from: Buffer, size: number): void {
    if (from.storage === 'integer') emitConversion(this.#code, to, from, size, this.#precision);
    else emitCopy(this.#code, to, from, size * this.#size);
  }

  /** Does something with the place of entry `t` of a stack. */
  #atEntry({ view, size }: Stack, t: Local, use: (place: Place) => void): void {
    const code = this.#code;
    const bytes = this.#bytesPerElement(view.buffer);
    const at = code.local('i32');
    code
      .get(t)
      .i32(size * bytes)
      .op('i32.mul')
      .set(at);
    use({ address: view.buffer.address + view.offset * bytes, at });
    code.release('i32', at);
  }

  #bytesPerElement({ storage }: Buffer): number {
    return storage === 'integer' ? 4 : this.#size;
  }

  /** Keeps the carries if a snapshot is due; if there is no room, every other one goes and the distance doubles. */
  #storeSnapshot(
    { residuals, carries, snapshots }: Plan<'while'>,
    steps: Local,
    stride: Local,
    slot: Local,
  ): void {
    if (residuals.every((stack) => stack === undefined)) return;
    const code = this.#code;
    code.get(steps).get(slot).get(stride).op('i32.mul').op('i32.eq');
    code.if(() => {
      code.get(slot).i32(snapshots).op('i32.eq');
      code.if(() => {
        this.#dropEveryOther(residuals, snapshots);
        code.get(stride).i32(1).op('i32.shl').set(stride);
        code.i32(snapshots / 2).set(slot);
      });
      this.#storeEntries(residuals, carries, slot);
      code.get(slot).i32(1).op('i32.add').set(slot);
    });
  }

  #dropEveryOther(stacks: readonly (Stack | undefined)[], count: number): void {
    if (count < 4) return;
    const code = this.#code;
    const [j, twice] = [code.local('i32'), code.local('i32')];
    code.countedLoop(j, 1, count / 2, 1, () => {
      code.get(j).i32(1).op('i32.shl').set(twice);
      for (const stack of stacks) {
        if (stack === undefined) continue;
        this.#atEntry(stack, j, (to) => {
          this.#atEntry(stack, twice, (from) => {
            emitCopy(code, to, from, stack.size * this.#size);
          });
        });
      }
    });
    code.release('i32', j);
    code.release('i32', twice);
  }
}

/** Does something with each carry that is an entry of a stack. */
function forEntries(
  { body: { entries }, carries, residuals }: Plan<'scan'>,
  use: (carry: Buffer, stack: Stack) => void,
): void {
  carries.forEach((carry, j) => {
    if (entries?.carries[j] !== undefined) use(carry, residuals[j]!);
  });
}
