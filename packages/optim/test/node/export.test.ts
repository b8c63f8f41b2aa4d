/** An exported network stands alone: the file runs in another process without this library, to the same bits. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { promisify } from 'node:util';
import { compiler, exportProgram } from '@ad/compiler';
import { apply, cumSum, gather, Graph, interpreter, operations, softmax, tensor } from '@ad/graph';
import {
  adam,
  crossEntropy,
  dense,
  embedding,
  exportModel,
  fit,
  gru,
  mlp,
  type Model,
  moons,
  predict,
  sequential,
} from '@ad/optim';
import { expect, test } from 'vitest';

/** Runs a module in a process of its own, in a folder of its own, without any option. */
async function runAlone(
  text: string,
  batches: readonly (readonly number[])[],
): Promise<number[][]> {
  const folder = await mkdtemp(join(tmpdir(), 'export-'));
  try {
    await writeFile(join(folder, 'network.mjs'), text);
    const main = `import run from './network.mjs';
      const batches = ${JSON.stringify(batches)};
      console.log(JSON.stringify(batches.map((batch) => [...run(batch)])));`;
    await writeFile(join(folder, 'main.mjs'), main);
    const { stdout } = await promisify(execFile)(execPath, ['main.mjs'], { cwd: folder, env: {} });
    return JSON.parse(stdout) as number[][];
  } finally {
    await rm(folder, { recursive: true });
  }
}

const samples = moons({ samples: 60, seed: 1 });
const batches = Array.from({ length: 5 }, (_, k) =>
  Array.from(samples.inputs.data.subarray(6 * k, 6 * k + 6)),
);
const shape = [3, 2] as const;

test.each<[string, Model<never>]>([
  ['a perceptron with tanh', mlp([2, 9, 2], { activation: 'tanh' }) as never],
  [
    'layers with gelu and softmax',
    sequential([
      dense(2, 7, { activation: 'gelu' }),
      dense(7, 3, { activation: (x) => softmax(x) }),
    ]) as never,
  ],
])('%s', async (_name, model) => {
  const { parameters } = await fit(model, samples, {
    loss: crossEntropy,
    optimizer: adam(),
    epochs: 2,
  });
  const text = exportModel(model, parameters, { inputShape: shape });
  expect(text).not.toMatch(/^import /m);
  const alone = await runAlone(text, batches);
  const expected = batches.map((batch) => {
    const rows = [batch.slice(0, 2), batch.slice(2, 4), batch.slice(4)];
    return Array.from(predict(model, parameters, rows).data);
  });
  expect(alone).toEqual(expected);
});

test('in single precision, too', async () => {
  const model = mlp([2, 4, 2]);
  const text = exportModel(model, model.init(3), { inputShape: [1, 2], precision: 'f32' });
  const executor = compiler({ precision: 'f32' });
  const [alone] = await runAlone(text, [[0.5, -1]]);
  expect(alone).toEqual([...predict(model, model.init(3), [[0.5, -1]], { executor }).data]);
});

test('checks its arguments, and says what cannot stand alone', async () => {
  const model = mlp([2, 2]);
  const text = exportModel(model, model.init(0), { inputShape: [1, 2] });
  const {
    default: run,
    shapes,
    outputShapes,
  } = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as {
    default: (x: readonly number[]) => Float64Array;
    shapes: number[][];
    outputShapes: number[][];
  };
  expect(shapes).toEqual([[1, 2]]);
  expect(outputShapes).toEqual([[1, 2]]);
  // Editors and type checkers read the types from the comments.
  expect(text).toContain('@param {[ArrayLike<number>]} values');
  expect(text).toContain('@returns {Float64Array}');
  expect(() => run([1, 2, 3])).toThrow('inputs has 3 numbers, expected 2');
  expect(() => exportModel(model, model.init(0), { inputShape: 2 as never })).toThrow(
    /inputShape is 2, expected the shape of a batch/,
  );
  const x = new Graph().input('x', { shape: [2] });
  expect(() => exportProgram(interpreter({ outputs: [x] }), ['x'])).toThrow(
    /this program is interpreted/,
  );
  const program = compiler()({ outputs: [x.square()] });
  expect(() => exportProgram(program, ['y'])).toThrow(/no input "y"; it has x/);
  expect(() => exportProgram(program, [])).toThrow(/the input "x" has no value and is no argument/);
  const square = x.graph.input('m', { shape: [2, 2] });
  expect(() =>
    exportProgram(compiler()({ outputs: [apply(operations.cofactors, [square])] }), ['m']),
  ).toThrow(/leaves cofactors to this library/);
});

test('positions that are outside are refused', async () => {
  const graph = new Graph();
  const table = graph.input('table', { shape: [3], value: [1, 2, 3] });
  const at = graph.input('at', { shape: [2], kind: 'integer' });
  const text = exportProgram(compiler()({ outputs: [cumSum(gather(table, at), 0)] }), ['at']);
  const { default: run } = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as {
    default: (at: readonly number[]) => Float64Array;
  };
  expect([...run([2, -3])]).toEqual([3, 4]);
  expect(() => run([0, 3])).toThrow(new RangeError('an index is outside of its axis'));
});

test('a model of symbols takes integers', async () => {
  const model = sequential([embedding(5, 4), gru(4, 3), dense(3, 5)]);
  const parameters = model.init(1);
  const options = { inputShape: [1, 3], inputKind: 'integer' } as const;
  const text = exportModel(model, parameters, options);
  const inputs = tensor([[4, 0, 2]], { kind: 'integer' });
  const [alone] = await runAlone(text, [[4, 0, 2]]);
  expect(alone).toEqual([...predict(model, parameters, inputs).data]);
});
