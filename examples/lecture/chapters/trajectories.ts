/** Four methods in a curved valley. */
import * as Plot from '@observablehq/plot';
import { gradientDescent, heavyBall, minimize, nesterov, newton } from '@ad/optim';
import { type Chapter, Claims } from '../chapter.ts';
import { onNumbers, rosenbrock } from '../functions.ts';
import { COLORS, picture } from '../picture.ts';

const START = { x: -1.2, y: 1 };
const RATE = 1.2e-3;
const walkers = [
  {
    name: 'gradient descent',
    color: COLORS.gradientDescent,
    method: gradientDescent({ stepSize: RATE }),
  },
  { name: 'Polyak', color: COLORS.polyak, method: heavyBall({ stepSize: RATE, momentum: 0.9 }) },
  { name: 'Nesterov', color: COLORS.nesterov, method: nesterov({ stepSize: RATE, momentum: 0.9 }) },
  { name: 'Newton', color: COLORS.newton, method: newton() },
] as const;
const STEPS = 150;

/** The chapter. */
export const trajectories: Chapter = {
  name: 'trajectories',
  title: 'gradient descent, Polyak, Nesterov and Newton in one valley',
  run: () => {
    const claims = new Claims();
    const f = onNumbers(rosenbrock);
    const lines: string[] = [];
    const ways = walkers.map(({ name, color, method }) => {
      const { trajectory } = minimize(rosenbrock, START, {
        method,
        maxIterations: STEPS,
        trajectory: true,
      });
      const { point, value } = trajectory!.at(-1)!;
      lines.push(
        `${name.padEnd(18)} after ${trajectory!.length - 1} steps at (${point.x.toFixed(3)}, ${point.y.toFixed(3)}), f = ${value.toExponential(2)}`,
      );
      return { name, color, points: trajectory!.map((entry) => entry.point), value };
    });
    const [descent, polyak, nesterovs, newtons] = ways.map(({ value }) => value);
    claims.claim(newtons! < 1e-12, 'Newton has not arrived');
    claims.claim(polyak! < descent! && nesterovs! < descent!, 'momentum does not help');
    return {
      lines,
      failures: claims.failures,
      picture: picture(
        'Four ways down Rosenbrock’s valley',
        `From (-1.2, 1) to the minimum at (1, 1): ${STEPS} steps of the first three with the same step size, and Newton’s method`,
        ways.map(({ name, color, points }) => ({
          title: `${name}, ${points.length - 1} steps`,
          plot: {
            x: { domain: [-1.6, 1.6], label: null, ticks: 5 },
            y: { domain: [-0.4, 1.8], label: null, ticks: 5 },
            color: { scheme: 'Greys', reverse: true, domain: [-7, 9] },
            marks: [
              Plot.contour({
                pixelSize: 3,
                fill: (x: number, y: number) => Math.log(f(x, y)),
                x1: -1.6,
                x2: 1.6,
                y1: -0.4,
                y2: 1.8,
                thresholds: Array.from({ length: 16 }, (_, k) => -4 + 0.75 * k),
                stroke: 'white',
                strokeOpacity: 0.5,
              }),
              Plot.line(points, { x: 'x', y: 'y', stroke: color, strokeWidth: 1.5, clip: true }),
              Plot.dot(points, { x: 'x', y: 'y', fill: color, r: 2, clip: true }),
              Plot.dot([[1, 1]], { symbol: 'times', stroke: 'white', strokeWidth: 2, r: 6 }),
            ],
          } satisfies Plot.PlotOptions,
        })),
        { columns: 2, width: 420, height: 310 },
      ),
    };
  },
};
