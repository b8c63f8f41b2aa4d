/** Systems of equations, inverses and determinants by elimination with pivots, step by step as in the interpreter. */
import { copyReals, divideRow, subtractRow } from './triangles.ts';
import { type Routine, stackOf, stretched, walk } from './routine.ts';
import type { Elements, Operand, Value, Writer } from './writer.ts';

/** The factors of a matrix. */
interface Factors {
  readonly n: number;
  /** U on and above the diagonal, L below it. */
  readonly factors: Elements;
  /** Which rows they are of. */
  readonly order: Elements;
  /** The determinant of the permutation. */
  readonly sign: Value;
  /** Whether a pivot is 0. */
  readonly isSingular: Value;
}

/** Room for the factors, in doubles. */
const factorsSize = (n: number): number => n * n + Math.ceil(n / 2);

/** Writes the factorisation of the matrices that start at a place. */
function factorizing(w: Writer, a: Elements, n: number): (start: Operand) => Factors {
  const factors = w.scratchReals(n * n);
  const order = w.scratchIntegers(n);
  return (start) => {
    copyReals(w, factors, 0, a, start, n * n);
    const [sign, setSign] = w.variable('f64', 1);
    const [isSingular, setIsSingular] = w.variable('i32', 0);
    const [k, setK] = w.variable('i32', 0);
    w.loop(0, n, (i) => order.setInteger(i, i));
    const at = (row: Value, column: Value): Value => w.int('add', w.int('mul', row, n), column);
    w.repeatWhile(w.int('and', w.int('lt_s', k, n), w.int('eqz', isSingular)), () => {
      const [pivot, setPivot] = w.variable('i32', k);
      const size = (row: Value): Value => w.real('abs', factors.real(at(row, k)));
      w.loop(w.int('add', k, 1), n, (i) => {
        w.when(w.real('gt', size(i), size(pivot)), () => setPivot(i));
      });
      w.when(w.int('ne', pivot, k), () => {
        setSign(w.real('neg', sign));
        const [other] = w.variable('i32', order.integer(k));
        order.setInteger(k, order.integer(pivot));
        order.setInteger(pivot, other);
        w.loop(0, n, (j) => {
          const [one] = w.variable('f64', factors.real(at(k, j)));
          factors.setReal(at(k, j), factors.real(at(pivot, j)));
          factors.setReal(at(pivot, j), one);
        });
      });
      const [diagonal] = w.variable('f64', factors.real(at(k, k)));
      w.when(
        w.real('eq', diagonal, 0),
        () => setIsSingular(1),
        () => {
          w.loop(w.int('add', k, 1), n, (i) => {
            const [factor] = w.variable('f64', w.real('div', factors.real(at(i, k)), diagonal));
            factors.setReal(at(i, k), factor);
            w.when(w.real('ne', factor, 0), () => {
              const [rowI] = w.variable('i32', w.int('mul', i, n));
              const [rowK] = w.variable('i32', w.int('mul', k, n));
              w.loop(w.int('add', k, 1), n, (j) => {
                const place = w.int('add', rowI, j);
                const product = w.real('mul', factor, factors.real(w.int('add', rowK, j)));
                factors.setReal(place, w.real('sub', factors.real(place), product));
              });
            });
          });
          setK(w.int('add', k, 1));
        },
      );
    });
    return { n, factors, order, sign, isSingular };
  };
}

/**
 * Writes the solution of a system whose right-hand side `side` gives by its row and column.
 *
 * @param x - where it goes: doubles, row-major, m columns.
 */
function solveWith(
  w: Writer,
  { n, factors, order, isSingular }: Factors,
  x: Elements,
  m: number,
  side: (row: Value, column: Value) => Value,
): void {
  w.when(
    isSingular,
    () => w.loop(0, n * m, (k) => x.setReal(k, NaN)),
    () => {
      const factor = (row: Value, column: Value): Value =>
        factors.real(w.int('add', w.int('mul', row, n), column));
      w.loop(0, n, (i) => {
        const [row] = w.variable('i32', order.integer(i));
        w.loop(0, m, (j) => x.setReal(w.int('add', w.int('mul', i, m), j), side(row, j)));
      });
      w.loop(0, n, (i) => w.loop(0, i, (k) => subtractRow(w, x, m, i, k, factor(i, k))));
      w.loop(0, n, (step) => {
        const [i] = w.variable('i32', w.int('sub', n - 1, step));
        w.loop(w.int('add', i, 1), n, (k) => subtractRow(w, x, m, i, k, factor(i, k)));
        divideRow(w, x, m, i, factor(i, i));
      });
    },
  );
}

