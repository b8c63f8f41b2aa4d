/** Which outputs of a body depend on which of its inputs, and what that means for the carries of a loop. */
import type { Body } from './body.ts';
import { ancestorsOf } from './interpreter/schedule.ts';

/** Which outputs depend on these inputs, by any edge. O(V + E). */
export function outputsDependingOn(body: Body, inputs: readonly boolean[]): boolean[] {
  const { arena } = body.graph;
  const depending = new Set<number>();
  body.inputs.forEach(({ id }, k) => {
    if (inputs[k] === true) depending.add(id);
  });
  const order = ancestorsOf(
    arena,
    body.outputs.map(({ id }) => id),
  );
  for (const id of order)
    if (arena.operandsOf(id).some((operand) => depending.has(operand))) depending.add(id);
  return body.outputs.map(({ id }) => depending.has(id));
}

/** The least set that holds `start` and is closed under `step`, which says what a set brings with it. */
export function closure(
  start: readonly boolean[],
  step: (set: readonly boolean[]) => readonly boolean[],
): boolean[] {
  let set = [...start];
  for (;;) {
    const next = step(set);
    const larger = set.map((is, k) => is || next[k] === true);
    if (larger.every((is, k) => is === set[k])) return set;
    set = larger;
  }
}
