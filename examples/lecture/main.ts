/**
 * The lecture, run: every theorem and algorithm computed, checked and drawn. Fails if a statement does not hold.
 *
 *   pnpm --filter @ad/example-lecture run start [name of a chapter ...]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { chapters } from './chapters.ts';

const asked = process.argv.slice(2);
const stranger = asked.find((name) => chapters.every((chapter) => chapter.name !== name));
if (stranger !== undefined) {
  console.error(
    `no chapter ${JSON.stringify(stranger)}; there are ${chapters.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}
const folder = new URL('out/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const { name, title, run } of chapters) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n${styleText('bold', title)}`);
  const { lines, failures, picture } = await run();
  for (const line of lines) console.log(`  ${line}`);
  for (const failure of failures) console.error(styleText('red', `  does not hold: ${failure}`));
  if (failures.length > 0) process.exitCode = 1;
  const file = new URL(`${name}.svg`, folder);
  writeFileSync(file, picture);
  console.log(styleText('dim', `  picture: ${fileURLToPath(file)}`));
}
if (process.exitCode === undefined) console.log(styleText('green', '\neverything holds'));
