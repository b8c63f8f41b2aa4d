/** Running totals. */
import { around, type Routine } from './routine.ts';

/** Running totals along an axis, from its beginning or its end. */
export const cumSum: Routine = {
  write(w, { operands: [x], result }, { operands: [type], attributes }) {
    const { axis, reverse } = attributes as { axis: number; reverse: boolean };
    const { outer, length, inner } = around(type!.shape, axis);
    const first = reverse ? (length - 1) * inner : 0;
    w.loop(0, outer, (o) => {
      w.loop(0, inner, (k) => {
        const start = w.int('add', w.int('mul', o, length * inner), w.int('add', k, first));
        const [position, setPosition] = w.variable('i32', start);
        const [total, setTotal] = w.variable('f64', 0);
        w.loop(0, length, () => {
          setTotal(w.real('add', total, x!.real(position)));
          result.setReal(position, total);
          setPosition(w.int('add', position, reverse ? -inner : inner));
        });
      });
    });
  },
};
