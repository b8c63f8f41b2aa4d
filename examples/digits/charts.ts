/**
 * The pictures: curves and the confusion matrix by Observable Plot, drawn on the server with linkedom as the
 * document, and digits as little squares. Every function returns an `<svg>` of its own.
 *
 * Colours are CSS variables (`--ink`, `--paper`, `--muted`, `--line`, `--right`, `--wrong`), which whoever holds
 * the charts defines, for light and for dark.
 */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { ConfusionTable } from './confusion.ts';
import { imageSide } from './data.ts';
import { html, Markup } from './html.ts';

/** What is known after an epoch of training. */
export interface Epoch {
  /** From 1. */
  readonly epoch: number;
  /** Mean cross-entropy over the training images, as met while learning. */
  readonly trainingLoss: number;
  /** Share of right predictions on the training images, as met while learning, 0 to 1. */
  readonly trainingAccuracy: number;
  /** Mean cross-entropy over the held-out images, after the epoch. */
  readonly heldOutLoss: number;
  /** Share of right predictions on the held-out images after the epoch, 0 to 1. */
  readonly heldOutAccuracy: number;
}

/** The size of the curves, in the units of their text (14 high); they scale to the width they are given. */
export const curveSize = { width: 440, height: 280 } as const;

/** Training and held-out loss by epoch. The axis is logarithmic: losses fall by orders of magnitude. */
export function lossChart(epochs: readonly Epoch[]): Markup {
  return plot('Training and held-out loss by epoch', {
    ...curveSize,
    ...margins,
    x: epochAxis(epochs),
    y: lossAxis(epochs.flatMap((epoch) => [epoch.trainingLoss, epoch.heldOutLoss])),
    marks: [
      curve(epochs, 'trainingLoss', 'var(--muted)'),
      curve(epochs, 'heldOutLoss', 'var(--right)'),
      key('top-right', 'held out', 'var(--right)', 8),
      key('top-right', 'training', 'var(--muted)', 26),
    ],
  });
}

/** Training and held-out accuracy by epoch. */
export function accuracyChart(epochs: readonly Epoch[]): Markup {
  const shares = epochs.flatMap((epoch) => [epoch.trainingAccuracy, epoch.heldOutAccuracy]);
  return plot('Training and held-out accuracy by epoch', {
    ...curveSize,
    ...margins,
    x: epochAxis(epochs),
    y: {
      domain: [Math.min(0.9, Math.floor(Math.min(...shares) * 10) / 10), 1],
      label: null,
      ticks: 5,
      tickFormat: (share: number) => `${Math.round(share * 100)} %`,
      grid: true,
    },
    marks: [
      curve(epochs, 'trainingAccuracy', 'var(--muted)'),
      curve(epochs, 'heldOutAccuracy', 'var(--right)'),
      key('bottom-right', 'held out', 'var(--right)', -26),
      key('bottom-right', 'training', 'var(--muted)', -8),
    ],
  });
}

/**
 * The confusion matrix as a heat map: right predictions on the diagonal, shaded by their share of the row; wrong
 * ones beside it in another colour, shaded by number, so that a single mistake can be seen beside thirty hits.
 */
export function confusionChart(table: ConfusionTable): Markup {
  const cells = table.flatMap((row, truth) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, prediction) => {
      const right = truth === prediction;
      const depth = right ? count / total : Math.min(1, 0.3 + count / 10);
      return { truth, prediction, count, right, depth: count === 0 ? 0 : depth };
    });
  });
  const axis = {
    domain: table.map((_, digit) => digit),
    tickSize: 0,
    labelAnchor: 'center',
    labelArrow: 'none',
    labelOffset: 40,
  } as const;
  return plot('Confusion matrix: true digit by predicted digit', {
    width: 440,
    height: 440,
    marginTop: 46,
    marginLeft: 46,
    marginRight: 4,
    marginBottom: 4,
    padding: 0.06,
    x: { ...axis, axis: 'top', label: 'predicted' },
    y: { ...axis, label: 'true' },
    color: { type: 'identity' },
    opacity: { type: 'identity' },
    marks: [
      Plot.cell(cells, {
        x: 'prediction',
        y: 'truth',
        fill: 'var(--line)',
        fillOpacity: 0.35,
        rx: 3,
      }),
      Plot.cell(cells, {
        filter: (cell) => cell.count > 0,
        x: 'prediction',
        y: 'truth',
        fill: (cell) => (cell.right ? 'var(--right)' : 'var(--wrong)'),
        fillOpacity: 'depth',
        rx: 3,
        title: (cell) => `${cell.truth} taken for ${cell.prediction}: ${cell.count}`,
      }),
      Plot.text(cells, {
        filter: (cell) => cell.count > 0,
        x: 'prediction',
        y: 'truth',
        text: (cell) => String(cell.count),
        fill: (cell) => (cell.depth > 0.55 ? 'var(--paper)' : 'var(--ink)'),
      }),
    ],
  });
}

