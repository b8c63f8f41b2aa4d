/** Branches: one of two bodies runs, and its results are copied to where they are read. */
import type { CondAttributes } from '../rows/control.ts';
import type { ControlLowering, LoweredBody } from './control.ts';
import { inScalars } from './small-arrays.ts';
import { StepWriter, StoredParts } from './stacks.ts';

/** Lowers a branch. */
export const lowerCond: ControlLowering<CondAttributes> = (
  compiler,
  { whenTrue, whenFalse },
  { results },
  [predicate, ...operands],
  isRead,
) => {
  const stored = new StoredParts(compiler, isRead);
  const outside = operands.map((operand) => compiler.viewOf(operand));
  const isWanted = results.map(isRead);
  const [otherwise, then] = [whenFalse, whenTrue].map((body) =>
    compiler.body(inScalars(body), isWanted, outside, []),
  );
  const places = results.map((part) => stored.part(part));
  const test = compiler.contiguousViewOf(predicate!);
  return {
    bodies: [otherwise!, then!],
    reads: [test, ...outside].map(({ buffer }) => buffer),
    writes: places.filter((buffer) => buffer !== undefined),
    parts: stored.all,
    write: (writer) => {
      const w = new StepWriter(writer, compiler.precision);
      const run = (body: LoweredBody) => (): void => {
        w.run(body);
        places.forEach((place, j) => {
          if (place !== undefined) w.copyValue(place, body.outputs[j]!, place.size);
        });
      };
      w.truth(test.buffer.address + test.offset * w.elementSize);
      w.code.ifElse(run(then!), run(otherwise!));
    },
  };
};
