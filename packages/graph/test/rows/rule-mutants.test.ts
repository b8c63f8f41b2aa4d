/**
 * No wrong rule survives: every operation that the rules of an array operation apply is done wrong, one at a time
 * (left out, negated, operands swapped, another attribute), and what judges the rule must find it: the scalar product
 * for transposes, difference quotients for other derivatives, the results of each example for batches. What is not
 * found is listed here, with the reason why it is no mistake.
 */
import {
  batchOperation,
  type Builder,
  type Operation,
  type OperationName,
  operations,
  type Tensor,
} from '@ad/graph';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Application, APPLICATIONS } from '../support/applications.ts';
import { fractionsOf, integersOf, tensorOf } from '../support/arrays.ts';
import { batches } from '../support/batches.ts';
import { applyToTensors, tensorBuilder } from '../support/builder.ts';
import { mistaken, mistakesIn, type Mistake } from '../support/mutant-builder.ts';

/** A rule at some arguments, and whether a result of it is right there. */
interface Trial {
  readonly rule: string;
  run(B: Builder<Tensor>): Tensor;
  isRight(result: Tensor): boolean;
}

type Trials = (row: Operation, application: Application) => fc.Arbitrary<Trial[]>;

const STEP = 1e-4;
const TOLERANCE = 1e-5;

const sameType = (a: Tensor, b: Tensor): boolean =>
  a.kind === b.kind && String(a.shape) === String(b.shape);

const inner = (a: Tensor, b: Tensor): number =>
  Array.from(a.data).reduce((sum, x, i) => sum + x * b.data[i]!, 0);

const areClose = (x: number, y: number): boolean =>
  Math.abs(x - y) <= TOLERANCE * Math.max(1, Math.abs(y));

const allClose = (a: Tensor, b: Tensor): boolean =>
  sameType(a, b) && a.data.every((x, i) => areClose(x, b.data[i]!));

const scaledBy = (x: Tensor, factor: number): Tensor =>
  tensorBuilder.apply(operations.mul, [x, tensorBuilder.constant(factor)]);

const positionsOfReals = (operands: readonly Tensor[]): number[] =>
  operands.flatMap((x, k) => (x.kind === 'real' ? [k] : []));

/** Transposes: <A x, S> = <x, A^T S>, exact in integers. The operands of a linear row share the left side. */
const transposes: Trials = (row, { operands, attributes }) => {
  if (row.family !== 'linear' && row.family !== 'bilinear') return fc.constant([]);
  const result = applyToTensors(row as Operation, operands, attributes);
  return integersOf(result.shape).map((S) => {
    const whole = inner(result, S);
    const message = (B: Builder<Tensor>, k: number): Tensor =>
      row.transpose(B, S, operands, attributes, k);
    const positions = positionsOfReals(operands);
    const share = (k: number): number => inner(operands[k]!, message(tensorBuilder, k));
    return positions.map((k) => {
      const others = row.family === 'linear' ? positions.filter((other) => other !== k) : [];
      const rest = others.reduce((sum, other) => sum + share(other), 0);
      return {
        rule: `transpose ${k}`,
        run: (B) => message(B, k),
        isRight: (m) => sameType(m, operands[k]!) && inner(operands[k]!, m) + rest === whole,
      };
    });
  });
};

/** The tangent of an operation when operand k moves along v, by a difference quotient. */
function quotient(
  row: Operation,
  { operands, attributes }: Application,
  k: number,
  v: Tensor,
): Tensor {
  const at = (step: number): Tensor => {
    const moved = tensorBuilder.apply(operations.add, [operands[k]!, scaledBy(v, step)]);
    return applyToTensors(
      row,
      operands.map((x, i) => (i === k ? moved : x)),
      attributes,
    );
  };
  return scaledBy(tensorBuilder.apply(operations.sub, [at(STEP), at(-STEP)]), 0.5 / STEP);
}

/** The application at fractions instead of integers; at positive definite matrices where it must be. */
const atFractions = (
  row: Operation,
  { operands, attributes }: Application,
): fc.Arbitrary<Application> =>
  fc
    .tuple(...operands.map((x) => (x.kind === 'real' ? fractionsOf(x.shape) : fc.constant(x))))
    .map((fractions) => ({
      operands: row.name === 'cholesky' ? fractions.map(positiveDefinite) : fractions,
      attributes,
    }));

/** $X X^T$ with 1 more on the diagonal. */
function positiveDefinite(x: Tensor): Tensor {
  const { shape } = x;
  const rank = shape.length;
  const n = shape.at(-1)!;
  const permutation = [...Array.from({ length: rank - 2 }).keys(), rank - 1, rank - 2];
  const turned = applyToTensors(operations.transpose, [x], { permutation });
  const square = applyToTensors(operations.matmul, [x, turned]);
  return tensorBuilder.apply(operations.add, [
    square,
    tensorOf([n, n], ([i, j]) => Number(i === j)),
  ]);
}

