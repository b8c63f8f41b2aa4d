/**
 * `saddle`: the smallest x of the largest y of $(x_1^2 + x_2^2) - (y_1^2 + y_2^2)$, both by gradient descent: the outer one
 * differentiates through the inner one, a loop of unknown length that differentiates the function.
 */
import { compile } from '@ad/compiler';
import { Graph, type GraphNode } from '@ad/graph';
import { argmin, argminInGraph, type Mode, type Point, valueAndSlope } from '../descent.ts';
import type { Eval } from '../eval.ts';
import { fieldsOf, vectorOf } from '../input.ts';
import { fourModes } from '../nested.ts';

/** The sum of squares. */
function squares(x: Point): GraphNode {
  return x.map((component) => component.square()).reduce((a, b) => a.add(b));
}

const f = (x: Point, y: Point): GraphNode => squares(x).sub(squares(y));

/** The largest value over y, found from `start`. */
function largest(x: Point, start: Point, inner: Mode): GraphNode {
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
    const pointOf = (name: string): Point =>
      Array.from(start, (value, i) => graph.input(`${name}${i}`, { value }));
    const [x, s] = [pointOf('x'), pointOf('start')];
    const plain = compile({ outputs: [largest(x, s, inner)] });
    const sloped = compile({
      outputs: valueAndSlope((at) => largest(at, s, inner), outer)(x).slope,
    });
    // The y that belongs to the x found, by the same mode as the outer descent.
    const last = compile({ outputs: argminInGraph((y) => f(x, y).neg(), s, outer) });
    const run = (program: typeof plain, at: Float64Array): Float64Array => {
      at.forEach((value, i) => {
        const slot = program.inputs[`x${i}`];
        if (slot !== undefined) slot[0] = value;
      });
      program.execute();
      return Float64Array.from(program.outputs, ([value]) => value!);
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
