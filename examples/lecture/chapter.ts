/** A chapter: one statement of the lecture, computed. */

/** What a chapter found. */
interface Findings {
  /** What to print, line by line. */
  readonly lines: readonly string[];
  /** Statements that did not hold; none, unless something is broken. */
  readonly failures: readonly string[];
  /** The picture, an SVG that stands by itself. */
  readonly picture: string;
}

/** One part of the lecture. */
export interface Chapter {
  /** The name of its picture. */
  readonly name: string;
  /** The statement in words. */
  readonly title: string;
  /** Computes it. */
  readonly run: () => Findings | Promise<Findings>;
}

/** Collects the statements that do not hold. */
export class Claims {
  readonly failures: string[] = [];

  /** Notes a statement that should hold. */
  claim(holds: boolean, statement: string): void {
    if (!holds) this.failures.push(statement);
  }
}
