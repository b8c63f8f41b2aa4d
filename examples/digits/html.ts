/**
 * HTML by template: whatever is put into a template is escaped, unless it is markup already.
 *
 * So text from anywhere (labels, file names, messages) cannot break out of its place, and nobody has to remember it.
 */

/** A piece of HTML or SVG that is well formed by itself. */
export class Markup {
  readonly source: string;

  /** Takes the source as it is: for what another program has serialised, such as a chart. */
  constructor(source: string) {
    this.source = source;
  }
}

/** What a template takes: text and numbers are escaped, markup is kept, lists are joined. */
export type Insertion = string | number | Markup | readonly Insertion[];

/** The tag of templates: ``html`<p>${text}</p>` ``. */
export function html(strings: TemplateStringsArray, ...insertions: readonly Insertion[]): Markup {
  let source = strings[0]!;
  insertions.forEach((insertion, i) => {
    source += sourceOf(insertion) + strings[i + 1]!;
  });
  return new Markup(source);
}

/** Text made harmless in content and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function sourceOf(insertion: Insertion): string {
  if (insertion instanceof Markup) return insertion.source;
  if (typeof insertion === 'object') return insertion.map(sourceOf).join('');
  return escapeHtml(String(insertion));
}
