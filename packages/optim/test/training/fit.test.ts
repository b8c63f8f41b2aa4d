import {
  evaluate,
  type Executor,
  gather,
  Graph,
  type GraphNode,
  interpreter,
  sign,
  Tensor,
  tensor,
} from '@ad/graph';
import { valueAndGrad } from '@ad/backprop';
import {
  accuracy,
  adam,
  adamW,
  crossEntropy,
  evaluateModel,
  fit,
  type FitOptions,
  meanSquaredError,
  mlp,
  optimizerOf,
  type MlpParameters,
  type Model,
  predict,
  type Progress,
  sgd,
  split,
  standardize,
} from '@ad/optim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { interpreterWith } from '../support/executors.ts';
import { iris } from '../support/iris.ts';
import { between } from '../support/numbers.ts';

const xor = {
  inputs: [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
  targets: [0, 1, 1, 0],
};

/** Ten samples of a smooth function. */
const curve = {
  inputs: Array.from({ length: 10 }, (_, i) => [Math.sin(i), Math.cos(2 * i)]),
  targets: Array.from({ length: 10 }, (_, i) => [Math.sin(3 * i)]),
};

type Line = { readonly w: Tensor; readonly b: Tensor };
/** y = w x + b, starting from 0. */
const line: Model<Line> = {
  init: () => ({ w: tensor(0), b: tensor(0) }),
  apply: ({ w, b }, x) => x.mul(w).add(b),
};
const ramp = { inputs: [[1], [2], [3]], targets: [[3], [5], [7]] };

describe('what is learned', () => {
  test.each([1, 2, 3])('XOR, from seed %i', async (seed) => {
    const { parameters, history, stopped } = await fit(
      mlp([2, 8, 2], { activation: 'tanh' }),
      xor,
      {
        loss: crossEntropy,
        optimizer: adam({ learningRate: 0.05 }),
        metrics: { accuracy },
        epochs: 200,
        seed,
      },
    );
    expect(stopped).toBe('finished');
    expect(history.at(-1)).toMatchObject({ epoch: 200, metrics: { accuracy: 1 } });
    expect(history.at(-1)!.loss).toBeLessThan(0.05);
    const logits = predict(mlp([2, 8, 2], { activation: 'tanh' }), parameters, xor.inputs);
    expect(xor.targets.map((label, i) => logits.at(i, label) > logits.at(i, 1 - label))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  test('the species of irises, in 95 of 100 and more', async () => {
    const flowers = iris();
    const { train, test: kept } = split(flowers, { test: 0.2, seed: 1 });
    const scale = standardize(train.inputs);
    const model = mlp([4, 16, 3]);
    const { parameters, history } = await fit(
      model,
      { ...train, inputs: scale.inputs },
      {
        loss: crossEntropy,
        optimizer: adam({ learningRate: 0.02 }),
        metrics: { accuracy },
        batchSize: 16,
        epochs: 25,
        validation: { ...kept, inputs: scale.apply(kept.inputs) },
      },
    );
    expect(history.at(-1)!.metrics.accuracy).toBeGreaterThanOrEqual(0.95);
    expect(history.at(-1)!.validation!.metrics.accuracy).toBeGreaterThanOrEqual(0.9);
    const all = { ...flowers, inputs: scale.apply(flowers.inputs) };
    const judged = evaluateModel(model, parameters, all, {
      loss: crossEntropy,
      metrics: { accuracy },
    });
    expect(judged.metrics.accuracy).toBeGreaterThanOrEqual(0.95);
  });

  test('a line, to the last digits', async () => {
    const { parameters } = await fit(line, ramp, {
      loss: meanSquaredError,
      optimizer: sgd({ learningRate: 0.1, momentum: 0.5 }),
      epochs: 1000,
    });
    expect(parameters.w.item()).toBeCloseTo(2, 12);
    expect(parameters.b.item()).toBeCloseTo(1, 12);
  });
});

describe('the trajectory', () => {
  /** Gradient descent by hand with `grad`, batch by batch in the order of the samples. */
  function byHand(
    model: Model<MlpParameters>,
    start: MlpParameters,
    batchSize: number,
    epochs: number,
    rate: number,
  ): MlpParameters {
    const slope = valueAndGrad(
      (
        parameters: { layers: { weights: GraphNode; bias: GraphNode }[] },
        x: GraphNode,
        y: GraphNode,
      ) => meanSquaredError(model.apply(parameters, x), y),
    );
    let parameters = start;
    const step = (value: Tensor, gradient: Tensor): Tensor =>
      new Tensor(
        value.shape,
        'real',
        value.data.map((x, i) => x - rate * gradient.data[i]!),
      );
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (let from = 0; from < curve.inputs.length; from += batchSize) {
        const rows = <T>(all: T[]): T[] => all.slice(from, from + batchSize);
        const { gradient } = slope(
          { layers: [...parameters.layers] },
          tensor(rows(curve.inputs)),
          tensor(rows(curve.targets)),
        );
        parameters = {
          layers: parameters.layers.map(({ weights, bias }, k) => ({
            weights: step(weights, gradient.layers[k]!.weights),
            bias: step(bias, gradient.layers[k]!.bias),
          })),
        };
      }
    }
    return parameters;
  }

  test('is that of a loop written by hand, bit for bit, with a smaller last batch too', async () => {
    const model = mlp([2, 5, 1], { activation: 'tanh' });
    for (const batchSize of [1, 3, 5, 10]) {
      const { parameters } = await fit(model, curve, {
        loss: meanSquaredError,
        optimizer: sgd({ learningRate: 0.1 }),
        batchSize,
        epochs: 3,
        shuffle: false,
        seed: 8,
      });
      expect(parameters).toEqual(byHand(model, model.init(8), batchSize, 3, 0.1));
    }
  });

  test('of a step that takes all samples is that of gradient descent, shuffled or not', async () => {
    const model = mlp([2, 5, 1]);
    const options = {
      loss: meanSquaredError,
      optimizer: sgd({ learningRate: 0.1 }),
      batchSize: 10,
      epochs: 4,
      seed: 3,
    };
    const shuffled = await fit(model, curve, options);
    expect(shuffled.parameters).toEqual(byHand(model, model.init(3), 10, 4, 0.1));
    expect(shuffled).toEqual(await fit(model, curve, { ...options, shuffle: false }));
  });

  test('depends on the seed and on nothing else', async () => {
    const model = mlp([2, 5, 1]);
    const run = (seed: number, more: Partial<FitOptions<MlpParameters>> = {}) =>
      fit(model, curve, { loss: meanSquaredError, batchSize: 3, epochs: 3, seed, ...more });
    const once = await run(5);
    expect(await run(5)).toEqual(once);
    // Neither on who watches, nor on when others get their turn.
    const slow = await run(5, {
      onProgress: () => new Promise((resolve) => setTimeout(resolve, 5)),
      validation: curve,
    });
    expect(slow.parameters).toEqual(once.parameters);
    expect((await run(6)).parameters).not.toEqual(once.parameters);
  });

  test('goes on where another one ended', async () => {
    const model = mlp([2, 5, 1]);
    const options = {
      loss: meanSquaredError,
      optimizer: adamW({ amsgrad: true }),
      batchSize: 4,
      shuffle: false,
    };
    const whole = await fit(model, curve, { ...options, epochs: 5 });
    const { parameters, state } = await fit(model, curve, { ...options, epochs: 2 });
    const rest = await fit(model, curve, { ...options, epochs: 3, parameters, state });
    expect(rest.parameters).toEqual(whole.parameters);
    expect(rest.state).toEqual(whole.state);
  });

  test('takes every sample once in each epoch', async () => {
    const seen: number[] = [];
    const watching = interpreterWith(({ inputs }, execute) => {
      seen.push(...inputs['inputs']!);
      execute();
    });
    const count = 23;
    const samples = {
      inputs: Array.from({ length: count }, (_, i) => [i]),
      targets: Array.from({ length: count }, () => [0]),
    };
    await fit(line, samples, {
      loss: meanSquaredError,
      optimizer: sgd({ learningRate: 0 }),
      batchSize: 5,
      epochs: 3,
      executor: watching,
    });
    const epochs = [0, 1, 2].map((epoch) => seen.slice(epoch * count, (epoch + 1) * count));
    for (const epoch of epochs)
      expect([...epoch].sort((a, b) => a - b)).toEqual(samples.inputs.flat());
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect(epochs[1]).not.toEqual(epochs[2]);
    expect(seen).toHaveLength(3 * count);
  });
});

describe('the cost', () => {
  test('the model is traced once for each size of batch, however many steps are made', async () => {
    let traces = 0;
    let programs = 0;
    const counted: Model<Line> = {
      ...line,
      apply(parameters, x) {
        traces++;
        return line.apply(parameters, x);
      },
    };
    const executor: Executor = (spec) => {
      programs++;
      return interpreter(spec);
    };
    const options = { loss: meanSquaredError, epochs: 50, executor };
    await fit(counted, ramp, { ...options, batchSize: 1 });
    expect([traces, programs]).toEqual([1, 1]);
    await fit(counted, ramp, { ...options, batchSize: 2 });
    expect([traces, programs]).toEqual([3, 3]);
    await fit(counted, ramp, { ...options, batchSize: 3, validation: ramp });
    expect([traces, programs]).toEqual([5, 5]);
  });
});

describe('the report', () => {
  test('progress tells epoch, step, loss and running means, before each step is made', async () => {
    const progress: Progress<'error'>[] = [];
    const error = (prediction: GraphNode, targets: GraphNode): GraphNode =>
      prediction.sub(targets).abs().mean();
    // The rate is 0, so every sample keeps its error: 3, 5 and 7.
    const { history, steps } = await fit(line, ramp, {
      loss: meanSquaredError,
      optimizer: sgd({ learningRate: 0 }),
      metrics: { error },
      batchSize: 2,
      epochs: 2,
      shuffle: false,
      validation: { inputs: [[1]], targets: [[2]] },
      onProgress(now) {
        progress.push(now);
      },
    });
    const mean = (9 + 25 + 49) / 3;
    const first = { epochs: 2, steps: 2, step: 1, batchLoss: 17, loss: 17, metrics: { error: 4 } };
    const second = {
      epochs: 2,
      steps: 2,
      step: 2,
      batchLoss: 49,
      loss: mean,
      metrics: { error: 5 },
    };
    expect(progress).toEqual([
      { epoch: 1, ...first },
      { epoch: 1, ...second },
      { epoch: 2, ...first },
      { epoch: 2, ...second },
    ]);
    const record = {
      loss: mean,
      metrics: { error: 5 },
      validation: { loss: 4, metrics: { error: 2 } },
    };
    expect(history).toEqual([
      { epoch: 1, ...record },
      { epoch: 2, ...record },
    ]);
    expect(steps).toBe(4);
  });

  test('history is plain data', async () => {
    const { history } = await fit(line, ramp, {
      loss: meanSquaredError,
      epochs: 3,
      validation: ramp,
    });
    expect(JSON.parse(JSON.stringify(history))).toEqual(history);
  });

  test('epochs are reported once they are judged, and waited for', async () => {
    const events: string[] = [];
    await fit(line, ramp, {
      loss: meanSquaredError,
      epochs: 2,
      onProgress: ({ epoch }) => void events.push(`step ${epoch}`),
      async onEpoch({ epoch }) {
        await Promise.resolve();
        events.push(`epoch ${epoch}`);
      },
    });
    expect(events).toEqual(['step 1', 'epoch 1', 'step 2', 'epoch 2']);
  });

  test('what a callback throws ends the training', async () => {
    const options = { loss: meanSquaredError, epochs: 2 };
    const fail = (): never => {
      throw new RangeError('enough');
    };
    await expect(fit(line, ramp, { ...options, onProgress: fail })).rejects.toThrow('enough');
    await expect(
      fit(line, ramp, { ...options, onEpoch: () => Promise.reject(new RangeError('later')) }),
    ).rejects.toThrow('later');
  });
});

describe('stopping', () => {
  test('an aborted signal stops before the next step, with the parameters so far', async () => {
    const signal = { aborted: false };
    const model = mlp([2, 4, 1]);
    const options = { loss: meanSquaredError, batchSize: 4, shuffle: false, seed: 2 };
    const { parameters, stopped, history, steps } = await fit(model, curve, {
      ...options,
      epochs: 100,
      signal,
      onProgress({ epoch, step }) {
        signal.aborted = epoch === 3 && step === 2;
      },
    });
    expect([stopped, history.length, steps]).toEqual(['aborted', 2, 8]);
    // Two epochs of three steps, then two steps on their own.
    const two = await fit(model, curve, { ...options, epochs: 2 });
    const firstEight = { inputs: curve.inputs.slice(0, 8), targets: curve.targets.slice(0, 8) };
    const { epochs: _epochs, ...rest } = { ...options, epochs: 1 };
    const expected = await fit(model, firstEight, {
      ...rest,
      epochs: 1,
      parameters: two.parameters,
      state: two.state,
    });
    expect(parameters).toEqual(expected.parameters);
  });

  test('a signal that is aborted from the start leaves everything at the start', async () => {
    const model = mlp([2, 4, 1]);
    const { parameters, stopped, steps } = await fit(model, curve, {
      loss: meanSquaredError,
      epochs: 1,
      seed: 4,
      signal: AbortSignal.abort(),
    });
    expect([stopped, steps]).toEqual(['aborted', 0]);
    expect(parameters).toEqual(model.init(4));
  });

  test('timers run during training, so an abort from outside is heard', async () => {
    const controller = new AbortController();
    setTimeout(() => {
      controller.abort();
    }, 60);
    const { stopped } = await fit(mlp([2, 16, 1]), curve, {
      loss: meanSquaredError,
      epochs: 30_000,
      signal: controller.signal,
    });
    expect(stopped).toBe('aborted');
  });
});

describe('a step that is not finite', () => {
  test('is not taken: the parameters are those before it, and the report names the node', async () => {
    // The loss grows by the factor 9 from step to step until it overflows.
    const overflowing = {
      loss: meanSquaredError,
      optimizer: sgd({ learningRate: 2 }),
      shuffle: false,
      batchSize: 1,
    };
    const one = { inputs: [[1]], targets: [[1]] };
    const { stopped, steps, nonFinite, parameters, state, history } = await fit(line, one, {
      ...overflowing,
      epochs: 1e6,
    });
    expect(stopped).toBe('diverged');
    expect(history).toHaveLength(steps);
    expect(nonFinite).toMatchObject({
      epoch: steps + 1,
      step: 1,
      loss: Infinity,
      node: { operation: 'square', value: 'Infinity' },
    });
    expect(nonFinite!.message).toMatch(
      /^epoch \d+, step 1: the loss is Infinity; the first value that is not finite is Infinity at #\d+ = square .*smaller learning rate/,
    );
    const again = await fit(line, one, { ...overflowing, epochs: steps });
    expect(again.stopped).toBe('finished');
    expect({ parameters, state }).toEqual({ parameters: again.parameters, state: again.state });
  });

  test('is one whose gradient alone is not finite, too', async () => {
    const root: Model<{ a: Tensor; w: Tensor }> = {
      init: () => ({ a: tensor(1), w: tensor(0) }),
      apply: ({ a, w }, x) => x.mul(w.named('weight').sqrt().named('root')).add(a),
    };
    const { stopped, nonFinite, parameters, state } = await fit(root, ramp, {
      loss: meanSquaredError,
      epochs: 5,
    });
    expect(stopped).toBe('diverged');
    expect(nonFinite!.message).toMatch(
      /the loss is [\d.]+, but the gradient of weight is not finite; .* div/,
    );
    expect(parameters).toEqual(root.init(0));
    expect(state).toEqual(adam().init(root.init(0)));
  });

  test('is one whose gradient is not finite even where the rule would hide it', async () => {
    const signs = optimizerOf({
      name: 'signs',
      slots: [],
      counts: false,
      begin: () => (parameter, gradient, slots) => ({
        parameter: parameter.sub(sign(gradient)),
        slots,
      }),
    });
    const root: Model<{ w: Tensor }> = {
      init: () => ({ w: tensor(0) }),
      apply: ({ w }, x) => x.mul(w.sqrt()),
    };
    const options = { loss: meanSquaredError, optimizer: signs, epochs: 1 };
    const { stopped, parameters } = await fit(root, ramp, options);
    expect([stopped, parameters.w.item()]).toEqual(['diverged', 0]);
  });

  test('is found by its label where it has one', async () => {
    const broken: Model<{ w: Tensor }> = {
      init: () => ({ w: tensor(1) }),
      apply: ({ w }, x) => x.mul(w).sub(2).log().named('the logarithm').mul(3),
    };
    const { nonFinite } = await fit(broken, ramp, { loss: meanSquaredError, epochs: 1 });
    expect(nonFinite!.node).toMatchObject({
      label: 'the logarithm',
      operation: 'log',
      value: 'NaN',
    });
  });

  test('of an executor with less precision is told apart', async () => {
    // Its numbers overflow where those of the interpreter do not.
    const small = interpreterWith(({ outputs }) => {
      for (const output of outputs) output[0] = Infinity;
    });
    const { nonFinite } = await fit(line, ramp, {
      loss: meanSquaredError,
      epochs: 1,
      executor: small,
    });
    expect(nonFinite).not.toHaveProperty('node');
    expect(nonFinite!.message).toMatch(/in double precision loss and gradient are finite/);
  });
});

describe('what is passed in', () => {
  test('is not changed', async () => {
    const model = mlp([2, 3, 2]);
    const samples = {
      inputs: Float32Array.from(xor.inputs.flat()),
      targets: Int32Array.from(xor.targets),
    };
    const inputs = tensor(samples.inputs, { shape: [4, 2] });
    const start = model.init(1);
    const state = adam().init(start);
    const before = JSON.stringify([samples, start, state]);
    const options = Object.freeze({
      loss: crossEntropy,
      epochs: 3,
      parameters: start,
      state,
      batchSize: 3,
    });
    const result = await fit(model, Object.freeze({ inputs, targets: samples.targets }), options);
    expect(JSON.stringify([samples, start, state])).toBe(before);
    expect(result.parameters).not.toEqual(start);
    predict(model, result.parameters, inputs);
    evaluateModel(
      model,
      result.parameters,
      { inputs, targets: samples.targets },
      { loss: crossEntropy },
    );
    expect(JSON.stringify([samples, start, state])).toBe(before);
  });

  test('may be numbers, typed arrays or tensors in the tree of parameters, and comes back as it was', async () => {
    const model: Model<{ a: number; list: [Tensor, Float64Array] }> = {
      init: () => ({ a: 1, list: [tensor([[2]]), Float64Array.of(3)] }),
      apply: ({ a, list }, x) => x.mul(a).mul(list[0]).add(list[1]),
    };
    const { parameters } = await fit(model, ramp, { loss: meanSquaredError, epochs: 2 });
    expect(typeof parameters.a).toBe('number');
    expect(parameters.list[0].shape).toEqual([1, 1]);
    expect(parameters.list[1]).toBeInstanceOf(Float64Array);
  });

  test('a parameter that the loss does not depend on stays as it is, whatever the decay', async () => {
    const idle = tensor([1, 2]);
    const model: Model<{ w: Tensor; idle: Tensor }> = {
      init: () => ({ w: tensor(0.5), idle }),
      apply: ({ w }, x) => x.mul(w),
    };
    for (const optimizer of [
      sgd({ momentum: 0.9, weightDecay: 0.1 }),
      adamW({ weightDecay: 0.5 }),
    ]) {
      const { parameters } = await fit(model, ramp, {
        loss: meanSquaredError,
        optimizer,
        epochs: 3,
      });
      expect(parameters.idle.toArray()).toEqual([1, 2]);
      expect(parameters.idle.data).not.toBe(idle.data);
      expect(parameters.w.item()).not.toBe(0.5);
    }
  });

  test('integer inputs stay integers', async () => {
    const table: Model<{ rows: Tensor }> = {
      init: () => ({
        rows: tensor([
          [0, 0],
          [0, 0],
          [0, 0],
        ]),
      }),
      apply: ({ rows }, x) => gather(rows, x),
    };
    const samples = { inputs: tensor([0, 1, 2], { kind: 'integer' }), targets: [0, 1, 0] };
    const { history } = await fit(table, samples, {
      loss: crossEntropy,
      optimizer: adam({ learningRate: 0.1 }),
      metrics: { accuracy },
      epochs: 10,
    });
    expect(history.at(-1)!.metrics.accuracy).toBe(1);
  });
});

describe('prediction and judgement', () => {
  test('a batch is predicted as its samples are one by one', () => {
    const model = mlp([3, 5, 2], { activation: 'gelu' });
    const rows = fc.array(fc.array(between(-5, 5), { minLength: 3, maxLength: 3 }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(rows, fc.maxSafeNat(), (rows, seed) => {
        const parameters = model.init(seed);
        const together = predict(model, parameters, rows);
        rows.forEach((row, i) => {
          const alone = predict(model, parameters, [row]);
          expect([...alone.data]).toEqual([together.at(i, 0), together.at(i, 1)]);
        });
      }),
      { numRuns: 30 },
    );
  });

  test('the judgement does not depend on how the samples are split into batches', () => {
    const model = mlp([2, 4, 1]);
    const parameters = model.init(1);
    const judge = (batchSize: number): number =>
      evaluateModel(model, parameters, curve, { loss: meanSquaredError, batchSize }).loss;
    const graph = new Graph();
    const prediction = graph.constant(predict(model, parameters, curve.inputs));
    const exact = evaluate(meanSquaredError(prediction, graph.constant(curve.targets))).item();
    for (const batchSize of [1, 3, 5, 10, 256]) expect(judge(batchSize)).toBeCloseTo(exact, 14);
  });
});
