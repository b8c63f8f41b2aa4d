/**
 * `saddle`: the smallest x of the largest y of $(x_1^2 + x_2^2) - (y_1^2 + y_2^2)$, both by gradient descent: the outer one
 * differentiates through the inner one, a loop of unknown length that differentiates the function.
 */
import { compile } from '@ad/compiler';
import { Graph, type GraphNode } from '@ad/graph';
import { argmin, argminInGraph, type Mode, valueAndSlope } from '../descent.ts';
import type { Eval } from '../eval.ts';
import { fieldsOf, vectorOf } from '../input.ts';
import { fourModes } from '../nested.ts';

function f(x: GraphNode, y: GraphNode): GraphNode {
  return x.square().sum().sub(y.square().sum());
}

/** The largest value over y, found from `start`. */
function largest(x: GraphNode, start: GraphNode, inner: Mode): GraphNode {
  return f(
    x,
    argminInGraph((y) => f(x, y).neg(), start, inner),
  );
}

/** `saddle`. */
export const saddle: Eval = {
  name: 'saddle',
  functions: fourModes((input, outer, inner) => {
    const start = vectorOf(fieldsOf(input, 'the input')['start'], 'start', 2);
    const graph = new Graph();
    const x = graph.input('x', { value: start });
    const s = graph.input('start', { value: start });
    const plain = compile({ outputs: [largest(x, s, inner)] });
    const sloped = compile({
      outputs: [valueAndSlope((at) => largest(at, s, inner), outer)(x).slope],
    });
    // The y that belongs to the x found, by the same mode as the outer descent.
    const last = compile({ outputs: [argminInGraph((y) => f(x, y).neg(), s, outer)] });
    const run = (program: typeof plain, at: Float64Array): Float64Array => {
      program.inputs['x']?.set(at);
      program.execute();
      return program.outputs[0] as Float64Array;
    };
    let result: number[] = [];
    return {
      run: () => {
        const found = argmin(
          (at) => run(plain, at)[0]!,
          (at) => run(sloped, at),
          start,
        );
        result = [...found, ...run(last, found)];
      },
      output: () => result,
    };
  }),
};
