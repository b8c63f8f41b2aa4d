/** Random graphs with values for their inputs: shared subexpressions, repeated operands, dead nodes, constants. */
import {
  apply,
  Graph,
  type GraphNode,
  less,
  logSumExp,
  max,
  slice,
  softmax,
  squeeze,
  tensor,
  type Tensor,
  where,
} from '@ad/graph';
import fc from 'fast-check';
import { realRows } from './elementwise.ts';

/** A graph, a node to evaluate, and a value for every input. */
export interface RandomGraph {
  readonly graph: Graph;
  readonly output: GraphNode;
  readonly feeds: Readonly<Record<string, Tensor>>;
}

/** One node to be: which operation, on which of the nodes so far (modulo their number). */
const step = fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat());
const plans = fc.array(step, { minLength: 1, maxLength: 40 });
const inputValue = fc.oneof(
  fc.integer({ min: -40, max: 40 }).map((i) => i / 8),
  fc.constantFrom(0, -0, 1, 1e-310, 1e200),
);

const smooth = realRows.filter((row) => row.operandKinds === undefined);

/** Graphs of scalars over every operation that takes real numbers. */
export const scalarGraphs: fc.Arbitrary<RandomGraph> = fc
  .tuple(plans, fc.array(inputValue, { minLength: 1, maxLength: 4 }))
  .map(([plan, values]) => {
    const graph = new Graph();
    const nodes = values.map((_, i) => graph.input(`x${i}`));
    nodes.push(graph.constant(0.75), graph.constant(-2));
    for (const [which, ...places] of plan) {
      const row = smooth[which % smooth.length]!;
      const operands = places.slice(0, row.arity).map((place) => nodes[place % nodes.length]!);
      nodes.push(apply(row, operands));
    }
    const feeds = Object.fromEntries(values.map((value, i) => [`x${i}`, tensor(value)]));
    return { graph, output: nodes.at(-1)!, feeds };
  });

/** Shapes that all broadcast together. */
const shapesInUse: readonly (readonly number[])[] = [[], [3], [2, 3], [2, 1], [1, 1, 3]];

/** What else arrays can do, giving shapes that still broadcast with all the others. */
const structured: readonly ((x: GraphNode, y: GraphNode) => GraphNode)[] = [
  (x) => x.sum({ keepDims: true }),
  (x) => max(x, { keepDims: true }),
  (x) => (x.shape.length === 0 ? x : x.mean({ axes: -1, keepDims: true })),
  (x) => logSumExp(x),
  (x) => (x.shape.length === 0 ? x : softmax(x)),
  (x) =>
    slice(
      x,
      x.shape.map(() => ({ step: -1 })),
    ),
  (x) => x.transpose().transpose(),
  (x, y) => where(less(x, y), x, y),
  (x) => squeeze(x.broadcastTo([...(x.shape.length < 3 ? [1] : []), ...x.shape]), 0),
  (x) =>
    x
      .reshape([-1, 1])
      .matmul(x.graph.constant([[1, -1]]))
      .sum({ axes: 1 })
      .reshape(x.shape),
];

/** Graphs of arrays: elementwise operations with broadcasting, reductions, layouts, choices. */
export const tensorGraphs: fc.Arbitrary<RandomGraph> = fc
  .tuple(
    plans,
    fc.array(fc.tuple(fc.nat(), fc.array(inputValue, { minLength: 6, maxLength: 6 })), {
      minLength: 1,
      maxLength: 4,
    }),
  )
  .map(([plan, values]) => {
    const graph = new Graph();
    const inputs = values.map(([which, elements]) => {
      const shape = shapesInUse[which % shapesInUse.length]!;
      return tensor(
        elements.slice(
          0,
          shape.reduce((size, d) => size * d, 1),
        ),
        { shape },
      );
    });
    const nodes = inputs.map(({ shape }, i) => graph.input(`x${i}`, { shape }));
    nodes.push(graph.constant(0.75), graph.constant([1, -2, 0.5]));
    for (const [which, ...places] of plan) {
      const choice = which % (smooth.length + 2 * structured.length);
      const operands = places.map((place) => nodes[place % nodes.length]!);
      const row = smooth[choice];
      nodes.push(
        row === undefined
          ? structured[(choice - smooth.length) % structured.length]!(operands[0]!, operands[1]!)
          : apply(row, operands.slice(0, row.arity)),
      );
    }
    const feeds = Object.fromEntries(inputs.map((value, i) => [`x${i}`, value]));
    return { graph, output: nodes.at(-1)!, feeds };
  });
