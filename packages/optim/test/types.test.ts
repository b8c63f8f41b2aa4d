/** What the type checker promises: names and types of parameters, metrics and results. */
import { max, softmax } from '@ad/graph';
import type { GraphNode, Tensor } from '@ad/graph';
import {
  accuracy,
  adam,
  crossEntropy,
  dense,
  type DenseParameters,
  evaluateModel,
  fit,
  meanSquaredError,
  mlp,
  type Model,
  type ParametersOf,
  predict,
  predictor,
  sequential,
} from '@ad/optim';
import { expectTypeOf, test } from 'vitest';

const samples = {
  inputs: [
    [0, 1],
    [1, 0],
  ],
  targets: [0, 1],
};

test('the parameters of a model keep their names and types through fit', async () => {
  type Line = { readonly slope: Tensor; readonly offsets: readonly [Tensor, Tensor] };
  const line: Model<Line> = {
    init: () => {
      throw new Error('not called');
    },
    apply({ slope, offsets }, x) {
      expectTypeOf(slope).toEqualTypeOf<GraphNode>();
      expectTypeOf(offsets).toEqualTypeOf<readonly [GraphNode, GraphNode]>();
      return x.mul(slope).add(offsets[0]);
    },
  };
  expectTypeOf<ParametersOf<typeof line>>().toEqualTypeOf<Line>();
  expectTypeOf(() => fit(line, samples, { loss: meanSquaredError, epochs: 1 }))
    .returns.resolves.toHaveProperty('parameters')
    .toEqualTypeOf<Line>();
  const result = await fit(mlp([2, 2]), samples, { loss: crossEntropy, epochs: 1 });
  expectTypeOf(result.parameters.layers).toEqualTypeOf<readonly DenseParameters[]>();
  expectTypeOf(result.parameters.layers[0]!.weights).toEqualTypeOf<Tensor>();
});

test('metrics keep their names', async () => {
  const metrics = {
    accuracy,
    confidence: (logits: GraphNode) => max(softmax(logits), { axes: -1 }).mean(),
  };
  const { history } = await fit(mlp([2, 2]), samples, {
    loss: crossEntropy,
    epochs: 1,
    metrics,
    validation: samples,
    onProgress({ metrics }) {
      expectTypeOf(metrics).toEqualTypeOf<Readonly<Record<'accuracy' | 'confidence', number>>>();
    },
    onEpoch({ validation }) {
      expectTypeOf(validation!.metrics.accuracy).toEqualTypeOf<number>();
    },
  });
  expectTypeOf(history[0]!.metrics.confidence).toEqualTypeOf<number>();
  const model = mlp([2, 2]);
  const judged = evaluateModel(model, model.init(0), samples, {
    loss: crossEntropy,
    metrics: { accuracy, inline: (logits) => logits.mean() },
  });
  expectTypeOf(judged.metrics.inline).toEqualTypeOf<number>();
});

test('layers say which parameters they have', () => {
  expectTypeOf(dense(1, 2).init(0)).toEqualTypeOf<DenseParameters>();
  expectTypeOf(dense(1, 2, { bias: false }).init(0)).toEqualTypeOf<{ readonly weights: Tensor }>();
  const model = sequential([dense(2, 3), dense(3, 1, { bias: false })]);
  expectTypeOf<ParametersOf<typeof model>['layers'][0]>().toEqualTypeOf<DenseParameters>();
  expectTypeOf<ParametersOf<typeof model>['layers'][1]>().toEqualTypeOf<{
    readonly weights: Tensor;
  }>();
});

test('parameters must fit the model', () => {
  const model = mlp([2, 2]);
  const other = dense(2, 2, { bias: false });
  // Never called: it is the types that count.
  const wrong = (): void => {
    // @ts-expect-error The parameters of a layer are not those of a network.
    predict(model, other.init(0), [[1, 2]]);
    // @ts-expect-error A graph needs to know the loss.
    void fit(model, samples, { epochs: 1 });
    // @ts-expect-error There is no such option.
    adam({ lr: 0.1 });
  };
  expectTypeOf(wrong).toBeFunction();
  expectTypeOf(predictor(other)).parameter(0).toEqualTypeOf<{ readonly weights: Tensor }>();
});
