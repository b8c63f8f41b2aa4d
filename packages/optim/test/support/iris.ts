/** The iris flowers: four lengths in centimetres, and the number of the species. */
import { readFileSync } from 'node:fs';

const species = ['setosa', 'versicolor', 'virginica'];

/** All 150 flowers, in the order of the file. */
export function iris(): { inputs: number[][]; targets: number[] } {
  const text = readFileSync(new URL('../data/iris.csv', import.meta.url), 'utf8');
  const rows = text
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(','));
  return {
    inputs: rows.map((row) => row.slice(0, 4).map(Number)),
    targets: rows.map((row) => species.indexOf(row[4]!)),
  };
}
