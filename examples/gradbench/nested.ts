/** The four functions of an eval with nested derivatives: `ff`, `fr`, `rf` and `rr`, outer mode first. */
import type { Preparation, Prepared } from './eval.ts';
import type { Mode } from './descent.ts';

const MODES = { f: 'forward', r: 'reverse' } as const;

/** The four functions of `make`. */
export function fourModes(
  make: (input: unknown, outer: Mode, inner: Mode) => Prepared,
): Readonly<Record<string, Preparation>> {
  return Object.fromEntries(
    (['f', 'r'] as const).flatMap((outer) =>
      (['f', 'r'] as const).map((inner) => [
        outer + inner,
        (input: unknown) => make(input, MODES[outer], MODES[inner]),
      ]),
    ),
  );
}
