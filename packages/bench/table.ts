/** The table of a workload on the terminal. */
import { isRate, type Row } from './measure.ts';
import type { Workload } from './workload.ts';

/** Prints the rows of a workload, each with its ratio to this project. */
export function printTable({ name, what }: Workload, rows: readonly Row[]): void {
  console.log(`\n${name}: ${what}`);
  const metrics = [...new Set(rows.map(({ metric }) => metric))];
  for (const metric of metrics) {
    const group = rows.filter((row) => row.metric === metric);
    const ours = group.find(({ engine }) => engine === '@ad');
    console.log(
      `  ${`${metric}, ${group[0]!.unit}`.padEnd(40)}${'median'.padStart(11)}${'best'.padStart(11)}${'worst'.padStart(11)}${'ratio'.padStart(9)}`,
    );
    for (const row of group) {
      const ratio = ours === undefined ? '' : ratioTo(ours, row).toFixed(2);
      console.log(
        `    ${row.engine.padEnd(38)}${short(row.median).padStart(11)}${short(row.best).padStart(11)}${short(row.worst).padStart(11)}${ratio.padStart(9)}`,
      );
    }
  }
}

/** Prints the rows of a workload for a page: one line for each engine. */
export function printMarkdown({ name, what }: Workload, rows: readonly Row[]): void {
  console.log(`\n**${name}**: ${what}\n`);
  console.log('| metric | engine | median | best | worst | ratio |');
  console.log('| --- | --- | ---: | ---: | ---: | ---: |');
  for (const row of rows) {
    const ours = rows.find(({ engine, metric }) => engine === '@ad' && metric === row.metric);
    const ratio = ours === undefined || ours === row ? '' : ratioTo(ours, row).toFixed(2);
    const values = [row.median, row.best, row.worst].map(short).join(' | ');
    console.log(`| ${row.metric}, ${row.unit} | ${row.engine} | ${values} | ${ratio} |`);
  }
}

/** How many times better this project is than another engine: above 1, it wins. */
export function ratioTo(ours: Row, other: Row): number {
  return isRate(ours.unit) ? ours.median / other.median : other.median / ours.median;
}

/** Four significant digits. */
function short(value: number): string {
  const digits = value === 0 ? 0 : Math.max(0, 3 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 4));
}
