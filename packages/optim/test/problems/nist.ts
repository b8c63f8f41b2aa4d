/**
 * The 27 nonlinear regression problems of the NIST Statistical Reference Datasets: models, both starts, and the certified
 * values, which were computed with 128 bits and are given to 11 digits. The observations are in `nist/`, a file each.
 *
 * Source: https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml, in the public domain.
 */
import { readFileSync } from 'node:fs';
import { atan, type GraphNode, reciprocal, Tensor } from '@ad/graph';

/** A model: what is expected to be observed, from the parameters and the predictors. */
type Model = (b: Nine, x: GraphNode, x2: GraphNode) => GraphNode;

/** As many parameters as there are in any model: no model looks at more than it has. */
type Nine = readonly [
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

/** One of the problems. */
export interface NistProblem {
  /** As NIST calls it. */
  readonly name: string;
  /** As NIST rates it. */
  readonly difficulty: 'lower' | 'average' | 'higher';
  /** The function from the parameters to model minus data. */
  readonly residuals: (b: readonly GraphNode[]) => GraphNode;
  /** Both starts; the second is nearer to the solution. */
  readonly starts: readonly [readonly number[], readonly number[]];
  /** The certified parameters. */
  readonly certified: readonly number[];
  /** Their certified standard deviations. */
  readonly deviations: readonly number[];
  /** The certified residual sum of squares. */
  readonly sumOfSquares: number;
  /** The certified residual standard deviation. */
  readonly residualDeviation: number;
}

/** The columns of a file of observations: the response first. */
function observations(name: string): Tensor[] {
  const text = readFileSync(new URL(`./nist/${name}.csv`, import.meta.url), 'utf8');
  const [header, ...rows] = text.trim().split(/\r?\n/);
  return header!.split(',').map(
    (_, k) =>
      new Tensor(
        [rows.length],
        'real',
        Float64Array.from(rows, (row) => Number(row.split(',')[k])),
      ),
  );
}

function problem(
  name: string,
  difficulty: NistProblem['difficulty'],
  model: Model,
  facts: Omit<NistProblem, 'name' | 'difficulty' | 'residuals'>,
): NistProblem {
  const [response, ...predictors] = observations(name) as [Tensor, ...Tensor[]];
  const residuals = (b: readonly GraphNode[]): GraphNode => {
    const { graph } = b[0]!;
    const y = graph.constant(response);
    // Nelson's model is one of the logarithm.
    const [x, x2] = predictors.map((column) => graph.constant(column));
    const expected = model(b as unknown as Nine, x!, x2!);
    return expected.sub(name === 'Nelson' ? y.log() : y);
  };
  return { name, difficulty, residuals, ...facts };
}

const decay = (height: GraphNode, rate: GraphNode, x: GraphNode): GraphNode =>
  height.mul(rate.mul(x).neg().exp());

const peak = (height: GraphNode, at: GraphNode, width: GraphNode, x: GraphNode): GraphNode =>
  height.mul(x.sub(at).square().neg().div(width.square()).exp());

const cycle = (
  cosine: GraphNode,
  sine: GraphNode,
  period: GraphNode | number,
  x: GraphNode,
): GraphNode => {
  const phase = x.mul(2 * Math.PI).div(period);
  return cosine.mul(phase.cos()).add(sine.mul(phase.sin()));
};

/** By Horner's rule. */
const polynomial = (coefficients: readonly (GraphNode | number)[], x: GraphNode): GraphNode =>
  coefficients.reduceRight<GraphNode>((sum, c) => sum.mul(x).add(c), x.mul(0));

const saturation: Model = ([b1, b2], x) => b1.mul(b2.mul(x).neg().exp().neg().add(1));

const decayOverLine: Model = ([b1, b2, b3], x) =>
  b1
    .mul(x)
    .neg()
    .exp()
    .div(b2.add(b3.mul(x)));

const threeDecays: Model = ([b1, b2, b3, b4, b5, b6], x) =>
  decay(b1, b2, x)
    .add(decay(b3, b4, x))
    .add(decay(b5, b6, x));

const twoPeaks: Model = ([b1, b2, b3, b4, b5, b6, b7, b8], x) =>
  decay(b1, b2, x)
    .add(peak(b3, b4, b5, x))
    .add(peak(b6, b7, b8, x));

const cubics: Model = ([b1, b2, b3, b4, b5, b6, b7], x) =>
  polynomial([b1, b2, b3, b4], x).div(polynomial([1, b5, b6, b7], x));

/** All of them, in the order of NIST: from lower to higher difficulty. */
export const nistProblems: readonly NistProblem[] = [
  problem('Misra1a', 'lower', saturation, {
    starts: [
      [500, 0.0001],
      [250, 0.0005],
    ],
    certified: [238.94212918, 0.00055015643181],
    deviations: [2.7070075241, 7.2668688436e-6],
    sumOfSquares: 0.12455138894,
    residualDeviation: 0.1018787633,
  }),
  problem('Chwirut2', 'lower', decayOverLine, {
    starts: [
      [0.1, 0.01, 0.02],
      [0.15, 0.008, 0.01],
    ],
    certified: [0.16657666537, 0.0051653291286, 0.012150007096],
    deviations: [0.03830328681, 0.00066621605126, 0.0015304234767],
    sumOfSquares: 513.04802941,
    residualDeviation: 3.171713304,
  }),
  problem('Chwirut1', 'lower', decayOverLine, {
    starts: [
      [0.1, 0.01, 0.02],
      [0.15, 0.008, 0.01],
    ],
    certified: [0.1902781837, 0.0061314004477, 0.010530908399],
    deviations: [0.021938557035, 0.00034500025051, 0.00079281847748],
    sumOfSquares: 2384.4771393,
    residualDeviation: 3.361672132,
  }),
  problem('Lanczos3', 'lower', threeDecays, {
    starts: [
      [1.2, 0.3, 5.6, 5.5, 6.5, 7.6],
      [0.5, 0.7, 3.6, 4.2, 4, 6.3],
    ],
    certified: [
      0.086816414977, 0.95498101505, 0.84400777463, 2.9515951832, 1.5825685901, 4.9863565084,
    ],
    deviations: [
      0.017197908859, 0.097041624475, 0.041488663282, 0.10766312506, 0.058371576281, 0.034436403035,
    ],
    sumOfSquares: 1.6117193594e-8,
    residualDeviation: 2.9923229172e-5,
  }),
  problem('Gauss1', 'lower', twoPeaks, {
    starts: [
      [97, 0.009, 100, 65, 20, 70, 178, 16.5],
      [94, 0.0105, 99, 63, 25, 71, 180, 20],
    ],
    certified: [
      98.778210871, 0.010497276517, 100.48990633, 67.481111276, 23.12977336, 71.994503004,
      178.99805021, 18.389389025,
    ],
    deviations: [
      0.5752731273, 0.00011406289017, 0.58831775752, 0.10460593412, 0.17439951146, 0.62622793913,
      0.12436988217, 0.20134312832,
    ],
    sumOfSquares: 1315.8222432,
    residualDeviation: 2.331798018,
  }),
  problem('Gauss2', 'lower', twoPeaks, {
    starts: [
      [96, 0.009, 103, 106, 18, 72, 151, 18],
      [98, 0.0105, 103, 105, 20, 73, 150, 20],
    ],
    certified: [
      99.018328406, 0.010994945399, 101.88022528, 107.03095519, 23.578584029, 72.045589471,
      153.27010194, 19.525972636,
    ],
    deviations: [
      0.53748766879, 0.00013335306766, 0.59217315772, 0.15006798316, 0.22695595067, 0.61721965884,
      0.19466674341, 0.26416549393,
    ],
    sumOfSquares: 1247.5282092,
    residualDeviation: 2.2704790782,
  }),
  problem('DanWood', 'lower', ([b1, b2], x) => b1.mul(x.pow(b2)), {
    starts: [
      [1, 5],
      [0.7, 4],
    ],
    certified: [0.76886226176, 3.8604055871],
    deviations: [0.01828197386, 0.051726610913],
    sumOfSquares: 0.0043173084083,
    residualDeviation: 0.032853114039,
  }),
  problem(
    'Misra1b',
    'lower',
    ([b1, b2], x) => b1.mul(b2.mul(x).div(2).add(1).pow(-2).neg().add(1)),
    {
      starts: [
        [500, 0.0001],
        [300, 0.0002],
      ],
      certified: [337.99746163, 0.00039039091287],
      deviations: [3.1643950207, 4.2547321834e-6],
      sumOfSquares: 0.075464681533,
      residualDeviation: 0.079301471998,
    },
  ),
  problem(
    'Kirby2',
    'average',
    ([b1, b2, b3, b4, b5], x) => polynomial([b1, b2, b3], x).div(polynomial([1, b4, b5], x)),
    {
      starts: [
        [2, -0.1, 0.003, -0.001, 1e-5],
        [1.5, -0.15, 0.0025, -0.0015, 2e-5],
      ],
      certified: [1.6745063063, -0.13927397867, 0.0025961181191, -0.001724181187, 2.1664802578e-5],
      deviations: [
        0.087989634338, 0.0041182041386, 4.1856520458e-5, 5.8931897355e-5, 2.0129761919e-7,
      ],
      sumOfSquares: 3.9050739624,
      residualDeviation: 0.16354535131,
    },
  ),
  problem('Hahn1', 'average', cubics, {
    starts: [
      [10, -1, 0.05, -1e-5, -0.05, 0.001, -1e-6],
      [1, -0.1, 0.005, -1e-6, -0.005, 0.0001, -1e-7],
    ],
    certified: [
      1.0776351733, -0.12269296921, 0.004086375061, -1.4262662514e-6, -0.0057609940901,
      0.00024053735503, -1.2314450199e-7,
    ],
    deviations: [
      0.17070154742, 0.012000289189, 0.00022508314937, 2.7578037666e-7, 0.00024712888219,
      1.0449373768e-5, 1.3027335327e-8,
    ],
    sumOfSquares: 1.5324382854,
    residualDeviation: 0.081803852243,
  }),
  problem(
    'Nelson',
    'average',
    ([b1, b2, b3], x1, x2) => b1.sub(b2.mul(x1).mul(b3.mul(x2).neg().exp())),
    {
      starts: [
        [2, 0.0001, -0.01],
        [2.5, 5e-9, -0.05],
      ],
      certified: [2.5906836021, 5.6177717026e-9, -0.057701013174],
      deviations: [0.019149996413, 6.112409654e-9, 0.0039572366543],
      sumOfSquares: 3.7976833176,
      residualDeviation: 0.1743028013,
    },
  ),
  problem(
    'MGH17',
    'average',
    ([b1, b2, b3, b4, b5], x) => b1.add(decay(b2, b4, x)).add(decay(b3, b5, x)),
    {
      starts: [
        [50, 150, -100, 1, 2],
        [0.5, 1.5, -1, 0.01, 0.02],
      ],
      certified: [0.37541005211, 1.9358469127, -1.4646871366, 0.01286753464, 0.022122699662],
      deviations: [
        0.0020723153551, 0.22031669222, 0.22175707739, 0.00044861358114, 0.00089471996575,
      ],
      sumOfSquares: 5.4648946975e-5,
      residualDeviation: 0.0013970497866,
    },
  ),
  problem('Lanczos1', 'average', threeDecays, {
    starts: [
      [1.2, 0.3, 5.6, 5.5, 6.5, 7.6],
      [0.5, 0.7, 3.6, 4.2, 4, 6.3],
    ],
    certified: [
      0.095100000027, 1.0000000001, 0.86070000013, 3.0000000002, 1.5575999998, 5.0000000001,
    ],
    deviations: [
      5.3347304234e-11, 2.7473038179e-10, 1.3576062225e-10, 3.3308253069e-10, 1.8815731448e-10,
      1.1057500538e-10,
    ],
    sumOfSquares: 1.4307867721e-25,
    residualDeviation: 8.9156129349e-14,
  }),
  problem('Lanczos2', 'average', threeDecays, {
    starts: [
      [1.2, 0.3, 5.6, 5.5, 6.5, 7.6],
      [0.5, 0.7, 3.6, 4.2, 4, 6.3],
    ],
    certified: [
      0.096251029939, 1.0057332849, 0.86424689056, 3.0078283915, 1.5529016879, 5.00287981,
    ],
    deviations: [
      0.00066770575477, 0.0033989646176, 0.0017185846685, 0.0041707005856, 0.0023744381417,
      0.0013958787284,
    ],
    sumOfSquares: 2.2299428125e-11,
    residualDeviation: 1.1130395851e-6,
  }),
  problem('Gauss3', 'average', twoPeaks, {
    starts: [
      [94.9, 0.009, 90.1, 113, 20, 73.8, 140, 20],
      [96, 0.0096, 80, 110, 25, 74, 139, 25],
    ],
    certified: [
      98.94036897, 0.010945879335, 100.69553078, 111.63619459, 23.300500029, 73.705031418,
      147.76164251, 19.66822123,
    ],
    deviations: [
      0.53005192833, 0.00012554058911, 0.81256587317, 0.35317859757, 0.36584783023, 1.2091239082,
      0.40488183351, 0.37806634336,
    ],
    sumOfSquares: 1244.484636,
    residualDeviation: 2.2677077625,
  }),
  problem(
    'Misra1c',
    'average',
    ([b1, b2], x) => b1.mul(b2.mul(x).mul(2).add(1).pow(-0.5).neg().add(1)),
    {
      starts: [
        [500, 0.0001],
        [600, 0.0002],
      ],
      certified: [636.42725809, 0.00020813627256],
      deviations: [4.6638326572, 1.7728423155e-6],
      sumOfSquares: 0.040966836971,
      residualDeviation: 0.058428615257,
    },
  ),
  problem('Misra1d', 'average', ([b1, b2], x) => b1.mul(b2).mul(x).div(b2.mul(x).add(1)), {
    starts: [
      [500, 0.0001],
      [450, 0.0003],
    ],
    certified: [437.36970754, 0.00030227324449],
    deviations: [3.6489174345, 2.9334354479e-6],
    sumOfSquares: 0.056419295283,
    residualDeviation: 0.068568272111,
  }),
  problem(
    'Roszman1',
    'average',
    ([b1, b2, b3, b4], x) => b1.sub(b2.mul(x)).sub(atan(b3.div(x.sub(b4))).div(Math.PI)),
    {
      starts: [
        [0.1, -1e-5, 1000, -100],
        [0.2, -5e-6, 1200, -150],
      ],
      certified: [0.20196866396, -6.1953516256e-6, 1204.4556708, -181.34269537],
      deviations: [0.019172666023, 3.2058931691e-6, 74.050983057, 49.573513849],
      sumOfSquares: 0.00049484847331,
      residualDeviation: 0.004854298406,
    },
  ),
  problem(
    'ENSO',
    'average',
    ([b1, b2, b3, b4, b5, b6, b7, b8, b9], x) =>
      b1
        .add(cycle(b2, b3, 12, x))
        .add(cycle(b5, b6, b4, x))
        .add(cycle(b8, b9, b7, x)),
    {
      starts: [
        [11, 3, 0.5, 40, -0.7, -1.3, 25, -0.3, 1.4],
        [10, 3, 0.5, 44, -1.5, 0.5, 26, -0.1, 1.5],
      ],
      certified: [
        10.510749193, 3.0762128085, 0.53280138227, 44.3110887, -1.6231428586, 0.52554493756,
        26.88761444, 0.21232288488, 1.4966870418,
      ],
      deviations: [
        0.17488832467, 0.24310052139, 0.24354686618, 0.94408025976, 0.28078369611, 0.48073701119,
        0.4161293913, 0.51460022911, 0.25434468893,
      ],
      sumOfSquares: 788.53978668,
      residualDeviation: 2.2269642403,
    },
  ),
  problem(
    'MGH09',
    'higher',
    ([b1, b2, b3, b4], x) =>
      b1.mul(x.square().add(x.mul(b2))).div(x.square().add(x.mul(b3)).add(b4)),
    {
      starts: [
        [25, 39, 41.5, 39],
        [0.25, 0.39, 0.415, 0.39],
      ],
      certified: [0.19280693458, 0.19128232873, 0.12305650693, 0.13606233068],
      deviations: [0.011435312227, 0.19633220911, 0.080842031232, 0.090025542308],
      sumOfSquares: 0.00030750560385,
      residualDeviation: 0.0066279236551,
    },
  ),
  problem('Thurber', 'higher', cubics, {
    starts: [
      [1000, 1000, 400, 40, 0.7, 0.3, 0.03],
      [1300, 1500, 500, 75, 1, 0.4, 0.05],
    ],
    certified: [
      1288.13968, 1491.0792535, 583.23836877, 75.416644291, 0.96629502864, 0.39797285797,
      0.049727297349,
    ],
    deviations: [
      4.6647963344, 39.571156086, 28.698696102, 5.567537027, 0.031333340687, 0.014984928198,
      0.0065842344623,
    ],
    sumOfSquares: 5642.7082397,
    residualDeviation: 13.714600784,
  }),
  problem('BoxBOD', 'higher', saturation, {
    starts: [
      [1, 1],
      [100, 0.75],
    ],
    certified: [213.80940889, 0.54723748542],
    deviations: [12.354515176, 0.10455993237],
    sumOfSquares: 1168.0088766,
    residualDeviation: 17.088072423,
  }),
  problem('Rat42', 'higher', ([b1, b2, b3], x) => b1.div(b2.sub(b3.mul(x)).exp().add(1)), {
    starts: [
      [100, 1, 0.1],
      [75, 2.5, 0.07],
    ],
    certified: [72.462237576, 2.6180768402, 0.067359200066],
    deviations: [1.7340283401, 0.088295217536, 0.0034465663377],
    sumOfSquares: 8.0565229338,
    residualDeviation: 1.1587725499,
  }),
  problem('MGH10', 'higher', ([b1, b2, b3], x) => b1.mul(b2.div(x.add(b3)).exp()), {
    starts: [
      [2, 400000, 25000],
      [0.02, 4000, 250],
    ],
    certified: [0.005609636471, 6181.3463463, 345.22363462],
    deviations: [0.00015687892471, 23.309021107, 0.78486103508],
    sumOfSquares: 87.945855171,
    residualDeviation: 2.6009740065,
  }),
  problem(
    'Eckerle4',
    'higher',
    ([b1, b2, b3], x) => b1.div(b2).mul(x.sub(b3).div(b2).square().mul(-0.5).exp()),
    {
      starts: [
        [1, 10, 500],
        [1.5, 5, 450],
      ],
      certified: [1.5543827178, 4.0888321754, 451.54121844],
      deviations: [0.015408051163, 0.046803020753, 0.046800518816],
      sumOfSquares: 0.0014635887487,
      residualDeviation: 0.0067629245447,
    },
  ),
  problem(
    'Rat43',
    'higher',
    ([b1, b2, b3, b4], x) => b1.div(b2.sub(b3.mul(x)).exp().add(1).pow(reciprocal(b4))),
    {
      starts: [
        [100, 10, 1, 1],
        [700, 5, 0.75, 1.3],
      ],
      certified: [699.6415127, 5.2771253025, 0.75962938329, 1.2792483859],
      deviations: [16.302297817, 2.0828735829, 0.19566123451, 0.68761936385],
      sumOfSquares: 8786.404908,
      residualDeviation: 28.262414662,
    },
  ),
  problem('Bennett5', 'higher', ([b1, b2, b3], x) => b1.mul(b2.add(x).pow(reciprocal(b3).neg())), {
    starts: [
      [-2000, 50, 0.8],
      [-1500, 45, 0.85],
    ],
    certified: [-2523.5058043, 46.736564644, 0.93218483193],
    deviations: [297.15175411, 1.2448871856, 0.020272299378],
    sumOfSquares: 0.00052404744073,
    residualDeviation: 0.0018629312528,
  }),
];

/**
 * The number of correct digits of the worst of some values: the negative logarithm of its relative error, at most 11,
 * which is what the certified values have.
 */
export function digitsOf(values: readonly number[], certified: readonly number[]): number {
  const worst = Math.max(
    ...values.map((x, k) => Math.abs(x - certified[k]!) / Math.abs(certified[k]!)),
  );
  return Math.min(11, -Math.log10(worst));
}
