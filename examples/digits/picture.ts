/** The report in one small picture, for a README: the curves and some mistakes, in light and dark. */
import { accuracyChart, curveSize, digitImage, lossChart } from './charts.ts';
import { accuracyOf, totalOf } from './confusion.ts';
import { html, Markup } from './html.ts';
import { percent } from './percent.ts';
import { byConfidence } from './report.ts';
import type { Mistake, Results } from './report.ts';

const padding = 28;
const gap = 32;
const width = 2 * curveSize.width + gap;
const top = 36;
const digitSize = 84;
const mistakesShown = 7;
const digitStep = width / mistakesShown;

/** An SVG file of its own. */
export function picture({ epochs, mistakes, table }: Results): string {
  const below = top + curveSize.height + 50;
  const shown = byConfidence(mistakes).slice(0, mistakesShown);
  const height = below + (shown.length > 0 ? digitSize + 34 : 0);
  const wrong = `${mistakes.length} of ${totalOf(table)} read wrong`;
  const name = `Learning to read handwritten digits: ${percent(accuracyOf(table))} of the held-out images read right`;
  const svg = html`<svg
    xmlns="http://www.w3.org/2000/svg"
    viewBox="${-padding} ${-padding} ${width + 2 * padding} ${height + 2 * padding}"
    width="${width + 2 * padding}"
    height="${height + 2 * padding}"
    font-family="system-ui, -apple-system, 'Segoe UI', sans-serif"
    font-size="15"
    fill="currentColor"
    role="img"
    aria-label="${name}"
  >
    <style>
      ${new Markup(style)}
    </style>
    <rect
      class="paper"
      x="${-padding}"
      y="${-padding}"
      width="${width + 2 * padding}"
      height="${height + 2 * padding}"
      rx="8"
    />
    <text x="0" y="16" font-weight="600">Loss</text>
    <g transform="translate(0 ${top})">${lossChart(epochs)}</g>
    <text x="${curveSize.width + gap}" y="16" font-weight="600">
      Accuracy: ${percent(accuracyOf(table))}
    </text>
    <g transform="translate(${curveSize.width + gap} ${top})">${accuracyChart(epochs)}</g>
    <text x="0" y="${below - 16}" font-weight="600">
      ${wrong}${shown.length < mistakes.length ? ', among them' : ''}
    </text>
    ${shown.map((mistake, i) => drawing(mistake, Math.round(i * digitStep), below))}
  </svg> `;
  return svg.source;
}

function drawing({ pixels, truth, prediction }: Mistake, x: number, y: number): Markup {
  return html`<svg x="${x}" y="${y}" width="${digitSize}" height="${digitSize}" viewBox="0 0 8 8">
      ${digitImage(pixels, `Handwritten ${truth}`)}
    </svg>
    <text x="${x}" y="${y + digitSize + 26}"
      ><tspan class="right">${truth}</tspan> read as
      <tspan class="wrong">${prediction}</tspan></text
    > `;
}

const style = `
svg { color: #1f2328; --ink: #1f2328; --muted: #6b7280; --right: #1d5fbf; --wrong: #c2410c; }
.paper { fill: #fcfbf8; }
.right { fill: #1d5fbf; font-weight: 600; }
.wrong { fill: #c2410c; font-weight: 600; }
@media (prefers-color-scheme: dark) {
  svg { color: #e8e6e1; --ink: #e8e6e1; --muted: #9aa1ab; --right: #79aef5; --wrong: #f59156; }
  .paper { fill: #15171b; }
  .right { fill: #79aef5; }
  .wrong { fill: #f59156; }
}
`;
