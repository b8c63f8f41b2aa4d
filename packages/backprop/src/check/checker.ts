/** The checks of a function at a point, one after the other. */
import { evaluate, type Tensor } from '@ad/graph';
import { gradient } from '../graphs/gradient.ts';
import { wrongExample } from './batch.ts';
import type { CheckOptions } from './options.ts';
import { culpritBelow, hasRightSlopes, isSame } from './culprit.ts';
import { Directions } from './directions.ts';
import { kinksBelow } from './kinks.ts';
import { moved, type Point, realOf, type Scalar } from './point.ts';
import { type CheckName, Report } from './report.ts';
import { compare, dualityTolerance, explainingKinks, inner, slopesOf } from './slopes.ts';

/** Checks a function at a point and keeps the report. */
export class Checker {
  /** What has been found. */
  readonly report: Report;
  readonly #point: Point;
  readonly #random: Directions;
  readonly #directions: number;
  readonly #order: 1 | 2;

  constructor(point: Point, { directions = 3, order = 2, seed = 1 }: CheckOptions) {
    this.report = new Report(point);
    this.#point = point;
    this.#random = new Directions(seed);
    this.#directions = directions;
    this.#order = order;
  }

  /** All checks. Values must be right before derivatives are looked at. */
  run(): void {
    const value = evaluate(this.#point.built.output);
    if (!this.#checkFiniteness(value) || !this.#checkPurity(value)) return;
    this.#checkConventions();
    for (let k = 0; k < this.#directions && this.report.ok; k++) {
      this.#checkAlong(value, `direction ${k + 1} of ${this.#directions}`);
    }
  }

  #checkAlong(value: Tensor, along: string): void {
    const point = this.#point;
    const v = this.#random.like(value);
    const [u, w] = [this.#random.likeReals(point.values), this.#random.likeReals(point.values)];
    const first: Scalar = (built) => built.output.mul(v).sum();
    const verdict = this.#checkSlope(first, u, along, 'differences');
    if (verdict === 'wrong') return;
    this.#checkLinearity(first, u, w, along);
    this.#checkZero(along);
    this.#checkBatch(first, u, along);
    // At a kink there is no second derivative.
    const isSmooth = verdict === 'right' && kinksBelow(point.built.output).length === 0;
    if (this.#order === 1 || !isSmooth || point.moving.length === 0) return;
    const second: Scalar = (built) => inner(gradient(first(built), realOf(built.inputs)), w);
    this.#checkSlope(second, u, along, 'second order');
  }

  #checkFiniteness(value: Tensor): boolean {
    const bad = value.data.find((x) => !Number.isFinite(x));
    if (bad === undefined) return true;
    this.report.note('finiteness', this.#point.built.output, 'the value', {
      actual: bad,
      expected: 0,
      tolerance: Infinity,
      origin: 'a finite number is expected',
    });
    return false;
  }

  #checkPurity(value: Tensor): boolean {
    const again = evaluate(this.#point.again().output);
    const other = value.data.findIndex((x, i) => !Object.is(x, again.data[i]));
    if (other < 0 && again.size === value.size) return true;
    const { output } = this.#point.built;
    this.report.note('purity', output, 'a second call with the same arguments', {
      actual: again.data[other] ?? NaN,
      expected: value.data[other] ?? NaN,
    });
    return false;
  }

  /** Operations at kinks of the table must have the derivatives of the table. */
  #checkConventions(): void {
    for (const { node, partials, expected } of kinksBelow(this.#point.built.output)) {
      partials.forEach((actual, k) => {
        if (isSame(actual, expected[k]!)) return;
        this.report.note('convention', node, `operand ${k + 1} at a kink of the table`, {
          actual,
          expected: expected[k]!,
        });
      });
    }
  }

  /** Forward mode against quotients, reverse mode against forward mode. */
  #checkSlope(
    scalar: Scalar,
    u: readonly Tensor[],
    along: string,
    check: CheckName,
  ): 'right' | 'right at a kink' | 'wrong' {
    const comparison = compare(this.#point, scalar, u);
    const { s, slopes, slope, isClose, isDual } = comparison;
    if (isClose && isDual) return 'right';
    const guilty = culpritBelow(s, hasRightSlopes);
    // At a kink the quotients say little of the whole, but every operation must still be right alone.
    if (guilty === undefined && isDual) {
      const kinks = explainingKinks(comparison);
      if (kinks !== undefined) {
        this.report.noteKinks(kinks);
        return 'right at a kink';
      }
    }
    const culprit = guilty ?? this.#point.built.output;
    const { forward, reverse, count } = slopes;
    if (!isClose) {
      const { value: expected, tolerance, origin } = slope;
      this.report.note(check, culprit, along, { actual: forward, expected, tolerance, origin });
    }
    if (!isDual) {
      this.report.note('duality', culprit, `${along}, reverse mode against forward mode`, {
        actual: reverse,
        expected: forward,
        tolerance: dualityTolerance(slopes),
        origin: `${count} nodes, each rounded, relative to the largest sum of contributions through one`,
      });
    }
    return 'wrong';
  }

  #checkLinearity(scalar: Scalar, u: readonly Tensor[], w: readonly Tensor[], along: string): void {
    const s = scalar(this.#point.built);
    const { moving } = this.#point;
    const both = u.map((each, i) => moved(moved(each, each, 1), w[i]!, -3));
    const [ofU, ofW, ofBoth] = [
      slopesOf(s, moving, u),
      slopesOf(s, moving, w),
      slopesOf(s, moving, both),
    ];
    const expected = 2 * ofU.forward - 3 * ofW.forward;
    const actual = ofBoth.forward;
    const tolerance =
      2 * dualityTolerance(ofU) + 3 * dualityTolerance(ofW) + dualityTolerance(ofBoth);
    if (!Number.isFinite(expected) || Math.abs(actual - expected) <= tolerance) return;
    this.report.note('linearity', this.#point.built.output, `2 u - 3 w for ${along}`, {
      actual,
      expected,
      tolerance,
      origin: 'rounding of the three tangents',
    });
  }

  #checkZero(along: string): void {
    const { output } = this.#point.built;
    const seed = output.mul(0);
    for (const each of gradient(output, this.#point.moving, { seed })) {
      const actual = each.tensor.data.find((x) => x !== 0);
      // 0 times an infinite slope is NaN: that is the slope's doing.
      if (actual === undefined || Number.isNaN(actual)) continue;
      this.report.note('zero cotangent', output, along, { actual, expected: 0 });
    }
  }

  #checkBatch(scalar: Scalar, u: readonly Tensor[], along: string): void {
    const wrong = wrongExample(this.#point, scalar, u);
    if (wrong === undefined) return;
    const { example, ...found } = wrong;
    const guilty = culpritBelow(scalar(this.#point.built), (alone, random) => {
      const v = random.like(evaluate(alone.built.output));
      const own: Scalar = (built) => built.output.mul(v).sum();
      return wrongExample(alone, own, random.likeReals(alone.values)) === undefined;
    });
    const culprit = guilty ?? this.#point.built.output;
    this.report.note('batches', culprit, `${along}, example ${example} of a batch`, {
      ...found,
      origin: 'rounding of the value in another order of operations',
    });
  }
}
