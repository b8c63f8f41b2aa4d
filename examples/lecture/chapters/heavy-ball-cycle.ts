/** What is tuned for quadratics need not converge elsewhere: a cycle of the heavy ball. */
import * as Plot from '@observablehq/plot';
import { type GraphNode, less, where } from '@ad/graph';
import { gradientDescent, heavyBall, minimize, nesterov } from '@ad/optim';
import { type Chapter, Claims } from '../chapter.ts';
import { COLORS, picture } from '../picture.ts';

/** Strongly convex with mu = 1, smooth with L = 25 (Lessard, Recht and Packard, 2016). */
const f = (x: GraphNode): GraphNode => {
  const steep = x.square().mul(12.5);
  const flat = x.square().mul(0.5).add(x.mul(24)).sub(12);
  const beyond = x.square().mul(12.5).sub(x.mul(24)).add(36);
  return where(less(x, 1), steep, where(less(x, 2), flat, beyond));
};

const curvatures = { smoothness: 25, strongConvexity: 1 };
const START = 3.3;
const STEPS = 60;

/** The chapter. */
export const heavyBallCycle: Chapter = {
  name: 'heavy-ball-cycle',
  title:
    'Polyak’s rate is for quadratics: on another strongly convex function it cycles, Nesterov does not',
  run: () => {
    const claims = new Claims();
    const lines: string[] = [];
    const ways = [
      {
        name: 'gradient descent',
        color: COLORS.gradientDescent,
        method: gradientDescent(curvatures),
      },
      { name: 'Polyak', color: COLORS.polyak, method: heavyBall(curvatures) },
      { name: 'Nesterov', color: COLORS.nesterov, method: nesterov(curvatures) },
    ].map(({ name, color, method }) => {
      const { trajectory } = minimize(f, START, {
        method,
        maxIterations: STEPS,
        gradientTolerance: 0,
        trajectory: true,
      });
      const points = trajectory!.map(({ iteration, point }) => ({ t: iteration, x: point }));
      const tail = points.slice(-3).map(({ x }) => x.toFixed(4));
      lines.push(`${name.padEnd(18)} from ${START}: the last points are ${tail.join(', ')}`);
      const far = Math.abs(points.at(-1)!.x) > 0.1;
      claims.claim(far === (name === 'Polyak'), `${name} ends at ${points.at(-1)!.x}`);
      return { name, color, points };
    });
    return {
      lines,
      failures: claims.failures,
      picture: picture(
        'A cycle of the heavy ball',
        'Three methods with their best parameters for L = 25 and μ = 1, from 3.3, on the function of Lessard, Recht and Packard',
        ways.map(({ name, color, points }) => ({
          title: name,
          plot: {
            x: { label: 'step', domain: [0, STEPS] },
            y: { label: 'x', domain: [-3.2, 3.5] },
            marks: [
              Plot.ruleY([0], { stroke: '#bbb' }),
              Plot.line(points, { x: 't', y: 'x', stroke: color }),
              Plot.dot(points, { x: 't', y: 'x', fill: color, r: 2.5 }),
            ],
          } satisfies Plot.PlotOptions,
        })),
        { width: 330, height: 250 },
      ),
    };
  },
};
