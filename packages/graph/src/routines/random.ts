/** Random numbers: the generator and what is made of its words, with the bits of the interpreter. */
import { NORMAL_QUANTILE } from '../random/normal-quantile.ts';
import { PHILOX, USES } from '../random/philox.ts';
import { sizeOf } from '../shape.ts';
import { type Routine, stretched, walk } from './routine.ts';
import type { Operand, Value, Variable, Writer } from './writer.ts';

/** Four words: a counter, or a block of the generator. */
type Words<T> = readonly [T, T, T, T];

/** Numbers made of a block. */
const BLOCK = 4;

/** The block that belongs to a counter and a key. */
function block(w: Writer, counter: Words<Operand>, key: readonly [Value, Value]): Words<Value> {
  const { multipliers, keySteps, rounds } = PHILOX;
  const words = counter.map((word) => w.variable('i32', word)) as unknown as Words<Variable>;
  const [[c0, set0], [c1, set1], [c2, set2], [c3, set3]] = words;
  const [[k0, setK0], [k1, setK1]] = [w.variable('i32', key[0]), w.variable('i32', key[1])];
  const upper = (word: Value, multiplier: number): Value => {
    const product = w.wide('mul', w.instruction('i64.extend_i32_u', word), BigInt(multiplier));
    return w.instruction('i32.wrap_i64', w.wide('shr_u', product, 32n));
  };
  w.loop(0, rounds, () => {
    const mixed = (word: Value, multiplier: number, other: Value, k: Value): Value =>
      w.int('xor', w.int('xor', upper(word, multiplier), other), k);
    const [first] = w.variable('i32', mixed(c0, multipliers[0], c3, k1));
    set3(w.int('mul', c0, multipliers[0] | 0));
    set0(mixed(c2, multipliers[1], c1, k0));
    set1(w.int('mul', c2, multipliers[1] | 0));
    set2(first);
    setK0(w.int('add', k0, keySteps[0] | 0));
    setK1(w.int('add', k1, keySteps[1] | 0));
  });
  return [c0, c1, c2, c3];
}

/** Blocks for counters and keys that are given. */
export const philox: Routine = {
  write(w, { operands: [counters, keys], result }, { operands: types, result: type }) {
    const stack = type.shape.slice(0, -1);
    const [counterView, keyView] = types.map(({ shape }) =>
      stretched(shape.slice(0, -1), stack, shape.at(-1)!),
    );
    walk(w, stack, [counterView!, keyView!], ([counterAt, keyAt], index) => {
      const word = (k: number): Value => counters!.integer(w.int('add', counterAt!, k));
      const keyWord = (k: number): Value => keys!.integer(w.int('add', keyAt!, k));
      const words = block(w, [word(0), word(1), word(2), word(3)], [keyWord(0), keyWord(1)]);
      words.forEach((value, k) => {
        result.setInteger(w.int('add', w.int('mul', index, BLOCK), k), value);
      });
    });
  },
};

/** Numbers under each of a stack of keys: `single` makes one of one word, `double` of two. */
const drawing = (
  single: ((w: Writer, word: Value) => Value) | undefined,
  double: (w: Writer, first: Value, second: Value) => Value,
): Routine => ({
  write(w, { operands: [keys], result }, { attributes, result: type }) {
    const size = sizeOf(attributes['shape'] as readonly number[]);
    const streams = size === 0 ? 0 : sizeOf(type.shape) / size;
    w.loop(0, streams, (stream) => {
      const keyAt = w.int('mul', stream, 2);
      const [k0] = w.variable('i32', keys!.integer(keyAt));
      const [k1] = w.variable('i32', keys!.integer(w.int('add', keyAt, 1)));
      const draw = (at: Value, count: number): void => {
        const layer = (number: number): Words<Value> =>
          block(w, [at, number, 0, USES.draw], [k0, k1]);
        const useSingle = single !== undefined && w.precision === 'f32';
        const first = layer(0);
        const second = useSingle ? undefined : layer(1);
        for (let k = 0; k < count; k++) {
          const number =
            second === undefined ? single!(w, first[k]!) : double(w, first[k]!, second[k]!);
          const place = w.int('add', w.int('mul', at, BLOCK), k);
          result.setReal(w.int('add', w.int('mul', stream, size), place), number);
        }
      };
      const blocks = Math.floor(size / BLOCK);
      w.loop(0, blocks, (at) => draw(at, BLOCK));
      if (size % BLOCK > 0) w.loop(blocks, blocks + 1, (at) => draw(at, size % BLOCK));
    });
  },
});

