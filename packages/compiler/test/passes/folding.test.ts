import { expect, test } from 'vitest';
import { evaluate, Graph, greater, less, strongMul, where } from '@ad/graph';
import { compile } from '../../src/index.ts';
import { simplifiedText } from '../support/simplified-text.ts';

test('known numbers are computed once, through layouts and elementwise operations', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [2, 3] });
  const two = graph.constant(1).add(1);
  const wide = two.broadcastTo([3, 2]).transpose().exp();
  expect(simplifiedText([x.mul(wide), less(two, 3)])).toMatchInlineSnapshot(`
    "#0 [2, 3] = x
    #5 [2, 3] = 7.38905609893065
    #6 [2, 3] = mul #0 #5
    #8 [] (a scalar) = 1
    -> #6 #8"
  `);
});

test('a folded number is the number of the interpreter', () => {
  const graph = new Graph();
  const [a, b] = [graph.constant(0.1), graph.constant(-3.7)];
  const outputs = [a.div(b).exp(), a.pow(b), b.sigmoid(), b.div(0), a.sub(a).neg(), b.sqrt()];
  const wanted = evaluate(outputs).map((value) => value.item());
  const got = compile({ outputs }).run();
  expect(got.map((value) => value.item())).toEqual(wanted);
});

test('0 wins in strong products whatever the other operand is, and in no other', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [2] });
  expect(simplifiedText([strongMul(x, 0)])).toBe('#0 [2] = x\n#2 [2] = 0\n-> #2');
  const feeds = { x: [Number.NaN, -Infinity] };
  const outputs = [strongMul(x, 0), x.mul(0), x.add(0)];
  const [strong, plain] = compile({ outputs }).run(feeds);
  expect(strong!.toArray()).toEqual([0, 0]);
  expect(plain!.toArray()).toEqual([Number.NaN, Number.NaN]);
});

test('numbers are written to memory where a kernel reads them there, and where they are wanted', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: [1, 2, 3] });
  const ones = graph.constant(1).broadcastTo([3, 2]);
  const outputs = [x.reshape([1, 3]).matmul(ones), ones.mul(2), where(greater(ones, 0), 3, 4)];
  const got = compile({ outputs }).run();
  evaluate(outputs).forEach((value, k) => {
    expect(got[k]!.toArray()).toEqual(value.toArray());
  });
});

test('a program takes all inputs below its outputs, also those that turn out not to matter', () => {
  const graph = new Graph();
  const [x, y] = [graph.input('x'), graph.input('y')];
  const program = compile({ outputs: [where(greater(graph.constant(1), 0), x, y)] });
  expect(program.run({ x: 1, y: 2 })[0]!.item()).toBe(1);
  expect(Object.keys(program.inputs)).toEqual(['x', 'y']);
});
