import type { Iteration } from './method.ts';
import { notFinite } from './not-finite.ts';
import { newPoint, type Objective, type Point } from './objective.ts';
import type { Failure } from './stop.ts';

/** Iterations whose steps have one size, and are made wherever they lead, without a search. */
export abstract class FixedSteps implements Iteration {
  current: Point;
  readonly stepSize: number;
  protected readonly objective: Objective;
  /** Where the next point is put together. */
  protected next: Point;

  constructor(objective: Objective, start: Point, stepSize: number) {
    this.current = start;
    this.stepSize = stepSize;
    this.objective = objective;
    this.next = newPoint(objective.size);
  }

  abstract advance(): Failure | undefined;

  /** Goes on to `next`, unless something is not finite there. */
  protected goOn(): Failure | undefined {
    const { current, next } = this;
    if (!this.objective.evaluate(next)) return notFinite(this.objective, next);
    this.next = current;
    this.current = next;
    return undefined;
  }
}
