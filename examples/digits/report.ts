/**
 * The report: one HTML page that needs nothing but itself. No scripts, no requests; light and dark, phone and
 * desktop, paper too. The page is well-formed XML, so that a test can check it by counting tags.
 */
import { readFileSync } from 'node:fs';
import { accuracyChart, confusionChart, digitImage, lossChart, probabilityBars } from './charts.ts';
import type { Epoch } from './charts.ts';
import { accuracyOf, totalOf } from './confusion.ts';
import type { ConfusionTable } from './confusion.ts';
import { html, Markup } from './html.ts';
import { percent } from './percent.ts';

/** An image that the network took for another digit. */
export interface Mistake {
  /** The pixels, row by row, 0 for paper to 1 for ink. */
  readonly pixels: ArrayLike<number>;
  /** The digit that was meant. */
  readonly truth: number;
  /** The digit that the network held most probable. */
  readonly prediction: number;
  /** How probable it held each digit. */
  readonly probabilities: readonly number[];
  /** Where the image stands in the file: the number of its line. */
  readonly line: number;
}

/** All that the report tells. */
export interface Results {
  /** What the network consists of. */
  readonly network: string;
  readonly parameterCount: number;
  readonly trainingCount: number;
  /** How long the training took. */
  readonly seconds: number;
  /** One record per epoch, at least one. */
  readonly epochs: readonly Epoch[];
  /** Of the held-out images. */
  readonly table: ConfusionTable;
  /** All that are off the diagonal of the table. */
  readonly mistakes: readonly Mistake[];
}

/** The mistakes with the most confident first: those are the ones to learn from. */
export function byConfidence(mistakes: readonly Mistake[]): Mistake[] {
  const sure = ({ probabilities, prediction }: Mistake): number => probabilities[prediction]!;
  return [...mistakes].sort((a, b) => sure(b) - sure(a));
}

/** The whole page. */
export function reportPage(results: Results): string {
  const { epochs, network, mistakes, table, trainingCount } = results;
  const heldOutCount = totalOf(table);
  const accuracy = percent(accuracyOf(table));
  const page = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>Handwritten digits: ${accuracy} right</title>
      <link rel="icon" href="${favicon}" />
      <style>
        ${new Markup(style)}
      </style>
    </head>
    <body>
      <main>
        <header>
          <h1>Handwritten digits</h1>
          <p>
            A network of ${network} looked ${epochs.length} times at ${count(trainingCount)} images
            of handwritten digits, each 8 by 8 pixels, and corrected its
            ${count(results.parameterCount)} parameters by backpropagation. Then it was examined on
            ${count(heldOutCount)} images that it had never learned from.
          </p>
          <dl>
            ${figure(accuracy, 'of the held-out images read right')}
            ${figure(count(mistakes.length), `of ${count(heldOutCount)} read wrong`)}
            ${figure(count(results.parameterCount), 'parameters')}
            ${figure(`${results.seconds.toFixed(1)}\u00a0s`, `of training, ${epochs.length} epochs`)}
          </dl>
        </header>
        <section>
          <h2>Learning</h2>
          <div class="pair">
            <figure>
              <figcaption><b>Loss.</b> Mean cross-entropy, on a logarithmic axis.</figcaption>
              ${lossChart(epochs)}
            </figure>
            <figure>
              <figcaption><b>Accuracy.</b> Share of the images read right.</figcaption>
              ${accuracyChart(epochs)}
            </figure>
          </div>
          <p class="note">
            The training curves are means over each epoch, while the parameters were changing; the
            held-out curves are measured after it. That is why they may start ahead.
          </p>
        </section>
        <section>
          <h2>What was taken for what</h2>
          <div class="pair">
            <figure>${confusionChart(table)}</figure>
            <div class="note">
              <p>
                Each row holds the images of one digit; each column, those that the network took for
                it. What is <span class="right">right</span> lies on the diagonal, what is
                <span class="wrong">wrong</span> beside it.
              </p>
              ${mistakes.length > 0 ? confusions(mistakes) : ''}
            </div>
          </div>
        </section>
        <section>
          <h2>${mistakes.length > 0 ? 'Every mistake' : 'No mistakes'}</h2>
          ${mistakes.length > 0 ? gallery(mistakes) : html`<p>All held-out images were read right.</p>`}
        </section>
        <footer>
          <p>
            Images: E. Alpaydin and C. Kaynak,
            <cite>Optical Recognition of Handwritten Digits</cite>, UCI Machine Learning Repository,
            1998, <a href="https://doi.org/10.24432/C50P49">doi:10.24432/C50P49</a>, CC BY 4.0.
          </p>
        </footer>
      </main>
    </body>
  </html> `;
  return `<!doctype html>\n${page.source}`;
}

function figure(value: string, meaning: string): Markup {
  return html`<div>
    <dt>${meaning}</dt>
    <dd>${value}</dd>
  </div>`;
}

/** The confusions that happened most, in words. */
function confusions(mistakes: readonly Mistake[]): Markup {
  const counts = new Map<string, number>();
  for (const { truth, prediction } of mistakes) {
    const pair = `${truth} taken for ${prediction}`;
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  const most = [...counts].sort(([, a], [, b]) => b - a).slice(0, 5);
  return html`<ul>
    ${most.map(([pair, times]) => html`<li>${pair}: ${times === 1 ? 'once' : `${times} times`}</li>`)}
  </ul>`;
}

function gallery(mistakes: readonly Mistake[]): Markup {
  return html`<p>
      The most confident first. The bars show how probable the network held each digit: the
      <span class="right">true</span> one, the one it <span class="wrong">chose</span>, and the
      others.
    </p>
    <ul class="gallery">
      ${byConfidence(mistakes).map(card)}
    </ul>`;
}

function card({ pixels, truth, prediction, probabilities, line }: Mistake): Markup {
  return html`<li>
    ${digitImage(pixels, `Handwritten ${truth}`)}
    <p><span class="right">${truth}</span> read as <span class="wrong">${prediction}</span></p>
    <p class="odds">
      ${percent(probabilities[prediction]!)} sure, ${percent(probabilities[truth]!)} for the
      ${truth}
    </p>
    ${probabilityBars(probabilities, truth, prediction)}
    <p class="source">line ${line}</p>
  </li> `;
}

/** A whole number with commas between thousands. */
function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** A small seven of squares. */
const favicon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" rx="1.5" fill="#1d5fbf"/><path d="M2 1h4v2h-1v2h-1v2h-1v-2h1v-2h1v-1h-3z" fill="#fff"/></svg>',
)}`;

const style = readFileSync(new URL('report.css', import.meta.url), 'utf8');
