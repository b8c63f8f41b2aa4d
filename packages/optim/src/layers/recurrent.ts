/**
 * Recurrent layers: a state that is carried along a sequence. The loop is one node of the graph, whatever the length.
 * What the input contributes is one product of matrices for all steps, before the loop.
 */
import {
  formatShape,
  type GraphNode,
  scan,
  type Shape,
  ShapeError,
  slice,
  Tensor,
  ValueError,
} from '@ad/graph';
import { checkNames, numberOption, POSITIVE_INTEGER } from '../options.ts';
import { deriveSeed, Random } from '../random.ts';
import { glorotUniform, orthogonal, zeros } from './initializers.ts';
import type { Model } from './model.ts';

/** Options of recurrent layers. */
export interface RecurrentOptions {
  /** What comes out: the state after every step, `[samples, length, units]`, or after the last, `[samples, units]`. */
  readonly returns?: 'all' | 'last';
}

/** The parameters of a recurrent layer with some gates, side by side in the order that the layer states. */
export type RecurrentParameters = {
  /** Shape [inputs, gates units]. */
  readonly inputWeights: Tensor;
  /** Shape [units, gates units]. */
  readonly stateWeights: Tensor;
  /** Shape [gates units]. */
  readonly inputBias: Tensor;
  /** Shape [gates units]. */
  readonly stateBias: Tensor;
};

/** What differs between recurrent layers. */
interface Cell {
  readonly name: string;
  readonly gates: number;
  /** How many arrays are carried; the first is the output. */
  readonly carried: number;
  /** Where the biases of the input start, by gate. */
  readonly biases: readonly number[];
  /** The next carry, from what input and state contribute to each gate. */
  step(
    carry: readonly GraphNode[],
    fromInput: readonly GraphNode[],
    fromState: readonly GraphNode[],
  ): readonly GraphNode[];
}

function recurrent(
  cell: Cell,
  inputs: number,
  units: number,
  options: RecurrentOptions,
): Model<RecurrentParameters> {
  const { name: kind, gates } = cell;
  checkNames(kind, options, ['returns']);
  numberOption(kind, 'inputs', inputs, Number.NaN, POSITIVE_INTEGER);
  numberOption(kind, 'units', units, Number.NaN, POSITIVE_INTEGER);
  const returns = options.returns ?? 'all';
  if (returns !== 'all' && returns !== 'last')
    throw new ValueError(
      `${kind}: returns is ${JSON.stringify(returns)}, expected 'all' or 'last'`,
    );
  const name = `${kind}(${inputs}, ${units})`;
  const parts = (x: GraphNode): GraphNode[] => {
    const axes = x.shape.slice(0, -1).map(() => ({}));
    return Array.from({ length: gates }, (_, gate) =>
      slice(x, [...axes, { start: gate * units, end: (gate + 1) * units }]),
    );
  };
  return {
    name,
    init(seed) {
      const width = gates * units;
      const blocks = (rows: number, make: typeof orthogonal, stream: number): Tensor => {
        const random = new Random(deriveSeed(seed, stream));
        return sideBySide(
          Array.from({ length: gates }, () =>
            make([rows, units], { inputs: rows, outputs: units }, random),
          ),
        );
      };
      const bias = Float64Array.from(
        { length: width },
        (_, i) => cell.biases[Math.floor(i / units)]!,
      );
      return {
        inputWeights: blocks(inputs, glorotUniform, 0),
        stateWeights: blocks(units, orthogonal, 1),
        inputBias: new Tensor([width], 'real', bias),
        stateBias: zeros([width]),
      };
    },
    apply({ inputWeights, stateWeights, inputBias, stateBias }, x) {
      if (x.shape.length !== 3 || x.shape[2] !== inputs || x.shape[1] === 0) {
        throw new ShapeError(
          `${name}: the input has shape ${formatShape(x.shape)}, expected [samples, length, ${inputs}]`,
        );
      }
      const steps = x.matmul(inputWeights).add(inputBias).transpose([1, 0, 2]);
      const start = x.graph.constant(zeros([x.shape[0]!, units]));
      const { carry, ys } = scan(
        (state: readonly GraphNode[], fromInput: GraphNode) => {
          const fromState = state[0]!.matmul(stateWeights).add(stateBias);
          const next = cell.step(state, parts(fromInput), parts(fromState));
          return { carry: next, y: next[0]! };
        },
        Array.from({ length: cell.carried }, () => start) as readonly GraphNode[],
        steps,
      );
      return returns === 'last' ? carry[0]! : ys.transpose([1, 0, 2]);
    },
  };
}