/** Systems of equations. */
export const solve: Routine = {
  scratch: ({ result: { shape } }) => factorsSize(shape.at(-2)!) + shape.at(-2)! * shape.at(-1)!,
  write(w, { operands: [a, b], result }, { operands: [left, right], result: type }) {
    const [n, m] = [type.shape.at(-2)!, type.shape.at(-1)!];
    const stack = stackOf(type.shape);
    const views = [
      stretched(stackOf(left!.shape), stack, n * n),
      stretched(stackOf(right!.shape), stack, n * m),
    ];
    const factorize = factorizing(w, a!, n);
    const x = w.scratchReals(n * m);
    walk(w, stack, views, ([start, side], index) => {
      solveWith(w, factorize(start!), x, m, (row, column) =>
        b!.real(w.int('add', side!, w.int('add', w.int('mul', row, m), column))),
      );
      copyReals(w, result, w.int('mul', index, n * m), x, 0, n * m);
    });
  },
};

/** Inverses: solutions for the identity. */
export const inverse: Routine = {
  scratch: ({ result: { shape } }) => factorsSize(shape.at(-1)!) + shape.at(-1)! ** 2,
  write(w, { operands: [a], result }, { result: { shape } }) {
    const n = shape.at(-1)!;
    const factorize = factorizing(w, a!, n);
    const x = w.scratchReals(n * n);
    walk(w, stackOf(shape), [], (_positions, index) => {
      const [start] = w.variable('i32', w.int('mul', index, n * n));
      solveWith(w, factorize(start), x, n, (row, column) =>
        w.instruction('f64.convert_i32_s', w.int('eq', row, column)),
      );
      copyReals(w, result, start, x, 0, n * n);
    });
  },
};

/** A number made of the pivots of each matrix, one after the other. */
const fromPivots = (
  initial: (factors: Factors) => Operand,
  next: (w: Writer, sofar: Value, pivot: Value) => Value,
): Routine => ({
  scratch: ({ operands: [type] }) => factorsSize(type!.shape.at(-1)!),
  write(w, { operands: [a], result }, { operands: [type] }) {
    const n = type!.shape.at(-1)!;
    const factorize = factorizing(w, a!, n);
    walk(w, stackOf(type!.shape), [], (_positions, index) => {
      const found = factorize(w.int('mul', index, n * n));
      const [sofar, set] = w.variable('f64', initial(found));
      w.loop(0, n, (k) => {
        const [pivot] = w.variable('f64', found.factors.real(w.int('mul', k, n + 1)));
        set(next(w, sofar, pivot));
      });
      // No -0.
      result.setReal(index, w.real('add', sofar, 0));
    });
  },
});

/** Determinants. */
export const determinant: Routine = /* @__PURE__ */ fromPivots(
  ({ sign }) => sign,
  (w, product, pivot) => w.real('mul', product, pivot),
);

/** Logarithms of their absolute values. */
export const logAbsDeterminant: Routine = /* @__PURE__ */ fromPivots(
  () => 0,
  (w, sum, pivot) => w.real('add', sum, w.call('log', w.real('abs', pivot))),
);

/** Their signs: sign by sign, as the product of the pivots may over- or underflow. */
export const determinantSign: Routine = /* @__PURE__ */ fromPivots(
  ({ sign }) => sign,
  (w, sign, pivot) => {
    const isZeroOrNaN = w.int('eqz', w.real('gt', w.real('abs', pivot), 0));
    const unit = w.select('f64', isZeroOrNaN, pivot, w.real('copysign', 1, pivot));
    return w.real('mul', sign, unit);
  },
);
