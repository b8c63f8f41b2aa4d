/** Draws work against V, one panel for each family, as an SVG that stands by itself. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { type Algorithm, algorithms, workOf } from './measure.ts';
import type { Measurement } from './report.ts';

/** One dot of the chart. */
export interface Dot {
  readonly family: string;
  readonly algorithm: Algorithm;
  readonly nodes: number;
  readonly work: number;
}

/** The dots of these measurements: one for each algorithm that was run on a graph. */
export function dotsOf(
  families: ReadonlyMap<string, readonly Pick<Measurement, 'counts'>[]>,
): Dot[] {
  return [...families].flatMap(([family, measurements]) =>
    measurements.flatMap(({ counts }) =>
      algorithms.flatMap((algorithm) => {
        const work = workOf(algorithm, counts);
        return work === undefined ? [] : [{ family, algorithm, nodes: counts.nodes!, work }];
      }),
    ),
  );
}

/** How an algorithm is drawn, in the panels and in the legend. */
interface Style {
  readonly algorithm: Algorithm;
  readonly label: string;
  /** Where its entry of the legend starts. */
  readonly x: number;
  readonly line: {
    readonly stroke: string;
    readonly strokeWidth: number;
    readonly strokeOpacity: number;
  };
  readonly dot: {
    readonly r: number;
    readonly fill: string;
    readonly stroke: string;
    readonly strokeWidth: number;
  };
}

/**
 * Colours that people with any colour vision tell apart (Okabe and Ito). Where the two quadratic algorithms do the
 * same work, the dots of one stand in the rings of the other.
 */
const styles: readonly Style[] = [
  { algorithm: 'allPairs', label: 'all pairs: entries of the table', x: 526, ...ring('#d55e00') },
  {
    algorithm: 'recomputing',
    label: 'sweep without activations: evaluations',
    x: 236,
    ...dot('#009e73'),
  },
  { algorithm: 'reverse', label: 'reverse sweep: messages', x: 16, ...dot('#0072b2') },
];

function ring(color: string): Pick<Style, 'line' | 'dot'> {
  return {
    line: { stroke: color, strokeWidth: 4, strokeOpacity: 0.4 },
    dot: { r: 5, fill: 'white', stroke: color, strokeWidth: 1.6 },
  };
}

function dot(color: string): Pick<Style, 'line' | 'dot'> {
  return {
    line: { stroke: color, strokeWidth: 1.6, strokeOpacity: 1 },
    dot: { r: 3, fill: color, stroke: 'none', strokeWidth: 0 },
  };
}

const title = 'Backpropagation is linear, the obvious algorithms are quadratic';
const subtitle =
  'Work against the number of nodes, counted exactly. ' +
  'At a million nodes of a chain the table of all pairs would have 500 billion entries.';

const WIDTH = 1120;
const HEIGHT = 510;
const MARGIN = { top: 138, right: 16, bottom: 58, left: 66 };
const INK = '#222';
const FAINT = '#666';

/** Where the lines of slope 1 and 2 run, and where their names stand. */
const guides = [
  { slope: 1, from: [7, 2.2], to: [1.2e6, 3.77e5], name: [2.8e5, 1.75e4] },
  { slope: 2, from: [7, 90], to: [2.6e3, 1.24e7], name: [2.1e2, 3e6] },
] as const;

