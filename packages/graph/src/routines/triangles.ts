/** Triangular systems and triangular factors of stacks of matrices, step by step as in the interpreter. */
import { type Routine, stackOf, stretched, walk } from './routine.ts';
import type { Elements, Operand, Value, Writer } from './writer.ts';

/** Takes `factor` times row `k` of `m` numbers from row `i`. */
export function subtractRow(
  w: Writer,
  x: Elements,
  m: number,
  i: Operand,
  k: Operand,
  factor: Value,
): void {
  const [to] = w.variable('i32', w.int('mul', i, m));
  const [from] = w.variable('i32', w.int('mul', k, m));
  const [times] = w.variable('f64', factor);
  w.loop(0, m, (j) => {
    const at = w.int('add', to, j);
    const product = w.real('mul', times, x.real(w.int('add', from, j)));
    x.setReal(at, w.real('sub', x.real(at), product));
  });
}

/** Divides row `i` of `m` numbers. */
export function divideRow(w: Writer, x: Elements, m: number, i: Operand, divisor: Value): void {
  const [by] = w.variable('f64', divisor);
  w.loop(0, m, (j) => {
    const [at] = w.variable('i32', w.int('add', w.int('mul', i, m), j));
    x.setReal(at, w.real('div', x.real(at), by));
  });
}

/** Copies so many elements as doubles. */
export function copyReals(
  w: Writer,
  to: Elements,
  toStart: Operand,
  from: Elements,
  fromStart: Operand,
  count: number,
): void {
  w.loop(0, count, (k) => {
    to.setReal(w.int('add', toStart, k), from.real(w.int('add', fromStart, k)));
  });
}

/** Systems by substitution. */
export const triangularSolve: Routine = {
  scratch: ({ result: { shape } }) => shape.at(-2)! * shape.at(-1)!,
  write(w, { operands: [a, b], result }, { operands: [left, right], result: type, attributes }) {
    const { lower, transposed, unitDiagonal } = attributes as Record<string, boolean>;
    const [n, m] = [type.shape.at(-2)!, type.shape.at(-1)!];
    const stack = stackOf(type.shape);
    const views = [
      stretched(stackOf(left!.shape), stack, n * n),
      stretched(stackOf(right!.shape), stack, n * m),
    ];
    const [down, along] = transposed! ? [1, n] : [n, 1];
    const isForward = lower !== transposed;
    const ordered = (step: Value): Value => (isForward ? step : w.int('sub', n - 1, step));
    const x = w.scratchReals(n * m);
    walk(w, stack, views, ([start, side], index) => {
      copyReals(w, x, 0, b!, side!, n * m);
      w.loop(0, n, (step) => {
        const [i] = w.variable('i32', ordered(step));
        const element = (offset: Value): Value => a!.real(w.int('add', start!, offset));
        w.loop(0, step, (other) => {
          const [k] = w.variable('i32', ordered(other));
          const place = w.int('add', w.int('mul', i, down), w.int('mul', k, along));
          subtractRow(w, x, m, i, k, element(place));
        });
        if (!unitDiagonal!) divideRow(w, x, m, i, element(w.int('mul', i, n + 1)));
      });
      copyReals(w, result, w.int('mul', index, n * m), x, 0, n * m);
    });
  },
};

/** Factors of symmetric matrices; NaN of those that are not positive definite. */
export const cholesky: Routine = {
  scratch: ({ result: { shape } }) => shape.at(-1)! ** 2,
  write(w, { operands: [a], result }, { result: { shape } }) {
    const n = shape.at(-1)!;
    const l = w.scratchReals(n * n);
    walk(w, stackOf(shape), [], (_positions, index) => {
      const [start] = w.variable('i32', w.int('mul', index, n * n));
      const [isPositive, setIsPositive] = w.variable('i32', 1);
      w.loop(0, n, (i) => {
        const [rowI] = w.variable('i32', w.int('mul', i, n));
        w.loop(0, n, (j) => l.setReal(w.int('add', rowI, j), 0));
        w.loop(0, w.int('add', i, 1), (j) => {
          const [rowJ] = w.variable('i32', w.int('mul', j, n));
          const half = (row: Value, column: Value): Value =>
            w.real('mul', a!.real(w.int('add', start, w.int('add', row, column))), 0.5);
          // Halves first: the sum of two large numbers overflows.
          const [rest, setRest] = w.variable('f64', w.real('add', half(rowJ, i), half(rowI, j)));
          w.loop(0, j, (k) => {
            const [x, y] = [l.real(w.int('add', rowI, k)), l.real(w.int('add', rowJ, k))];
            setRest(w.real('sub', rest, w.real('mul', x, y)));
          });
          const place = w.int('add', rowI, j);
          w.when(
            w.int('eq', i, j),
            () => {
              l.setReal(place, w.real('sqrt', rest));
              // Also where it is NaN.
              setIsPositive(w.int('and', isPositive, w.real('gt', rest, 0)));
            },
            () => l.setReal(place, w.real('div', rest, l.real(w.int('add', rowJ, j)))),
          );
        });
      });
      w.loop(0, n * n, (k) => {
        const element = w.select('f64', isPositive, l.real(k), NaN);
        result.setReal(w.int('add', start, k), element);
      });
    });
  },
};
