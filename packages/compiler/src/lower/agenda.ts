/**
 * The agenda of gathered loops: steps are put in order block by block. In each block, again and again all steps of one
 * kind whose operands are there make a group, the largest group first. O(V + E), and as many groups times kinds.
 */
import type { Steps } from './steps.ts';

/** Steps among which the agenda chooses: those of neighbouring nodes, whose operands lie in the same caches. */
const BLOCK = 2 ** 16;

/** Groups of steps in the order in which they run. */
export interface Groups {
  /** By group: the kind of its steps. */
  readonly kinds: readonly number[];
  /** By group: where it ends in `order`. */
  readonly ends: readonly number[];
  /** The steps, group by group. */
  readonly order: Int32Array;
}

/** All steps in groups, each after those it reads. */
export function agenda(steps: Steps): Groups {
  const count = steps.kindOf.length;
  const order = new Int32Array(count);
  const groups: { kinds: number[]; ends: number[]; order: Int32Array } = {
    kinds: [],
    ends: [],
    order,
  };
  const block = new Block(steps);
  for (let start = 0; start < count; start += BLOCK) {
    block.open(start, Math.min(start + BLOCK, count));
    block.appendTo(groups);
  }
  return groups;
}

/** Steps in a row, which wait for those among them that they read: those before the block are there. */
class Block {
  readonly #steps: Steps;
  #start = 0;
  #end = 0;
  /** By step of the block: how many others it waits for. */
  readonly #waitsFor: Uint8Array;
  /** By step of the block: where those that wait for it start in `users`; two entries more than steps. */
  readonly #userStarts: Int32Array;
  #users = new Int32Array(0);
  /** By step of the block: the next one of its kind that is ready. */
  readonly #next: Int32Array;
  /** By kind: how many steps are ready, the first and the last. */
  readonly #ready: Int32Array;
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  /** The kinds that occur. */
  readonly #present: readonly number[];

  constructor(steps: Steps) {
    const { counts, kindOf } = steps;
    const size = Math.min(BLOCK, kindOf.length);
    this.#steps = steps;
    this.#waitsFor = new Uint8Array(size);
    this.#userStarts = new Int32Array(size + 2);
    this.#next = new Int32Array(size);
    this.#ready = new Int32Array(counts.length);
    this.#first = new Int32Array(counts.length);
    this.#last = new Int32Array(counts.length);
    this.#present = [...counts.keys()].filter((kind) => counts[kind]! > 0);
  }

  /** Takes up the steps from `start` to `end`, and finds those that wait for none. */
  open(start: number, end: number): void {
    this.#start = start;
    this.#end = end;
    this.#countUsers();
    this.#addUp();
    this.#listUsers();
    for (let step = 0; step < end - start; step++) if (this.#waitsFor[step] === 0) this.#push(step);
  }

  /** Counts the users of each step, two places further on. */
  #countUsers(): void {
    const { inputStarts, inputs } = this.#steps;
    const start = this.#start;
    const userStarts = this.#userStarts.fill(0);
    const end = inputStarts[this.#end]!;
    for (let e = inputStarts[start]!; e < end; e++)
      if (inputs[e]! >= start) userStarts[inputs[e]! - start + 2]!++;
  }

  /** Adds up the counts: one place further on than each step is where its users start, until they are listed. */
  #addUp(): void {
    const userStarts = this.#userStarts;
    let count = 0;
    for (let i = 2; i < userStarts.length; i++) userStarts[i] = count += userStarts[i]!;
    if (count > this.#users.length) this.#users = new Int32Array(count);
  }

  #listUsers(): void {
    const { inputStarts, inputs } = this.#steps;
    const start = this.#start;
    const userStarts = this.#userStarts;
    const users = this.#users;
    for (let step = start; step < this.#end; step++) {
      const end = inputStarts[step + 1]!;
      let waits = 0;
      for (let e = inputStarts[step]!; e < end; e++) {
        const operand = inputs[e]! - start;
        if (operand < 0) continue;
        waits++;
        users[userStarts[operand + 1]!++] = step - start;
      }
      this.#waitsFor[step - start] = waits;
    }
  }

  #push(step: number): void {
    const kind = this.#steps.kindOf[this.#start + step]!;
    if (this.#ready[kind] === 0) this.#first[kind] = step;
    else this.#next[this.#last[kind]!] = step;
    this.#last[kind] = step;
    this.#ready[kind]!++;
  }

  /** Puts all steps of the block in groups. */
  appendTo(groups: { readonly kinds: number[]; readonly ends: number[]; order: Int32Array }): void {
    const ready = this.#ready;
    for (let done = this.#start; done < this.#end;) {
      let largest = this.#present[0]!;
      for (const kind of this.#present) if (ready[kind]! > ready[largest]!) largest = kind;
      const end = done + ready[largest]!;
      groups.kinds.push(largest);
      groups.ends.push(end);
      ready[largest] = 0;
      this.#run(this.#first[largest]!, groups.order, done, end);
      done = end;
    }
  }

  /** Puts the steps of a group in their places in the order, from its first one on. */
  #run(first: number, order: Int32Array, from: number, to: number): void {
    const userStarts = this.#userStarts;
    const users = this.#users;
    const waitsFor = this.#waitsFor;
    let step = first;
    for (let place = from; place < to; place++) {
      order[place] = this.#start + step;
      // Those that become ready are pushed to a new list: the steps of this one keep their successors until they are left.
      const following = this.#next[step]!;
      const end = userStarts[step + 1]!;
      for (let e = userStarts[step]!; e < end; e++) {
        const user = users[e]!;
        if (--waitsFor[user]! === 0) this.#push(user);
      }
      step = following;
    }
  }
}
