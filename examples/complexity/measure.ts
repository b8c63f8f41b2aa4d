/** Runs the three algorithms on a graph: once to count what they do, and a few times more to see how long it takes. */
import { forwardAllPairs, recomputingSweep, reverseSweep } from '@ad/backprop';
import type { GraphNode } from '@ad/graph';
import type { Counts } from './formulas.ts';

/** The three algorithms, fastest first. */
export const algorithms = ['reverse', 'allPairs', 'recomputing'] as const;
export type Algorithm = (typeof algorithms)[number];

/** What the reverse sweep does, and what the quadratic algorithms do if they are run. */
export function count(output: GraphNode, quadratic: boolean): Partial<Counts> {
  const reverse = reverseSweep(output, { count: true }).counts;
  const linear = {
    nodes: reverse.nodes,
    edges: output.graph.edgeCount,
    messages: reverse.messages,
    additions: reverse.additions,
    activations: reverse.activations,
    cells: reverse.peakLiveCells,
  };
  if (!quadratic) return linear;
  const table = forwardAllPairs(output).counts;
  const recomputed = recomputingSweep(output).counts;
  return {
    ...linear,
    entries: table.entries,
    entryMultiplications: table.multiplications,
    entryAdditions: table.additions,
    evaluations: recomputed.evaluations,
  };
}

/**
 * The measure of work that stands for an algorithm: messages, entries of the table, and evaluations.
 */
export function workOf(algorithm: Algorithm, counts: Partial<Counts>): number | undefined {
  switch (algorithm) {
    case 'reverse':
      return counts.messages;
    case 'allPairs':
      return counts.entries;
    case 'recomputing':
      return counts.evaluations;
  }
}

/** Where counts differ from the formulas, in words; empty if they do not. */
export function differences(counted: Partial<Counts>, expected: Counts): string[] {
  return (Object.keys(counted) as (keyof Counts)[])
    .filter((key) => counted[key] !== expected[key])
    .map((key) => `${key}: counted ${counted[key]}, the formula says ${expected[key]}`);
}

/** Milliseconds for one run, without counting where that can be left out. The best of a few runs. */
export function time(algorithm: Algorithm, output: GraphNode): number {
  const run = { reverse: reverseSweep, allPairs: forwardAllPairs, recomputing: recomputingSweep }[
    algorithm
  ];
  let best = Infinity;
  let spent = 0;
  for (let runs = 0; runs < 5 && spent < 100; runs++) {
    const start = performance.now();
    run(output);
    const elapsed = performance.now() - start;
    best = Math.min(best, elapsed);
    spent += elapsed;
  }
  return best;
}
