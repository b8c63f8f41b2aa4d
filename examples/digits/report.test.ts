import { confusionMatrix } from '@ad/optim';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import type { ConfusionTable } from './confusion.ts';
import { escapeHtml, html, Markup } from './html.ts';
import { picture } from './picture.ts';
import { reportPage } from './report.ts';
import type { Mistake, Results } from './report.ts';

/** Results with this many mistakes after this many epochs. */
function results(mistakeCount: number, epochCount: number): Results {
  const labels = Array.from({ length: 100 }, (_, i) => i % 10);
  const predictions = labels.map((label, i) => (i < mistakeCount ? (label + 1) % 10 : label));
  const mistakes = labels.slice(0, mistakeCount).map((truth, i): Mistake => ({
    pixels: Array.from({ length: 64 }, (_, p) => ((p * 7 + i) % 17) / 16),
    truth,
    prediction: (truth + 1) % 10,
    probabilities: Array.from({ length: 10 }, (_, digit) =>
      digit === (truth + 1) % 10 ? 0.91 : 0.01,
    ),
    line: i + 2,
  }));
  return {
    network: '64 – 32 – 10 units',
    parameterCount: 2410,
    trainingCount: 1437,
    seconds: 1.25,
    epochs: Array.from({ length: epochCount }, (_, i) => ({
      epoch: i + 1,
      trainingLoss: 2 / (i + 1) ** 2,
      trainingAccuracy: 1 - 0.9 / (i + 1),
      heldOutLoss: 2 / (i + 1),
      heldOutAccuracy: 1 - 0.8 / (i + 1),
    })),
    table: confusionMatrix(labels, predictions, 10).toArray() as ConfusionTable,
    mistakes,
  };
}

/** Throws unless the source is one element whose tags are all closed, in order, with quoted attributes. */
function checkWellFormed(source: string): void {
  const open: string[] = [];
  const closed: [string, string | undefined][] = [];
  let roots = 0;
  const rest = source.replace(
    /<(\/?)([a-z][\w-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/gi,
    (_, closing: string, name: string, _attributes, empty: string) => {
      if (closing !== '') closed.push([name, open.pop()]);
      else {
        if (open.length === 0) roots += 1;
        if (empty === '') open.push(name);
      }
      return '';
    },
  );
  for (const [name, opened] of closed) expect(name).toBe(opened);
  expect(open).toEqual([]);
  expect(roots).toBe(1);
  // No stray tag, and no ampersand that is not an entity.
  expect(rest).not.toMatch(/<|&(?!(?:\w+|#\d+);)/);
}

describe('the page', () => {
  it.each([
    [0, 1],
    [1, 2],
    [30, 40],
  ])('is well-formed with %i mistakes after %i epochs', (mistakeCount, epochCount) => {
    const [doctype, ...rest] = reportPage(results(mistakeCount, epochCount)).split('\n');
    expect(doctype).toBe('<!doctype html>');
    checkWellFormed(rest.join('\n'));
    expect(rest.join()).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });

  it('needs nothing but itself: no scripts, no resources from elsewhere', () => {
    const page = reportPage(results(5, 10));
    const { document } = parseHTML(page);
    expect(document.querySelectorAll('script, iframe, object, img').length).toBe(0);
    expect(
      [...document.querySelectorAll('link')].map((link) => link.getAttribute('href')!.slice(0, 5)),
    ).toEqual(['data:']);
    expect(page).not.toMatch(/@import|url\(\s*['"]?(?!#)/);
    expect(page).not.toMatch(/\bon[a-z]+="/);
  });

  it('shows every mistake with its image, digits and probability', () => {
    const { document } = parseHTML(reportPage(results(12, 3)));
    const cards = [...document.querySelectorAll('.gallery > li')];
    expect(cards).toHaveLength(12);
    const text = cards[0]!.textContent.replaceAll(/\s+/g, ' ');
    expect(text).toContain('0 read as 1');
    expect(text).toContain('91.0 % sure, 1.0 % for the 0');
    expect(cards[0]!.querySelector('svg.digit path')).not.toBeNull();
  });

  it('states the accuracy', () => {
    expect(reportPage(results(3, 3))).toContain('97.0 %');
  });
});

describe('templates', () => {
  const hostile = `<script>alert("1 & 2")</script>'`;

  it('escape text in content and attributes', () => {
    const { source } = html`<p title="${hostile}">${hostile}</p>`;
    checkWellFormed(source);
    const { document } = parseHTML(source);
    expect(document.querySelector('p')!.textContent).toBe(hostile);
    expect(document.querySelector('p')!.getAttribute('title')).toBe(hostile);
    expect(document.querySelector('script')).toBeNull();
  });

  it('escape each text of a list and keep markup', () => {
    expect(html`${['<', new Markup('<b>1</b>'), [2, '&']]}`.source).toBe('&#60;<b>1</b>2&#38;');
    expect(escapeHtml('plain text')).toBe('plain text');
  });
});

it('the picture is well-formed and small', () => {
  for (const mistakeCount of [0, 3, 30]) {
    const svg = picture(results(mistakeCount, 40));
    checkWellFormed(svg);
    expect(svg.length).toBeLessThan(150_000);
    expect(svg).not.toMatch(/NaN|undefined/);
  }
});