/** The picture of these counts. */
export function chart(dots: readonly Dot[]): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const families = [...new Set(dots.map(({ family }) => family))];
  const facets = families.flatMap((family) => guides.map((guide): Facet => ({ family, guide })));
  const ticks = { tickFormat: short, tickSize: 0, label: null, color: INK, fontSize: 12 };
  const svg = Plot.plot({
    document,
    width: WIDTH,
    height: HEIGHT,
    marginTop: MARGIN.top,
    marginRight: MARGIN.right,
    marginBottom: MARGIN.bottom,
    marginLeft: MARGIN.left,
    fx: { domain: families, axis: null, padding: 0.07 },
    x: { type: 'log', domain: [5, 2e6] },
    y: { type: 'log', domain: [1.5, 2e7] },
    marks: [
      Plot.gridX({ ticks: decades(1, 6), stroke: '#e2e2e2', strokeOpacity: 1 }),
      Plot.gridY({ ticks: decades(1, 7), stroke: '#e2e2e2', strokeOpacity: 1 }),
      Plot.axisX({ ...ticks, ticks: decades(1, 6) }),
      Plot.axisY({ ...ticks, ticks: decades(1, 7) }),
      Plot.link(facets, {
        fx: 'family',
        x1: ({ guide }: Facet) => guide.from[0],
        y1: ({ guide }: Facet) => guide.from[1],
        x2: ({ guide }: Facet) => guide.to[0],
        y2: ({ guide }: Facet) => guide.to[1],
        stroke: FAINT,
        strokeWidth: 1.5,
        strokeLinecap: 'round',
        strokeDasharray: '0 5',
      }),
      Plot.text(facets, {
        fx: 'family',
        x: ({ guide }: Facet) => guide.name[0],
        y: ({ guide }: Facet) => guide.name[1],
        text: ({ guide }: Facet) => `slope ${guide.slope}`,
        fontSize: 12,
        fontStyle: 'italic',
        fill: FAINT,
      }),
      styles.map(({ algorithm, line, dot }) => {
        const own = dots.filter((dot) => dot.algorithm === algorithm);
        const place = { fx: 'family', x: 'nodes', y: 'work' };
        return [Plot.line(own, { ...place, ...line }), Plot.dot(own, { ...place, ...dot })];
      }),
      Plot.text(families, {
        fx: (family: string) => family,
        text: capitalized,
        frameAnchor: 'top',
        dy: -20,
        fontSize: 14,
        fontWeight: 'bold',
        fill: INK,
      }),
    ],
  });
  svg.setAttribute('xmlns', SVG);
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', `${title}. ${subtitle}`);
  svg.append(lettering(document));
  svg.prepend(element(document, 'rect', { width: '100%', height: '100%', fill: 'white' }));
  return `${svg.outerHTML}\n`;
}

/** A line of reference in a panel. */
interface Facet {
  readonly family: string;
  readonly guide: (typeof guides)[number];
}

/** What Plot has no mark for in a picture of several panels: title, legend, and one name for each axis. */
function lettering(document: Document): SVGElement {
  const group = element(document, 'g', { fill: INK, 'font-size': 13, 'text-anchor': 'start' });
  const write = (text: string, attributes: Attributes): void => {
    const label = element(document, 'text', attributes);
    label.textContent = text;
    group.append(label);
  };
  write(title, { x: 16, y: 34, 'font-size': 20, 'font-weight': 'bold' });
  write(subtitle, { x: 16, y: 57, fill: FAINT });
  for (const { x, label, line, dot } of styles) {
    group.append(
      element(document, 'line', { x1: x, x2: x + 30, y1: 84, y2: 84, ...attributes(line) }),
      element(document, 'circle', { cx: x + 15, cy: 84, ...attributes(dot) }),
    );
    write(label, { x: x + 38, y: 88.5 });
  }
  write('nodes V', {
    x: (MARGIN.left + WIDTH - MARGIN.right) / 2,
    y: HEIGHT - 16,
    'text-anchor': 'middle',
  });
  const middle = (MARGIN.top + HEIGHT - MARGIN.bottom) / 2;
  write('work', {
    x: 18,
    y: middle,
    'text-anchor': 'middle',
    transform: `rotate(-90 18 ${middle})`,
  });
  return group;
}

const SVG = 'http://www.w3.org/2000/svg';

type Attributes = Readonly<Record<string, string | number>>;

function element(document: Document, name: string, attributes: Attributes): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

/** Names as SVG writes them: `stroke-width` for `strokeWidth`. */
function attributes(style: Attributes): Attributes {
  const renamed = (name: string): string =>
    name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(style).map(([name, value]) => [renamed(name), value]));
}

/** The powers of ten between two exponents. */
function decades(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i));
}

/** 100, 1k, 10M: letters are in every font, small raised digits are not. */
function short(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1e3 ? `${value / 1e3}k` : String(value);
}

function capitalized(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
