/** What kinds of stationary points there are, told apart by the eigenvalues of the Hessian. */
import * as Plot from '@observablehq/plot';
import { classifyStationaryPoint, type StationaryKind } from '@ad/optim/theory';
import { type Chapter, Claims } from '../chapter.ts';
import { onNumbers, type PlaneFunction } from '../functions.ts';
import { picture } from '../picture.ts';

interface Specimen {
  readonly name: string;
  readonly f: PlaneFunction;
  readonly kind: StationaryKind;
}

const specimens: readonly Specimen[] = [
  { name: 'x² + 2y²', kind: 'minimum', f: ({ x, y }) => x.square().add(y.square().mul(2)) },
  { name: 'cos x cos y', kind: 'maximum', f: ({ x, y }) => x.cos().mul(y.cos()) },
  { name: 'x² − y²', kind: 'saddle', f: ({ x, y }) => x.square().sub(y.square()) },
  {
    name: 'x³ − 3xy²',
    kind: 'inconclusive',
    f: ({ x, y }) => x.pow(3).sub(x.mul(y.square()).mul(3)),
  },
  { name: 'x² + y⁴', kind: 'inconclusive', f: ({ x, y }) => x.square().add(y.pow(4)) },
  {
    name: '(y − x²)(y − 3x²)',
    kind: 'inconclusive',
    f: ({ x, y }) => y.sub(x.square()).mul(y.sub(x.square().mul(3))),
  },
];

/** The chapter. */
export const stationaryPoints: Chapter = {
  name: 'stationary-points',
  title: 'minimum, maximum, saddle: the second-order test, and where it does not decide',
  run: () => {
    const claims = new Claims();
    const lines: string[] = [];
    const panels = specimens.map(({ name, f, kind }) => {
      const found = classifyStationaryPoint(f, { x: 0, y: 0 });
      claims.claim(found.kind === kind, `${name} is ${found.kind}, expected ${kind}`);
      lines.push(`${name.padEnd(36)} ${found.kind}: ${found.message}`);
      const values = onNumbers(f);
      const level = values(0, 0);
      const edge = [-1, 0, 1].flatMap((x) => [-1, 1].map((y) => Math.abs(values(x, y) - level)));
      const size = Math.max(...edge) / 2;
      const eigenvalues = [...found.eigenvalues].map((value) => value.toFixed(0)).join(' and ');
      return {
        title: `${name}: ${found.kind}`,
        plot: {
          x: { domain: [-1, 1], label: `eigenvalues ${eigenvalues}`, ticks: [] },
          y: { domain: [-1, 1], label: null, ticks: [] },
          marginLeft: 12,
          marginRight: 12,
          aspectRatio: 1,
          color: {
            type: 'diverging',
            scheme: 'PuOr',
            domain: [level - size, level + size],
            pivot: level,
            reverse: true,
          },
          marks: [
            Plot.contour({
              pixelSize: 3,
              fill: values,
              stroke: '#555',
              strokeOpacity: 0.35,
              x1: -1,
              x2: 1,
              y1: -1,
              y2: 1,
              thresholds: Array.from({ length: 31 }, (_, k) => level + (size * (k - 15)) / 6),
            }),
            Plot.dot([[0, 0]], { r: 4, fill: 'black', stroke: 'white' }),
          ],
        } satisfies Plot.PlotOptions,
      };
    });
    return {
      lines,
      failures: claims.failures,
      picture: picture(
        'Stationary points',
        'Contours around the origin, where all gradients are 0; purple is higher than there, orange lower; the last three need higher derivatives',
        panels,
        { columns: 3, width: 300, height: 310 },
      ),
    };
  },
};
