/** Writes the table of `training.md`: `pnpm --filter @ad/docs run training`. Tests of `@ad/optim` hold every task to its floor. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { heldOutAccuracy, tasks } from '../packages/optim/test/support/tasks.ts';

const [BEGIN, END] = ['<!-- accuracies -->\n', '<!-- end of accuracies -->'];
const SEEDS = 10;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const rows: string[] = [];
for (const task of tasks) {
  const reached: number[] = [];
  for (let seed = 0; seed < SEEDS; seed++) reached.push(await heldOutAccuracy(task, seed));
  const mean = reached.reduce((sum, share) => sum + share, 0) / SEEDS;
  const cells = [task.name, task.sizes.join(' – '), task.epochs, percent(mean)];
  rows.push(`| ${[...cells, percent(Math.min(...reached))].join(' | ')} |`);
}
const table = [
  '| task | units | epochs | mean | worst |',
  '| --- | --- | --- | --- | --- |',
  ...rows,
];
const page = fileURLToPath(new URL('training.md', import.meta.url));
const text = readFileSync(page, 'utf8');
const [before, rest] = text.split(BEGIN) as [string, string];
writeFileSync(page, `${before}${BEGIN}\n${table.join('\n')}\n\n${END}${rest.split(END)[1]!}`);
