/** Random numbers in compiled programs: those of the interpreter, bit by bit. */
import {
  bernoulli,
  foldIn,
  Graph,
  type GraphNode,
  interpreter,
  normal,
  randomKey,
  splitKey,
  uniform,
} from '@ad/graph';
import { expect, test } from 'vitest';
import { compile } from '../src/index.ts';

const keyOf = (seed: number): GraphNode => new Graph().input('key', { value: randomKey(seed) });

test('in double precision they are the same, step by step, with keys replaced in place', () => {
  const key = keyOf(11);
  const [first, second] = splitKey(key) as [GraphNode, GraphNode];
  const spec = {
    outputs: [uniform(first, [7]), normal(second, [2, 3]), bernoulli(key, 0.3, [9]), key],
    updates: [[key, foldIn(key, 0)]],
  } as const;
  const [compiled, interpreted] = [compile(spec), interpreter(spec)];
  expect(compiled.report()).toMatch('WebAssembly f64');
  for (let step = 0; step < 3; step++) expect(compiled.run()).toEqual(interpreted.run());
});

test('in single precision uniform numbers are cut off, and normal ones rounded', () => {
  const key = keyOf(12);
  const outputs = [uniform(key, [500]), normal(key, [500]), bernoulli(key, 0.3, [500])];
  const [u, z, mask] = compile({ outputs }, { precision: 'f32' }).run();
  const [exactU, exactZ, exactMask] = interpreter({ outputs }).run();
  const bits = 2 ** 24;
  expect(Array.from(u!.data)).toEqual(Array.from(exactU!.data, (x) => Math.floor(x * bits) / bits));
  expect(Array.from(z!.data)).toEqual(Array.from(exactZ!.data, Math.fround));
  expect(Array.from(mask!.data)).toEqual(Array.from(exactMask!.data));
});
