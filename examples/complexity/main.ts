/**
 * Shows that backpropagation takes time linear in the size of the graph, and that two obvious algorithms do not.
 * Fails if a single message, table entry or evaluation is not where the formulas say.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { chart, dotsOf } from './chart.ts';
import { families, shortened } from './families.ts';
import { algorithms, count, differences, time } from './measure.ts';
import { exponentTable, type Measurement, measurementTable } from './report.ts';

const short = process.argv.includes('--short');
const results = new Map<string, Measurement[]>();
const failures: string[] = [];

for (const family of short ? families.map(shortened) : families) {
  const measurements = [...family.sizes, ...family.large].map((n): Measurement => {
    const output = family.build(n);
    const quadratic = family.sizes.includes(n);
    const counts = count(output, quadratic);
    const wrong = differences(counts, family.formula(n));
    failures.push(...wrong.map((difference) => `${family.name}, n = ${n}: ${difference}`));
    const run = quadratic ? algorithms : (['reverse'] as const);
    return {
      n,
      counts,
      milliseconds: Object.fromEntries(run.map((name) => [name, time(name, output)])),
    };
  });
  results.set(family.name, measurements);
  console.log(`\n${styleText('bold', family.name)}: ${family.size}`);
  console.log(measurementTable(measurements));
}

console.log(
  `\n${styleText('bold', 'exponents of growth')}, fitted over the larger sizes at which all three were run`,
);
console.log(exponentTable(results));

const folder = new URL('out/', import.meta.url);
mkdirSync(folder, { recursive: true });
const picture = new URL('complexity.svg', folder);
writeFileSync(picture, chart(dotsOf(results)));
console.log(`\npicture: ${fileURLToPath(picture)}`);

if (failures.length > 0) {
  console.error(styleText('red', `\n${failures.length} counts differ from the formulas:`));
  for (const failure of failures) console.error(`  ${failure}`);
  process.exitCode = 1;
} else {
  console.log(styleText('green', 'every count equals its formula'));
}
