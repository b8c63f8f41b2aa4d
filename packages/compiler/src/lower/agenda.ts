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
export function agenda({ kinds, kindOf, inputStarts, inputs }: Steps): Groups {
  const count = kindOf.length;
  const { waitsFor, userStarts, users } = usersOf(inputStarts, inputs);
  // The steps of each kind that are ready, as a list: the first, from each the next, and the last.
  const first = new Int32Array(kinds.length);
  const last = new Int32Array(kinds.length);
  const next = new Int32Array(count);
  const ready = new Int32Array(kinds.length);
  const push = (step: number): void => {
    const kind = kindOf[step]!;
    if (ready[kind] === 0) first[kind] = step;
    else next[last[kind]!] = step;
    last[kind] = step;
    ready[kind]!++;
  };
  const order = new Int32Array(count);
  const groups: number[] = [];
  const ends: number[] = [];
  const present = [...new Set(kindOf)];
  let done = 0;
  for (let start = 0; start < count; start += BLOCK) {
    const end = Math.min(start + BLOCK, count);
    for (let step = start; step < end; step++) if (waitsFor[step] === 0) push(step);
    while (done < end) {
      let largest = present[0]!;
      for (let k = 1; k < present.length; k++)
        if (ready[present[k]!]! > ready[largest]!) largest = present[k]!;
      let step = first[largest]!;
      groups.push(largest);
      ends.push(done + ready[largest]!);
      ready[largest] = 0;
      // Steps that become ready are pushed to a new list: those of this one keep their successors until they are left.
      for (const stop = ends.at(-1)!; done < stop;) {
        order[done++] = step;
        const following = next[step]!;
        for (let e = userStarts[step]!; e < userStarts[step + 1]!; e++) {
          const user = users[e]!;
          if (--waitsFor[user]! === 0 && user < end) push(user);
        }
        step = following;
      }
    }
  }
  return { kinds: groups, ends, order };
}

/** For each step how many others it waits for, and who waits for it. */
function usersOf(
  inputStarts: Int32Array,
  inputs: Int32Array,
): { readonly waitsFor: Uint8Array; readonly userStarts: Int32Array; readonly users: Int32Array } {
  const count = inputStarts.length - 1;
  const waitsFor = new Uint8Array(count);
  // Counted one place further on and filled there, so that afterwards each place is where the users of a step start.
  const userStarts = new Int32Array(count + 2);
  for (let e = 0; e < inputs.length; e++) if (inputs[e]! >= 0) userStarts[inputs[e]! + 2]!++;
  for (let i = 2; i < userStarts.length; i++) userStarts[i]! += userStarts[i - 1]!;
  const users = new Int32Array(userStarts[count + 1]!);
  for (let step = 0; step < count; step++) {
    const end = inputStarts[step + 1]!;
    for (let e = inputStarts[step]!; e < end; e++) {
      const operand = inputs[e]!;
      if (operand < 0) continue;
      waitsFor[step]!++;
      users[userStarts[operand + 1]!++] = step;
    }
  }
  return { waitsFor, userStarts, users };
}
