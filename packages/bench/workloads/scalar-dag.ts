/**
 * Random graphs of scalar operations: 45 % sums and differences, 34 % products, 5 % quotients, 16 % tanh, exp, sin and
 * log, 100 inputs. Operands are drawn so that values stay moderate; the same graph is built in every engine.
 */
import { gradient, reverseSweep } from '@ad/backprop';
import { compile } from '@ad/compiler';
import { Graph, type GraphNode } from '@ad/graph';
import type { Contestant, Race } from '../measure.ts';
import { Tape } from '../peers/tape.ts';
import { Value } from '../peers/micrograd.ts';
import { generator } from '../random.ts';
import type { Workload } from '../workload.ts';

const INPUTS = 100;
/** Operands are drawn from so many nodes before, half of the time; otherwise from all before. */
const WINDOW = 1000;
const OPERATIONS = ['add', 'sub', 'mul', 'div', 'tanh', 'exp', 'sin', 'log'] as const;
/** The first operation that takes one operand. */
const UNARY = 4;
/** The share of each operation up to and including it. */
const SHARES = [0.225, 0.45, 0.79, 0.84, 0.88, 0.92, 0.96, 1] as const;

/** A random graph: node `i` is operation `codes[i]` of nodes `x[i]` and `y[i]`; the first nodes are inputs. */
interface Dag {
  readonly codes: Uint8Array;
  readonly x: Int32Array;
  readonly y: Int32Array;
  readonly inputs: Float64Array;
}

/** The value of an operation; NaN where it would leave the range in which derivatives stay moderate. */
function value(code: number, x: number, y: number): number {
  switch (OPERATIONS[code]!) {
    case 'add':
      return x + y;
    case 'sub':
      return x - y;
    case 'mul':
      return x * y;
    case 'div':
      return Math.abs(y) > 0.3 ? x / y : NaN;
    case 'tanh':
      return Math.tanh(x);
    case 'exp':
      return x < 1 ? Math.exp(x) : NaN;
    case 'sin':
      return Math.sin(x);
    case 'log':
      return x > 0.3 ? Math.log(x) : NaN;
  }
}

/** How large values may become; operands are drawn anew until they stay below. */
const LARGEST = 4;

function randomDag(size: number): Dag {
  const random = generator(7);
  const dag: Dag = {
    codes: new Uint8Array(size),
    x: new Int32Array(size),
    y: new Int32Array(size),
    inputs: Float64Array.from({ length: INPUTS }, () => 0.5 + random()),
  };
  const values = new Float64Array(size);
  values.set(dag.inputs);
  const draw = (i: number): number => {
    const from = random() < 0.5 ? Math.max(0, i - WINDOW) : 0;
    return from + Math.floor((i - from) * random());
  };
  for (let i = INPUTS; i < size; i++) {
    const kind = random();
    const code = SHARES.findIndex((share) => kind < share);
    let [x, y] = [draw(i), draw(i)];
    while (!(Math.abs(value(code, values[x]!, values[y]!)) < LARGEST)) [x, y] = [draw(i), draw(i)];
    dag.codes[i] = code;
    dag.x[i] = x;
    dag.y[i] = y;
    values[i] = value(code, values[x]!, values[y]!);
  }
  return dag;
}

/** What an engine must be able to do with its numbers. */
type Arithmetic<T> = Readonly<Record<'add' | 'sub' | 'mul' | 'div', (x: T, y: T) => T>> &
  Readonly<Record<'tanh' | 'exp' | 'sin' | 'log', (x: T) => T>>;

/** Builds the graph over some numbers: the sum of the nodes that nothing uses. */
function build<T>({ codes, x, y }: Dag, A: Arithmetic<T>, inputs: readonly T[]): T {
  const size = codes.length;
  const nodes = new Array<T>(size);
  const used = new Uint8Array(size);
  for (let i = 0; i < INPUTS; i++) nodes[i] = inputs[i]!;
  for (let i = INPUTS; i < size; i++) {
    const code = codes[i]!;
    nodes[i] = apply(A, code, nodes[x[i]!]!, nodes[y[i]!]!);
    used[x[i]!] = 1;
    if (code < UNARY) used[y[i]!] = 1;
  }
  let total: T | undefined;
  for (let i = size - 1; i >= 0; i--) {
    if (used[i] === 1) continue;
    total = total === undefined ? nodes[i]! : A.add(total, nodes[i]!);
  }
  return total!;
}

/** An operation by its code. Named one by one: to look a name up takes as long as some engines need for the operation. */
function apply<T>(A: Arithmetic<T>, code: number, x: T, y: T): T {
  switch (code) {
    case 0:
      return A.add(x, y);
    case 1:
      return A.sub(x, y);
    case 2:
      return A.mul(x, y);
    case 3:
      return A.div(x, y);
    case 4:
      return A.tanh(x);
    case 5:
      return A.exp(x);
    case 6:
      return A.sin(x);
    default:
      return A.log(x);
  }
}

const nodeArithmetic: Arithmetic<GraphNode> = {
  add: (x, y) => x.add(y),
  sub: (x, y) => x.sub(y),
  mul: (x, y) => x.mul(y),
  div: (x, y) => x.div(y),
  tanh: (x) => x.tanh(),
  exp: (x) => x.exp(),
  sin: (x) => x.sin(),
  log: (x) => x.log(),
};

