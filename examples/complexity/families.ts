/** The families with the sizes at which they are measured: data for the loops in main.ts. */
import type { GraphNode } from '@ad/graph';
import {
  chainCounts,
  completeCounts,
  type Counts,
  ladderCounts,
  networkCounts,
} from './formulas.ts';
import { chain, complete, ladder, network } from './graphs.ts';

/** A family of graphs of one size n. */
export interface Family {
  readonly name: string;
  /** What n is. */
  readonly size: string;
  readonly build: (n: number) => GraphNode;
  /** The closed formulas. */
  readonly formula: (n: number) => Counts;
  /** Where all three algorithms run; the last have about 4,000 nodes. */
  readonly sizes: readonly number[];
  /** Where only the reverse sweep can go; the last have about a million nodes. */
  readonly large: readonly number[];
}

export const families: readonly Family[] = [
  {
    name: 'chain',
    size: 'n operations on top of each other',
    build: chain,
    formula: chainCounts,
    sizes: [10, 30, 100, 300, 1_000, 2_000, 4_000],
    large: [10_000, 100_000, 1_000_000],
  },
  {
    name: 'diamond ladder',
    size: 'n diamonds on top of each other, 2^n paths',
    build: ladder,
    formula: ladderCounts,
    sizes: [3, 10, 30, 100, 300, 600, 1_300],
    large: [4_000, 40_000, 400_000],
  },
  {
    name: 'layered network',
    size: 'n layers, fully connected, as wide as deep',
    build: (n) => network(n, n),
    formula: (n) => networkCounts(n, n),
    sizes: [2, 3, 4, 5, 7, 9, 11],
    large: [16, 32, 69],
  },
  {
    name: 'complete DAG',
    size: 'n units, each connected with all before it',
    build: complete,
    formula: completeCounts,
    sizes: [2, 4, 8, 14, 25, 36, 51],
    large: [90, 270, 800],
  },
];

/** Small enough to be run in a moment. */
export function shortened(family: Family): Family {
  return { ...family, sizes: family.sizes.slice(0, -2), large: family.large.slice(0, 1) };
}
