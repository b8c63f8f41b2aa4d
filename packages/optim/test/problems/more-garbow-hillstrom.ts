/**
 * The 35 problems of Moré, Garbow and Hillstrom: sums of squares of residuals, with standard starts and known minima.
 *
 * Source: J. Moré, B. Garbow, K. Hillstrom, Testing unconstrained optimization software, ACM Trans. Math. Software 7,
 * 1981. Problem 11 is printed there with $y_i m i x_2$ in the place of $y_i - x_2$; its minimum shows what is meant.
 */
import {
  atan,
  concat,
  cumSum,
  type GraphNode,
  greater,
  hypot,
  reciprocal,
  slice,
  split,
  Tensor,
  where,
} from '@ad/graph';

/** One of the problems. */
export interface TestProblem {
  /** The number in the paper. */
  readonly number: number;
  /** The name in the paper. */
  readonly name: string;
  /** The standard start. */
  readonly start: Float64Array;
  /** The residuals, of a vector of the size of the start. */
  readonly residuals: (x: GraphNode) => GraphNode;
  /**
   * The values that the paper gives for minima, to six digits, the least first, and what limits are known for sequences
   * that run to infinity.
   */
  readonly minima: readonly number[];
}

/** The elements of a vector, each of shape [1]; there are never more looked at than there are. */
type Elements = readonly [
  GraphNode,
  GraphNode,
  GraphNode,
  GraphNode,
  GraphNode,
  GraphNode,
  GraphNode,
  GraphNode,
  GraphNode,
  GraphNode,
  GraphNode,
];

const vector = (values: Iterable<number>): Tensor => {
  const data = Float64Array.from(values);
  return new Tensor([data.length], 'real', data);
};

/** The values of a function of 1, 2, ..., m. */
const over = (m: number, f: (i: number) => number): Tensor =>
  vector(Array.from({ length: m }, (_, k) => f(k + 1)));

const problem = (
  number: number,
  name: string,
  start: Iterable<number>,
  minima: readonly number[],
  residuals: (x: GraphNode) => GraphNode,
): TestProblem => ({ number, name, start: Float64Array.from(start), minima, residuals });

/** A problem of few variables: its residuals are a function of the elements, returned one by one or as vectors. */
const small = (
  number: number,
  name: string,
  start: readonly number[],
  minima: readonly number[],
  residuals: (x: Elements) => readonly GraphNode[],
): TestProblem =>
  problem(number, name, start, minima, (x) =>
    concat(residuals(split(x, start.length) as unknown as Elements)),
  );

const rosenbrock = (x1: GraphNode, x2: GraphNode): GraphNode[] => [
  x2.sub(x1.square()).mul(10),
  x1.neg().add(1),
];

const powellSingular = (
  x1: GraphNode,
  x2: GraphNode,
  x3: GraphNode,
  x4: GraphNode,
): GraphNode[] => [
  x1.add(x2.mul(10)),
  x3.sub(x4).mul(Math.sqrt(5)),
  x2.sub(x3.mul(2)).square(),
  x1.sub(x4).square().mul(Math.sqrt(10)),
];

/** Every second element, or every fourth, as columns. */
const columns = (x: GraphNode, count: number): GraphNode[] =>
  split(x.reshape([x.shape[0]! / count, count]), count, 1).map((column) =>
    column.reshape([x.shape[0]! / count]),
  );

/** The elements shifted by one place, with a zero coming in. */
const before = (x: GraphNode): GraphNode =>
  concat([slice(x, [{ end: 1 }]).mul(0), slice(x, [{ end: -1 }])]);
const after = (x: GraphNode): GraphNode =>
  concat([slice(x, [{ start: 1 }]), slice(x, [{ end: 1 }]).mul(0)]);

const decay = (height: GraphNode, rate: GraphNode, t: Tensor): GraphNode =>
  height.mul(rate.mul(t).neg().exp());

const BARD = vector([
  0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.1, 4.39,
]);

const GAUSSIAN = vector([
  0.0009, 0.0044, 0.0175, 0.054, 0.1295, 0.242, 0.3521, 0.3989, 0.3521, 0.242, 0.1295, 0.054,
  0.0175, 0.0044, 0.0009,
]);

const MEYER = vector([
  34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307,
  2872,
]);

const KOWALIK_Y = vector([
  0.1957, 0.1947, 0.1735, 0.16, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246,
]);
const KOWALIK_U = vector([4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625]);

const OSBORNE_1 = vector([
  0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.85, 0.818, 0.784, 0.751, 0.718, 0.685, 0.658,
  0.628, 0.603, 0.58, 0.558, 0.538, 0.522, 0.506, 0.49, 0.478, 0.467, 0.457, 0.448, 0.438, 0.431,
  0.424, 0.42, 0.414, 0.411, 0.406,
]);

