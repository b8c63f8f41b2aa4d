/** What a check of derivatives has found, and how it says so. */
import type { GraphNode } from '@ad/graph';
import type { Point } from './point.ts';

/** What kind of check failed. */
export type CheckName =
  | 'purity'
  | 'finiteness'
  | 'differences'
  | 'duality'
  | 'second order'
  | 'linearity'
  | 'zero cotangent'
  | 'batches'
  | 'compiled'
  | 'file'
  | 'convention';

/** One thing that is wrong. */
export interface Finding {
  /** Which check failed. */
  readonly check: CheckName;
  /** The operation at fault, if it is wrong alone; else that of the result. */
  readonly operation: string;
  /** Its node in words, with label and creation site where there are any. */
  readonly node: string;
  /** Along which direction, in words. */
  readonly direction: string;
  /** What the derivative rules say. */
  readonly actual: number;
  /** What it is held to. */
  readonly expected: number;
  /** How far apart the two may be. */
  readonly tolerance: number;
  /** Where the tolerance comes from. */
  readonly origin: string;
}

/** What {@link checkGradients} found. */
export interface GradientReport {
  /** Whether nothing is wrong. */
  readonly ok: boolean;
  /** What is wrong. */
  readonly findings: readonly Finding[];
  /** Operations found at a kink, where the derivative is the documented convention or between the two slopes. */
  readonly kinks: readonly string[];
  /** All this in words. */
  readonly text: string;
}

/** The two numbers of a failed check; by default they must be equal. */
export interface Numbers {
  readonly actual: number;
  readonly expected: number;
  readonly tolerance?: number;
  readonly origin?: string;
}

/** A report in the making. */
export class Report {
  readonly #point: Point;
  readonly #findings: Finding[] = [];
  readonly #kinks = new Set<string>();

  constructor(point: Point) {
    this.#point = point;
  }

  /** Whether nothing wrong has been noted. */
  get ok(): boolean {
    return this.#findings.length === 0;
  }

  /** Notes that something is wrong. */
  note(check: CheckName, node: GraphNode | undefined, direction: string, found: Numbers): void {
    const { actual, expected, tolerance = 0, origin = 'the two must be equal' } = found;
    const site = node === undefined ? undefined : this.#point.siteOf(node);
    const words = node === undefined ? 'the function' : node.toString();
    this.#findings.push({
      check,
      operation: node?.operation ?? 'the function',
      node: site === undefined ? words : `${words}, made at ${site}`,
      direction,
      actual,
      expected,
      tolerance,
      origin,
    });
  }

  /** Notes operations that were found at kinks. */
  noteKinks(kinks: readonly string[]): void {
    for (const kink of kinks) this.#kinks.add(kink);
  }

  /** The report. */
  finish(): GradientReport {
    const findings = this.#findings;
    const lines = findings.map(
      ({ check, operation, node, direction, actual, expected, tolerance, origin }) =>
        `${check}: ${operation} (${node})\n` +
        `  along ${direction}: the rules say ${actual}, expected ${expected}\n` +
        `  which differs by ${Math.abs(actual - expected)}; allowed ${tolerance} (${origin})`,
    );
    const kinks = [...this.#kinks];
    const ok = findings.length === 0;
    const head = ok ? 'the derivatives are right' : `${findings.length} of the checks failed`;
    const text = [head, ...lines, ...kinks.map((kink) => `at a kink: ${kink}`)].join('\n');
    return { ok, findings, kinks, text };
  }
}
