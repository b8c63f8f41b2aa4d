/** Momentum: the square root of the condition number. */
import * as Plot from '@observablehq/plot';
import { gradientDescent, heavyBall, type Method, minimize, nesterov } from '@ad/optim';
import { gradientDescentRate, heavyBallBound, nesterovRate } from '@ad/optim/theory';
import { type Chapter, Claims } from '../chapter.ts';
import { bowl, radius } from '../functions.ts';
import { COLORS, picture } from '../picture.ts';

const methods = [
  { name: 'gradient descent', color: COLORS.gradientDescent, make: gradientDescent },
  { name: 'Polyak', color: COLORS.polyak, make: heavyBall },
  { name: 'Nesterov', color: COLORS.nesterov, make: nesterov },
] as const;

function walk(kappa: number, method: Method, steps: number) {
  return minimize(
    bowl(kappa),
    { x: 1, y: 1 },
    {
      method,
      maxIterations: steps,
      gradientTolerance: 0,
      trajectory: true,
    },
  ).trajectory!;
}

/** The chapter. */
export const momentum: Chapter = {
  name: 'momentum',
  title: 'Polyak and Nesterov: rates by the square root of the condition number',
  run: () => {
    const claims = new Claims();
    const kappa = 100;
    const curvatures = { smoothness: kappa, strongConvexity: 1 };
    const lines: string[] = [];
    const first = Math.SQRT2;
    const bounds: Record<string, (t: number) => number> = {
      'gradient descent': (t) => first * gradientDescentRate(kappa) ** t,
      Polyak: (t) => first * heavyBallBound(kappa, t),
      // The bound is on values; mu/2 |x|^2 <= f makes it one on distances.
      Nesterov: (t) => Math.sqrt(2 * nesterovRate(kappa) ** t * ((1 + kappa) / 2 + 1)),
    };
    const curves = methods.map(({ name, color, make }) => {
      const points = walk(kappa, make(curvatures), 160).map(({ iteration, point }) => ({
        t: iteration,
        distance: radius(point),
        bound: bounds[name]!(iteration),
        name,
        color,
      }));
      const worst = Math.max(...points.map(({ distance, bound }) => distance / bound));
      lines.push(
        `${name.padEnd(18)} distance / bound is at most ${worst.toFixed(4)} over ${points.length - 1} steps`,
      );
      claims.claim(worst <= 1 + 1e-9, `${name} exceeds its bound: ${worst}`);
      return points.filter(({ distance }) => distance > 1e-15);
    });
    const counts = [2, 5, 10, 20, 50, 100, 200, 500, 1000].flatMap((condition) =>
      methods.map(({ name, color, make }) => {
        const points = walk(condition, make({ smoothness: condition, strongConvexity: 1 }), 12_000);
        const steps = points.findIndex(({ point }) => radius(point) < 1e-6);
        return { condition, steps, name, color };
      }),
    );
    const of = (name: string, condition: number): number =>
      counts.find((row) => row.name === name && row.condition === condition)!.steps;
    for (const { name } of methods) {
      const growth = Math.log(of(name, 1000) / of(name, 100)) / Math.log(10);
      lines.push(`${name.padEnd(18)} steps to 1e-6 grow like kappa^${growth.toFixed(2)}`);
      const expected = name === 'gradient descent' ? 1 : 0.5;
      claims.claim(Math.abs(growth - expected) < 0.1, `${name}: exponent ${growth}`);
    }
    return {
      lines,
      failures: claims.failures,
      picture: picture(
        'Momentum',
        'Left: distance from the minimum on a quadratic with κ = 100, and the bounds (pale). Right: steps to a distance of 10⁻⁶',
        [
          {
            title: 'distance against steps',
            plot: {
              x: { label: 'step' },
              y: { type: 'log', label: 'distance', domain: [1e-12, 20], tickFormat: '~e' },
              marks: [
                ...curves.map((points) =>
                  Plot.line(points, {
                    x: 't',
                    y: 'bound',
                    stroke: points[0]!.color,
                    strokeWidth: 4,
                    strokeOpacity: 0.3,
                    clip: true,
                  }),
                ),
                ...curves.map((points) =>
                  Plot.line(points, {
                    x: 't',
                    y: 'distance',
                    stroke: points[0]!.color,
                    clip: true,
                  }),
                ),
                Plot.text(
                  curves.map((points) => points[60]!),
                  {
                    x: 't',
                    y: 'distance',
                    text: 'name',
                    fill: ({ color }: { color: string }) => color,
                    dy: -14,
                    dx: 6,
                    textAnchor: 'start',
                  },
                ),
              ],
            },
          },
          {
            title: 'steps against the condition number',
            plot: {
              x: { type: 'log', label: 'κ', tickFormat: 'd' },
              y: { type: 'log', label: 'steps', tickFormat: 'd' },
              marks: methods.flatMap(({ name, color }) => {
                const rows = counts.filter((row) => row.name === name);
                return [
                  Plot.line(rows, { x: 'condition', y: 'steps', stroke: color }),
                  Plot.dot(rows, { x: 'condition', y: 'steps', fill: color }),
                ];
              }),
            },
          },
        ],
        { width: 430, height: 340 },
      ),
    };
  },
};
