/**
 * `ht`: a hand of bones and skin is posed, and compared with points that were seen; the Jacobian by forward mode. Only
 * vertices that a correspondence touches are moved. A vertex is a sum over bones of weight times transformed place: one
 * product of matrices, of which one does not depend on the pose.
 */
import {
  concat,
  expandDims,
  Graph,
  type GraphNode,
  slice,
  split,
  stack,
  take,
  tensor,
} from '@ad/graph';
import { jacobian, pushforward } from '@ad/backprop';
import { type Eval, flat, program, rowsOf } from '../eval.ts';
import {
  fieldsOf,
  indexRowsOf,
  indicesOf,
  InputError,
  listOf,
  type Matrix,
  matrixOf,
  vectorOf,
} from '../input.ts';

/** What is read. */
interface Hand {
  readonly theta: Float64Array;
  /** Two for each correspondence, or none. */
  readonly us: Matrix | undefined;
  readonly points: Matrix;
  readonly parents: readonly number[];
  /** 4 x 4 each. */
  readonly relatives: readonly Float64Array[];
  readonly inverses: readonly Float64Array[];
  readonly isMirrored: boolean;
  /** Of the vertices that are touched: homogeneous places, and weights by bone. */
  readonly places: Matrix;
  readonly weights: Matrix;
  /** For each correspondence the touched vertices that it reads: three of a triangle, or one. */
  readonly corners: readonly Int32Array[];
}

function read(input: unknown): Hand {
  const fields = fieldsOf(input, 'the input');
  const data = fieldsOf(fields['data'], 'data');
  const model = fieldsOf(data['model'], 'data.model');
  const weights = matrixOf(model['weights'], 'weights');
  const places = matrixOf(model['base_positions'], 'base_positions', 4);
  const matrices = (name: string): Float64Array[] =>
    listOf(model[name], name).map((value, k) => {
      const { rows, data: elements } = matrixOf(value, `${name}[${k}]`, 4);
      if (rows !== 4) throw new InputError(`${name}[${k}] has ${rows} rows, expected 4`);
      return elements;
    });
  const relatives = matrices('base_relatives');
  const inverses = matrices('inverse_base_absolutes');
  const parents = [...vectorOf(model['parents'], 'parents', relatives.length)];
  const wrong = parents.findIndex(
    (parent, bone) => !Number.isInteger(parent) || parent < -1 || parent >= bone,
  );
  if (wrong >= 0)
    throw new InputError(`parents[${wrong}] is ${parents[wrong]}, expected -1 or an earlier bone`);
  if (
    weights.columns !== relatives.length ||
    inverses.length !== relatives.length ||
    weights.rows !== places.rows
  )
    throw new InputError('weights, base_positions and the matrices of the bones differ in number');
  const us = listOf(fields['us'], 'us').length === 0 ? undefined : matrixOf(fields['us'], 'us', 2);
  const points = matrixOf(data['points'], 'points', 3);
  const triangles = indexRowsOf(model['triangles'], 'triangles', places.rows, 3);
  const seen = indicesOf(
    data['correspondences'],
    'correspondences',
    us === undefined ? places.rows : triangles.length / 3,
  );
  if (seen.length !== points.rows || (us !== undefined && us.rows !== points.rows))
    throw new InputError('points, correspondences and us differ in number');
  const vertices =
    us === undefined
      ? [seen]
      : [0, 1, 2].map((corner) => seen.map((index) => triangles[3 * index + corner]!));
  // The vertices that are touched get numbers of their own.
  const numbers = new Int32Array(places.rows).fill(-1);
  const touched: number[] = [];
  for (const list of vertices) {
    for (const vertex of list)
      if (numbers[vertex] === -1) numbers[vertex] = touched.push(vertex) - 1;
  }
  const chosen = ({ columns, data: all }: Matrix): Matrix => {
    const kept = new Float64Array(touched.length * columns);
    touched.forEach((vertex, k) =>
      kept.set(all.subarray(vertex * columns, (vertex + 1) * columns), k * columns),
    );
    return { rows: touched.length, columns, data: kept };
  };
  return {
    theta: vectorOf(fields['theta'], 'theta', 26),
    us,
    points,
    parents,
    relatives,
    inverses,
    isMirrored: model['is_mirrored'] === true,
    places: chosen(places),
    weights: chosen(weights),
    corners: vertices.map((list) => list.map((vertex) => numbers[vertex]!)),
  };
}