/** 53 random bits as an integer: all of the first word and the upper 21 bits of the second. */
function bits53(w: Writer, first: Value, second: Value): Value {
  const upper = w.real('mul', w.instruction('f64.convert_i32_u', first), 2 ** 21);
  return w.real('add', upper, w.instruction('f64.convert_i32_u', w.int('shr_u', second, 11)));
}

/** Numbers from 0 to below 1. */
export const uniform: Routine = /* @__PURE__ */ drawing(
  (w, word) => w.real('div', w.instruction('f64.convert_i32_u', w.int('shr_u', word, 8)), 2 ** 24),
  (w, first, second) => w.real('div', bits53(w, first, second), 2 ** 53),
);

/** Standard normal numbers. */
export const normal: Routine = /* @__PURE__ */ drawing(undefined, (w, first, second) => {
  const centred = w.real('add', w.real('sub', bits53(w, first, second), 2 ** 52), 0.5);
  const [q] = w.variable('f64', w.real('div', centred, 2 ** 53));
  return normalQuantile(w, q);
});

/** The quantile function of the normal distribution, step by step as in the interpreter. */
function normalQuantile(w: Writer, q: Value): Value {
  const { centre, coefficients, nearTail, tailOffsets } = NORMAL_QUANTILE;
  const [result, setResult] = w.variable('f64', 0);
  const ratio = (parts: readonly (readonly number[])[], argument: Value): Value => {
    const [x] = w.variable('f64', argument);
    const [above, below] = parts.map((coefficientsOf) =>
      coefficientsOf
        .slice(0, -1)
        .reduceRight<Operand>(
          (sum, coefficient) => w.real('add', w.real('mul', sum, x), coefficient),
          coefficientsOf.at(-1)!,
        ),
    );
    return w.real('div', above!, below!);
  };
  const [distance] = w.variable('f64', w.real('abs', q));
  w.when(
    w.real('le', distance, centre),
    () => {
      const inside = w.real('sub', centre * centre, w.real('mul', q, q));
      setResult(w.real('mul', q, ratio(coefficients.centre, inside)));
    },
    () => {
      const tail = logarithm(w, w.real('sub', 0.5, distance));
      const [root] = w.variable('f64', w.real('sqrt', w.real('neg', tail)));
      w.when(
        w.real('le', root, nearTail),
        () => setResult(ratio(coefficients.near, w.real('sub', root, tailOffsets.near))),
        () => setResult(ratio(coefficients.far, w.real('sub', root, tailOffsets.far))),
      );
      w.when(w.real('lt', q, 0), () => setResult(w.real('neg', result)));
    },
  );
  return result;
}

/** The natural logarithm of a number from 2^-60 to 1, step by step as in the interpreter. */
function logarithm(w: Writer, number: Value): Value {
  const [x, setX] = w.variable('f64', number);
  const [exponent, setExponent] = w.variable('f64', 0);
  w.repeatWhile(w.real('lt', x, Math.SQRT1_2), () => {
    setX(w.real('mul', x, 2));
    setExponent(w.real('sub', exponent, 1));
  });
  const [f] = w.variable('f64', w.real('div', w.real('sub', x, 1), w.real('add', x, 1)));
  const [square] = w.variable('f64', w.real('mul', f, f));
  let series: Operand = 0;
  for (let odd = NORMAL_QUANTILE.lastPower; odd >= 1; odd -= 2)
    series = w.real('add', w.real('mul', series, square), 1 / odd);
  const shifted = w.real('mul', exponent, Math.LN2);
  return w.real('add', shifted, w.real('mul', w.real('mul', 2, f), series));
}
