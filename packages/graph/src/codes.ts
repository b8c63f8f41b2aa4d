/**
 * The codes of the operations that most nodes of scalar graphs are, the same in all graphs. Loops over scalars have these
 * operations written out, because to call a row costs several times what they do.
 */

/** The code of sums. */
export const ADD = 0;
/** The code of differences. */
export const SUB = 1;
/** The code of products. */
export const MUL = 2;
/** The code of quotients. */
export const DIV = 3;
/** The code of exponentials. */
export const EXP = 4;
/** The code of natural logarithms. */
export const LOG = 5;
/** The code of sines. */
export const SIN = 6;
/** The code of cosines. */
export const COS = 7;
/** The code of hyperbolic tangents. */
export const TANH = 8;
/** The least code that stands for different operations in different graphs. */
export const OTHER = 9;
