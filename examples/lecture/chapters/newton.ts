/** Newton's method: no conditioning, squared errors near a minimum, and stationary points of any kind. */
import * as Plot from '@observablehq/plot';
import { gradientDescent, minimize, newton } from '@ad/optim';
import { classifyStationaryPoint } from '@ad/optim/theory';
import { type Chapter, Claims } from '../chapter.ts';
import { bowl, onNumbers, type PlaneFunction, radius, rosenbrock } from '../functions.ts';
import { COLORS, geometric, picture } from '../picture.ts';

/** Two minima and a saddle between them. */
const doubleWell: PlaneFunction = ({ x, y }) =>
  x.square().mul(0.5).add(y.pow(4).mul(0.25)).sub(y.square().mul(0.5));

/** The chapter. */
export const newtonsMethod: Chapter = {
  name: 'newton',
  title: 'Newton: one step on quadratics, squared errors near a minimum, attracted to saddles too',
  run: () => {
    const claims = new Claims();
    const lines: string[] = [];
    for (const kappa of [1, 1e3, 1e6]) {
      const { minimizer, iterations } = minimize(
        bowl(kappa),
        { x: 3, y: -2 },
        { method: newton() },
      );
      lines.push(`kappa ${kappa}: ${iterations} step to the minimum`);
      claims.claim(iterations === 1 && radius(minimizer) < 1e-9, `kappa ${kappa}: not one step`);
    }
    const { trajectory } = minimize(
      rosenbrock,
      { x: -1.2, y: 1 },
      { method: newton(), gradientTolerance: 1e-14, trajectory: true },
    );
    const errors = trajectory!
      .map(({ iteration, point }) => ({
        iteration,
        error: Math.hypot(point.x - 1, point.y - 1),
      }))
      .filter(({ error }) => error > 0);
    // Among the last steps, before rounding takes over, each error is of the order of the square of the one before.
    const squared = errors
      .slice(1)
      .filter(({ error }, k) => errors[k]!.error < 0.1 && error > 1e-13);
    for (const { iteration, error } of squared) {
      const before = errors[iteration - 1]!.error;
      lines.push(
        `Rosenbrock, step ${iteration}: error ${error.toExponential(1)} after ${before.toExponential(1)}`,
      );
      claims.claim(error <= 100 * before ** 2, `step ${iteration} does not square the error`);
    }
    const start = { x: 0.9, y: 0.35 };
    const plain = minimize(doubleWell, start, {
      method: newton({ variant: 'plain' }),
      trajectory: true,
    });
    const safe = minimize(doubleWell, start, { method: newton(), trajectory: true });
    const kinds = [plain, safe].map(
      ({ minimizer }) => classifyStationaryPoint(doubleWell, minimizer).kind,
    );
    lines.push(
      `double well: the plain method ends at a ${kinds[0]}, the safeguarded one at a ${kinds[1]}`,
    );
    claims.claim(
      kinds[0] === 'saddle' && kinds[1] === 'minimum',
      `double well: ${kinds.join(', ')}`,
    );
    const descent = minimize(
      rosenbrock,
      { x: -1.2, y: 1 },
      { method: gradientDescent(), maxIterations: 60, trajectory: true },
    ).trajectory!.map(({ iteration, point }) => ({
      iteration,
      error: Math.hypot(point.x - 1, point.y - 1),
    }));
    return {
      lines,
      failures: claims.failures,
      picture: picture(
        'Newton’s method',
        'The minimum of the quadratic that touches the function, again and again',
        [
          {
            title: 'distance from the minimum of Rosenbrock’s function',
            plot: {
              x: { label: 'step', domain: [0, 60] },
              y: { type: 'log', label: 'distance', domain: [1e-12, 10], tickFormat: '~e' },
              marks: [
                Plot.line(descent, { x: 'iteration', y: 'error', stroke: COLORS.gradientDescent }),
                Plot.line(errors, {
                  x: 'iteration',
                  y: 'error',
                  stroke: COLORS.newton,
                  clip: true,
                }),
                Plot.dot(errors, {
                  x: 'iteration',
                  y: 'error',
                  fill: COLORS.newton,
                  r: 2.5,
                  clip: true,
                }),
                Plot.text([{ x: 30, y: 1e-8, text: 'Newton' }], {
                  x: 'x',
                  y: 'y',
                  text: 'text',
                  fill: COLORS.newton,
                }),
                Plot.text([{ x: 40, y: 6, text: 'gradient descent' }], {
                  x: 'x',
                  y: 'y',
                  text: 'text',
                  fill: COLORS.gradientDescent,
                }),
              ],
            },
          },
          {
            title: 'plain (orange) to the saddle, safeguarded to the minimum',
            plot: {
              x: { domain: [-1, 1.2], label: null },
              y: { domain: [-0.6, 1.4], label: null },
              color: { scheme: 'Greys', domain: [-0.3, 1] },
              marks: [
                Plot.contour({
                  stroke: onNumbers(doubleWell),
                  strokeOpacity: 0.8,
                  x1: -1,
                  x2: 1.2,
                  y1: -0.6,
                  y2: 1.4,
                  thresholds: [-0.24, ...geometric(0.01, 1.6, 12).map((level) => level - 0.25)],
                }),
                ...[
                  { points: plain.trajectory!, color: COLORS.polyak },
                  { points: safe.trajectory!, color: COLORS.newton },
                ].flatMap(({ points, color }) => {
                  const places = points.map(({ point }) => point);
                  return [
                    Plot.line(places, { x: 'x', y: 'y', stroke: color, strokeWidth: 1.8 }),
                    Plot.dot(places, { x: 'x', y: 'y', fill: color, r: 3 }),
                  ];
                }),
                Plot.text(
                  [
                    { x: 0, y: 0, text: 'saddle' },
                    { x: 0, y: 1, text: 'minimum' },
                  ],
                  { x: 'x', y: 'y', text: 'text', dx: -26, dy: -8 },
                ),
              ],
            },
          },
        ],
        { width: 430, height: 360 },
      ),
    };
  },
};