/** An image of a digit in the colour of the text: 8x8 crisp squares, as transparent as the paper shows through. */
export function digitImage(pixels: ArrayLike<number>, name: string): Markup {
  // Pixels of equal shade share a path, and those side by side a rectangle: few elements, exact edges.
  const paths = new Map<number, string>();
  for (let row = 0; row < imageSide; row++) {
    for (let column = 0; column < imageSide;) {
      const start = column;
      const shade = pixels[row * imageSide + start]!;
      while (column < imageSide && pixels[row * imageSide + column] === shade) column++;
      if (shade > 0) {
        const rectangle = `M${start} ${row}h${column - start}v1h${start - column}z`;
        paths.set(shade, (paths.get(shade) ?? '') + rectangle);
      }
    }
  }
  const shades = Array.from(paths, ([shade, d]) => html`<path fill-opacity="${shade}" d="${d}" />`);
  return html`<svg
    xmlns="http://www.w3.org/2000/svg"
    class="digit"
    viewBox="0 0 ${imageSide} ${imageSide}"
    fill="currentColor"
    shape-rendering="crispEdges"
    role="img"
    aria-label="${name}"
  >
    ${shades}
  </svg>`;
}

/** Ten bars: how probable the network held each digit; the true one and the one it chose in their colours. */
export function probabilityBars(
  probabilities: readonly number[],
  truth: number,
  prediction: number,
): Markup {
  const [step, height] = [10, 24];
  const bars = probabilities.map((probability, digit) => {
    const length = Math.max(0.5, probability * height);
    const role = digit === truth ? 'right' : digit === prediction ? 'wrong' : 'muted';
    return html`<rect
        x="${digit * step + 1}"
        y="${height - length}"
        width="${step - 2}"
        height="${length}"
        fill="var(--${role})"
      />
      <text x="${digit * step + step / 2}" y="${height + 9}" fill="var(--${role})">${digit}</text>`;
  });
  return html`<svg
    xmlns="http://www.w3.org/2000/svg"
    class="bars"
    viewBox="0 0 ${step * probabilities.length} ${height + 10}"
    font-size="8"
    text-anchor="middle"
    role="img"
    aria-label="Probability of each digit"
  >
    ${bars}
  </svg>`;
}

const margins = { marginTop: 14, marginRight: 12, marginBottom: 44, marginLeft: 56 } as const;

function epochAxis(epochs: readonly Epoch[]): Plot.ScaleOptions {
  const last = epochs.at(-1)!.epoch;
  return {
    type: 'linear',
    domain: [Math.min(1, last - 1), last],
    label: 'epoch',
    labelAnchor: 'center',
    labelArrow: 'none',
    labelOffset: 40,
    ticks: Math.min(last, 6),
  };
}

/** A curve with a dot at its end. */
function curve(epochs: readonly Epoch[], y: keyof Epoch, color: string): Plot.Markish {
  return [
    Plot.lineY(epochs, { x: 'epoch', y, stroke: color, strokeWidth: 2 }),
    Plot.dot(epochs.slice(-1), { x: 'epoch', y, fill: color, r: 3.5 }),
  ];
}

/** The name of a curve in its colour, in a corner of the frame. */
function key(
  frameAnchor: 'top-right' | 'bottom-right',
  name: string,
  fill: string,
  dy: number,
): Plot.Markish {
  return Plot.text([name], { frameAnchor, fill, dx: -8, dy, fontWeight: 600 });
}

/** A logarithmic axis for these losses, with round numbers at the ticks and one of them at the bottom. */
function lossAxis(losses: readonly number[]): Plot.ScaleOptions {
  const [lowest, highest] = [Math.min(...losses), Math.max(...losses)];
  const steps = highest / lowest > 300 ? [1] : highest / lowest > 20 ? [1, 3] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(lowest)); power <= Math.log10(highest); power++) {
    for (const step of steps) ticks.push(Number(`${step}e${power}`));
  }
  const bottom = Math.max(...ticks.filter((tick) => tick <= lowest));
  return {
    type: 'log',
    domain: [bottom, Math.max(highest, ...ticks.filter((tick) => tick <= highest * 1.05))],
    label: null,
    ticks: ticks.filter((tick) => tick >= bottom && tick <= highest * 1.05),
    tickFormat: (loss: number) => String(loss),
    grid: true,
  };
}

/** A plot as markup of its own: named for screen readers, with text of a readable size. */
function plot(name: string, options: Plot.PlotOptions): Markup {
  const { document } = parseHTML('<html><body></body></html>');
  const svg = Plot.plot({ ...options, document });
  // Its style sheet is for pages that have none.
  svg.querySelector('style')?.remove();
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  svg.setAttribute('font-size', '14');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', name);
  // A thousandth of a unit cannot be seen.
  return new Markup(
    svg.outerHTML.replace(/\d+\.\d{4,}/g, (long) => String(Number(Number(long).toFixed(3)))),
  );
}
