/** The functions of the platform that programs may call, by name: what vector code leaves open. */
import { numbers } from '@ad/graph';

/** The names of those that are `Math`'s own. */
export const MATH_NAMES: readonly (keyof Math & string)[] = [
  'acos',
  'acosh',
  'asin',
  'asinh',
  'atan',
  'atan2',
  'atanh',
  'cbrt',
  'cos',
  'cosh',
  'exp',
  'expm1',
  'hypot',
  'log',
  'log10',
  'log1p',
  'log2',
  'sin',
  'sinh',
  'tan',
  'tanh',
];

/** The functions that are JavaScript's own; `length` is how many doubles each takes. */
export const PLATFORM: Readonly<Record<string, (x: number, y: number) => number>> = {
  ...Object.fromEntries(MATH_NAMES.map((name) => [name, Math[name] as never])),
  pow: (x, y) => numbers.pow(x, y),
  fmod: (x, y) => x % y,
};
