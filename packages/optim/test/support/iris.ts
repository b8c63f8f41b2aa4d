/** The iris flowers: four lengths in centimetres, and the number of the species. */
import { readFileSync } from 'node:fs';
import { samplesFromCsv, type SampleTensors } from '@ad/optim';

/** All 150 flowers, in the order of the file. */
export function iris(): SampleTensors {
  const text = readFileSync(new URL('../files/iris.csv', import.meta.url), 'utf8');
  return samplesFromCsv(text, { target: 'species', classes: true }).samples;
}
