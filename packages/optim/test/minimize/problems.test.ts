/** The collections of problems by which methods are judged. */
import { bfgs, lbfgs, leastSquares, type Method, minimize, trustRegion } from '@ad/optim';
import { describe, expect, test } from 'vitest';
import { testProblems } from '../problems/more-garbow-hillstrom.ts';
import { digitsOf, nistProblems } from '../problems/nist.ts';

/** Whether a value is one of the minima, as far as six printed digits say. */
const isMinimum = (value: number, minima: readonly number[]): boolean =>
  minima.some((minimum) =>
    minimum === 0 ? value < 1e-11 : Math.abs(value - minimum) <= 1e-5 * minimum,
  );

describe('the problems of Moré, Garbow and Hillstrom', () => {
  test('are 35, in order', () => {
    expect(testProblems.map(({ number }) => number)).toStrictEqual(
      Array.from({ length: 35 }, (_, k) => k + 1),
    );
  });

  test.each(testProblems.map((problem) => [problem.name, problem] as const))(
    '%s, by Levenberg-Marquardt',
    (_name, { residuals, start, minima }) => {
      const { value } = leastSquares<Float64Array>(residuals, start);
      expect(isMinimum(value, minima)).toBe(true);
    },
  );

  // Meyer's: the condition of the Hessian is beyond what gradients alone can tell.
  const general = testProblems.filter(({ number }) => number !== 10);

  test.each<readonly [string, Method]>([
    ['lbfgs', lbfgs()],
    ['bfgs', bfgs()],
  ])('all but one, by %s', (_name, method) => {
    const missed = general.filter(({ residuals, start, minima }) => {
      const { value, stop } = minimize<Float64Array>((x) => residuals(x).square().sum(), start, {
        method,
      });
      return stop.kind !== 'gradient' || !isMinimum(value, minima);
    });
    expect(missed.map(({ name }) => name)).toStrictEqual([]);
  });

  test('those with a moderate scale, by the trust region', () => {
    const missed = general.filter(({ number, residuals, start, minima }) => {
      // Problems 3 and 4 have their solutions where one variable is a million times another.
      if (number === 3 || number === 4) return false;
      const { value, stop } = minimize<Float64Array>((x) => residuals(x).square().sum(), start, {
        method: trustRegion(),
      });
      return stop.kind !== 'gradient' || !isMinimum(value, minima);
    });
    expect(missed.map(({ name }) => name)).toStrictEqual([]);
  });
});

describe('the nonlinear regressions of NIST', () => {
  test('are 27', () => {
    expect(new Set(nistProblems.map(({ name }) => name)).size).toBe(27);
  });

  const fits = nistProblems.flatMap((problem) =>
    problem.starts.map((start, k) => [problem.name, k + 1, problem, start] as const),
  );

  test.each(fits)('%s from start %i, to nine digits', (name, _start, problem, start) => {
    const fit = leastSquares<readonly number[]>(problem.residuals, start);
    expect(fit.converged).toBe(true);
    expect(digitsOf(fit.minimizer, problem.certified)).toBeGreaterThan(9);
    // The residuals of Lanczos1 are the rounding of its 14 digits: their squares are noise here.
    const enough = name === 'Lanczos1' ? 2 : 9;
    expect(digitsOf(fit.standardErrors!, problem.deviations)).toBeGreaterThan(enough);
    expect(digitsOf([fit.value], [problem.sumOfSquares])).toBeGreaterThan(enough);
    expect(digitsOf([fit.deviation], [problem.residualDeviation])).toBeGreaterThan(enough);
  });

  test('without tolerances a fit ends where steps are lost in rounding', () => {
    const { residuals, starts, certified } = nistProblems.find(({ name }) => name === 'Thurber')!;
    const fit = leastSquares<readonly number[]>(residuals, starts[1], {
      gradientTolerance: 0,
      stepTolerance: 0,
    });
    expect(fit.stop.kind).toBe('rounding');
    expect(fit.message).toMatch(/limit of rounding is reached$/);
    expect(fit.converged).toBe(true);
    expect(digitsOf(fit.minimizer, certified)).toBeGreaterThan(9);
  });
});
