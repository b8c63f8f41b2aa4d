/** What a model consists of, in numbers. */
import { formatShape, Graph, type Kind, type Shape, sizeOf, ValueError } from '@ad/graph';
import { type Leaf, mapTree, tensorOfLeaf, type Tree } from '@ad/backprop';
import { describeValue } from '../options.ts';
import type { Model } from './model.ts';

/** One layer. */
export interface LayerSummary {
  /** What it is called. */
  readonly name: string;
  /** The shape of what comes out, without the axis of samples. */
  readonly shape: Shape;
  /** How many numbers it learns. */
  readonly parameters: number;
  /** How many numbers it remembers without learning them. */
  readonly state: number;
}

/** What a model consists of. */
export interface ModelSummary {
  /** Its layers in order, or itself. */
  readonly layers: readonly LayerSummary[];
  /** How many numbers are learned. */
  readonly parameters: number;
  /** How many numbers are remembered without being learned, such as running statistics. */
  readonly state: number;
  /** All this as a table. */
  readonly text: string;
}

/**
 * The layers of a model with the shapes of what they make and the numbers of their parameters.
 *
 * @param input - the shape of a sample.
 * @param kind - what samples consist of; default real numbers.
 * @throws `ValueError` when the shape is none; what the layers throw if the shape does not fit.
 * @example
 * ```ts
 * import { mlp, summary } from '@ad/optim';
 *
 * const { parameters, text } = summary(mlp([2, 8, 3]), [2]);
 * parameters; // => 51
 * text.split('\n')[1]; // => 'dense(2, 8)  [8]            24'
 * ```
 */
export function summary<P>(model: Model<P>, input: Shape, kind: Kind = 'real'): ModelSummary {
  if (!Array.isArray(input)) {
    throw new ValueError(
      `summary: input is ${describeValue(input)}, expected the shape of a sample, such as [64]`,
    );
  }
  const graph = new Graph();
  // Two samples: training on one alone may have no meaning.
  let x = graph.input('inputs', { shape: [2, ...input], kind });
  const parameters: unknown = model.init(0);
  const parts = model.layers ?? [model as Model<never>];
  const trees =
    model.layers === undefined
      ? [parameters]
      : (parameters as { readonly layers: readonly unknown[] }).layers;
  const layers = parts.map((layer, k): LayerSummary => {
    const replaced = new Set<number>();
    const sizes = new Map<number, number>();
    const nodes = mapTree(trees[k] as Tree<Leaf>, (leaf, path) => {
      const { shape, kind: of } = tensorOfLeaf(leaf);
      const node = graph.input(`layer ${k}${path}`, { shape, kind: of });
      sizes.set(node.id, sizeOf(shape));
      return node;
    });
    x = layer.apply(nodes as never, x, { replace: (state) => replaced.add(state.id) });
    let [learned, state] = [0, 0];
    for (const [node, size] of sizes) {
      if (replaced.has(node)) state += size;
      else learned += size;
    }
    return { name: layer.name ?? 'model', shape: x.shape.slice(1), parameters: learned, state };
  });
  const total = layers.reduce((sum, layer) => sum + layer.parameters, 0);
  const state = layers.reduce((sum, layer) => sum + layer.state, 0);
  return { layers, parameters: total, state, text: tableOf(layers, total, state) };
}

/** Rows of text: names and shapes to the left, counts to the right. */
function tableOf(layers: readonly LayerSummary[], total: number, state: number): string {
  const rows = [
    ['layer', 'shape', 'parameters', 'state'],
    ...layers.map((layer) => [
      layer.name,
      formatShape(layer.shape),
      `${layer.parameters}`,
      layer.state === 0 ? '' : `${layer.state}`,
    ]),
    ['total', '', `${total}`, `${state}`],
  ];
  const shown = rows.map((row) => (state === 0 ? row.slice(0, 3) : row));
  const widths = shown[0]!.map((_, k) => Math.max(...shown.map((row) => row[k]!.length)));
  const cell = (text: string, k: number): string =>
    k < 2 ? text.padEnd(widths[k]!) : text.padStart(widths[k]!);
  return shown.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}
