/** Random applications of every structured operation of the table: what it accepts, on small integers. */
import { type Attributes, type OperationName, type Shape, type Tensor } from '@ad/graph';
import fc from 'fast-check';
import {
  axesOf,
  broadcastableShapes,
  integersOf,
  integerTensors,
  permutationsOf,
  shapes,
  tensorOf,
} from './arrays.ts';

/** Operands and attributes that an operation accepts. */
export interface Application {
  readonly operands: readonly Tensor[];
  readonly attributes: Attributes;
}

const one = (a: Tensor, attributes: Attributes): Application => ({ operands: [a], attributes });

const counts = (count: number, max: number, min = 0): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min, max }), { minLength: count, maxLength: count });

/** A tensor of truth values. */
function conditionsOf(shape: Shape): fc.Arbitrary<Tensor> {
  return integersOf(shape).map((t) => tensorOf(shape, (index) => t.at(...index) & 1, 'boolean'));
}

function indicesInto(shape: Shape, length: number): fc.Arbitrary<Tensor> {
  return integersOf(shape, 'integer').map((t) => {
    for (let i = 0; i < t.size; i++)
      t.data[i] = (((t.data[i]! % length) + length) % length) - (i % 2) * length;
    return t;
  });
}

/** The axes of a slice: every start, length and step that stays inside. */
const sliceAxis = (length: number): fc.Arbitrary<[start: number, length: number, step: number]> => {
  const all: [number, number, number][] = [
    [0, 0, 1],
    [0, 0, -2],
  ];
  for (let start = 0; start < length; start++) {
    for (const step of [-3, -2, -1, 1, 2, 3]) {
      for (let n = 0; n < 5; n++) {
        const last = start + (n - 1) * step;
        if (n === 0 || (last >= 0 && last < length)) all.push([start, n, step]);
      }
    }
  }
  return fc.constantFrom(...all);
};

const reductions = integerTensors(0, 3, 1).chain((a) =>
  fc
    .record({ axes: axesOf(a.shape.length), keepDims: fc.boolean() })
    .map((attributes) => one(a, attributes)),
);

const conditionReductions = shapes(0, 3).chain((shape) =>
  fc
    .tuple(conditionsOf(shape), axesOf(shape.length), fc.boolean())
    .map(([a, axes, keepDims]) => one(a, { axes, keepDims })),
);

const alongAxis = integerTensors(1, 3, 1).chain((a) =>
  fc.integer({ min: 0, max: a.shape.length - 1 }).map((axis) => one(a, { axis })),
);

/** Stacks of square matrices. */
const squares = fc
  .tuple(shapes(0, 2), fc.integer({ min: 0, max: 3 }))
  .chain(([stack, n]) => integersOf([...stack, n, n]));

/** Stacks of square matrices, and of right-hand sides that go with them. */
const systems = fc.tuple(broadcastableShapes(2), counts(2, 3)).chain(([{ operands }, [n, m]]) => {
  const [a, b] = operands.map((shape) => shape.slice(-2));
  return fc.tuple(integersOf([...a!, n!, n!]), integersOf([...b!, n!, m!]));
});

/** Axes with windows: lengths, sizes, strides and dilations that fit each other. */
interface WindowAxis {
  readonly length: number;
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
}

const windowAxes = (max: number): fc.Arbitrary<WindowAxis[]> =>
  fc.array(
    fc
      .tuple(counts(3, 3, 1), fc.integer({ min: 0, max: 4 }))
      .map(([[size, stride, dilation], more]) => {
        const [k, s, d] = [size!, stride!, dilation!];
        return { length: (k - 1) * d + 1 + more, size: k, stride: s, dilation: d };
      }),
    { maxLength: max },
  );