const objectArithmetic: Arithmetic<Value> = {
  add: (x, y) => x.add(y),
  sub: (x, y) => x.sub(y),
  mul: (x, y) => x.mul(y),
  div: (x, y) => x.div(y),
  tanh: (x) => x.tanh(),
  exp: (x) => x.exp(),
  sin: (x) => x.sin(),
  log: (x) => x.log(),
};

function tapeArithmetic(tape: Tape): Arithmetic<number> {
  const { values } = tape;
  const unary = (x: number, result: number, slope: number): number =>
    tape.push(result, x, slope, x, 0);
  return {
    add: (x, y) => tape.push(values[x]! + values[y]!, x, 1, y, 1),
    sub: (x, y) => tape.push(values[x]! - values[y]!, x, 1, y, -1),
    mul: (x, y) => tape.push(values[x]! * values[y]!, x, values[y]!, y, values[x]!),
    div: (x, y) => {
      const quotient = values[x]! / values[y]!;
      return tape.push(quotient, x, 1 / values[y]!, y, -quotient / values[y]!);
    },
    tanh: (x) => {
      const t = Math.tanh(values[x]!);
      return unary(x, t, 1 - t * t);
    },
    exp: (x) => {
      const e = Math.exp(values[x]!);
      return unary(x, e, e);
    },
    sin: (x) => unary(x, Math.sin(values[x]!), Math.cos(values[x]!)),
    log: (x) => unary(x, Math.log(values[x]!), 1 / values[x]!),
  };
}

function graphOf(dag: Dag): { readonly inputs: GraphNode[]; readonly output: GraphNode } {
  const graph = new Graph();
  const inputs = Array.from(dag.inputs, (value, i) => graph.input(`x${i}`, { value }));
  return { inputs, output: build(dag, nodeArithmetic, inputs) };
}

/** The graph on objects and closures. */
function onObjects(dag: Dag): Contestant {
  let result = 0;
  const step = (): void => {
    const inputs = Array.from(dag.inputs, (value) => new Value(value));
    const output = build(dag, objectArithmetic, inputs);
    output.backward();
    result = output.data;
  };
  return { engine: 'micrograd style', step, result: () => result };
}

/** The graph on a tape, recorded anew in every step. */
function onTape(dag: Dag): Contestant {
  const tape = new Tape(2 * dag.codes.length);
  const arithmetic = tapeArithmetic(tape);
  let result = 0;
  const step = (): void => {
    tape.clear();
    const output = build(
      dag,
      arithmetic,
      Array.from(dag.inputs, (value) => tape.leaf(value)),
    );
    tape.sweep(output);
    result = tape.values[output]!;
  };
  return { engine: 'tape by hand', step, result: () => result };
}

const perNode = (size: number): Pick<Race, 'unit' | 'value'> => ({
  unit: 'ns/node',
  value: (seconds) => (seconds * 1e9) / size,
});

const sizesOf = (full: boolean): number[] => (full ? [1e3, 1e4, 1e5, 1e6] : [1e3, 1e4, 1e5]);

/** `scalar-dag`. */
export const scalarDag: Workload = {
  name: 'scalar-dag',
  what: 'a random graph of scalar operations with 100 inputs, compiled once: value and all gradients, f64',
  async run({ race, peers, full, keep }) {
    for (const size of sizesOf(full)) {
      const dag = randomDag(size);
      const start = performance.now();
      const { inputs, output } = graphOf(dag);
      const built = performance.now();
      const slopes = gradient(output, inputs);
      const differentiated = performance.now();
      const program = compile({ outputs: [output, ...slopes] });
      program.execute();
      const compiled = performance.now();
      const once = (metric: string, milliseconds: number): void => {
        const each = (milliseconds * 1e3) / size;
        keep({ engine: '@ad', metric, unit: 'us/node', median: each, best: each, worst: each });
      };
      once(`build, V = ${size}`, built - start);
      once(`differentiate, V = ${size}`, differentiated - built);
      once(`compile and first run, V = ${size}`, compiled - differentiated);
      const contestants: Contestant[] = [
        { engine: '@ad', step: () => program.execute(), result: () => program.outputs[0]![0]! },
        onTape(dag),
      ];
      if (peers) contestants.push(onObjects(dag));
      await race({ metric: `value and gradient, V = ${size}`, ...perNode(size), contestants });
    }
  },
};

/** `scalar-dag-interpreted`. */
export const scalarDagInterpreted: Workload = {
  name: 'scalar-dag-interpreted',
  what: 'the same graph built, evaluated and swept once, nothing compiled',
  async run({ race, peers, full }) {
    for (const size of sizesOf(full)) {
      const dag = randomDag(size);
      let result = 0;
      const step = (): void => {
        result = reverseSweep(graphOf(dag).output).value.item();
      };
      const contestants: Contestant[] = [
        { engine: '@ad', step, result: () => result },
        onTape(dag),
      ];
      if (peers) contestants.push(onObjects(dag));
      await race({ metric: `build, evaluate, sweep, V = ${size}`, ...perNode(size), contestants });
    }
  },
};
