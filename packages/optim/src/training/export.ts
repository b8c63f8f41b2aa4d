/** Trained networks that stand alone. */
import { Graph, type Kind, type Shape, ValueError } from '@ad/graph';
import { compiler, exportProgram, type Precision } from '@ad/compiler';
import { type Leaf, leavesOf, type NodesOf, tensorOfLeaf, type Tree } from '@ad/backprop';
import type { Model } from '../layers/model.ts';
import { checkNames, describeValue } from '../options.ts';
import { checkForm } from '../trees.ts';
import { inputsFor } from './variables.ts';

/** Options of {@link exportModel}. */
export interface ExportOptions {
  /** The shape of a batch of inputs, fixed in the code: `[1, 64]` for one sample of 64 numbers. */
  readonly inputShape: Shape;
  /** What inputs consist of: `integer` for models that begin with an embedding. Default `real`. */
  readonly inputKind?: Kind;
  /** The precision; default `f64`. */
  readonly precision?: Precision;
}

/**
 * A trained network as the text of a JavaScript module without imports: its default export takes the inputs of a batch as
 * one flat array and returns the predictions as a typed array. The WebAssembly code and the parameters are in it, so it
 * runs wherever WebAssembly does, without this library.
 *
 * The predictions are those of `predict` on batches of the same shape, bit for bit.
 *
 * @throws `ValueError` when the shape is none, or the parameters are not those of the model (`ShapeError` if only a
 * shape is another); `GraphError` when the platform has no WebAssembly, or the model has an
 * operation that only this library has; whatever the model throws.
 * @example
 * ```ts
 * import { exportModel, mlp, predict } from '@ad/optim';
 *
 * const model = mlp([2, 3]);
 * const text = exportModel(model, model.init(0), { inputShape: [1, 2] });
 * const { default: run } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
 * [...run([0.5, -1])]; // => [...predict(model, model.init(0), [[0.5, -1]]).data]
 * ```
 */
export function exportModel<P>(
  model: Model<P>,
  parameters: NoInfer<P>,
  options: ExportOptions,
): string {
  checkNames('exportModel', options, ['inputShape', 'inputKind', 'precision']);
  const { inputShape, inputKind = 'real', precision = 'f64' } = options;
  if (!Array.isArray(inputShape)) {
    throw new ValueError(
      `exportModel: inputShape is ${describeValue(inputShape)}, expected the shape of a batch, such as [1, 64]`,
    );
  }
  checkForm(parameters, model.init(0), 'exportModel: parameters');
  const graph = new Graph();
  const { tree } = inputsFor(graph, parameters, 'parameters');
  const x = graph.input('inputs', { shape: inputShape, kind: inputKind });
  const program = compiler({ precision })({ outputs: [model.apply(tree as NodesOf<P>, x)] });
  for (const { path, leaf } of leavesOf(parameters as Tree<Leaf>)) {
    const name = `parameters${path}`;
    if (name in program.inputs) program.inputs[name]!.set(tensorOfLeaf(leaf).data);
  }
  return exportProgram(program, ['inputs']);
}
