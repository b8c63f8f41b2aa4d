/**
 * `ba`: reprojection errors of bundle adjustment, and their sparse Jacobian. An observation depends on its camera, its
 * point and its weight alone, so all observations are computed side by side, and the derivatives of the sum of one
 * component over all of them are those of each.
 */
import { compile } from '@ad/compiler';
import {
  concat,
  Graph,
  type GraphNode,
  less,
  sizeOf,
  split,
  stack,
  take,
  tensor,
  where,
} from '@ad/graph';
import { gradient } from '@ad/backprop';
import type { Eval } from '../eval.ts';
import { countOf, fieldsOf, numberOf, vectorOf } from '../input.ts';

const [CAMERA, POINT] = [11, 3];
/** The numbers of an observation: camera, point, weight. */
const WIDTH = CAMERA + POINT + 1;

type Vector = readonly [GraphNode, GraphNode, GraphNode];

const dot = (a: Vector, b: Vector): GraphNode =>
  a[0].mul(b[0]).add(a[1].mul(b[1])).add(a[2].mul(b[2]));

const cross = (a: Vector, b: Vector): Vector => [
  a[1].mul(b[2]).sub(a[2].mul(b[1])),
  a[2].mul(b[0]).sub(a[0].mul(b[2])),
  a[0].mul(b[1]).sub(a[1].mul(b[0])),
];

/**
 * A point turned about an axis, by an angle that is the length of the axis: the formula of Rodrigues. For small angles
 * its two quotients are series, since their derivatives would cancel.
 */
function rotate(axis: Vector, point: Vector): Vector {
  const square = dot(axis, axis);
  const isSmall = less(square, 1e-4);
  const angle = where(isSmall, 1, square).sqrt();
  const series = (a: number, b: number, c: number): GraphNode =>
    square.mul(c).add(b).mul(square).add(a);
  const across = where(isSmall, series(1, -1 / 6, 1 / 120), angle.sin().div(angle));
  const versine = angle.cos().neg().add(1);
  const bend = where(isSmall, series(1 / 2, -1 / 24, 1 / 720), versine.div(angle.square()));
  const along = dot(axis, point).mul(bend);
  const kept = bend.mul(square).neg().add(1);
  const turned = cross(axis, point);
  return point.map((component, k) =>
    component.mul(kept).add(turned[k]!.mul(across)).add(axis[k]!.mul(along)),
  ) as unknown as Vector;
}

/** The two errors of an observation, from its numbers and the feature that was seen. */
function reprojection(
  numbers: readonly GraphNode[],
  feature: readonly [GraphNode, GraphNode],
): [GraphNode, GraphNode] {
  const at = (k: number): GraphNode => numbers[k]!;
  const centred: Vector = [at(11).sub(at(3)), at(12).sub(at(4)), at(13).sub(at(5))];
  const [x, y, z] = rotate([at(0), at(1), at(2)], centred);
  const [u, v] = [x.div(z), y.div(z)];
  const square = u.square().add(v.square());
  const distortion = at(9).mul(square).add(at(10).mul(square.square())).add(1);
  const seen = (coordinate: GraphNode, centre: GraphNode, measured: GraphNode): GraphNode =>
    coordinate.mul(distortion).mul(at(6)).add(centre).sub(measured).mul(at(14));
  return [seen(u, at(7), feature[0]), seen(v, at(8), feature[1])];
}

