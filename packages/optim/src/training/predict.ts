/** Applying a trained model. */
import {
  type Executor,
  formatShape,
  Graph,
  type Program,
  ShapeError,
  type Tensor,
  type TensorLike,
} from '@ad/graph';
import { compiler } from '@ad/compiler';
import { type Leaf, leavesOf, type NodesOf, tensorOfLeaf, type Tree } from '@ad/backprop';
import { rowsOf } from '../data/samples.ts';
import type { Model } from '../layers/model.ts';
import { checkNames } from '../options.ts';
import { Recent } from '../recent.ts';
import { checkForm } from '../trees.ts';
import { inputsFor } from './variables.ts';

/** Options of {@link predict} and {@link predictor}. */
export interface PredictOptions {
  /** What runs the program; default the compiler, in double precision. */
  readonly executor?: Executor;
}

/**
 * The predictions of a model for a batch of inputs. The program is built in every call: for many calls make a
 * {@link predictor}.
 *
 * @param inputs - one row for each sample.
 * @throws `ValueError` or `ShapeError` when the inputs are empty, ragged, not finite, or do not fit, or the parameters
 * are not those of the model.
 * @example
 * ```ts
 * import { mlp, predict } from '@ad/optim';
 *
 * const model = mlp([2, 3]);
 * predict(model, model.init(0), [[0, 0], [0, 0]]).toArray(); // => [[0, 0, 0], [0, 0, 0]]
 * ```
 */
export function predict<P>(
  model: Model<P>,
  parameters: NoInfer<P>,
  inputs: TensorLike,
  options: PredictOptions = {},
): Tensor {
  checkNames('predict', options, ['executor']);
  return predictor(model, options)(parameters, inputs);
}

/** Programs kept by a predictor. */
const CACHE_LIMIT = 16;

/**
 * A function that predicts, with a program kept for each shape of the inputs.
 *
 * @throws as {@link predict}, when it is called.
 * @example
 * ```ts
 * import { mlp, predictor } from '@ad/optim';
 *
 * const model = mlp([1, 1]);
 * const guess = predictor(model);
 * guess(model.init(0), [[0]]).toArray(); // => [[0]]
 * ```
 */
export function predictor<P>(
  model: Model<P>,
  options: PredictOptions = {},
): (parameters: P, inputs: TensorLike) => Tensor {
  checkNames('predictor', options, ['executor']);
  const executor = options.executor ?? compiler();
  const programs = new Recent<string, Program>(CACHE_LIMIT);
  return (parameters, inputs) => {
    const rows = rowsOf(inputs, 'predict: inputs');
    const leaves = leavesOf(parameters as Tree<Leaf>).map(({ path, leaf }) => {
      return [`parameters${path}`, tensorOfLeaf(leaf)] as const;
    });
    const key = [rows, ...leaves.map(([, value]) => value)]
      .map(({ kind, shape }) => kind + shape.join('x'))
      .join(' ');
    const program = programs.get(key, () => {
      checkForm(parameters, model.init(0), 'predict: parameters');
      const graph = new Graph();
      const { tree } = inputsFor(graph, parameters, 'parameters');
      const x = graph.input('inputs', { shape: rows.shape, kind: rows.kind });
      const prediction = model.apply(tree as NodesOf<P>, x);
      if (prediction.shape[0] !== rows.shape[0]) {
        throw new ShapeError(
          `predict: the model makes shape ${formatShape(prediction.shape)} of inputs of shape ${formatShape(rows.shape)}, ` +
            'expected one row for each row; give a single sample as a batch of one: [sample]',
        );
      }
      return executor({ outputs: [prediction] });
    });
    return program.run(Object.fromEntries([['inputs', rows], ...leaves]))[0]!;
  };
}
