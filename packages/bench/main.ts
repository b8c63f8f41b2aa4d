/**
 * The benchmarks, from the command line:
 *
 *   pnpm bench                              every workload, as a table
 *   pnpm bench tiny-mlp matmul              some of them
 *   pnpm bench --json                       an array of { workload, engine, metric, unit, median, best, worst }
 *   pnpm bench --markdown                   tables for a page
 *   pnpm bench --chart FILE.svg             also draws the ratios
 *   pnpm bench --no-peers                   this project and code by hand alone
 *   pnpm bench mlp --profile                the kernels of this project's programs instead, by their time
 *   pnpm bench --quick | --full             fewer turns | also the sizes that take long
 */
import { type Effort, type Race, race, type Row } from './measure.ts';
import { profile } from './profile.ts';
import { printMarkdown, printTable } from './table.ts';
import { workloads } from './workloads.ts';

const EFFORT: Effort = { rounds: 25, slice: 0.01, warmUp: 0.5 };
const QUICK: Effort = { rounds: 7, slice: 0.004, warmUp: 0.15 };

const words = process.argv.slice(2).filter((word) => word !== '--');
const chartAt = words.indexOf('--chart');
const chartFile = chartAt < 0 ? undefined : words.splice(chartAt, 2)[1];
const options = new Set(words.filter((word) => word.startsWith('-')));
const names = words.filter((word) => !word.startsWith('-'));
const known = new Set(['--json', '--markdown', '--no-peers', '--quick', '--full', '--profile']);
const unknownOption = [...options].find((option) => !known.has(option));
const unknownName = names.find((name) => workloads.every((workload) => workload.name !== name));
if (
  unknownOption !== undefined ||
  unknownName !== undefined ||
  (chartAt >= 0 && chartFile === undefined)
) {
  console.error(
    unknownName === undefined
      ? `bench: ${unknownOption ?? '--chart without a file'}; options are ${[...known].join(', ')}, --chart FILE.svg`
      : `bench: no workload ${JSON.stringify(unknownName)}; there are ${workloads.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}

const profiles = options.has('--profile');

/** Prints where the time of each program in a race goes. */
function profileAll({ metric, contestants }: Race): void {
  for (const { source } of contestants) {
    if (source === undefined) continue;
    console.log(`\n${metric}`);
    profile(source);
  }
}

const effort = options.has('--quick') ? QUICK : EFFORT;
const rows: Row[] = [];
for (const workload of workloads) {
  if (names.length > 0 && !names.includes(workload.name)) continue;
  if (process.stderr.isTTY) process.stderr.write(`${workload.name} ...\n`);
  const mine: Row[] = [];
  await workload.run({
    race: async (task) => {
      if (profiles) profileAll(task);
      else mine.push(...(await race(workload.name, task, effort)));
    },
    keep: (row) => {
      mine.push({ workload: workload.name, ...row });
    },
    peers: !profiles && !options.has('--no-peers'),
    full: options.has('--full'),
  });
  rows.push(...mine);
  if (profiles) continue;
  if (options.has('--markdown')) printMarkdown(workload, mine);
  else if (!options.has('--json')) printTable(workload, mine);
}
if (options.has('--json')) console.log(JSON.stringify(rows, null, 2));
if (chartFile !== undefined) {
  const { drawChart } = await import('./chart.ts');
  drawChart(rows, chartFile);
}