const lists = (axes: readonly WindowAxis[]) => ({
  sizes: axes.map(({ size }) => size),
  strides: axes.map(({ stride }) => stride),
  dilations: axes.map(({ dilation }) => dilation),
  lengths: axes.map(({ length }) => length),
  counts: axes.map(({ length, size, stride, dilation }) =>
    Math.floor((length - (size - 1) * dilation - 1) / stride + 1),
  ),
});

/** Keys, and what to draw under each of them. */
const draws = fc
  .tuple(shapes(0, 2), shapes(0, 2))
  .chain(([stack, shape]) =>
    integersOf([...stack, 2], 'integer').map((key) => one(key, { shape })),
  );

/** One generator for each operation that is neither a leaf nor elementwise, strong variants apart. */
const ORDINARY: Partial<Record<OperationName, fc.Arbitrary<Application>>> = {
  sum: integerTensors().chain((a) =>
    fc
      .record({ axes: axesOf(a.shape.length), keepDims: fc.boolean() })
      .map((attributes) => one(a, attributes)),
  ),
  cumSum: integerTensors(1, 4).chain((a) =>
    fc
      .record({ axis: fc.integer({ min: 0, max: a.shape.length - 1 }), reverse: fc.boolean() })
      .map((attributes) => one(a, attributes)),
  ),
  broadcast: broadcastableShapes(2).chain(({ operands: [shape], result }) =>
    integersOf(shape!).map((a) => one(a, { shape: result })),
  ),
  reshape: integerTensors().chain((a) =>
    permutationsOf(a.shape.length).map((order) =>
      one(a, { shape: [1, ...order.map((axis) => a.shape[axis]!)] }),
    ),
  ),
  transpose: integerTensors().chain((a) =>
    permutationsOf(a.shape.length).map((permutation) => one(a, { permutation })),
  ),
  slice: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 3 }).chain((shape) =>
    fc.tuple(integersOf(shape), fc.tuple(...shape.map(sliceAxis))).map(([a, axes]) =>
      one(a, {
        starts: axes.map(([start]) => start),
        lengths: axes.map(([, length]) => length),
        steps: axes.map(([, , step]) => step),
      }),
    ),
  ),
  pad: integerTensors(0, 3).chain((a) => {
    const per = counts(a.shape.length, 2);
    return fc
      .record({ before: per, after: per, between: per })
      .map((attributes) => one(a, attributes));
  }),
  concat: shapes(1, 3).chain((shape) =>
    fc
      .tuple(
        fc.integer({ min: 0, max: shape.length - 1 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
      )
      .chain(([axis, lengths]) =>
        fc
          .tuple(
            ...lengths.map((length) => integersOf(shape.map((d, i) => (i === axis ? length : d)))),
          )
          .map((operands) => ({ operands, attributes: { axis } })),
      ),
  ),
  gather: shapes(1, 3, 1).chain((shape) =>
    fc.integer({ min: 0, max: shape.length - 1 }).chain((axis) =>
      fc
        .tuple(
          integersOf(shape),
          shapes(0, 2).chain((of) => indicesInto(of, shape[axis]!)),
        )
        .map((operands) => ({ operands, attributes: { axis } })),
    ),
  ),
  scatterAdd: fc
    .tuple(shapes(0, 1), shapes(0, 2), shapes(0, 1), fc.integer({ min: 1, max: 4 }))
    .chain(([outer, at, inner, length]) =>
      fc
        .tuple(integersOf([...outer, ...at, ...inner]), indicesInto(at, length))
        .map((operands) => ({ operands, attributes: { axis: outer.length, length } })),
    ),
  toInteger: integerTensors().map((a) => one(a, {})),
  stopGradient: fc
    .tuple(shapes(), fc.constantFrom('real', 'integer'))
    .chain(([shape, kind]) => integersOf(shape, kind))
    .map((a) => one(a, {})),
  philox: broadcastableShapes(2).chain(({ operands: [counters, keys] }) =>
    fc
      .tuple(integersOf([...counters!, 4], 'integer'), integersOf([...keys!, 2], 'integer'))
      .map((operands) => ({ operands, attributes: {} })),
  ),
  uniform: draws,
  normal: draws,
  convolution: fc.tuple(counts(4, 2), windowAxes(2)).chain(([[n, g, o, c], axes]) => {
    const { sizes, strides, dilations, lengths } = lists(axes);
    return fc
      .tuple(integersOf([n!, g!, c!, ...lengths]), integersOf([g!, o!, c!, ...sizes]))
      .map((operands) => ({ operands, attributes: { strides, dilations } }));
  }),
  windows: fc.tuple(shapes(0, 1), windowAxes(2)).chain(([lead, axes]) => {
    const { sizes, strides, dilations, lengths } = lists(axes);
    return integersOf([...lead, ...lengths]).map((x) => one(x, { sizes, strides, dilations }));
  }),
  overlapAdd: fc.tuple(shapes(0, 1), windowAxes(2)).chain(([lead, axes]) => {
    const { sizes, strides, dilations, lengths, counts: how } = lists(axes);
    return integersOf([...lead, ...sizes, ...how]).map((x) =>
      one(x, { lengths, strides, dilations }),
    );
  }),
  matmul: fc.tuple(broadcastableShapes(2), counts(3, 3)).chain(([{ operands }, [n, k, m]]) => {
    const [left, right] = operands.map((shape) => shape.slice(-2));
    return fc
      .tuple(integersOf([...left!, n!, k!]), integersOf([...right!, k!, m!]))
      .map((pair) => ({ operands: pair, attributes: {} }));
  }),
  solve: systems.map((operands) => ({ operands, attributes: {} })),
  triangularSolve: fc
    .tuple(systems, fc.boolean(), fc.boolean(), fc.boolean())
    .map(([operands, lower, transposed, unitDiagonal]) => ({
      operands,
      attributes: { lower, transposed, unitDiagonal },
    })),
  inverse: squares.map((a) => one(a, {})),
  cholesky: squares.map((a) => one(a, {})),
  determinant: squares.map((a) => one(a, {})),
  logAbsDeterminant: squares.map((a) => one(a, {})),
  determinantSign: squares.map((a) => one(a, {})),
  cofactors: squares.map((a) => one(a, {})),
  singularFrame: fc.tuple(squares, fc.boolean()).map(([a, right]) => one(a, { right })),
  max: reductions,
  min: reductions,
  logSumExp: reductions,
  prod: reductions,
  norm: reductions,
  argMax: alongAxis,
  argMin: alongAxis,
  any: conditionReductions,
  all: conditionReductions,
  oneHot: fc
    .tuple(shapes(0, 2), fc.integer({ min: 1, max: 4 }))
    .chain(([shape, depth]) => indicesInto(shape, depth).map((at) => one(at, { depth }))),
  joinIndices: fc
    .tuple(shapes(1, 3), fc.integer({ min: 1, max: 4 }))
    .chain(([shape, length]) =>
      fc
        .tuple(indicesInto(shape, length), fc.integer({ min: 0, max: shape.length - 1 }))
        .map(([at, axis]) => one(at, { axis, length })),
    ),
  argSort: integerTensors(1, 3).chain((a) =>
    fc
      .integer({ min: 0, max: a.shape.length - 1 })
      .chain((axis) =>
        fc
          .record({ descending: fc.boolean(), within: fc.integer({ min: -1, max: axis }) })
          .map((rest) => one(a, { axis, ...rest })),
      ),
  ),
};

/** One generator for each operation of the table that is neither a leaf nor elementwise. */
export const APPLICATIONS: Partial<Record<OperationName, fc.Arbitrary<Application>>> = {
  ...ORDINARY,
  strongMatmul: ORDINARY.matmul!,
  strongConvolution: ORDINARY.convolution!,
  strongSolve: ORDINARY.solve!,
  strongTriangularSolve: ORDINARY.triangularSolve!,
};
