/** Integers: positions of extremes, of elements in order, and of elements in joined arrays; and conversions. */
import { sizeOf } from '../shape.ts';
import { around, type Routine } from './routine.ts';
import type { Elements, Operand, Value, Writer } from './writer.ts';

/** The position of the first element that no other is better than; the first NaN, if there is one. */
const extreme = (better: 'gt' | 'lt'): Routine => ({
  write(w, { operands: [x], result }, { operands: [type], attributes }) {
    const { outer, length, inner } = around(type!.shape, attributes['axis'] as number);
    w.loop(0, outer, (o) => {
      w.loop(0, inner, (k) => {
        const start = w.int('add', w.int('mul', o, length * inner), k);
        const [position, setPosition] = w.variable('i32', start);
        const [best, setBest] = w.variable('i32', 0);
        const [champion, setChampion] = w.variable('f64', x!.real(position));
        w.loop(1, length, (i) => {
          setPosition(w.int('add', position, inner));
          const [challenger] = w.variable('f64', x!.real(position));
          const isFirstNaN = w.int('and', w.isNaN(challenger), w.real('eq', champion, champion));
          w.when(w.int('or', w.real(better, challenger, champion), isFirstNaN), () => {
            setBest(i);
            setChampion(challenger);
          });
        });
        result.setInteger(w.int('add', w.int('mul', o, inner), k), best);
      });
    });
  },
});

/** Positions of the largest elements. */
export const argMax: Routine = /* @__PURE__ */ extreme('gt');
/** Positions of the smallest elements. */
export const argMin: Routine = /* @__PURE__ */ extreme('lt');

/**
 * The order of elements along an axis: merge sort from runs of one element up, which is stable. Positions go to and fro
 * between two halves of an array; keys stay where they are.
 */
export const argSort: Routine = {
  scratch: ({ operands: [type], attributes }) => type!.shape[attributes['axis'] as number]!,
  write(w, { operands: [x], result }, { operands: [type], attributes }) {
    const { axis, descending, within } = attributes as {
      axis: number;
      descending: boolean;
      within: number;
    };
    const { outer, length, inner } = around(type!.shape, axis);
    const order = w.scratchIntegers(2 * length);
    w.loop(0, outer, (o) => {
      w.loop(0, inner, (k) => {
        const [start] = w.variable('i32', w.int('add', w.int('mul', o, length * inner), k));
        const key = (i: Operand): Value =>
          x!.real(w.int('add', start, w.int('mul', order.integer(i), inner)));
        const [from, setFrom] = w.variable('i32', 0);
        w.loop(0, length, (i) => order.setInteger(i, i));
        const [width, setWidth] = w.variable('i32', 1);
        w.repeatWhile(w.int('lt_s', width, length), () => {
          const [first, setFirst] = w.variable('i32', 0);
          w.repeatWhile(w.int('lt_s', first, length), () => {
            const upTo = (end: Value): Value =>
              w.select('i32', w.int('lt_s', end, length), end, length);
            const [middle] = w.variable('i32', upTo(w.int('add', first, width)));
            const [end] = w.variable('i32', upTo(w.int('add', middle, width)));
            merge(w, order, from, first, middle, end, length, key, descending);
            setFirst(end);
          });
          setFrom(w.int('sub', length, from));
          setWidth(w.int('shl', width, 1));
        });
        w.loop(0, length, (i) => {
          const found = order.integer(w.int('add', from, i));
          const size = sizeOf(type!.shape.slice(within));
          const at = w.int('add', start, w.int('mul', found, inner));
          result.setInteger(
            w.int('add', start, w.int('mul', i, inner)),
            within < 0 ? found : w.int('rem_u', at, size),
          );
        });
      });
    });
  },
};

/** Merges the runs first to middle and middle to end of one half of `order` into the other half. */
function merge(
  w: Writer,
  order: Elements,
  from: Value,
  first: Value,
  middle: Value,
  end: Value,
  length: number,
  key: (i: Operand) => Value,
  descending: boolean,
): void {
  const [left, setLeft] = w.variable('i32', first);
  const [right, setRight] = w.variable('i32', middle);
  const inHalf = (i: Value): Value => w.int('add', from, i);
  w.loop(first, end, (to) => {
    const [takesRight, setTakesRight] = w.variable('i32', w.int('ge_s', left, middle));
    w.when(w.int('and', w.int('lt_s', left, middle), w.int('lt_s', right, end)), () => {
      const [a] = w.variable('f64', key(inHalf(left)));
      const [b] = w.variable('f64', key(inHalf(right)));
      // NaN comes last in both directions.
      const onlyLeftNaN = w.int('and', w.isNaN(a), w.real('eq', b, b));
      setTakesRight(w.int('or', w.real(descending ? 'gt' : 'lt', b, a), onlyLeftNaN));
    });
    const target = w.int('add', w.int('sub', length, from), to);
    w.when(
      takesRight,
      () => {
        order.setInteger(target, order.integer(inHalf(right)));
        setRight(w.int('add', right, 1));
      },
      () => {
        order.setInteger(target, order.integer(inHalf(left)));
        setLeft(w.int('add', left, 1));
      },
    );
  });
}

/** Positions in arrays as positions in all of them together, one after the other. */
export const joinIndices: Routine = {
  write(w, { operands: [at], result }, { operands: [type], attributes }) {
    const { axis, length } = attributes as { axis: number; length: number };
    const { outer, length: count, inner } = around(type!.shape, axis);
    w.loop(0, outer, (o) => {
      w.loop(0, count, (k) => {
        w.loop(0, inner, (j) => {
          const row = w.int('add', w.int('mul', o, count), k);
          const [i] = w.variable('i32', w.int('add', w.int('mul', row, inner), j));
          const [index] = w.variable('i32', at!.integer(i));
          const fromEnd = w.int('lt_s', index, 0);
          const position = w.int('add', index, w.select('i32', fromEnd, length, 0));
          w.when(w.int('ge_u', position, length), () => w.refuse());
          result.setInteger(i, w.int('add', w.int('mul', k, length), position));
        });
      });
    });
  },
};

/** Numbers as integers of 32 bits: without what is behind the point, and modulo 2^32, as `| 0` does it. */
export const toInteger: Routine = {
  write(w, { operands: [x], result }, { result: type }) {
    w.loop(0, sizeOf(type.shape), (i) => {
      const [whole] = w.variable('f64', w.real('trunc', x!.real(i)));
      const turns = w.real('floor', w.real('mul', whole, 2 ** -32));
      const [rest] = w.variable('f64', w.real('sub', whole, w.real('mul', turns, 2 ** 32)));
      const isNegative = w.real('ge', rest, 2 ** 31);
      const signed = w.select('f64', isNegative, w.real('sub', rest, 2 ** 32), rest);
      result.setInteger(i, w.truncated(signed));
    });
  },
};
