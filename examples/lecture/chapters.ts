/** All chapters, in the order of the lecture. */
import type { Chapter } from './chapter.ts';
import { conditioning } from './chapters/conditioning.ts';
import { descentLemma } from './chapters/descent-lemma.ts';
import { heavyBallCycle } from './chapters/heavy-ball-cycle.ts';
import { messagePassing } from './chapters/message-passing.ts';
import { momentum } from './chapters/momentum.ts';
import { newtonsMethod } from './chapters/newton.ts';
import { stationaryPoints } from './chapters/stationary-points.ts';
import { steepestDescent } from './chapters/steepest-descent.ts';
import { trajectories } from './chapters/trajectories.ts';

/** All chapters. */
export const chapters: readonly Chapter[] = [
  steepestDescent,
  stationaryPoints,
  descentLemma,
  conditioning,
  newtonsMethod,
  momentum,
  heavyBallCycle,
  trajectories,
  messagePassing,
];