function sideBySide(blocks: readonly Tensor[]): Tensor {
  const [rows, columns] = blocks[0]!.shape as [number, number];
  const shape: Shape = [rows, columns * blocks.length];
  const data = new Float64Array(rows * columns * blocks.length);
  for (let row = 0, at = 0; row < rows; row++) {
    for (const block of blocks) {
      data.set(block.data.subarray(row * columns, (row + 1) * columns), at);
      at += columns;
    }
  }
  return new Tensor(shape, 'real', data);
}

/**
 * The simple recurrent layer $h_t = \tanh(x_t W + b + h_{t-1} U + c)$ from `[samples, length, inputs]`, beginning with
 * $h_0 = 0$. Input weights start as `glorotUniform`, state weights as `orthogonal`, biases at 0.
 *
 * @throws `ValueError` when a size is not an integer of 1 or more, or an option is unknown or wrong; `ShapeError` when it
 * is applied to inputs of another shape.
 * @example
 * ```ts
 * import { tensor } from '@ad/graph';
 * import { predict, rnn } from '@ad/optim';
 *
 * const layer = rnn(1, 1);
 * const one = tensor([[1]]);
 * const zero = tensor([0]);
 * const parameters = { inputWeights: one, stateWeights: one, inputBias: zero, stateBias: zero };
 * predict(layer, parameters, [[[0.5], [0]]]).data[1]; // ≈ 0.4318
 * ```
 */
export function rnn(
  inputs: number,
  units: number,
  options: RecurrentOptions = {},
): Model<RecurrentParameters> {
  const cell: Cell = {
    name: 'rnn',
    gates: 1,
    carried: 1,
    biases: [0],
    step: (_carry, [a], [b]) => [a!.add(b!).tanh()],
  };
  return recurrent(cell, inputs, units, options);
}

/**
 * The gated recurrent unit, with gates in the order $r, z, n$ and the equations of PyTorch:
 * $r = \sigma(a_r + b_r)$, $z = \sigma(a_z + b_z)$, $n = \tanh(a_n + r b_n)$, $h_t = (1 - z) n + z h_{t-1}$ with
 * $a = x_t W + b$ and $b = h_{t-1} U + c$. It starts like {@link rnn}.
 *
 * @throws `ValueError` when a size is not an integer of 1 or more, or an option is unknown or wrong; `ShapeError` when it
 * is applied to inputs of another shape.
 * Source: K. Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP 2014.
 * @example
 * ```ts
 * import { gru } from '@ad/optim';
 *
 * gru(3, 4).init(0).stateWeights.shape; // => [4, 12]
 * ```
 */
export function gru(
  inputs: number,
  units: number,
  options: RecurrentOptions = {},
): Model<RecurrentParameters> {
  const cell: Cell = {
    name: 'gru',
    gates: 3,
    carried: 1,
    biases: [0, 0, 0],
    step([h], [ar, az, an], [br, bz, bn]) {
      const r = ar!.add(br!).sigmoid();
      const z = az!.add(bz!).sigmoid();
      const n = an!.add(r.mul(bn!)).tanh();
      // n + z (h - n)
      return [n.add(z.mul(h!.sub(n)))];
    },
  };
  return recurrent(cell, inputs, units, options);
}

/**
 * Long short-term memory, with gates in the order $i, f, g, o$ and the equations of PyTorch:
 * $c_t = \sigma(f) c_{t-1} + \sigma(i) \tanh(g)$ and $h_t = \sigma(o) \tanh(c_t)$. It starts like {@link rnn}, but the
 * bias of the gate $f$ starts at 1, so that it forgets little at first (R. Jozefowicz et al., ICML 2015).
 *
 * @throws `ValueError` when a size is not an integer of 1 or more, or an option is unknown or wrong; `ShapeError` when it
 * is applied to inputs of another shape.
 * Source: S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9, 1997.
 * @example
 * ```ts
 * import { lstm } from '@ad/optim';
 *
 * lstm(3, 4).init(0).inputWeights.shape; // => [3, 16]
 * ```
 */
export function lstm(
  inputs: number,
  units: number,
  options: RecurrentOptions = {},
): Model<RecurrentParameters> {
  const cell: Cell = {
    name: 'lstm',
    gates: 4,
    carried: 2,
    biases: [0, 1, 0, 0],
    step([, c], fromInput, fromState) {
      const [i, f, g, o] = fromInput.map((a, gate) => a.add(fromState[gate]!));
      const next = f!.sigmoid().mul(c!).add(i!.sigmoid().mul(g!.tanh()));
      return [o!.sigmoid().mul(next.tanh()), next];
    },
  };
  return recurrent(cell, inputs, units, options);
}
