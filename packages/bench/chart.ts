/** Draws how many times slower the other engines are, one line for each task, as an SVG that stands by itself. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { writeFileSync } from 'node:fs';
import type { Row } from './measure.ts';
import { ratioTo } from './table.ts';

/** Draws the ratios of these rows into a file. */
export function drawChart(rows: readonly Row[], file: string): void {
  const tasks = new Map<string, Row[]>();
  for (const row of rows) {
    const task = `${row.workload}: ${row.metric}`;
    const group = tasks.get(task);
    if (group === undefined) tasks.set(task, [row]);
    else group.push(row);
  }
  const dots = [...tasks].flatMap(([task, group]) => {
    const ours = group.find(({ engine }) => engine === '@ad');
    if (ours === undefined || group.length === 1) return [];
    return group.map((row) => ({
      task,
      engine: row.engine.replace(/ \(f\d+\)$/, ''),
      ratio: ratioTo(ours, row),
    }));
  });
  const { document } = parseHTML('<html><body></body></html>');
  const plot = Plot.plot({
    document: document,
    width: 960,
    height: 60 + 22 * new Set(dots.map(({ task }) => task)).size,
    marginLeft: 330,
    x: { type: 'log', grid: true, label: 'time, as a multiple of @ad (log scale) →' },
    y: { label: null, domain: [...new Set(dots.map(({ task }) => task))] },
    color: { legend: false, domain: [...new Set(dots.map(({ engine }) => engine))] },
    marks: [
      Plot.ruleX([1], { stroke: '#888' }),
      Plot.dot(dots, { x: 'ratio', y: 'task', fill: 'engine', r: 5 }),
      Plot.text(dots, {
        x: 'ratio',
        y: 'task',
        text: 'engine',
        fill: 'engine',
        dy: -8,
        fontSize: 8,
      }),
    ],
  });
  const svg = plot.tagName.toLowerCase() === 'svg' ? plot : plot.querySelector('svg')!;
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  svg.setAttribute('font-family', 'system-ui, sans-serif');
  writeFileSync(file, `${svg.outerHTML}\n`);
}
