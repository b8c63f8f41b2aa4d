/**
 * The loop of all methods that choose a direction and then search along it. In a box the path is $P(x + \alpha d)$, which
 * is bent where it meets a side.
 */
import type { LineFunction, LineSearch, StepFound } from './line-search/line-search.ts';
import type { Iteration } from './method.ts';
import { notFinite } from './not-finite.ts';
import { newPoint, type Objective, type Point } from './objective.ts';
import { searchFailure } from './search-failure.ts';
import type { Failure } from './stop.ts';
import { addScaled, dot } from './vectors.ts';

/** How a method chooses its directions. */
export interface DirectionRule {
  /** Writes the direction at a point; or says why there is none. */
  direction(point: Point, out: Float64Array): Failure | undefined;
  /** Where the search begins, for a direction of this slope. */
  firstStep(point: Point, slope: number): number;
  /** Learns from a step along the direction that was taken. */
  learn?(from: Point, to: Point, direction: Float64Array, step: StepFound): void;
  /**
   * Forgets what was learnt, so that the next direction is the one of steepest descent.
   *
   * @returns whether there was something to forget, so that another try makes sense.
   */
  forget?(): boolean;
}

/** Steps along directions. */
export class DirectionSearch implements Iteration {
  current: Point;
  stepSize = 0;
  readonly #objective: Objective;
  readonly #rule: DirectionRule;
  readonly #search: LineSearch;
  readonly #direction: Float64Array;
  #next: Point;
  #lastTried = Number.NaN;

  /** Begins at `start`. */
  constructor(objective: Objective, start: Point, rule: DirectionRule, search: LineSearch) {
    this.current = start;
    this.#objective = objective;
    this.#rule = rule;
    this.#search = search;
    this.#direction = new Float64Array(objective.size);
    this.#next = newPoint(objective.size);
  }

  advance(): Failure | undefined {
    const failure = this.#tryOnce();
    if (failure === undefined) return undefined;
    // What was learnt may mislead: once more, from nothing.
    const canRetry = this.#rule.forget?.() === true;
    return canRetry ? this.#tryOnce() : failure;
  }

  #tryOnce(): Failure | undefined {
    const { current } = this;
    const failure = this.#rule.direction(current, this.#direction);
    if (failure !== undefined) return failure;
    const slope = this.#slopeAt(current);
    const start = { step: 0, value: current.value, slope };
    const outcome = this.#search(this.#line, start, this.#rule.firstStep(current, slope));
    if (!outcome.found) {
      return searchFailure(outcome, slope, () => notFinite(this.#objective, this.#next));
    }
    if (outcome.step !== this.#lastTried) this.#line(outcome.step);
    this.stepSize = outcome.step;
    this.#rule.learn?.(current, this.#next, this.#direction, outcome);
    this.current = this.#next;
    this.#next = current;
    return undefined;
  }

  readonly #line: LineFunction = (step) => {
    const { bounds } = this.#objective;
    const { x, gradient } = this.current;
    const next = this.#next;
    addScaled(next.x, x, step, this.#direction);
    bounds?.project(next.x);
    this.#objective.evaluate(next);
    this.#lastTried = step;
    const slope = this.#slopeAt(next);
    if (bounds === undefined) return { step, value: next.value, slope };
    let predicted = 0;
    for (let i = 0; i < x.length; i++) predicted += gradient[i]! * (next.x[i]! - x[i]!);
    return { step, value: next.value, slope, predicted };
  };

  /** The slope along the path where it has come to a point. */
  #slopeAt({ x, gradient }: Point): number {
    const { bounds } = this.#objective;
    return bounds === undefined
      ? dot(gradient, this.#direction)
      : bounds.slopeAlong(x, this.#direction, gradient);
  }
}
