/** Gradient descent on quadratics: the zig-zag, and the rate (kappa - 1) / (kappa + 1). */
import * as Plot from '@observablehq/plot';
import { gradientDescent, minimize } from '@ad/optim';
import { gradientDescentRate, optimalStep } from '@ad/optim/theory';
import { type Chapter, Claims } from '../chapter.ts';
import { bowl, onNumbers, radius } from '../functions.ts';
import { COLORS, picture } from '../picture.ts';

function walk(kappa: number, start: { readonly x: number; readonly y: number }, steps: number) {
  return minimize(bowl(kappa), start, {
    method: gradientDescent({ stepSize: optimalStep({ smoothness: kappa, strongConvexity: 1 }) }),
    maxIterations: steps,
    gradientTolerance: 0,
    trajectory: true,
  }).trajectory!.map(({ point }) => point);
}

/** The chapter. */
export const conditioning: Chapter = {
  name: 'conditioning',
  title: 'on quadratics gradient descent contracts by (kappa - 1) / (kappa + 1)',
  run: () => {
    const claims = new Claims();
    const lines: string[] = [];
    const measured = [1.5, 2, 5, 10, 20, 50, 100, 200, 500, 1000].map((kappa) => {
      const points = walk(kappa, { x: kappa / 100, y: 1 / 100 }, 20);
      const rate = (radius(points.at(-1)!) / radius(points[0]!)) ** (1 / (points.length - 1));
      const bound = gradientDescentRate(kappa);
      claims.claim(Math.abs(rate - bound) < 1e-9, `kappa ${kappa}: ${rate}, expected ${bound}`);
      lines.push(
        `kappa ${String(kappa).padStart(5)}: measured contraction ${rate.toFixed(6)}, (kappa - 1) / (kappa + 1) = ${bound.toFixed(6)}`,
      );
      return { kappa, rate, bound };
    });
    const panels = [2, 10, 40].map((kappa) => {
      const start = { x: 9, y: 9 / Math.sqrt(kappa) };
      const points = walk(kappa, start, 60);
      return {
        title: `κ = ${kappa}: contraction ${gradientDescentRate(kappa).toFixed(3)}`,
        plot: {
          x: { domain: [-2, 10], label: null, ticks: [] },
          y: { domain: [-7, 7], label: null, ticks: [] },
          marginLeft: 8,
          marginRight: 8,
          marginBottom: 12,
          color: { type: 'log', scheme: 'Blues', reverse: true, domain: [0.03, 400] },
          marks: [
            Plot.contour({
              pixelSize: 3,
              fill: onNumbers(bowl(kappa)),
              x1: -2,
              x2: 10,
              y1: -7,
              y2: 7,
              thresholds: Array.from({ length: 18 }, (_, k) => 0.05 * 1.7 ** k),
              stroke: 'white',
              strokeOpacity: 0.6,
            }),
            Plot.line(points, { x: 'x', y: 'y', stroke: COLORS.polyak, strokeWidth: 1.5 }),
            Plot.dot(points, { x: 'x', y: 'y', fill: COLORS.polyak, r: 2.2 }),
            Plot.dot([[0, 0]], { symbol: 'times', stroke: 'black', r: 5 }),
          ],
        } satisfies Plot.PlotOptions,
      };
    });
    return {
      lines,
      failures: claims.failures,
      picture: picture(
        'Conditioning',
        'Gradient descent with the best fixed step 2 / (L + μ): the longer the ellipses, the more it zig-zags',
        [
          ...panels,
          {
            title: 'contraction per step against κ',
            plot: {
              x: { type: 'log', label: 'condition number κ' },
              y: { label: 'contraction', domain: [0, 1] },
              marks: [
                Plot.line(measured, {
                  x: 'kappa',
                  y: 'bound',
                  stroke: COLORS.bound,
                  strokeWidth: 4,
                  strokeOpacity: 0.5,
                }),
                Plot.dot(measured, { x: 'kappa', y: 'rate', fill: COLORS.gradientDescent, r: 3.5 }),
                Plot.text([measured[4]!], {
                  x: 'kappa',
                  y: 'bound',
                  text: () => '(κ − 1) / (κ + 1)',
                  fill: '#666',
                  dx: 8,
                  dy: 14,
                  textAnchor: 'start',
                }),
              ],
            },
          },
        ],
        { columns: 2, width: 400, height: 330 },
      ),
    };
  },
};
