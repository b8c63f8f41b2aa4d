/** `lstm`: the loss of a recurrent network with diagonal weights over a sequence, and its gradient. */
import { Graph, type GraphNode, scan, slice, split, tensor } from '@ad/graph';
import { gradient } from '@ad/backprop';
import { type Eval, program, scalar } from '../eval.ts';
import { fieldsOf, InputError, matrixOf, type Matrix } from '../input.ts';

/** The state of one layer. */
interface LayerState {
  readonly hidden: GraphNode;
  readonly cell: GraphNode;
}

/** One layer: gates that see its input, and gates that see its own last output. */
function layer(
  weights: readonly GraphNode[],
  biases: readonly GraphNode[],
  { hidden, cell }: LayerState,
  input: GraphNode,
): LayerState {
  const forget = input.mul(weights[0]!).add(biases[0]!).sigmoid();
  const ingate = hidden.mul(weights[1]!).add(biases[1]!).sigmoid();
  const outgate = input.mul(weights[2]!).add(biases[2]!).sigmoid();
  const change = hidden.mul(weights[3]!).add(biases[3]!).tanh();
  const next = cell.mul(forget).add(ingate.mul(change));
  return { hidden: outgate.mul(next.tanh()), cell: next };
}

/**
 * The loss as a node.
 *
 * @param main - [2 layers, 4 b]: for each layer a row of weights and one of biases.
 * @param extra - [3, b]: weights of the input, weights and biases of the output.
 * @param state - [2 layers, b]: for each layer its first hidden and cell values.
 * @param sequence - [c, b].
 */
function lstmLoss(
  main: GraphNode,
  extra: GraphNode,
  state: GraphNode,
  sequence: GraphNode,
): GraphNode {
  const layers = main.shape[0]! / 2;
  const b = extra.shape[1]!;
  const rows = (matrix: GraphNode): GraphNode[] =>
    split(matrix, matrix.shape[0]!).map((row) => row.reshape([row.shape[1]!]));
  const parameters = rows(main).map((row) => split(row, 4));
  const [inWeights, outWeights, outBiases] = rows(extra);
  const start = rows(state);
  const steps = sequence.shape[0]! - 1;
  const { ys } = scan(
    (carry, { now, next }) => {
      let value: GraphNode = now.mul(inWeights!);
      const carried: LayerState[] = [];
      for (let k = 0; k < layers; k++) {
        const after = layer(parameters[2 * k]!, parameters[2 * k + 1]!, carry[k]!, value);
        carried.push(after);
        value = after.hidden;
      }
      const prediction = value.mul(outWeights!).add(outBiases!);
      const normalizer = prediction.exp().sum().add(2).log();
      return { carry: carried, y: prediction.sub(normalizer).mul(next).sum() };
    },
    Array.from({ length: layers }, (_, k) => ({ hidden: start[2 * k]!, cell: start[2 * k + 1]! })),
    {
      now: slice(sequence, [{ end: steps }]),
      next: slice(sequence, [{ start: 1 }]),
    },
  );
  return ys.sum().div(-b * steps);
}

function read(input: unknown) {
  const fields = fieldsOf(input, 'the input');
  const graph = new Graph();
  const extra = matrixOf(fields['extra_params'], 'extra_params');
  const b = extra.columns;
  const node = (name: string, { rows, columns, data }: Matrix): GraphNode =>
    graph.input(name, { value: tensor(data, { shape: [rows, columns] }) });
  const main = matrixOf(fields['main_params'], 'main_params', 4 * b);
  const state = matrixOf(fields['state'], 'state', b);
  const sequence = matrixOf(fields['sequence'], 'sequence', b);
  if (extra.rows !== 3 || main.rows % 2 !== 0 || state.rows !== main.rows || sequence.rows < 2)
    throw new InputError(
      `expected 3 rows of extra_params, as many rows of main_params as of state, two for each layer, and a sequence of two or more; got ${extra.rows}, ${main.rows}, ${state.rows} and ${sequence.rows}`,
    );
  const [m, e] = [node('main', main), node('extra', extra)];
  return {
    loss: lstmLoss(m, e, node('state', state), node('sequence', sequence)),
    main: m,
    extra: e,
  };
}

/** `lstm`. */
export const lstm: Eval = {
  name: 'lstm',
  functions: {
    objective: (input) => program([read(input).loss], scalar),
    jacobian: (input) => {
      const { loss, main, extra } = read(input);
      return program(gradient(loss, [main, extra]), ([a, b]) => [...a!, ...b!]);
    },
  },
};
