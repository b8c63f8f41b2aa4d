/**
 * Drawings as SVG: the optional entry point `@ad/graph/svg`. Graphviz itself, compiled to WebAssembly, makes the
 * layout; it is loaded when the first drawing is asked for, so programs that draw nothing need not have it.
 *
 * @packageDocumentation
 */
import { AdError } from './errors.ts';
import { toDot, type DotOptions } from './text/dot.ts';
import type { GraphPart } from './text/part.ts';

export type { DotOptions } from './text/dot.ts';
export type { GraphPart } from './text/part.ts';

/** An optional package that is needed for what was asked is not installed; the message says how to install it. */
export class MissingPackageError extends AdError {
  override readonly name: string = 'MissingPackageError';
}

/**
 * A drawing of a graph as SVG, ready to be put into a page or a file.
 *
 * @param part - a node or a list of nodes, drawn with all that they need, or a whole graph.
 * @param options - as for {@link toDot}.
 * @throws {@link MissingPackageError} when the package `@hpcc-js/wasm-graphviz` is not installed.
 * @throws `CapacityError`, `GraphError` or `ValueError` as {@link toDot} does.
 * @example
 * ```ts
 * import { Graph } from '@ad/graph';
 * import { toSvg } from '@ad/graph/svg';
 *
 * const x = new Graph().input('x');
 * const svg = await toSvg(x.tanh().named('activation'), { rankdir: 'LR' });
 * svg.startsWith('<svg'); // => true
 * svg.includes('activation'); // => true
 * ```
 */
export async function toSvg(part: GraphPart, options: DotOptions = {}): Promise<string> {
  const dot = toDot(part, options);
  const graphviz = await loadGraphviz();
  const document = graphviz.layout(dot, 'svg', 'dot');
  // Without the XML prologue, which cannot stand inside a page; UTF-8 is the default of files, too.
  return document.slice(document.indexOf('<svg'));
}

/** The part of Graphviz that is used. */
interface Layouter {
  layout(dot: string, format: 'svg', engine: 'dot'): string;
}

async function loadGraphviz(): Promise<Layouter> {
  let module: { readonly Graphviz: { load(): Promise<Layouter> } };
  try {
    module = await import('@hpcc-js/wasm-graphviz');
  } catch (error) {
    throw new MissingPackageError(
      'toSvg: drawings are laid out by the package @hpcc-js/wasm-graphviz, which could not be loaded; install it ' +
        '(npm install @hpcc-js/wasm-graphviz), or give the text of toDot(...) to another Graphviz',
      { cause: error },
    );
  }
  return module.Graphviz.load();
}