function read(input: unknown) {
  const fields = fieldsOf(input, 'the input');
  const [n, m, p] = [countOf(fields, 'n', 1), countOf(fields, 'm', 1), countOf(fields, 'p', 1)];
  const camera = vectorOf(fields['cam'], 'cam', CAMERA);
  const point = vectorOf(fields['x'], 'x', POINT);
  const weight = numberOf(fields, 'w');
  const feature = vectorOf(fields['feat'], 'feat', 2);
  const repeated = (row: Float64Array, count: number): Float64Array => {
    const all = new Float64Array(row.length * count);
    for (let i = 0; i < count; i++) all.set(row, i * row.length);
    return all;
  };
  const graph = new Graph();
  const array = (name: string, data: Float64Array, columns: number): GraphNode =>
    graph.input(name, { value: tensor(data, { shape: [data.length / columns, columns] }) });
  const index = (name: string, end: number): GraphNode =>
    graph.input(name, { value: new Int32Array(p).map((_, i) => i % end) });
  const [cameraOf, pointOf] = [index('cameraOf', n), index('pointOf', m)];
  const cameras = take(array('cameras', repeated(camera, n), CAMERA), cameraOf);
  const points = take(array('points', repeated(point, m), POINT), pointOf);
  const weights = graph.input('weights', { value: new Float64Array(p).fill(weight) });
  const features = array('features', repeated(feature, p), 2);
  const columns = (matrix: GraphNode): GraphNode[] =>
    split(matrix, matrix.shape[1]!, 1).map((column) => column.reshape([p]));
  const numbers = [...columns(cameras), ...columns(points), weights];
  const [u, v] = columns(features);
  const errors = reprojection(numbers, [u!, v!]);
  const weightError = weights.square().neg().add(1);
  return { n, m, p, cameraOf, pointOf, numbers, errors, weightError };
}

/** The elements of the Jacobian: those of both rows of each observation, then those of the weights. */
function laidOut(observations: GraphNode, weights: GraphNode): GraphNode {
  return concat(
    [observations, weights].map((part) => part.reshape([sizeOf(part.shape)])),
    0,
  );
}

/** The columns of the elements: those of the numbers of each observation, gathered as these are. */
function columnsOf({ n, m, p, cameraOf, pointOf }: ReturnType<typeof read>): GraphNode {
  const { graph } = cameraOf;
  const numbered = (start: number, count: number, width: number): GraphNode => {
    const numbers = new Int32Array(count * width).map((_, k) => start + k);
    return graph.constant(tensor(numbers, { shape: [count, width] }));
  };
  const cameras = take(numbered(0, n, CAMERA), cameraOf);
  const points = take(numbered(CAMERA * n, m, POINT), pointOf);
  const weights = numbered(CAMERA * n + POINT * m, p, 1);
  const row = concat([cameras, points, weights], 1);
  return laidOut(concat([row, row], 1), weights);
}

/** Where the rows of the Jacobian start. */
function startRows(starts: Int32Array, p: number): void {
  for (let row = 0; row <= 2 * p; row++) starts[row] = WIDTH * row;
  for (let row = 1; row <= p; row++) starts[2 * p + row] = 2 * WIDTH * p + row;
}

/** What is sent of an array: the elements of the first observation, and the last element. */
function ends(values: ArrayLike<number>): number[] {
  const count = Math.min(2 * WIDTH, values.length);
  const first = Array.from({ length: count }, (_, i) => values[i]!);
  return [...first, values[values.length - 1]!];
}

/** `ba`. */
export const ba: Eval = {
  name: 'ba',
  functions: {
    objective: (input) => {
      const { p, errors, weightError } = read(input);
      const program = compile({ outputs: [stack(errors, 1), weightError] });

      return {
        run: () => program.execute(),
        output: () => {
          const [elements, weights] = program.outputs;
          return {
            reproj_error: { elements: [elements![0], elements![1]], repeated: p },
            w_err: { element: weights![0], repeated: p },
          };
        },
      };
    },
    jacobian: (input) => {
      const bundle = read(input);
      const { p, numbers, errors, weightError } = bundle;
      const slopes = errors.flatMap((error) => gradient(error.sum(), numbers));
      const observations = stack(slopes, 1);
      const values = laidOut(observations, gradient(weightError.sum(), numbers.at(-1)!));
      const program = compile({ outputs: [columnsOf(bundle), values] });

      const starts = new Int32Array(3 * p + 1);
      return {
        run: () => {
          startRows(starts, p);
          program.execute();
        },
        output: () => {
          const [columns, elements] = program.outputs;
          return { rows: ends(starts), cols: ends(columns!), vals: ends(elements!) };
        },
      };
    },
  },
};
