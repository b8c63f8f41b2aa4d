/** What makes products and solutions strong: 0 wins over Infinity and NaN. */
import { type Routine, stackOf, stretched, walk } from './routine.ts';
import type { Elements, Value, Writer } from './writer.ts';

/** Whether a number is neither infinite nor NaN. */
const isFinite = (w: Writer, x: Value): Value => w.real('lt', w.real('abs', x), Infinity);

/** Whether a term is infinite in one direction: of equal signs for Infinity, of different ones for -Infinity. */
function isInfinite(w: Writer, x: Value, y: Value, limit: number): Value {
  const pair = (a: Value, b: Value): Value =>
    w.int(
      'or',
      w.int('and', w.real('gt', a, 0), w.real('eq', b, limit)),
      w.int('and', w.real('lt', a, 0), w.real('eq', b, -limit)),
    );
  return w.int('or', pair(x, y), pair(y, x));
}

/** Puts the elements of a product of matrices right that are not finite. */
export const repairMatmul: Routine = {
  write(w, { operands: [a, b], result }, { operands: [left, right], result: { shape } }) {
    const [n, k, m] = [shape.at(-2)!, left!.shape.at(-1)!, shape.at(-1)!];
    const stack = stackOf(shape);
    const views = [
      stretched(stackOf(left!.shape), stack, n * k),
      stretched(stackOf(right!.shape), stack, k * m),
    ];
    walk(w, stack, views, ([first, second], index) => {
      w.loop(0, n, (i) => {
        w.loop(0, m, (j) => {
          const row = w.int('add', w.int('mul', index, n), i);
          const [place] = w.variable('i32', w.int('add', w.int('mul', row, m), j));
          const [done] = w.variable('i32', isFinite(w, result.real(place)));
          w.when(w.int('eqz', done), () => {
            const [sum, setSum] = w.variable('f64', 0);
            const [up, setUp] = w.variable('i32', 0);
            const [down, setDown] = w.variable('i32', 0);
            const [none, setNone] = w.variable('i32', 0);
            w.loop(0, k, (l) => {
              const xAt = w.int('add', w.int('add', first!, w.int('mul', i, k)), l);
              const yAt = w.int('add', w.int('add', second!, w.int('mul', l, m)), j);
              const [x] = w.variable('f64', a!.real(xAt));
              const [y] = w.variable('f64', b!.real(yAt));
              const finite = (value: Value): Value => w.select('f64', isFinite(w, value), value, 0);
              setSum(w.real('add', sum, w.real('mul', finite(x), finite(y))));
              setUp(w.int('or', up, isInfinite(w, x, y, Infinity)));
              setDown(w.int('or', down, isInfinite(w, x, y, -Infinity)));
              const undefinedBy = (one: Value, other: Value): Value =>
                w.int('and', w.isNaN(one), w.real('ne', other, 0));
              setNone(w.int('or', none, w.int('or', undefinedBy(x, y), undefinedBy(y, x))));
            });
            const bounded = w.select('f64', down, -Infinity, sum);
            const directed = w.select('f64', up, Infinity, bounded);
            const isUndefined = w.int('or', none, w.int('and', up, down));
            result.setReal(place, w.select('f64', isUndefined, NaN, directed));
          });
        });
      });
    });
  },
};

/** A routine for systems whose columns of zeros have solutions of zeros, whatever the matrix is. */
export const strongRoutine = (system: Routine): Routine => ({
  ...system,
  write(w, arrays, work) {
    system.write(w, arrays, work);
    const { operands, result: type } = work;
    const [n, m] = [type.shape.at(-2)!, type.shape.at(-1)!];
    const side: Elements = arrays.operands[1]!;
    const views = [stretched(stackOf(operands[1]!.shape), stackOf(type.shape), n * m)];
    walk(w, stackOf(type.shape), views, ([start], index) => {
      w.loop(0, m, (j) => {
        const [solved, setSolved] = w.variable('i32', 1);
        const [zero, setZero] = w.variable('i32', 1);
        const at = (first: Value, i: Value): Value =>
          w.int('add', first, w.int('add', w.int('mul', i, m), j));
        const [to] = w.variable('i32', w.int('mul', index, n * m));
        w.loop(0, n, (i) => {
          setSolved(w.int('and', solved, isFinite(w, arrays.result.real(at(to, i)))));
          const from = w.int('add', start!, 0);
          setZero(w.int('and', zero, w.real('eq', side.real(at(from, i)), 0)));
        });
        w.when(w.int('and', zero, w.int('eqz', solved)), () => {
          w.loop(0, n, (i) => arrays.result.setReal(at(to, i), 0));
        });
      });
    });
  },
});
