/** The results as text: tables with aligned columns. */
import { styleText } from 'node:util';
import { fitExponent, largerSizes } from './exponents.ts';
import type { Counts } from './formulas.ts';
import { type Algorithm, algorithms, workOf } from './measure.ts';

/** One graph: what was counted on it, and how long the algorithms that were run took. */
export interface Measurement {
  readonly n: number;
  readonly counts: Partial<Counts>;
  readonly milliseconds: Readonly<Partial<Record<Algorithm, number>>>;
}

/** All graphs of a family, a line each. */
export function measurementTable(measurements: readonly Measurement[]): string {
  const header = [
    'n',
    'V',
    'E',
    'messages',
    'entries',
    'evaluations',
    'ms: reverse',
    'pairs',
    'recomputing',
  ];
  const rows = measurements.map(({ n, counts, milliseconds }) => [
    ...[n, counts.nodes, counts.edges, counts.messages, counts.entries, counts.evaluations].map(
      whole,
    ),
    ...algorithms.map((algorithm) => milliseconds[algorithm]?.toFixed(2) ?? '-'),
  ]);
  return table([header, ...rows], 0);
}

/** The exponents of growth of each family, and what theory says. */
export function exponentTable(families: ReadonlyMap<string, readonly Measurement[]>): string {
  const names = ['messages', 'entries', 'evaluations'];
  const fitted = (measurements: readonly Measurement[], against: 'nodes' | 'edges'): string[] =>
    exponents(measurements, against).map((exponent) => exponent.toFixed(2));
  const rows = [...families].map(([family, measurements]) =>
    [family].concat(fitted(measurements, 'nodes'), '', fitted(measurements, 'edges')),
  );
  const header = ['against V:', ...names, '  against E:', ...names];
  return table([header, ...rows, ['theory', '1', '2', '2', '', '1', '2', '2']], 1);
}

/** The exponent of the work of each algorithm against V or E, over the larger sizes at which all were run. */
export function exponents(
  measurements: readonly Measurement[],
  against: 'nodes' | 'edges',
): number[] {
  const common = measurements.filter(({ counts }) => counts.entries !== undefined);
  return algorithms.map((algorithm) =>
    fitExponent(
      largerSizes(
        common.map(({ counts }) => ({ x: counts[against]!, work: workOf(algorithm, counts)! })),
      ),
    ),
  );
}

/** Columns aligned: text to the left in the first `textColumns`, numbers to the right. The first row is the header. */
function table(rows: readonly (readonly string[])[], textColumns: number): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, c) => (c < textColumns ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!)))
      .join('  '),
  );
  return lines.map((line, r) => `  ${r === 0 ? styleText('dim', line) : line}`).join('\n');
}

function whole(value: number | undefined): string {
  return value?.toLocaleString('en-US') ?? '-';
}
