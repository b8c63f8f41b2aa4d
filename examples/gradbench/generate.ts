/** Inputs like those of the benchmark, the same in every run. */

/** A function of an eval with an input. */
export interface Workload {
  /** The size, as on the command line of the benchmark. */
  readonly size: string;
  /** What the work should grow with. */
  readonly work: number;
  readonly primal: string;
  /** The derivatives; one, or the four of nested modes. */
  readonly derivatives: readonly string[];
  readonly input: unknown;
}

/** Numbers in [0, 1). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 16), 0x45d9f3b) >>> 0;
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** Makes vectors and matrices of random numbers. */
class Source {
  readonly uniform: () => number;

  constructor(seed: number) {
    this.uniform = generator(seed);
  }

  /** A normal number, by the method of Box and Muller. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  uniforms(count: number): number[] {
    return Array.from({ length: count }, () => this.uniform());
  }

  normals(count: number): number[] {
    return Array.from({ length: count }, () => this.normal());
  }

  rows(count: number, make: () => number[]): number[][] {
    return Array.from({ length: count }, make);
  }
}

/** `llsq` for n points and m coefficients. */
export function llsqInput(n: number, m = 128): unknown {
  return { x: new Source(1).normals(m), n };
}

/** `lse` for n numbers. */
export function lseInput(n: number): unknown {
  return { x: new Source(2).uniforms(n) };
}

/** `det` for a matrix of l rows. */
export function detInput(ell: number): unknown {
  return { A: new Source(3).uniforms(ell * ell), ell };
}

/** `kmeans` for n points of d numbers; the centroids are the last k points. */
export function kmeansInput(k: number, n: number, d: number): unknown {
  const source = new Source(4);
  const points = source.rows(n, () => source.uniforms(d));
  return { points, centroids: points.slice(-k) };
}

/** `gmm` for k components and n points of d numbers. */
export function gmmInput(d: number, k: number, n = 1000): unknown {
  const source = new Source(5);
  return {
    d,
    k,
    n,
    alpha: source.normals(k),
    mu: source.rows(k, () => source.uniforms(d)),
    q: source.rows(k, () => source.normals(d)),
    l: source.rows(k, () => source.normals((d * (d - 1)) / 2)),
    x: source.rows(n, () => source.normals(d)),
    gamma: 1,
    m: 0,
  };
}

/** `lstm` for l layers and a sequence of c letters of 14 bits. */
export function lstmInput(l: number, c: number, b = 14): unknown {
  const source = new Source(6);
  return {
    main_params: source.rows(2 * l, () => source.uniforms(4 * b)),
    extra_params: source.rows(3, () => source.uniforms(b)),
    state: source.rows(2 * l, () => source.uniforms(b)),
    sequence: source.rows(c, () => source.uniforms(b).map(Math.round)),
  };
}

/** Cameras, points and observations of the 14 data sets. */
const BUNDLES = [
  [49, 7776, 31_843],
  [21, 11_315, 36_455],
  [161, 48_126, 182_072],
  [372, 47_423, 204_472],
  [257, 65_132, 225_911],
  [539, 65_220, 277_273],
  [93, 61_203, 287_451],
  [88, 64_298, 383_937],
  [810, 88_814, 393_775],
  [1197, 126_327, 563_734],
  [1723, 156_502, 678_718],
  [253, 163_691, 899_155],
  [245, 198_739, 1_091_386],
  [356, 226_730, 1_255_268],
] as const;

/** `ba` for one of the 14 data sets, from 1 on. */
function baInput(set: number): {
  readonly n: number;
  readonly m: number;
  readonly p: number;
} {
  const source = new Source(7);
  const [n, m, p] = BUNDLES[set - 1]!;
  const cam = [...source.uniforms(6), 500 + source.uniform(), ...source.uniforms(2), 0.01, 0.001];
  const x = [source.uniform(), source.uniform(), 5 + source.uniform()];
  return { n, m, p, cam, x, w: source.uniform(), feat: source.uniforms(2) } as never;
}

/** Correspondences of the 12 hands. */
const HANDS = [100, 192, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 100_000] as const;
const [BONES, VERTICES, TRIANGLES] = [22, 10_000, 1024] as const;

/** `ht` for one of the 12 hands, from 1 on; the complicated ones have two numbers for each point. */
export function htInput(
  hand: number,
  isComplicated: boolean,
  vertices: number = VERTICES,
): unknown {
  const source = new Source(8);
  const count = HANDS[hand - 1]!;
  const index = (end: number): number => Math.floor(end * source.uniform());
  // A wrist, five fingers of four bones, and a forearm.
  const parents = Array.from({ length: BONES }, (_, bone) =>
    bone === 0 ? -1 : bone === BONES - 1 || bone % 4 === 1 ? 0 : bone - 1,
  );
  const rigid = (): number[][] => {
    const angle = source.normal();
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    return [
      [c, -s, 0, source.normal()],
      [s, c, 0, source.normal()],
      [0, 0, 1, source.normal()],
      [0, 0, 0, 1],
    ];
  };
  const weights = source.rows(vertices, () => {
    const row = new Array<number>(BONES).fill(0);
    const [a, b] = [index(BONES), index(BONES)];
    const share = source.uniform();
    row[a]! += share;
    row[b]! += 1 - share;
    return row;
  });
  // The triangles of the complicated hands lie together.
  const triangles = source.rows(TRIANGLES, () =>
    [0, 1, 2].map(() => index(Math.min(544, vertices))),
  );
  return {
    theta: source.normals(26).map((angle) => 0.5 * angle),
    us: isComplicated ? source.rows(count, () => source.uniforms(2).map((u) => u / 2)) : [],
    data: {
      model: {
        bone_count: BONES,
        bone_names: parents.map((_, bone) => `bone ${bone}`),
        parents,
        base_relatives: parents.map(rigid),
        inverse_base_absolutes: parents.map(rigid),
        base_positions: source.rows(vertices, () => [...source.normals(3), 1]),
        weights,
        triangles,
        is_mirrored: false,
      },
      correspondences: Array.from({ length: count }, () =>
        index(isComplicated ? TRIANGLES : vertices),
      ),
      points: source.rows(count, () => source.normals(3)),
    },
  };
}

/** `ode` for n components and s steps. */
export function odeInput(n: number, s: number): unknown {
  return { x: new Source(9).uniforms(n), s };
}

const one = (
  size: string,
  work: number,
  primal: string,
  derivative: string,
  input: unknown,
): Workload => ({
  size,
  work,
  primal,
  derivatives: [derivative],
  input,
});

const nested = (input: unknown): Workload[] => [
  { size: 'default', work: 1, primal: '', derivatives: ['ff', 'fr', 'rf', 'rr'], input },
];

/** The workloads of each eval, made when they are asked for; the short ones are small. */
export function workloadsOf(name: string, isShort: boolean): Workload[] {
  const take = <T>(sizes: readonly T[]): readonly T[] => (isShort ? sizes.slice(0, 1) : sizes);
  switch (name) {
    case 'hello':
      return [one('', 1, 'square', 'double', 3)];
    case 'llsq':
      return take([128, 2048, 16_392]).map((n) =>
        one(`-n ${n}`, n, 'primal', 'gradient', llsqInput(n)),
      );
    case 'lse':
      return take([10_000, 160_000, 1_280_000]).map((n) =>
        one(`-n ${n}`, n, 'primal', 'gradient', lseInput(n)),
      );
    case 'det':
      return take([6, 8, 10, 11]).map((l) =>
        one(`-l ${l}`, l * 2 ** (l - 1), 'primal', 'gradient', detInput(l)),
      );
    case 'kmeans':
      return take([
        [10, 1000, 8],
        [100, 10_000, 8],
        [100, 10_000, 16],
        [1000, 10_000, 16],
      ] as const).map(([k, n, d]) =>
        one(`-k ${k} -n ${n} -d ${d}`, k * n * d, 'cost', 'dir', kmeansInput(k, n, d)),
      );
    case 'gmm':
      return take([
        [2, 5],
        [10, 25],
        [32, 50],
        [64, 100],
      ] as const).map(([d, k]) =>
        one(`-d ${d} -k ${k}`, d * d * k, 'objective', 'jacobian', gmmInput(d, k)),
      );
    case 'lstm':
      return take([
        [2, 1024],
        [4, 4096],
        [6, 8192],
      ] as const).map(([l, c]) =>
        one(`-l ${l} -c ${c}`, l * c, 'objective', 'jacobian', lstmInput(l, c)),
      );
    case 'ba':
      return take([1, 5, 14]).map((set) => {
        const input = baInput(set);
        return one(`${set} .. ${set}`, input.p, 'objective', 'jacobian', input);
      });
    case 'ht':
      return take([1, 5, 9]).flatMap((hand) =>
        [true, false].map((isComplicated) =>
          one(
            `${isComplicated ? '' : 'simple '}${hand} .. ${hand}`,
            HANDS[hand - 1]!,
            'objective',
            'jacobian',
            htInput(hand, isComplicated, isShort ? 1000 : VERTICES),
          ),
        ),
      );
    case 'ode':
      return take([
        [8, 200],
        [1000, 10],
        [10_000, 100],
        [100_000, 100],
      ] as const).map(([n, s]) =>
        one(`-n ${n} -s ${s}`, n * s, 'primal', 'gradient', odeInput(n, s)),
      );
    case 'particle':
      return nested({ w: 0 });
    case 'saddle':
      return nested({ start: [1, 1] });
    default:
      throw new Error(`no workloads for ${name}`);
  }
}
