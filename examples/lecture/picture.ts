/** Pictures: panels drawn by Observable Plot, put together with a title to one SVG that stands by itself. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** One panel. */
export interface Panel {
  /** What stands above it. */
  readonly title: string;
  /** What Plot draws. */
  readonly plot: Plot.PlotOptions;
}

const SVG = 'http://www.w3.org/2000/svg';
const [MARGIN, HEAD, LABEL, GAP] = [20, 74, 26, 18];
const INK = '#222';
const FAINT = '#666';

/** The colours of the methods, the same in all pictures; told apart by all kinds of eyes. */
export const COLORS = {
  gradientDescent: '#0072b2',
  polyak: '#d55e00',
  nesterov: '#009e73',
  newton: '#cc79a7',
  bound: '#888888',
} as const;

/**
 * Puts panels side by side.
 *
 * @param columns - how many panels stand in a row.
 * @param size - the width and height of each panel.
 */
export function picture(
  title: string,
  subtitle: string,
  panels: readonly Panel[],
  { columns = panels.length, width = 340, height = 300 } = {},
): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const make = (name: string, attributes: Readonly<Record<string, string | number>>): Element => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    return element;
  };
  const rows = Math.ceil(panels.length / columns);
  const whole = {
    width: 2 * MARGIN + columns * width + (columns - 1) * GAP,
    height: HEAD + rows * (LABEL + height + GAP),
  };
  const root = make('svg', {
    xmlns: SVG,
    ...whole,
    viewBox: `0 0 ${whole.width} ${whole.height}`,
    role: 'img',
    'aria-label': `${title}. ${subtitle}`,
    'font-family': 'system-ui, sans-serif',
  });
  const write = (text: string, attributes: Readonly<Record<string, string | number>>): void => {
    const element = make('text', { fill: INK, ...attributes });
    element.textContent = text;
    root.append(element);
  };
  root.append(make('rect', { width: '100%', height: '100%', fill: 'white' }));
  write(title, { x: MARGIN, y: 34, 'font-size': 20, 'font-weight': 'bold' });
  write(subtitle, { x: MARGIN, y: 57, 'font-size': 13, fill: FAINT });
  panels.forEach((panel, k) => {
    const x = MARGIN + (k % columns) * (width + GAP);
    const y = HEAD + Math.floor(k / columns) * (LABEL + height + GAP);
    write(panel.title, { x, y: y + 16, 'font-size': 14, 'font-weight': 'bold' });
    const svg = Plot.plot({ document, width, height, ...panel.plot });
    svg.setAttribute('x', String(x));
    svg.setAttribute('y', String(y + LABEL));
    root.append(svg);
  });
  return `${root.outerHTML.replace(/ d="[^"]*"/g, rounded)}\n`;
}

/** A path to a tenth of a pixel: contours are most of a picture. */
function rounded(path: string): string {
  return path.replace(/-?\d+\.\d\d+/g, (number) => String(Number(Number(number).toFixed(1))));
}

/** Names at the ends of lines, in their colours. */
export function endLabels<Row>(
  rows: readonly Row[],
  options: {
    readonly x: (row: Row) => number;
    readonly y: (row: Row) => number;
    readonly text: (row: Row) => string;
    readonly fill: (row: Row) => string;
  },
): Plot.Markish {
  return Plot.text(rows as Row[], {
    x: options.x,
    y: options.y,
    text: options.text,
    fill: options.fill,
    textAnchor: 'start',
    dx: 4,
    fontSize: 11,
  });
}

/** Levels that grow by a factor, for contours of functions that grow fast. */
export function geometric(first: number, factor: number, count: number): number[] {
  return Array.from({ length: count }, (_, k) => first * factor ** k);
}