/** A matrix from its rows of scalar nodes and numbers. */
function matrixOfNodes(
  graph: Graph,
  rows: readonly (readonly (GraphNode | number)[])[],
): GraphNode {
  const node = (element: GraphNode | number): GraphNode =>
    typeof element === 'number' ? graph.constant(element) : element;
  const columns = rows[0]!.length;
  return stack(rows.flat().map(node)).reshape([rows.length, columns]);
}

/** The turn of a finger joint, 4 x 4: about x, then y, then z, where only x and z may turn. */
function jointTurn(graph: Graph, x: GraphNode | undefined, z: GraphNode | undefined): GraphNode {
  const [cx, sx] = x === undefined ? [1, 0] : [x.cos(), x.sin()];
  const [cz, sz] = z === undefined ? [1, 0] : [z.cos(), z.sin()];
  const times = (a: GraphNode | number, b: GraphNode | number): GraphNode | number =>
    typeof a === 'number' ? (typeof b === 'number' ? a * b : b.mul(a)) : a.mul(b);
  const minus = (a: GraphNode | number): GraphNode | number =>
    typeof a === 'number' ? -a : a.neg();
  return matrixOfNodes(graph, [
    [cz, minus(times(sz, cx)), times(sz, sx), 0],
    [sz, times(cz, cx), minus(times(cz, sx)), 0],
    [0, sx, cx, 0],
    [0, 0, 0, 1],
  ]);
}

