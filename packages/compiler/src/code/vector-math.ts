/** Elementary functions as vector code; what is not here is called on the platform, lane by lane. */
import type { Precision } from './expression.ts';
import { exp, expm1, sigmoid, tanh } from './math/exponential.ts';
import type { VectorMath } from './vector-algebra.ts';

/** The functions that have vector code in this precision. */
export function vectorMath(_precision: Precision): VectorMath {
  return { exp, expm1, sigmoid, tanh };
}