const OSBORNE_2 = vector([
  1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608, 0.655,
  0.616, 0.606, 0.602, 0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661, 0.612, 0.558,
  0.533, 0.495, 0.5, 0.423, 0.395, 0.375, 0.372, 0.391, 0.396, 0.405, 0.428, 0.429, 0.523, 0.562,
  0.607, 0.653, 0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591, 0.559, 0.597, 0.625, 0.739, 0.71,
  0.729, 0.72, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054,
]);

const N = 10;
const H = 1 / (N + 1);
const GRID = over(N, (i) => i * H);
const PENALTY = Math.sqrt(1e-5);

/** All of them, in the order of the paper. Where a dimension is free it is 10, or what the paper tabulates. */
export const testProblems: readonly TestProblem[] = [
  small(1, 'Rosenbrock', [-1.2, 1], [0], ([x1, x2]) => rosenbrock(x1, x2)),
  small(2, 'Freudenstein and Roth', [0.5, -2], [0, 48.9842], ([x1, x2]) => [
    x1.add(x2.neg().add(5).mul(x2).sub(2).mul(x2)).sub(13),
    x1.add(x2.add(1).mul(x2).sub(14).mul(x2)).sub(29),
  ]),
  small(3, 'Powell badly scaled', [0, 1], [0], ([x1, x2]) => [
    x1.mul(x2).mul(1e4).sub(1),
    x1.neg().exp().add(x2.neg().exp()).sub(1.0001),
  ]),
  small(4, 'Brown badly scaled', [1, 1], [0], ([x1, x2]) => [
    x1.sub(1e6),
    x2.sub(2e-6),
    x1.mul(x2).sub(2),
  ]),
  small(5, 'Beale', [1, 1], [0], ([x1, x2]) =>
    [1.5, 2.25, 2.625].map((y, k) =>
      x1
        .mul(
          x2
            .pow(k + 1)
            .neg()
            .add(1),
        )
        .neg()
        .add(y),
    ),
  ),
  small(6, 'Jennrich and Sampson', [0.3, 0.4], [124.362], ([x1, x2]) => {
    const i = over(10, (i) => i);
    return [
      x1
        .mul(i)
        .exp()
        .add(x2.mul(i).exp())
        .neg()
        .add(over(10, (i) => 2 + 2 * i)),
    ];
  }),
  small(7, 'helical valley', [-1, 0, 0], [0], ([x1, x2, x3]) => {
    const angle = atan(x2.div(x1)).div(2 * Math.PI);
    const turn = where(greater(x1, 0), angle, angle.add(0.5));
    return [x3.sub(turn.mul(10)).mul(10), hypot(x1, x2).sub(1).mul(10), x3];
  }),
  small(8, 'Bard', [1, 1, 1], [8.21487e-3, 17.4286], ([x1, x2, x3]) => {
    const [u, v] = [over(15, (i) => i), over(15, (i) => 16 - i)];
    const w = over(15, (i) => Math.min(i, 16 - i));
    return [
      x1
        .add(reciprocal(x2.mul(v).add(x3.mul(w))).mul(u))
        .neg()
        .add(BARD),
    ];
  }),
  small(9, 'Gaussian', [0.4, 1, 0], [1.12793e-8], ([x1, x2, x3]) => {
    const t = over(15, (i) => (8 - i) / 2);
    return [x1.mul(x2.mul(x3.sub(t).square()).div(-2).exp()).sub(GAUSSIAN)];
  }),
  small(10, 'Meyer', [0.02, 4000, 250], [87.9458], ([x1, x2, x3]) => [
    x1.mul(x2.div(x3.add(over(16, (i) => 45 + 5 * i))).exp()).sub(MEYER),
  ]),
  small(11, 'Gulf research and development', [5, 2.5, 0.15], [0], ([x1, x2, x3]) => {
    const t = over(99, (i) => i / 100);
    const y = over(99, (i) => 25 + (-50 * Math.log(i / 100)) ** (2 / 3));
    return [x2.sub(y).abs().pow(x3).div(x1).neg().exp().sub(t)];
  }),
  small(12, 'Box three-dimensional', [0, 10, 20], [0], ([x1, x2, x3]) => {
    const t = over(10, (i) => i / 10);
    const known = over(10, (i) => Math.exp(-i / 10) - Math.exp(-i));
    return [x1.mul(t).neg().exp().sub(x2.mul(t).neg().exp()).sub(x3.mul(known))];
  }),
  small(13, 'Powell singular', [3, -1, 0, 1], [0], ([x1, x2, x3, x4]) =>
    powellSingular(x1, x2, x3, x4),
  ),
  small(14, 'Wood', [-3, -1, -3, -1], [0], ([x1, x2, x3, x4]) => [
    ...rosenbrock(x1, x2),
    x4.sub(x3.square()).mul(Math.sqrt(90)),
    x3.neg().add(1),
    x2.add(x4).sub(2).mul(Math.sqrt(10)),
    x2.sub(x4).div(Math.sqrt(10)),
  ]),
  small(
    15,
    'Kowalik and Osborne',
    [0.25, 0.39, 0.415, 0.39],
    [3.07505e-4, 1.02734e-3],
    ([x1, x2, x3, x4]) => {
      const u = KOWALIK_U;
      const square = over(11, (i) => u.data[i - 1]! ** 2);
      const top = x1.mul(x2.mul(u).add(square));
      return [top.div(x3.mul(u).add(square).add(x4)).neg().add(KOWALIK_Y)];
    },
  ),
  small(16, 'Brown and Dennis', [25, 5, -5, -1], [85822.2], ([x1, x2, x3, x4]) => {
    const t = over(20, (i) => i / 5);
    const first = x1.add(x2.mul(t)).sub(over(20, (i) => Math.exp(i / 5)));
    const second = x3
      .add(x4.mul(over(20, (i) => Math.sin(i / 5))))
      .sub(over(20, (i) => Math.cos(i / 5)));
    return [first.square().add(second.square())];
  }),
  small(17, 'Osborne 1', [0.5, 1.5, -1, 0.01, 0.02], [5.46489e-5], ([x1, x2, x3, x4, x5]) => {
    const t = over(33, (i) => 10 * (i - 1));
    return [
      x1
        .add(decay(x2, x4, t))
        .add(decay(x3, x5, t))
        .neg()
        .add(OSBORNE_1),
    ];
  }),
  small(18, 'Biggs EXP6', [1, 2, 1, 1, 1, 1], [0, 5.65565e-3], ([x1, x2, x3, x4, x5, x6]) => {
    const t = over(13, (i) => i / 10);
    const y = over(13, (i) => Math.exp(-i / 10) - 5 * Math.exp(-i) + 3 * Math.exp(-0.4 * i));
    return [
      decay(x3, x1, t)
        .sub(decay(x4, x2, t))
        .add(decay(x6, x5, t))
        .sub(y),
    ];
  }),
  small(
    19,
    'Osborne 2',
    [1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5],
    [4.01377e-2],
    ([x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11]) => {
      const t = over(65, (i) => (i - 1) / 10);
      const peak = (height: GraphNode, sharpness: GraphNode, at: GraphNode): GraphNode =>
        height.mul(at.sub(t).square().mul(sharpness).neg().exp());
      const peaks = peak(x2, x6, x9)
        .add(peak(x3, x7, x10))
        .add(peak(x4, x8, x11));
      return [decay(x1, x5, t).add(peaks).neg().add(OSBORNE_2)];
    },
  ),
  problem(20, 'Watson', new Float64Array(6), [2.28767e-3], (x) => {
    const powers = (shift: number): Tensor =>
      new Tensor(
        [29, 6],
        'real',
        Float64Array.from({ length: 29 * 6 }, (_, k) => {
          const [i, j] = [Math.floor(k / 6) + 1, (k % 6) + 1];
          return shift === 0 ? (i / 29) ** (j - 1) : j === 1 ? 0 : (j - 1) * (i / 29) ** (j - 2);
        }),
      );
    const sum = x.mul(powers(0)).sum({ axes: 1 });
    const [x1, x2] = split(x, [1, 1, 4]) as [GraphNode, GraphNode, GraphNode];
    return concat([
      x.mul(powers(1)).sum({ axes: 1 }).sub(sum.square()).sub(1),
      x1,
      x2.sub(x1.square()).sub(1),
    ]);
  }),
  problem(
    21,
    'extended Rosenbrock',
    Array.from({ length: N }, (_, k) => (k % 2 === 0 ? -1.2 : 1)),
    [0],
    (x) => {
      const [odd, even] = columns(x, 2) as [GraphNode, GraphNode];
      return concat(rosenbrock(odd, even));
    },
  ),
  problem(
    22,
    'extended Powell singular',
    Array.from({ length: 12 }, (_, k) => [3, -1, 0, 1][k % 4]!),
    [0],
    (x) => {
      const [x1, x2, x3, x4] = columns(x, 4) as [GraphNode, GraphNode, GraphNode, GraphNode];
      return concat(powellSingular(x1, x2, x3, x4));
    },
  ),
  problem(23, 'penalty I', over(N, (j) => j).data, [7.08765e-5], (x) =>
    concat([x.sub(1).mul(PENALTY), x.square().sum().sub(0.25).reshape([1])]),
  ),
  problem(24, 'penalty II', new Float64Array(N).fill(0.5), [2.9366e-4], (x) => {
    const y = over(N - 1, (k) => Math.exp((k + 1) / 10) + Math.exp(k / 10));
    const exp = x.div(10).exp();
    const later = slice(exp, [{ start: 1 }]);
    return concat([
      slice(x, [{ end: 1 }]).sub(0.2),
      later
        .add(slice(exp, [{ end: -1 }]))
        .sub(y)
        .mul(PENALTY),
      later.sub(Math.exp(-0.1)).mul(PENALTY),
      x
        .square()
        .mul(over(N, (j) => N - j + 1))
        .sum()
        .sub(1)
        .reshape([1]),
    ]);
  }),
  problem(25, 'variably dimensioned', over(N, (j) => 1 - j / N).data, [0], (x) => {
    const sum = x
      .sub(1)
      .mul(over(N, (j) => j))
      .sum()
      .reshape([1]);
    return concat([x.sub(1), sum, sum.square()]);
  }),
  problem(26, 'trigonometric', new Float64Array(N).fill(1 / N), [0, 2.79506e-5], (x) =>
    x
      .cos()
      .neg()
      .add(1)
      .mul(over(N, (i) => i))
      .sub(x.sin())
      .add(x.cos().sum().neg().add(N)),
  ),
  problem(27, 'Brown almost-linear', new Float64Array(N).fill(0.5), [0, 1], (x) =>
    concat([
      slice(x.add(x.sum()).sub(N + 1), [{ end: -1 }]),
      split(x, N)
        .reduce((product, factor) => product.mul(factor))
        .sub(1),
    ]),
  ),
  problem(28, 'discrete boundary value', over(N, (i) => i * H * (i * H - 1)).data, [0], (x) =>
    x
      .mul(2)
      .sub(before(x))
      .sub(after(x))
      .add(
        x
          .add(GRID)
          .add(1)
          .pow(3)
          .mul(H ** 2 / 2),
      ),
  ),
  problem(29, 'discrete integral equation', over(N, (i) => i * H * (i * H - 1)).data, [0], (x) => {
    const cube = x.add(GRID).add(1).pow(3);
    const left = cumSum(cube.mul(GRID));
    const right = cube.mul(over(N, (i) => 1 - i * H));
    const rest = cumSum(right).neg().add(right.sum());
    return left
      .mul(over(N, (i) => 1 - i * H))
      .add(rest.mul(GRID))
      .mul(H / 2)
      .add(x);
  }),
  problem(30, 'Broyden tridiagonal', new Float64Array(N).fill(-1), [0], (x) =>
    x.mul(-2).add(3).mul(x).sub(before(x)).sub(after(x).mul(2)).add(1),
  ),
  problem(31, 'Broyden banded', new Float64Array(N).fill(-1), [0], (x) => {
    const band = Float64Array.from({ length: N * N }, (_, k) => {
      const [i, j] = [Math.floor(k / N), k % N];
      return Number(j !== i && j >= i - 5 && j <= i + 1);
    });
    const neighbours = x
      .mul(x.add(1))
      .mul(new Tensor([N, N], 'real', band))
      .sum({ axes: 1 });
    return x.mul(x.square().mul(5).add(2)).add(1).sub(neighbours);
  }),
  problem(32, 'linear, full rank', new Float64Array(N).fill(1), [N], (x) => {
    const mean = x
      .sum()
      .mul(2 / (2 * N))
      .add(1);
    return concat([x.sub(mean), x.mul(0).sub(mean)]);
  }),
  problem(
    33,
    'linear, rank 1',
    new Float64Array(N).fill(1),
    [(2 * N * (2 * N - 1)) / (2 * (4 * N + 1))],
    (x) =>
      x
        .mul(over(N, (j) => j))
        .sum()
        .mul(over(2 * N, (i) => i))
        .sub(1),
  ),
  problem(
    34,
    'linear, rank 1, with zero columns and rows',
    new Float64Array(N).fill(1),
    [((2 * N) ** 2 + 3 * 2 * N - 6) / (2 * (4 * N - 3))],
    (x) => {
      const weights = over(N, (j) => (j === 1 || j === N ? 0 : j));
      return x
        .mul(weights)
        .sum()
        .mul(over(2 * N, (i) => (i === 2 * N ? 0 : i - 1)))
        .sub(1);
    },
  ),
  problem(35, 'Chebyquad', over(9, (j) => j / 10).data, [0], (x) => {
    // Chebyshev polynomials on [0, 1], by their recurrence.
    const z = x.mul(2).sub(1);
    const polynomials = [z.mul(0).add(1), z];
    for (let i = 2; i <= 9; i++) {
      polynomials.push(
        z
          .mul(2)
          .mul(polynomials[i - 1]!)
          .sub(polynomials[i - 2]!),
      );
    }
    const integral = (i: number): number => (i % 2 === 1 ? 0 : -1 / (i * i - 1));
    return concat(
      polynomials.slice(1).map((values, k) =>
        values
          .mean()
          .sub(integral(k + 1))
          .reshape([1]),
      ),
    );
  }),
];
