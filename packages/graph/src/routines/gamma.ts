/**
 * The logarithm of the gamma function and its derivatives, number by number: step by step as `algebra/gamma.ts` and
 * `algebra/polygamma.ts` compute them, so with the same bits.
 */
import {
  DIGAMMA,
  DIGAMMA_TAIL,
  LARGE,
  LOG_GAMMA_NEAR_ONE,
  LOG_GAMMA_NEAR_TWO,
  ROOT,
  ROOT_TAIL,
  STIRLING,
  STIRLING_CONSTANT,
} from '../algebra/gamma.ts';
import { EULER_MACLAURIN, MAX_ORDER } from '../algebra/polygamma.ts';
import type { NumberRoutine } from './routine.ts';
import type { Operand, Value, Variable, Writer } from './writer.ts';

/** The coefficients of the polynomial of the cotangent, at most, and some zeros behind. */
const LENGTH = MAX_ORDER + 4;
/** The doubles that the polygamma function needs. */
export const POLYGAMMA_SCRATCH: number = 2 * LENGTH;

/** What the routines are written with: a writer, and arithmetic on doubles by short names. */
function arithmeticOf(w: Writer) {
  const operation =
    (name: string) =>
    (...operands: readonly Operand[]): Value =>
      w.real(name, ...operands);
  const variable = (initial: Operand): Variable => w.variable('f64', initial);
  return {
    add: operation('add'),
    sub: operation('sub'),
    mul: operation('mul'),
    div: operation('div'),
    less: operation('lt'),
    atLeast: operation('ge'),
    equals: operation('eq'),
    abs: operation('abs'),
    neg: operation('neg'),
    variable,
    /** A value that is computed once. */
    keep: (value: Operand): Value => variable(value)[0],
  };
}

/** A polynomial by Horner's rule, lowest power first. */
function polynomial(w: Writer, coefficients: readonly number[], x: Value): Value {
  const others = coefficients.slice(0, -1);
  const last: Operand = coefficients.at(-1)!;
  return others.reduceRight<Operand>(
    (sum, coefficient) => w.real('add', w.real('mul', sum, x), coefficient),
    last,
  ) as Value;
}

/** The distance from the nearest integer; halves are below theirs. */
function fromNearestInteger(w: Writer, x: Value): Value {
  const { add, sub, atLeast, keep } = arithmeticOf(w);
  const below = keep(w.real('floor', x));
  const isAbove = atLeast(sub(x, below), 0.5);
  return keep(sub(x, w.select('f64', isAbove, add(below, 1), below)));
}

/** $\ln \Gamma(1 + t)$ for t from -0.3 to 2. */
function logGammaFromOne(w: Writer, t: Value, set: (value: Operand) => void): void {
  const { add, sub, mul, less, keep } = arithmeticOf(w);
  w.when(
    less(t, 0.4),
    () => {
      set(add(mul(mul(t, sub(t, 1)), polynomial(w, LOG_GAMMA_NEAR_ONE, t)), 0));
    },
    () => {
      const s = keep(sub(t, 1));
      set(mul(mul(t, s), polynomial(w, LOG_GAMMA_NEAR_TWO, s)));
    },
  );
}

/** $\ln \Gamma(x)$ from -0.3 on. */
function logGamma(w: Writer, x: Value, set: (value: Operand) => void): void {
  const { add, sub, mul, div, atLeast, equals, abs, variable, keep } = arithmeticOf(w);
  const [near, setNear] = variable(0);
  const large = (): void => {
    const logarithm = sub(w.call('log', x), 1);
    const series = polynomial(w, STIRLING, keep(div(1, mul(x, x))));
    const rest = add(STIRLING_CONSTANT, div(series, x));
    set(add(mul(sub(x, 0.5), logarithm), rest));
  };
  const middle = (): void => {
    const [product, setProduct] = variable(1);
    const [y, setY] = variable(x);
    w.repeatWhile(atLeast(y, 3), () => {
      setY(sub(y, 1));
      setProduct(mul(product, y));
    });
    logGammaFromOne(w, keep(sub(y, 1)), setNear);
    w.when(
      equals(product, 1),
      () => {
        set(near);
      },
      () => {
        set(add(w.call('log', product), near));
      },
    );
  };
  const small = (): void => {
    logGammaFromOne(w, x, setNear);
    set(sub(near, w.call('log', abs(x))));
  };
  w.when(atLeast(x, LARGE), large, () => {
    w.when(atLeast(x, 0.7), middle, small);
  });
}

