/**
 * Arithmetic with one mistake in it. A formula that is evaluated over it gives what a slip of the pen in that place
 * would give: another operation, swapped operands, a lost sign, a constant that is slightly off.
 */
import { type Algebra, type AlgebraName, partialAlgebra } from '@ad/graph';
import { byName } from './functions.ts';

/** What may be written by mistake for an operation: its result from the operands, in words and as a function. */
export interface Mistake {
  readonly what: string;
  readonly result: (...operands: number[]) => number;
}

type Call = (...operands: number[]) => number;

const N: Readonly<Record<AlgebraName, Call>> = byName;

/** Operations that are easily taken for each other. */
const NEIGHBOURS: Readonly<Partial<Record<AlgebraName, readonly AlgebraName[]>>> = {
  add: ['sub', 'mul'],
  sub: ['add'],
  mul: ['div', 'add'],
  div: ['mul'],
  strongMul: ['div', 'add'],
  minimum: ['maximum'],
  maximum: ['minimum'],
  sqrt: ['cbrt'],
  cbrt: ['sqrt'],
  floor: ['round'],
  round: ['floor'],
  fmod: ['div'],
  pow: ['mul'],
  exp: ['expm1'],
  expm1: ['exp'],
  log: ['log1p', 'log2'],
  log1p: ['log'],
  log2: ['log'],
  log10: ['log'],
  sin: ['cos', 'sinh'],
  cos: ['sin', 'cosh'],
  tan: ['tanh'],
  asin: ['acos'],
  acos: ['asin'],
  atan: ['atanh'],
  sinh: ['cosh', 'sin'],
  cosh: ['sinh', 'cos'],
  tanh: ['tan', 'sigmoid'],
  asinh: ['acosh'],
  acosh: ['asinh'],
  atanh: ['atan'],
  sigmoid: ['tanh', 'softplus'],
  softplus: ['sigmoid'],
  erf: ['erfc'],
  erfc: ['erf'],
  lgamma: ['digamma'],
  digamma: ['lgamma'],
  equal: ['less'],
  less: ['equal'],
  lessEqual: ['equal'],
  and: ['or'],
  or: ['and'],
};

/** Those whose operands may be swapped without a mistake. */
const COMMUTE: ReadonlySet<AlgebraName> = new Set<AlgebraName>([
  'add',
  'mul',
  'strongMul',
  'minimum',
  'maximum',
  'hypot',
  'equal',
  'and',
  'or',
]);

/** Results that are truth values, for which being slightly off means nothing. */
const TRUTH: ReadonlySet<AlgebraName> = new Set<AlgebraName>([
  'equal',
  'less',
  'lessEqual',
  'and',
  'or',
  'not',
]);

/** The mistakes that can be made with one operation. */
export function mistakesOf(name: AlgebraName, operands: readonly number[]): readonly Mistake[] {
  const one: Mistake = { what: 'a constant too large by 1', result: (x) => x + 1 };
  if (name === 'constant' && operands[0] === 0) return [one];
  const right = N[name];
  const mistakes: Mistake[] = (NEIGHBOURS[name] ?? []).map((other) => ({
    what: `${other} for ${name}`,
    result: N[other],
  }));
  if (TRUTH.has(name)) mistakes.push({ what: `not ${name}`, result: (...x) => N.not(right(...x)) });
  else {
    mistakes.push({ what: `-${name}`, result: (...x) => -right(...x) });
    mistakes.push({
      what: `${name} too large by 1e-9 of it`,
      result: (...x) => right(...x) * (1 + 1e-9),
    });
  }
  if (name === 'select') {
    mistakes.push({
      what: 'the branches of select swapped',
      result: (c, x, y) => right(c, y, x),
    });
    mistakes.push({ what: 'always the first branch', result: (_c, x) => x });
    mistakes.push({ what: 'always the second branch', result: (_c, _x, y) => y });
  } else if (right.length >= 2 && !COMMUTE.has(name)) {
    mistakes.push({ what: `the operands of ${name} swapped`, result: (x, y) => right(y, x) });
  }
  if (name === 'constant') mistakes.push(one);
  else if (!TRUTH.has(name) && name !== 'select')
    mistakes.push({ what: `${name} left out`, result: (x) => x });
  return mistakes;
}

/**
 * The numbers, with every operation passed through `watch`: it is told the name of each call in the order in which
 * an expression makes them, and may return a mistake to be made in its place.
 */
export function watched(
  watch: (name: AlgebraName, operands: readonly number[]) => Mistake | undefined,
): Algebra<number> {
  const operations = Object.entries(N)
    .filter(([name]) => name !== 'call')
    .map(([name, right]) => [
      name,
      (...given: number[]) => {
        // Functions are called with room for two operands.
        const operands = given.filter((operand) => operand !== undefined);
        const mistake = watch(name as AlgebraName, operands);
        return mistake === undefined ? right(...operands) : mistake.result(...operands);
      },
    ]);
  return partialAlgebra<number>('watched', Object.fromEntries(operations) as typeof byName);
}
