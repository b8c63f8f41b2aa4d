/** Of all short steps, the one against the gradient goes down the most. */
import * as Plot from '@observablehq/plot';
import { grad } from '@ad/backprop';
import { type Chapter, Claims } from '../chapter.ts';
import { onNumbers, rosenbrock } from '../functions.ts';
import { COLORS, picture } from '../picture.ts';

const at = { x: -0.5, y: 0.6 };
const LENGTHS = [0.5, 0.1, 0.01] as const;
const DIRECTIONS = 720;

/** The chapter. */
export const steepestDescent: Chapter = {
  name: 'steepest-descent',
  title: 'the steepest descent is against the gradient, the more so the shorter the step',
  run: () => {
    const claims = new Claims();
    const f = onNumbers(rosenbrock);
    const { x: gx, y: gy } = grad(rosenbrock)(at);
    const steepest = Math.atan2(-gy, -gx);
    const here = f(at.x, at.y);
    const lines: string[] = [];
    const off: number[] = [];
    const changes = LENGTHS.flatMap((length) => {
      const rows = Array.from({ length: DIRECTIONS + 1 }, (_, k) => {
        const angle = steepest + (2 * Math.PI * (k - DIRECTIONS / 2)) / DIRECTIONS;
        const moved = f(at.x + length * Math.cos(angle), at.y + length * Math.sin(angle));
        const degrees = (360 * (k - DIRECTIONS / 2)) / DIRECTIONS;
        return { length, degrees, change: (moved - here) / (length * Math.hypot(gx, gy)) };
      });
      const best = rows.reduce((a, b) => (b.change < a.change ? b : a));
      lines.push(
        `steps of length ${length}: the best direction is ${Math.abs(best.degrees).toFixed(1)} degrees off the negative gradient`,
      );
      off.push(Math.abs(best.degrees));
      return rows;
    });
    // The second-order term turns the best direction by an angle of the order of the length.
    claims.claim(
      off[0]! > off[1]! && off[1]! > off[2]! && off[2]! < 1,
      `degrees off: ${off.join(', ')}`,
    );
    const plot: Plot.PlotOptions = {
      x: { label: 'degrees off the negative gradient', ticks: [-180, -90, 0, 90, 180] },
      y: { label: 'change of f / (length |gradient|)', domain: [-1.5, 3], clamp: true },
      marks: [
        Plot.ruleY([0], { stroke: '#bbb' }),
        Plot.ruleX([0], { stroke: COLORS.bound, strokeDasharray: '3 3' }),
        Plot.line(
          changes.filter(({ length }) => length === LENGTHS[2]),
          {
            x: 'degrees',
            y: ({ degrees }: { degrees: number }) => -Math.cos((degrees * Math.PI) / 180),
            stroke: COLORS.bound,
            strokeWidth: 5,
            strokeOpacity: 0.4,
          },
        ),
        Plot.line(changes, {
          x: 'degrees',
          y: 'change',
          z: 'length',
          stroke: 'length',
          clip: true,
        }),
      ],
      color: { type: 'ordinal', domain: [...LENGTHS], range: ['#e69f00', '#56b4e9', '#0072b2'] },
    };
    return {
      lines,
      failures: claims.failures,
      picture: picture(
        'The direction of steepest descent',
        'Steps of length 0.5 (orange), 0.1 (light) and 0.01 (dark); grey: what the gradient alone predicts',
        [{ title: 'Rosenbrock’s function at (-0.5, 0.6)', plot }],
        { width: 760, height: 330 },
      ),
    };
  },
};