/** The logarithm of the gamma function. */
export const lgamma: NumberRoutine = (w, x) => {
  const { sub, mul, div, less, equals, abs, neg, variable, keep } = arithmeticOf(w);
  const [result, set] = variable(0);
  w.when(
    less(x, -0.3),
    () => {
      const distance = fromNearestInteger(w, x);
      const isPole = w.int('or', equals(distance, 0), equals(x, -Infinity));
      w.when(
        isPole,
        () => {
          set(Infinity);
        },
        () => {
          const sine = keep(abs(w.call('sin', mul(Math.PI, distance))));
          const opposite = keep(neg(x));
          logGamma(w, opposite, set);
          set(sub(w.call('log', div(Math.PI, mul(sine, opposite))), result));
        },
      );
    },
    () => {
      logGamma(w, x, set);
    },
  );
  return result;
};

/** $\psi(x)$ from 0 on. */
function psi(w: Writer, x: Value, set: (value: Operand) => void): void {
  const { add, sub, mul, div, atLeast, variable, keep } = arithmeticOf(w);
  const large = (): void => {
    const inverse = keep(div(1, x));
    const square = keep(mul(inverse, inverse));
    const series = mul(square, polynomial(w, DIGAMMA_TAIL, square));
    set(sub(w.call('log', x), add(div(inverse, 2), series)));
  };
  const middle = (): void => {
    const [sum, setSum] = variable(0);
    const [y, setY] = variable(x);
    w.repeatWhile(atLeast(y, 2), () => {
      setY(sub(y, 1));
      setSum(add(sum, div(1, y)));
    });
    const factor = sub(sub(y, ROOT), ROOT_TAIL);
    set(add(sum, mul(factor, polynomial(w, DIGAMMA, keep(sub(y, 1.5))))));
  };
  const small = (): void => {
    const factor = sub(sub(x, ROOT - 1), ROOT_TAIL);
    set(sub(mul(factor, polynomial(w, DIGAMMA, keep(sub(x, 0.5)))), div(1, x)));
  };
  w.when(atLeast(x, LARGE), large, () => {
    w.when(atLeast(x, 1), middle, small);
  });
}

/** $\psi(x)$ */
function psiAnywhere(w: Writer, x: Value, set: (value: Operand) => void): void {
  const { sub, mul, div, less, equals, keep } = arithmeticOf(w);
  const reflected = (): void => {
    const distance = fromNearestInteger(w, x);
    w.when(
      // At -Infinity the distance is NaN, and so is the rest.
      equals(distance, 0),
      () => {
        set(NaN);
      },
      () => {
        const opposite = keep(sub(1, x));
        const [value, setValue] = w.variable('f64', 0);
        psi(w, opposite, setValue);
        set(sub(value, div(Math.PI, w.call('tan', mul(Math.PI, distance)))));
      },
    );
  };
  w.when(less(x, 0), reflected, () => {
    psi(w, x, set);
  });
}

/** The digamma function. */
export const digamma: NumberRoutine = (w, x) => {
  const [result, set] = w.variable('f64', 0);
  psiAnywhere(w, x, set);
  return result;
};

/** $(n - 1)! / x^n$ */
function unit(w: Writer, n: Value, x: Value, set: (value: Operand) => void): void {
  const { add, mul, div, less, variable, keep } = arithmeticOf(w);
  const [factorial, setFactorial] = variable(1);
  const [k, setK] = variable(2);
  w.repeatWhile(less(k, n), () => {
    setFactorial(mul(factorial, k));
    setK(add(k, 1));
  });
  const power = keep(w.call('pow', x, n));
  const hasAllDigits = w.int('and', less(1e-300, power), less(power, 1e300));
  w.when(
    w.int('and', less(n, 20), hasAllDigits),
    () => {
      set(div(factorial, power));
    },
    () => {
      set(div(1, x));
      const [product, setProduct] = variable(div(1, x));
      setK(1);
      w.repeatWhile(less(k, n), () => {
        setProduct(mul(product, div(k, x)));
        setK(add(k, 1));
      });
      set(product);
    },
  );
}

/** A power by squarings. */
function power(w: Writer, x: Value, exponent: Value): Value {
  const { mul, variable } = arithmeticOf(w);
  const [product, setProduct] = variable(1);
  const [square, setSquare] = variable(x);
  const [left, setLeft] = w.variable('i32', exponent);
  w.repeatWhile(left, () => {
    w.when(w.int('and', left, 1), () => {
      setProduct(mul(product, square));
    });
    setSquare(mul(square, square));
    setLeft(w.int('shr_u', left, 1));
  });
  return product;
}

