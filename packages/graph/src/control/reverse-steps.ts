/**
 * The way back through the steps of a loop: a scan that carries the adjoints of the carries, and sums of the adjoints of
 * what the body uses from outside. In each step it reads the carries from before the step, computes the step once more,
 * and passes the adjoints through it. Zeros are not carried: only what moves with what is wanted, and what somebody has
 * sent something to, takes part.
 */
import { adjointsOf, type Seed } from '../adjoint-graph.ts';
import { applyBody, type Body } from '../body.ts';
import { Graph } from '../graph.ts';
import type { GraphNode } from '../node.ts';
import type { Strengthening } from '../rows/row.ts';
import { buildScan, type Carry, type Fed, inputsFor, zeros } from './build.ts';
import type { ControlRows } from './derivatives.ts';
import { closure, inputsReachedBy, outputsMovedBy } from './reach.ts';

/** The steps to go back through, and the adjoints to start from. */
export interface Steps {
  /** What each step does. */
  readonly body: Body;
  /** Whether its first input is the index of the step. */
  readonly isIndexed: boolean;
  /** How many carries there are. */
  readonly carries: number;
  /** The number of steps; the most steps where there is a count. */
  readonly length: number;
  /** Whether the way back goes from the last entry to the first. */
  readonly reverse: boolean;
  /** How many entries take part. */
  readonly count: GraphNode | undefined;
  /** The carries before each step. */
  readonly stacks: readonly GraphNode[];
  /** The arrays that the steps read. */
  readonly arrays: readonly GraphNode[];
  /** What the body uses from outside. */
  readonly outside: readonly GraphNode[];
  /** Adjoints of the last carries, of what was stacked up, and of the carries before each step; `undefined` for 0. */
  readonly last: readonly (GraphNode | undefined)[];
  readonly stacked: readonly (GraphNode | undefined)[];
  readonly residuals: readonly (GraphNode | undefined)[];
  /** Which adjoints are asked for: of the first carries, of the arrays, and of what is used from outside. */
  readonly wanted: readonly boolean[];
  /** The loops to build it of. */
  readonly rows: ControlRows;
  /** What makes 0 win in all products, even over Infinity and NaN, if it is to. */
  readonly strong: Strengthening | undefined;
}

/** The adjoints asked for; `undefined` where no message arrives. */
export function reverseSteps(steps: Steps): (GraphNode | undefined)[] {
  const { body, carries, arrays, wanted } = steps;
  const takesPart = carriesTakingPart(steps);
  const [anyNode] = [...steps.stacks, ...arrays, ...steps.outside] as [GraphNode];
  const around = anyNode.graph;

  const graph = new Graph();
  const inputs = inputsFor(graph, 'input', body.inputs);
  const index = steps.isIndexed ? inputs[0]! : graph.input('index', { kind: 'integer' });
  const ins = steps.isIndexed ? inputs.slice(1) : inputs;
  const outputs = applyBody(body, inputs, graph);

  const scanned = [...steps.stacks, ...arrays].map((from, k): Fed => ({ input: ins[k]!, from }));
  const entryOf = (name: string, like: GraphNode, from: GraphNode): GraphNode => {
    const input = graph.input(name, { shape: like.shape });
    scanned.push({ input, from });
    return input;
  };
  const seeds: Seed[] = [];
  const adjoints = new Map<number, Fed>();
  for (let j = 0; j < carries; j++) {
    if (!takesPart[j]!) continue;
    const { shape } = ins[j]!;
    const input = graph.input(`adjoint${j}`, { shape });
    adjoints.set(j, { input, from: steps.last[j] ?? zeros({ graph: around, shape }) });
    seeds.push([outputs[j]!, input]);
  }
  steps.stacked.forEach((from, k) => {
    if (from === undefined) return;
    const output = outputs[carries + k]!;
    seeds.push([output, entryOf(`stacked${k}`, output, from)]);
  });
  const slopes = adjointsOf(seeds, ins, steps.strong);

  const back: Carry[] = [];
  const stacked: GraphNode[] = [];
  /** Where the adjoint of each input is found in the scan. */
  const places = ins.map((input, k): readonly ['last' | 'stacked', number] | undefined => {
    const slope = slopes[k];
    if (k < carries) {
      const adjoint = adjoints.get(k);
      if (adjoint === undefined) return undefined;
      const from = steps.residuals[k];
      const more = from === undefined ? undefined : entryOf(`residual${k}`, input, from);
      const next = sumOf(slope, more) ?? zeros(input);
      return ['last', back.push({ ...adjoint, next, wanted: wanted[k]! }) - 1];
    }
    if (!wanted[k]! || slope === undefined) return undefined;
    if (k < carries + arrays.length) return ['stacked', stacked.push(slope) - 1];
    const { shape } = input;
    const sum = graph.input(`sum${k}`, { shape });
    const from = zeros({ graph: around, shape });
    return ['last', back.push({ input: sum, from, next: sum.add(slope), wanted: true }) - 1];
  });
  const built = buildScan(steps.rows, {
    index,
    count: steps.count,
    carries: back,
    scanned,
    outside: steps.outside.map((from, k) => ({ input: ins[carries + arrays.length + k]!, from })),
    stacked,
    length: steps.length,
    reverse: steps.reverse,
  });
  return places.map((place, k) =>
    place === undefined || !wanted[k]! ? undefined : built[place[0]][place[1]],
  );
}

/** The carries whose adjoints matter: they move with what is wanted, and what is asked for depends on them. */
export function carriesTakingPart(
  steps: Pick<
    Steps,
    'body' | 'isIndexed' | 'carries' | 'wanted' | 'last' | 'stacked' | 'residuals'
  >,
): boolean[] {
  const { body, carries, wanted } = steps;
  const lead = steps.isIndexed ? [false] : [];
  const moves = closure([...lead, ...wanted], (moving) => [
    ...lead,
    ...outputsMovedBy(body, moving).slice(0, carries),
  ]).slice(lead.length);
  const asked = steps.last.map(
    (adjoint, j) => adjoint !== undefined || steps.residuals[j] !== undefined,
  );
  const sends = closure(
    [...asked, ...steps.stacked.map((adjoint) => adjoint !== undefined)],
    (set) => inputsReachedBy(body, set).slice(lead.length, lead.length + carries),
  );
  return moves.slice(0, carries).map((isMoved, j) => isMoved && sends[j]!);
}

function sumOf(x: GraphNode | undefined, y: GraphNode | undefined): GraphNode | undefined {
  return x === undefined || y === undefined ? (x ?? y) : x.add(y);
}
