/**
 * Gradient descent as `particle` and `saddle` prescribe it: the step size doubles after ten steps that went down and
 * halves after one that did not; it ends when the gradient or a step is short. Once as a loop in a graph, so that it can be
 * differentiated through, and once as a plain loop around programs.
 */
import {
  and,
  equal,
  type GraphNode,
  greater,
  identity,
  less,
  not,
  or,
  where,
  whileLoop,
} from '@ad/graph';
import { gradient, pushforward } from '@ad/backprop';

/** Which mode computes a gradient: one product with each unit vector, or one sweep. */
export type Mode = 'forward' | 'reverse';

/** A point of scalar nodes. */
export type Point = readonly GraphNode[];

/** A function and its gradient at a point, by one mode and no other. */
export function valueAndSlope(
  f: (x: Point) => GraphNode,
  mode: Mode,
): (x: Point) => { readonly value: GraphNode; readonly slope: Point } {
  return (at) => {
    // Nodes of its own: the gradient is with respect to this use of them.
    const x = at.map(identity);
    const value = f(x);
    if (mode === 'reverse') return { value, slope: gradient(value, x) };
    const { graph } = value;
    return {
      value,
      slope: x.map((moving) => pushforward(value, moving, graph.constant(1))),
    };
  };
}

const START_SIZE = 1e-5;
const TOLERANCE = 1e-5;
const GROW_AFTER = 10;

/** The minimizer of a function, as a loop in the graph. */
export function argminInGraph(f: (x: Point) => GraphNode, start: Point, mode: Mode): Point {
  const both = valueAndSlope(f, mode);
  const first = both(start);
  const { graph } = first.value;
  const { x } = whileLoop(
    ({ slope, size, count }) => {
      const square = slope.map((component) => component.square()).reduce((a, b) => a.add(b));
      const isLong = greater(square, TOLERANCE ** 2);
      const moves = greater(square.mul(size.square()), TOLERANCE ** 2);
      return and(isLong, or(equal(count, GROW_AFTER), moves));
    },
    ({ x: now, value, slope, size, count }) => {
      const grows = equal(count, GROW_AFTER);
      const next = now.map((component, i) => component.sub(slope[i]!.mul(size)));
      const there = both(next);
      const isBetter = less(there.value, value);
      const goes = and(isBetter, not(grows));
      return {
        x: next.map((component, i) => where(goes, component, now[i]!)),
        value: where(goes, there.value, value),
        slope: there.slope.map((component, i) => where(goes, component, slope[i]!)),
        size: size.mul(where(grows, 2, where(isBetter, 1, 0.5))),
        count: where(goes, count.add(1), 0),
      };
    },
    {
      x: start,
      value: first.value,
      slope: first.slope,
      size: graph.constant(START_SIZE),
      count: graph.constant(0),
    },
  );
  return x;
}

/** The minimizer of a function of which value and gradient are computed by calls. */
export function argmin(
  value: (x: Float64Array) => number,
  slopeAt: (x: Float64Array) => Float64Array,
  start: Float64Array,
): Float64Array {
  const x = start.slice();
  const next = new Float64Array(x.length);
  let here = value(x);
  const slope = slopeAt(x).slice();
  let [size, count] = [START_SIZE, 0];
  const length = (v: Float64Array): number => Math.sqrt(v.reduce((sum, e) => sum + e * e, 0));
  while (length(slope) > TOLERANCE) {
    if (count === GROW_AFTER) {
      size *= 2;
      count = 0;
      continue;
    }
    let moved = 0;
    for (let i = 0; i < x.length; i++) {
      next[i] = x[i]! - size * slope[i]!;
      moved += (x[i]! - next[i]!) ** 2;
    }
    if (Math.sqrt(moved) <= TOLERANCE) break;
    const there = value(next);
    if (there < here) {
      x.set(next);
      here = there;
      slope.set(slopeAt(x));
      count++;
    } else {
      size /= 2;
      count = 0;
    }
  }
  return x;
}
