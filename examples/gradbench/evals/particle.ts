/**
 * `particle`: a charge flies past two others. Find w, on which the place of one of them depends, so that it meets the
 * origin: the descent differentiates a flight of unknown length, in which every step differentiates a potential.
 */
import { compile } from '@ad/compiler';
import { Graph, type GraphNode, stack, tensor, whileLoop } from '@ad/graph';
import { argmin, type Mode, valueAndSlope } from '../descent.ts';
import type { Eval } from '../eval.ts';
import { fieldsOf, numberOf } from '../input.ts';
import { fourModes } from '../nested.ts';

/** The length of a step in time. */
const STEP = 0.1;

/** The square of where the particle meets the axis, for a vector of one control. */
function miss(w: GraphNode, inner: Mode): GraphNode {
  const { graph } = w;
  const control = w.sum();
  const pointOf = (x: number, y: GraphNode | number): GraphNode =>
    stack([graph.constant(x), typeof y === 'number' ? graph.constant(y) : y]);
  const charges = [pointOf(10, control.neg().add(10)), pointOf(10, 0)];
  const potential = valueAndSlope(
    (x) =>
      charges
        .map((charge) => x.sub(charge).square().sum().sqrt().reciprocal())
        .reduce((sum, term) => sum.add(term)),
    inner,
  );
  const second = (v: GraphNode): GraphNode => v.slice([{ start: 1 }]).sum();
  const { place, velocity } = whileLoop(
    ({ place: x, velocity: v }) => second(x.add(v.mul(STEP))).greater(0),
    ({ place: x, velocity: v }) => ({
      place: x.add(v.mul(STEP)),
      velocity: v.sub(potential(x).slope.mul(STEP)),
    }),
    { place: pointOf(0, 8), velocity: graph.constant(tensor([0.75, 0])) },
  );
  const rest = second(place).neg().div(second(velocity));
  return place
    .add(velocity.mul(rest))
    .slice([{ end: 1 }])
    .sum()
    .square();
}

/** `particle`. */
export const particle: Eval = {
  name: 'particle',
  functions: fourModes((input, outer, inner) => {
    const start = Float64Array.of(numberOf(fieldsOf(input, 'the input'), 'w'));
    const w = new Graph().input('w', { value: start });
    const plain = compile({ outputs: [miss(w, inner)] });
    const sloped = compile({ outputs: [valueAndSlope((x) => miss(x, inner), outer)(w).slope] });
    const run = (program: typeof plain, x: Float64Array): Float64Array => {
      program.inputs['w']!.set(x);
      program.execute();
      return program.outputs[0] as Float64Array;
    };
    let result: Float64Array = start;
    return {
      run: () => {
        result = argmin(
          (x) => run(plain, x)[0]!,
          (x) => run(sloped, x),
          start,
        );
      },
      output: () => result[0]!,
    };
  }),
};
