/** Two models learn the letters of place names, and make up names of their own. */
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { summary } from '@ad/optim';
import { models } from './models.ts';
import { length, parseNames } from './names.ts';
import { drawNames } from './sample.ts';
import { learn } from './train.ts';

const isShort = process.argv.includes('--short');
const names = parseNames(readFileSync(new URL('names.txt', import.meta.url), 'utf8'));
const known = new Set(names);
const epochs = isShort ? 3 : 30;

for (const letterModel of Object.values(models)) {
  const { description, model } = letterModel;
  console.log(`${description}\n\n${summary(model, [length], 'integer').text}\n`);
  const start = performance.now();
  const { parameters } = await learn(letterModel, names, epochs, (epoch, heldOut) => {
    if (epoch % 5 === 0 || epoch === epochs)
      console.log(`epoch ${epoch}: ${heldOut.toFixed(3)} nats per symbol on names held out`);
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const made = drawNames(model, parameters, 16, 1, 0.8);
  console.log(`\nafter ${seconds} s it makes up: ${made.join(', ')}`);
  console.log(
    `${made.filter((name) => !known.has(name)).length} of these 16 are not on the list\n`,
  );
}