/** $n! \sum_k (x + k)^{-n-1}$ for positive x. */
function magnitude(w: Writer, n: Value, x: Value, set: (value: Operand) => void): void {
  const { add, sub, mul, div, atLeast, variable, keep } = arithmeticOf(w);
  const terms = keep(w.real('max', w.real('ceil', sub(mul(1.14, add(n, 21)), x)), 0));
  const [order] = w.variable('i32', w.truncated(n));
  const [next] = w.variable('i32', w.int('add', order, 1));
  const [sum, setSum] = variable(0);
  const [k, setK] = variable(sub(terms, 1));
  w.repeatWhile(atLeast(k, 0), () => {
    setSum(add(sum, power(w, div(x, add(x, k)), next)));
    setK(sub(k, 1));
  });
  const end = keep(add(x, terms));
  const square = keep(mul(end, end));
  const [remainder, setRemainder] = variable(0);
  const [factor, setFactor] = variable(div(mul(n, add(n, 1)), square));
  EULER_MACLAURIN.forEach((coefficient, index) => {
    const twice = 2 * (index + 1);
    setRemainder(add(remainder, mul(coefficient, factor)));
    setFactor(mul(factor, div(mul(add(n, twice), add(add(n, twice), 1)), square)));
  });
  const correction = add(1, add(div(n, mul(2, end)), remainder));
  const tail = keep(mul(power(w, div(x, end), order), correction));
  const [scale, setScale] = variable(0);
  unit(w, n, x, setScale);
  set(mul(scale, add(mul(div(n, x), sum), tail)));
}

/** The n-th derivative of $\cot \pi x$, in the space for its coefficients. */
function cotangentDerivative(w: Writer, n: Value, x: Value, set: (value: Operand) => void): void {
  const { add, sub, mul, div, less, abs } = arithmeticOf(w);
  const [now, next] = [w.scratchReals(LENGTH), w.scratchReals(LENGTH)];
  const order = w.variable('i32', w.truncated(n))[0];
  const at = (index: Value, shift: number): Value => w.int('add', index, shift);
  w.loop(0, LENGTH, (i) => {
    now.setReal(i, 0);
  });
  now.setReal(1, 1);
  w.loop(0, order, (k) => {
    // The derivative, and it times the square of the cotangent.
    w.loop(0, at(k, 3), (power) => {
      const [before, setBefore] = w.variable('f64', 0);
      w.when(w.int('ge_s', power, 2), () => {
        setBefore(mul(now.real(at(power, -1)), w.instruction('f64.convert_i32_s', at(power, -1))));
      });
      const derivative = mul(
        now.real(at(power, 1)),
        w.instruction('f64.convert_i32_s', at(power, 1)),
      );
      next.setReal(power, add(derivative, before));
    });
    w.loop(0, at(k, 3), (power) => {
      now.setReal(power, next.real(power));
    });
  });
  const [cotangent, setCotangent] = w.variable('f64', 0);
  w.when(
    less(0.25, abs(x)),
    () => {
      const tangent = w.call('tan', mul(Math.PI, sub(0.5, abs(x))));
      setCotangent(mul(w.select('f64', less(x, 0), -1, 1), tangent));
    },
    () => {
      setCotangent(div(1, w.call('tan', mul(Math.PI, x))));
    },
  );
  const [sum, setSum] = w.variable('f64', 0);
  w.loop(0, at(order, 2), (i) => {
    const power = w.int('sub', at(order, 1), i);
    setSum(add(mul(sum, cotangent), now.real(power)));
  });
  set(mul(w.call('pow', -Math.PI, n), sum));
}

/** The polygamma function. */
export const polygamma: NumberRoutine = (w, n, x) => {
  const { sub, mul, div, less, atLeast, equals, neg, variable, keep } = arithmeticOf(w);
  const [result, set] = variable(NaN);
  const isOrder = w.int(
    'and',
    equals(n, w.real('floor', n)),
    w.int('and', atLeast(n, 0), atLeast(MAX_ORDER, n)),
  );
  const [size, setSize] = variable(0);
  const half = mul(n, 0.5);
  const isOdd = w.real('ne', half, w.real('floor', half));
  const positive = (): void => {
    w.when(less(x, Infinity), () => {
      magnitude(w, n, x, setSize);
    });
    set(w.select('f64', isOdd, size, neg(size)));
  };
  const atPole = (): void => {
    const atZero = w.select('f64', equals(x, 0), div(-1, x), NaN);
    set(w.select('f64', isOdd, Infinity, atZero));
  };
  const negative = (): void => {
    const distance = fromNearestInteger(w, x);
    w.when(equals(distance, 0), atPole, () => {
      magnitude(w, n, keep(sub(1, x)), setSize);
      const [slope, setSlope] = variable(0);
      cotangentDerivative(w, n, distance, setSlope);
      set(sub(neg(size), mul(Math.PI, slope)));
    });
  };
  w.when(w.int('and', isOrder, w.real('eq', x, x)), () => {
    w.when(
      equals(n, 0),
      () => {
        psiAnywhere(w, x, set);
      },
      () => {
        w.when(less(0, x), positive, () => {
          w.when(less(-Infinity, x), negative);
        });
      },
    );
  });
  return result;
};
