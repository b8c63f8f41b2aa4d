/** The descent lemma, the sweet spot of the step size, and the Lyapunov argument. */
import * as Plot from '@observablehq/plot';
import { type GraphNode, matmul, tensor } from '@ad/graph';
import { gradientDescent, minimize } from '@ad/optim';
import { descentMargins, lyapunovSteps } from '@ad/optim/theory';
import { type Chapter, Claims } from '../chapter.ts';
import { COLORS, endLabels, picture } from '../picture.ts';

const matrix = [
  [1, 0.4, -0.3],
  [0.2, -0.8, 0.5],
  [-0.6, 0.1, 0.9],
];
/** The sum of the squares of the elements: at least the square of the spectral norm. */
const BETA = matrix.flat().reduce((sum, element) => sum + element * element, 0);
/** $\sum_i 1 - \cos (Ax)_i$: smooth with $\beta = |A|^2$, not convex, bounded from below by 0. */
const wave = (x: GraphNode): GraphNode =>
  matmul(x.graph.constant(tensor(matrix)), x)
    .cos()
    .neg()
    .add(1)
    .sum();
const START = Float64Array.of(1.7, -1.2, 2.2);
const STEPS = 40;

function walk(stepSize: number, maxIterations = STEPS) {
  return minimize(wave, START, {
    method: gradientDescent({ stepSize }),
    maxIterations,
    gradientTolerance: 0,
    trajectory: true,
  }).trajectory!;
}

/** The chapter. */
export const descentLemma: Chapter = {
  name: 'descent-lemma',
  title: 'a step 1/beta gains at least |gradient|^2 / (2 beta)',
  run: () => {
    const claims = new Claims();
    const trajectory = walk(1 / BETA);
    const margins = descentMargins(trajectory, BETA);
    claims.claim(
      margins.every((margin) => margin >= -1e-12),
      'a margin is negative',
    );
    const gains = trajectory.slice(0, -1).map(({ value, gradientNorm }, t) => ({
      t,
      gain: value - trajectory[t + 1]!.value,
      promised: gradientNorm ** 2 / (2 * BETA),
    }));
    const tolerance = 1e-2;
    const limit = lyapunovSteps({ gap: trajectory[0]!.value, smoothness: BETA, tolerance });
    const needed = walk(1 / BETA, 2000).findIndex(({ gradientNorm }) => gradientNorm <= tolerance);
    claims.claim(needed >= 0 && needed <= limit, `${needed} steps, more than ${limit}`);
    const sizes = [
      { name: '0.1 / β', stepSize: 0.1 / BETA, color: '#56b4e9' },
      { name: '1 / β', stepSize: 1 / BETA, color: COLORS.gradientDescent },
      { name: '6 / β', stepSize: 6 / BETA, color: '#d55e00' },
    ].map(({ name, stepSize, color }) => ({ name, color, points: walk(stepSize) }));
    const visible = gains.filter(({ gain }) => gain > 1e-15);
    return {
      lines: [
        `smallest gain / promise over ${visible.length} steps: ${Math.min(...visible.map(({ gain, promised }) => gain / promised)).toFixed(3)} (never below 1)`,
        `gradient norm ${tolerance} after ${needed} steps; the Lyapunov bound allows ${Math.ceil(limit)}`,
      ],
      failures: claims.failures,
      picture: picture(
        'The descent lemma',
        'Gradient descent on a smooth function that is not convex, Σ 1 − cos(Ax)',
        [
          {
            title: 'what each step gains, and what is promised',
            plot: {
              x: { label: 'step' },
              y: { type: 'log', label: 'decrease of f', tickFormat: '~e' },
              marks: [
                Plot.link(visible, {
                  x: 't',
                  y1: 'promised',
                  y2: 'gain',
                  stroke: '#ccc',
                  strokeWidth: 3,
                }),
                Plot.dot(visible, { x: 't', y: 'gain', fill: COLORS.gradientDescent, r: 3.5 }),
                Plot.dot(visible, { x: 't', y: 'promised', stroke: COLORS.polyak, r: 3 }),
                Plot.text(visible.slice(12, 13), {
                  x: 't',
                  y: 'gain',
                  text: () => 'gained',
                  fill: COLORS.gradientDescent,
                  dx: 8,
                  dy: -8,
                  textAnchor: 'start',
                }),
                Plot.text(visible.slice(12, 13), {
                  x: 't',
                  y: 'promised',
                  text: () => '|∇f|² / 2β',
                  fill: COLORS.polyak,
                  dx: -4,
                  dy: 12,
                  textAnchor: 'end',
                }),
              ],
            },
          },
          {
            title: 'too short, right, too long',
            plot: {
              x: { label: 'step', domain: [0, STEPS + 8] },
              y: { label: 'f' },
              marks: [
                ...sizes.map(({ points, color }) =>
                  Plot.line(points as unknown as { iteration: number; value: number }[], {
                    x: 'iteration',
                    y: 'value',
                    stroke: color,
                  }),
                ),
                endLabels(sizes, {
                  x: () => STEPS,
                  y: ({ points }) => points.at(-1)!.value,
                  text: ({ name }) => name,
                  fill: ({ color }) => color,
                }),
              ],
            },
          },
        ],
        { width: 420, height: 300 },
      ),
    };
  },
};
