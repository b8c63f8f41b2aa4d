/** Elementary functions as vector code; what is not here is called on the platform, lane by lane. */
import type { Precision } from './expression.ts';
import { erf, erfc } from './math/error-function.ts';
import { exp, expm1, sigmoid, tanh } from './math/exponential.ts';
import { acosh, asinh, atanh, cosh, sinh } from './math/hyperbolic.ts';
import { hypot } from './math/hypotenuse.ts';
import { acos, asin, atan, atan2 } from './math/inverse-trigonometric.ts';
import { log, log10, log1p, log2, softplus } from './math/logarithm.ts';
import { pow } from './math/power.ts';
import { cos, sin, tan } from './math/trigonometric.ts';
import type { VectorMath } from './vector-algebra.ts';

/** The functions that have vector code in this precision. */
export function vectorMath(_precision: Precision): VectorMath {
  return {
    exp,
    expm1,
    sigmoid,
    log,
    log1p,
    log2,
    log10,
    softplus,
    sinh,
    cosh,
    tanh,
    asinh,
    acosh,
    atanh,
    sin,
    cos,
    tan,
    asin,
    acos,
    atan,
    atan2,
    hypot,
    pow,
    erf,
    erfc,
  };
}
