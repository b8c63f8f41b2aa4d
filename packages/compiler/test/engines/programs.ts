/**
 * A fixed set of programs that run in any engine, and digests of all bits of their outputs.
 *
 * Compiled code computes everything itself but what it asks of the platform's `Math`: `cbrt`, the gamma functions, and
 * sines and cosines of numbers so large that their reduction needs hundreds of bits. Those are left out here; engines
 * are free to differ there, and do.
 */
import {
  apply,
  argMax,
  argSort,
  cholesky,
  concat,
  cumSum,
  determinant,
  type ElementwiseRow,
  foldIn,
  Graph,
  type GraphNode,
  greater,
  inverse,
  logSumExp,
  max,
  norm,
  normal,
  operations,
  randomKey,
  slice,
  softmax,
  solve,
  type TensorData,
  uniform as uniformNumbers,
} from '@ad/graph';
import { compileWith } from '../../src/compile.ts';

/** Operations whose values come from the platform. */
const PLATFORM: ReadonlySet<string> = new Set(['cbrt', 'lgamma', 'digamma', 'polygamma']);

/** Numbers in [-1, 1), the same everywhere: integers by Marsaglia's xorshift. */
function uniform(length: number, seed: number, scale = 1): Float64Array {
  let state = seed;
  return Float64Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (scale * state) / 2 ** 31;
  });
}

const rows = Object.values(operations).filter(
  (row): row is ElementwiseRow => row.family === 'elementwise' && !PLATFORM.has(row.name),
);

/** The outputs of the programs, by name. */
function programs(): Readonly<Record<string, () => GraphNode[]>> {
  const array = (seed: number, scale: number, shape: readonly number[] = [97]): GraphNode => {
    const size = shape.reduce((product, length) => product * length, 1);
    return new Graph().input('x', { shape, value: uniform(size, seed, scale) });
  };
  return {
    ...Object.fromEntries(
      rows.map((row) => [
        row.name,
        () =>
          [1, 30].flatMap((scale) => {
            const x = array(1, scale);
            const operands = [x, slice(x.reshape([97]), [{ step: -1 }]), x.mul(0.5)];
            return [
              apply(
                row,
                operands.slice(0, row.arity).map((operand, k) => {
                  return row.operandKinds?.[k] === 'boolean' ? greater(operand, 0) : operand;
                }),
              ),
            ];
          }),
      ]),
    ),
    products: () =>
      [3, 17, 64].flatMap((size) => {
        const x = array(2, 1, [size, size + 5]);
        return [x.matmul(x.transpose()), x.transpose().matmul(x)];
      }),
    reductions: () => {
      const x = array(3, 4, [19, 23]);
      return [
        x.sum(),
        x.mean({ axes: 0 }),
        max(x, { axes: 1 }),
        logSumExp(x, { axes: 1 }),
        softmax(x),
      ];
    },
    layouts: () => {
      const x = array(4, 1, [6, 10]);
      return [slice(x.transpose(), [{ step: -2 }]), concat([x, x.neg()], 0), cumSum(x, 1)];
    },
    orders: () => {
      const x = array(9, 3, [7, 12]);
      return [argSort(x, { axis: 1 }), argMax(x, 0), norm(x, { axes: 1 }), x.sum({ axes: 0 })];
    },
    random: () => {
      const key = new Graph().input('key', { value: randomKey(7) });
      return [normal(key, [101]), uniformNumbers(foldIn(key, 3), [5, 7])];
    },
    systems: () => {
      const x = array(10, 1, [3, 6, 6]);
      const b = x.graph.input('b', { shape: [6, 2], value: uniform(12, 11) });
      const square = x.matmul(x.transpose([0, 2, 1]));
      return [solve(x, b), inverse(x), determinant(x), cholesky(square)];
    },
    network: () => {
      const x = array(5, 1, [32, 8]);
      const w = x.graph.input('w', { shape: [8, 16], value: uniform(128, 6) });
      const h = x.matmul(w).add(0.1).tanh();
      const slope = h.square().neg().add(1).mul(h);
      return [h.square().mean(), x.transpose().matmul(slope)];
    },
    scalars: () => scalars(400),
  };
}

/** A random graph of scalars. */
function scalars(count: number): GraphNode[] {
  const graph = new Graph();
  const nodes = Array.from(uniform(10, 7), (value, i) => graph.input(`x${i}`, { value }));
  const draws = uniform(3 * count, 8);
  for (let i = 0; i < count; i++) {
    const [which, x, y] = [0, 1, 2].map((k) => Math.floor(((draws[3 * i + k]! + 1) / 2) * 2 ** 20));
    const row = rows[which! % rows.length]!;
    const operands = [x!, y!, x! + y!].slice(0, row.arity).map((place, k) => {
      const node = nodes[place % nodes.length]!;
      return row.operandKinds?.[k] === 'boolean' ? greater(node, 0) : node;
    });
    // Kept small: the reduction of large angles is the platform's.
    nodes.push(apply(row, operands).mul(1).tanh());
  }
  return nodes.slice(-200);
}

/** FNV-1a over the bytes; all NaN are one, because their bits say nothing. */
function digest(hash: bigint, data: TensorData): bigint {
  let result = hash;
  const canonical = data.map((value: number) => (Number.isNaN(value) ? NaN : value));
  for (const byte of new Uint8Array(canonical.buffer, canonical.byteOffset, canonical.byteLength))
    result = BigInt.asUintN(64, (result ^ BigInt(byte)) * 0x100000001b3n);
  return result;
}

/** A line for each program: name, precision, how scalars were compiled, digest. */
export function digests(): string[] {
  const lines: string[] = [];
  for (const [name, make] of Object.entries(programs())) {
    for (const precision of ['f64', 'f32'] as const) {
      for (const limit of name === 'scalars' ? [0, Infinity] : [Infinity]) {
        let hash = 0xcbf29ce484222325n;
        // Outputs of one graph are outputs of one program.
        const outputs = make();
        const graphs = new Set(outputs.map(({ graph }) => graph));
        for (const graph of graphs) {
          const own = outputs.filter((output) => output.graph === graph);
          const program = compileWith({ outputs: own }, precision, limit);
          program.execute();
          for (const data of program.outputs) hash = digest(hash, data);
        }
        const how = limit === 0 ? 'gathered' : 'straight';
        lines.push(`${name} ${precision} ${how} ${hash.toString(16)}`);
      }
    }
  }
  return lines;
}