/** Rules of smooth rows: <S, J v> by a difference quotient and by the pullback; J v by the pushforward. */
const smoothRules: Trials = (row, application) => {
  if (row.family !== 'smooth') return fc.constant([]);
  return atFractions(row, application).chain((at) => {
    const { operands, attributes } = at;
    const result = applyToTensors(row as Operation, operands, attributes);
    const directions = fc.tuple(...operands.map((x) => fractionsOf(x.shape)));
    return fc.tuple(fractionsOf(result.shape), directions).map(([S, directionsOf]) =>
      positionsOfReals(operands).flatMap((k): Trial[] => {
        const v = directionsOf[k]!;
        const tangent = quotient(row, at, k, v);
        return [
          {
            rule: `pullback ${k}`,
            run: (B) => row.pullback(B, S, result, operands, attributes, k),
            isRight: (m) => sameType(m, v) && areClose(inner(m, v), inner(S, tangent)),
          },
          {
            rule: `pushforward ${k}`,
            run: (B) => row.pushforward(B, v, result, operands, attributes, k),
            isRight: (t) => allClose(t, tangent),
          },
        ];
      }),
    );
  });
};

/** Local derivatives of reductions: times v and summed, the tangent. */
const partials: Trials = (row, application) => {
  if (row.family !== 'reduction') return fc.constant([]);
  return atFractions(row, application).chain(({ operands, attributes: { axes } }) => {
    const x = operands[0]!;
    const attributes = { axes: axes as readonly number[], keepDims: true };
    const result = applyToTensors(row as Operation, [x], attributes);
    return fractionsOf(x.shape).map((v) => {
      const tangent = quotient(row, { operands: [x], attributes }, 0, v);
      return [
        {
          rule: 'partial',
          run: (B) => row.partial(B, x, result, attributes),
          isRight: (p) =>
            sameType(p, x) &&
            allClose(
              applyToTensors<typeof attributes>(
                operations.sum,
                [tensorBuilder.apply(operations.mul, [p, v])],
                attributes,
              ),
              tangent,
            ),
        },
      ];
    });
  });
};

/** Batches: the results of each example, bit for bit. */
const batchRule = (
  row: Operation,
  applications: fc.Arbitrary<Application>,
): fc.Arbitrary<Trial[]> =>
  batches(row, applications).map(({ inputs, batched, attributes, expected }) => [
    {
      rule: 'batch',
      run: (B) => batchOperation(B, row, inputs, batched, attributes),
      isRight: (result) =>
        sameType(result, expected) &&
        result.data.every((x, i) => Object.is(x + 0, expected.data[i]! + 0)),
    },
  ]);

const RUNS = 150;
const SEED = 7;

/** What the judges do not find among the mistakes that can be made in the rules of a row. */
function survivorsOf(row: Operation): string[] {
  const applications = APPLICATIONS[row.name as OperationName]!;
  const found = new Map<string, boolean>();
  let [judged, trials] = [0, 0];
  for (const kind of [
    applications.chain((application) => transposes(row, application)),
    applications.chain((application) => smoothRules(row, application)),
    applications.chain((application) => partials(row, application)),
    batchRule(row, applications),
  ]) {
    for (const trial of fc.sample(kind, { numRuns: RUNS, seed: SEED }).flat()) {
      trials += 1;
      // Near singular matrices a difference quotient says nothing.
      if (!trial.isRight(trial.run(tensorBuilder))) continue;
      judged += 1;
      for (const mistake of mistakesIn((B) => trial.run(B))) {
        const name = `${row.name} ${trial.rule}, ${mistake.what}`;
        if (found.get(name) !== true) found.set(name, isFound(trial, mistake));
      }
    }
  }
  expect(judged).toBeGreaterThan(0.95 * trials);
  return [...found].flatMap(([name, wasFound]) => (wasFound ? [] : [name]));
}

function isFound(trial: Trial, mistake: Mistake): boolean {
  let result: Tensor;
  try {
    result = trial.run(mistaken(mistake));
  } catch {
    return true; // shapes that do not fit
  }
  return !trial.isRight(result);
}

/** Mistakes that are none: which, and why. */
const HARMLESS: readonly (readonly [RegExp, string])[] = [
  [/^(max|min) partial, (where|div) 0: /, 'they share among ties, which fractions do not have'],
  [/^stopGradient batch, /, 'its value is its operand, and its derivative no rule of its own'],
  [/, sum 0: keepDims flipped$/, 'the result is reshaped'],
  [/^(determinant|logAbsDeterminant) pullback 0, broadcast 0: left out/, 'the product broadcasts'],
  [/^inverse pullback 0, transpose 0: negated/, 'the factor stands there twice'],
  [/^cholesky pullback 0, mul 0: left out/, 'what it masks is masked again'],
  [/^cholesky pullback 0, transpose 2: left out/, 'a symmetric matrix is its transpose'],
  [
    /^cofactors p\w+ 0, /,
    'it is 0 at the diagonal matrices of the frame; derivatives of it are not',
  ],
];

const rows = Object.values(operations).filter(
  ({ family }: Operation) => !['leaf', 'control', 'elementwise'].includes(family),
);
const survivors = rows.map(survivorsOf);

test.each(rows.map((row, i) => [row.name, survivors[i]!] as const))(
  '%s: every mistake in its rules is found',
  (_name, all) => {
    expect(all.filter((one) => !HARMLESS.some(([pattern]) => pattern.test(one)))).toStrictEqual([]);
  },
);

test.each(HARMLESS)('%s is needed: %s', (pattern) => {
  expect(survivors.flat().some((one) => pattern.test(one))).toBe(true);
});
