/** The packed results of loops and branches: where in one vector each of their parts is. */
import type { Type } from '../tensor.ts';

/** One part of a packed result. */
export interface Segment {
  /** Where it starts. */
  readonly start: number;
  /** The shape and the kind of what is packed there. */
  readonly type: Type;
}

/** The parts of a packed result. */
export interface Segments {
  /** In order, without gaps. */
  readonly all: readonly Segment[];
  /** What each result of the bodies comes to: last carries of a loop, or the results of a branch. */
  readonly results: readonly Segment[];
  /** What a loop stacks up: one entry per step. */
  readonly stacked: readonly Segment[];
  /** The carries before each step, or before some of them: what reverse mode starts from. */
  readonly residuals: readonly Segment[];
  /** How many steps were made (and between which of them residuals are apart), where that is not known beforehand. */
  readonly counters: readonly Segment[];
  /** The length of the whole vector. */
  readonly size: number;
}