/** The rotation about an axis by its length; the identity for a very short one. */
function rotation(axis: GraphNode, isShort: boolean): GraphNode {
  const { graph } = axis;
  if (isShort)
    return matrixOfNodes(graph, [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
  const angle = axis.square().sum().sqrt();
  const [x, y, z] = split(axis.div(angle), 3).map((part) => part.reshape([])) as [
    GraphNode,
    GraphNode,
    GraphNode,
  ];
  const [c, s] = [angle.cos(), angle.sin()];
  const rest = c.neg().add(1);
  const off = (a: GraphNode, b: GraphNode, d: GraphNode, sign: 1 | -1): GraphNode =>
    a.mul(b).mul(rest).add(d.mul(s).mul(sign));
  const along = (a: GraphNode): GraphNode => a.square().add(a.square().neg().add(1).mul(c));
  return matrixOfNodes(graph, [
    [along(x), off(x, y, z, -1), off(x, z, y, 1)],
    [off(x, y, z, 1), along(y), off(y, z, x, -1)],
    [off(x, z, y, -1), off(y, z, x, 1), along(z)],
  ]);
}

/** The turns of all bones for a pose: the first joint of each finger about two axes, two more about one. */
function turns(theta: GraphNode, bones: number): (GraphNode | undefined)[] {
  const angles = split(theta, 26).map((angle) => angle.reshape([]));
  const all = new Array<GraphNode | undefined>(bones).fill(undefined);
  let next = 6;
  for (let finger = 0, bone = 2; finger < 5; finger++, bone += 4) {
    for (let joint = 0; joint < 3; joint++) {
      const x = angles[next++];
      const z = joint === 0 ? angles[next++] : undefined;
      if (bone + joint < bones) all[bone + joint] = jointTurn(theta.graph, x, z);
    }
  }
  return all;
}

/** The nodes of a hand: what the errors are differentiated with respect to, and what stays. */
interface HandNodes {
  readonly theta: GraphNode;
  readonly us: GraphNode | undefined;
  /** Weights times homogeneous places, [vertices, 4 bones]. */
  readonly weighted: GraphNode;
  readonly corners: readonly GraphNode[];
  readonly points: GraphNode;
}

function nodesOf(hand: Hand): HandNodes {
  const graph = new Graph();
  const matrix = (name: string, { rows, columns, data }: Matrix): GraphNode =>
    graph.input(name, { value: tensor(data, { shape: [rows, columns] }) });
  const { places, weights, us, points, theta } = hand;
  return {
    theta: graph.input('theta', { value: theta }),
    us: us === undefined ? undefined : matrix('us', us),
    weighted: expandDims(matrix('weights', weights), 2)
      .mul(expandDims(matrix('places', places), 1))
      .reshape([places.rows, 4 * weights.columns]),
    corners: hand.corners.map((corner, k) => graph.input(`corner${k}`, { value: corner })),
    points: matrix('points', points),
  };
}

/** The places of the touched vertices for a pose, [vertices, 3]. */
function skin(hand: Hand, theta: GraphNode, weighted: GraphNode): GraphNode {
  const { graph } = theta;
  const constant = (data: Float64Array): GraphNode =>
    graph.constant(tensor(data, { shape: [4, 4] }));
  const posed = turns(theta, hand.parents.length);
  const absolutes: GraphNode[] = [];
  const transforms = hand.parents.map((parent, bone) => {
    const turn = posed[bone];
    const own = constant(hand.relatives[bone]!);
    const relative = turn === undefined ? own : own.matmul(turn);
    absolutes.push(parent < 0 ? relative : absolutes[parent]!.matmul(relative));
    // The last row is (0, 0, 0, 1): three rows, turned, so that places stand on the left.
    return slice(absolutes[bone]!.matmul(constant(hand.inverses[bone]!)), [{ end: 3 }]).transpose();
  });
  let vertices = weighted.matmul(concat(transforms, 0));
  if (hand.isMirrored) vertices = vertices.mul(graph.constant(tensor([-1, 1, 1])));
  const isShort = Math.hypot(...hand.theta.subarray(0, 3)) < 1e-4;
  const globally = rotation(slice(theta, [{ end: 3 }]), isShort);
  return vertices.matmul(globally.transpose()).add(slice(theta, [{ start: 3, end: 6 }]));
}

/** The errors for a pose, one after the other. */
function errors(
  hand: Hand,
  { us, weighted, corners, points }: HandNodes,
  theta: GraphNode,
): GraphNode {
  const vertices = skin(hand, theta, weighted);
  const [a, b, c] = corners.map((corner) => take(vertices, corner));
  let places = a!;
  if (us !== undefined) {
    const [u, v] = split(us, 2, 1);
    const rest = u!.add(v!).neg().add(1);
    places = a!.mul(u!).add(b!.mul(v!)).add(c!.mul(rest));
  }
  return points.sub(places).reshape([3 * hand.points.rows]);
}

/** `ht`. */
export const ht: Eval = {
  name: 'ht',
  functions: {
    objective: (input) => {
      const hand = read(input);
      const nodes = nodesOf(hand);
      return program([errors(hand, nodes, nodes.theta)], flat);
    },
    jacobian: (input) => {
      const hand = read(input);
      const nodes = nodesOf(hand);
      const { theta, us } = nodes;
      const byPose = jacobian((pose: GraphNode) => errors(hand, nodes, pose), { mode: 'forward' })(
        theta,
      );
      // A point has two numbers of its own: those of all points move at once.
      const error = errors(hand, nodes, theta);
      const along =
        us === undefined
          ? []
          : [0, 1].map((k) => {
              const direction = us.graph.constant(tensor([[1 - k, k]])).broadcastTo(us.shape);
              return expandDims(pushforward(error, us, direction), 1);
            });
      const columns = concat([...along, byPose], 1);
      return program([columns], ([values]) => rowsOf(values!, columns.shape[1]!));
    },
  },
};
