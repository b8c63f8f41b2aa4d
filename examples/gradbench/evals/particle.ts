/**
 * `particle`: a charge flies past two others. Find w, on which the place of one of them depends, so that it meets the
 * origin: the descent differentiates a flight of unknown length, in which every step differentiates a potential.
 */
import { compile } from '@ad/compiler';
import { Graph, type GraphNode, greater, rsqrt, whileLoop } from '@ad/graph';
import { argmin, type Mode, valueAndSlope } from '../descent.ts';
import type { Eval } from '../eval.ts';
import { fieldsOf, numberOf } from '../input.ts';
import { fourModes } from '../nested.ts';

/** The length of a step in time. */
const STEP = 0.1;

/** The square of where the particle meets the axis. */
function miss(w: GraphNode, inner: Mode): GraphNode {
  const { graph } = w;
  const charges = [
    [10, w.neg().add(10)],
    [10, 0],
  ] as const;
  const force = valueAndSlope(
    ([x, y]) =>
      charges
        .map(([a, b]) => rsqrt(x!.sub(a).square().add(y!.sub(b).square())))
        .reduce((sum, term) => sum.add(term)),
    inner,
  );
  const [zero, speed] = [graph.constant(0), graph.constant(0.75)];
  const { place, velocity } = whileLoop(
    ({ place: [, y], velocity: [, v] }) => greater(y.add(v.mul(STEP)), 0),
    ({ place: [x, y], velocity: [u, v] }) => {
      const [fx, fy] = force([x, y]).slope;
      return {
        place: [x.add(u.mul(STEP)), y.add(v.mul(STEP))],
        velocity: [u.sub(fx!.mul(STEP)), v.sub(fy!.mul(STEP))],
      };
    },
    { place: [zero, graph.constant(8)], velocity: [speed, zero] } as const,
  );
  const rest = place[1].neg().div(velocity[1]);
  return place[0].add(velocity[0].mul(rest)).square();
}

/** `particle`. */
export const particle: Eval = {
  name: 'particle',
  functions: fourModes((input, outer, inner) => {
    const start = Float64Array.of(numberOf(fieldsOf(input, 'the input'), 'w'));
    const w = new Graph().input('w', { value: start[0]! });
    const plain = compile({ outputs: [miss(w, inner)] });
    const sloped = compile({
      outputs: valueAndSlope(([x]) => miss(x!, inner), outer)([w]).slope,
    });
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
