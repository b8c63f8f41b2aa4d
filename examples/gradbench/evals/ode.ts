/** `ode`: steps of the method of Runge and Kutta for $y_0' = x_0$, $y_i' = x_i y_{i-1}$, and the gradient of the last component. */
import { concat, fori, Graph, type GraphNode, slice } from '@ad/graph';
import { gradient } from '@ad/backprop';
import { type Eval, flat, program } from '../eval.ts';
import { countOf, fieldsOf, InputError, vectorOf } from '../input.ts';

/** The solution at time 2 after `steps` steps from 0. */
function odeSolution(x: GraphNode, steps: number): GraphNode {
  const n = x.shape[0]!;
  const h = 2 / steps;
  const first = slice(x, [{ end: 1 }]);
  const others = slice(x, [{ start: 1 }]);
  const before = (y: GraphNode): GraphNode => slice(y, [{ end: n - 1 }]);
  /** The slope where the components before are `y`, which is one shorter. */
  const slope = (y: GraphNode): GraphNode => concat([first, others.mul(y)], 0);
  return fori(
    steps,
    (_, y) => {
      const k1 = slope(before(y));
      const k2 = slope(before(y).add(before(k1).mul(h / 2)));
      const k3 = slope(before(y).add(before(k2).mul(h / 2)));
      const k4 = slope(before(y).add(before(k3).mul(h)));
      return y.add(
        k1
          .add(k2.mul(2))
          .add(k3.mul(2))
          .add(k4)
          .mul(h / 6),
      );
    },
    x.graph.constant(new Float64Array(n)),
  );
}

function read(input: unknown): { readonly x: GraphNode; readonly steps: number } {
  const fields = fieldsOf(input, 'the input');
  const x = vectorOf(fields['x'], 'x');
  if (x.length === 0) throw new InputError('x is empty, expected one number or more');
  return { x: new Graph().input('x', { value: x }), steps: countOf(fields, 's', 1) };
}

/** `ode`. */
export const ode: Eval = {
  name: 'ode',
  functions: {
    primal: (input) => {
      const { x, steps } = read(input);
      return program([odeSolution(x, steps)], flat);
    },
    gradient: (input) => {
      const { x, steps } = read(input);
      const last = slice(odeSolution(x, steps), [{ start: x.shape[0]! - 1 }]).sum();
      return program([gradient(last, x)], flat);
    },
  },
};
