/** What a check of derivatives can be told. */

/** Options of `checkGradients`. */
export interface CheckOptions {
  /** How many random directions are tried; default 3. */
  readonly directions?: number;
  /** Which derivatives are checked: 1 for first ones, 2 (the default) for second ones, too. */
  readonly order?: 1 | 2;
  /** Where the random directions start; default 1. The same seed gives the same report. */
  readonly seed?: number;
}
