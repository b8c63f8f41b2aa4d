/**
 * Gradient descent as `particle` and `saddle` prescribe it: the step size doubles after ten steps that went down and
 * halves after one that did not; it ends when the gradient or a step is short. Once as a loop in a graph, so that it can be
 * differentiated through, and once as a plain loop around programs.
 */
import { type GraphNode, whileLoop } from '@ad/graph';
import { gradient, pushforward } from '@ad/backprop';

/** Which mode computes a gradient: one product with each unit vector, or one sweep. */
export type Mode = 'forward' | 'reverse';

/** A function and its gradient at a vector node, by one mode and no other. */
export function valueAndSlope(
  f: (x: GraphNode) => GraphNode,
  mode: Mode,
): (x: GraphNode) => { readonly value: GraphNode; readonly slope: GraphNode } {
  return (at) => {
    // A node of its own: the gradient is with respect to this use of it.
    const x = at.mul(1);
    const value = f(x);
    if (mode === 'reverse') return { value, slope: gradient(value, x) };
    const n = x.shape[0]!;
    let slope: GraphNode | undefined;
    for (let i = 0; i < n; i++) {
      const unit = x.graph.constant(Float64Array.from({ length: n }, (_, j) => Number(i === j)));
      const along = pushforward(value, x, unit).mul(unit);
      slope = slope === undefined ? along : slope.add(along);
    }
    return { value, slope: slope! };
  };
}

const START_SIZE = 1e-5;
const TOLERANCE = 1e-5;
const GROW_AFTER = 10;

/** The minimizer of a function, as a loop in the graph. */
export function argminInGraph(
  f: (x: GraphNode) => GraphNode,
  start: GraphNode,
  mode: Mode,
): GraphNode {
  const both = valueAndSlope(f, mode);
  const { graph } = start;
  const first = both(start);
  const { x } = whileLoop(
    ({ slope, size, count }) => {
      const square = slope.square().sum();
      const isLong = square.greater(TOLERANCE ** 2);
      const moves = square.mul(size.square()).greater(TOLERANCE ** 2);
      return isLong.and(count.equal(GROW_AFTER).or(moves));
    },
    ({ x: now, value, slope, size, count }) => {
      const grows = count.equal(GROW_AFTER);
      const next = now.sub(slope.mul(size));
      const there = both(next);
      const isBetter = there.value.less(value);
      const goes = isBetter.and(grows.not());
      return {
        x: goes.where(next, now),
        value: goes.where(there.value, value),
        slope: goes.where(there.slope, slope),
        size: size.mul(grows.where(2, isBetter.where(1, 0.5))),
        count: goes.where(count.add(1), 0),
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
