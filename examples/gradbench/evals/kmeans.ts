/**
 * `kmeans`: the sum of squared distances from points to their closest centroids, and the step of Newton's method. The
 * Hessian is diagonal, so its product with a vector of ones is all of it.
 */
import { argMin, Graph, type GraphNode, take, tensor } from '@ad/graph';
import { gradient, pushforward } from '@ad/backprop';
import { type Eval, program, rowsOf, scalar } from '../eval.ts';
import { fieldsOf, InputError, matrixOf } from '../input.ts';

/**
 * The cost as a node. Which centroid is closest is decided by $|c|^2 / 2 - p \cdot c$, products of matrices; the distance
 * itself is computed for that one alone, without cancellation.
 */
function kmeansCost(points: GraphNode, centroids: GraphNode): GraphNode {
  const scores = centroids
    .square()
    .sum({ axes: 1 })
    .mul(0.5)
    .sub(points.matmul(centroids.transpose()));
  const closest = argMin(scores, 1);
  return points.sub(take(centroids, closest)).square().sum();
}

function read(input: unknown): { readonly cost: GraphNode; readonly centroids: GraphNode } {
  const fields = fieldsOf(input, 'the input');
  const points = matrixOf(fields['points'], 'points');
  const centroids = matrixOf(fields['centroids'], 'centroids', points.columns);
  if (points.rows === 0 || centroids.rows === 0)
    throw new InputError('points or centroids are empty');
  const graph = new Graph();
  const node = (name: string, { rows, columns, data }: typeof points): GraphNode =>
    graph.input(name, { value: tensor(data, { shape: [rows, columns] }) });
  const c = node('centroids', centroids);
  return { cost: kmeansCost(node('points', points), c), centroids: c };
}

/** `kmeans`. */
export const kmeans: Eval = {
  name: 'kmeans',
  functions: {
    cost: (input) => program([read(input).cost], scalar),
    dir: (input) => {
      const { cost, centroids } = read(input);
      const slope = gradient(cost, centroids);
      const ones = centroids.graph.constant(1).broadcastTo(centroids.shape);
      const curvature = pushforward(slope, centroids, ones);
      const columns = centroids.shape[1]!;
      return program([slope.div(curvature)], ([step]) => rowsOf(step!, columns));
    },
  },
};
