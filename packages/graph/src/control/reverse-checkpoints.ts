/**
 * Reverse mode of a scan that keeps few of its carries: the way back is a scan over the steps, which before each step
 * computes the carries it needs again from a snapshot, as the binomial schedule says. The snapshots are carries of the
 * way back, and the schedule is data, so the graph does not grow with the number of steps.
 *
 * Memory: the snapshots asked for and one state to work with. The schedule itself is six integers per step.
 */
import { adjointsOf, type Seed } from '../adjoint-graph.ts';
import { applyBody } from '../body.ts';
import { identity } from '../functions/arithmetic.ts';
import { stack } from '../functions/layout.ts';
import { equal, less, where } from '../functions/comparison.ts';
import { gather } from '../functions/indexing.ts';
import { toInteger } from '../functions/rounding.ts';
import type { GraphNode } from '../node.ts';
import { tensor } from '../tensor.ts';
import { binomialSchedule } from './binomial-schedule.ts';
import { zeros } from './build.ts';
import { inputsReachedBy } from './reach.ts';
import { carriesTakingPart, type Steps } from './reverse-steps.ts';
import { traceScan, traceWhileLoop } from './trace-loops.ts';

/** The steps to go back through, and where they started. */
export interface CheckpointedSteps extends Omit<
  Steps,
  'stacks' | 'residuals' | 'count' | 'isIndexed'
> {
  /** The first carries. */
  readonly first: readonly GraphNode[];
  /** How many snapshots there are. */
  readonly snapshots: number;
}

/** What the way back carries. */
interface Back {
  /** By carry of the loop: its snapshots, and behind them the state to work with. */
  readonly slots: readonly GraphNode[];
  readonly adjoints: readonly GraphNode[];
}

/** What the way back reads at a step. */
interface Entry {
  readonly arrays: readonly GraphNode[];
  /** Adjoints of what the step has stacked up. */
  readonly adjoints: readonly GraphNode[];
  /** The slot that holds the carries before the step, after the advances between `start` and `end`. */
  readonly slot: GraphNode;
  readonly start: GraphNode;
  readonly end: GraphNode;
}

/** The adjoints asked for; `undefined` where no message arrives. */
export function reverseFromCheckpoints(steps: CheckpointedSteps): (GraphNode | undefined)[] {
  const { body, carries, arrays, wanted, first, length, snapshots } = steps;
  const { graph } = first[0]!;
  const residuals = first.map(() => undefined);
  const takesPart = carriesTakingPart({ ...steps, isIndexed: true, residuals });
  const sends = [...takesPart, ...steps.stacked.map((adjoint) => adjoint !== undefined)];
  const reached = inputsReachedBy(body, sends).slice(1);
  const isEntry = (k: number): boolean => k >= carries && k < carries + arrays.length;
  /** Which adjoints are carried along, and which are stacked up. */
  const carried = reached.map((is, k) =>
    k < carries ? takesPart[k]! : !isEntry(k) && is && wanted[k]!,
  );
  const stacked = reached.map((is, k) => isEntry(k) && is && wanted[k]!);
  const shapeOf = (k: number): readonly number[] => body.inputs[1 + k]!.shape;
  const { advances, ...tables } = tablesOf(steps);
  const constant = (table: readonly number[]): GraphNode =>
    graph.constant(tensor(table, { kind: 'integer' }));
  const actions = advances.map(constant);

  const { carry, ys } = traceScan<Back, Entry, readonly GraphNode[]>(
    steps.rows.scan,
    (state, entry, index) => {
      const slots = catchUp(steps, state.slots, actions, entry);
      // Nodes of their own: what came before the step is not differentiated here.
      const outside = steps.outside.map((node) => identity(node));
      const inputs = [
        ...slots.map((slot) => gather(slot, entry.slot)),
        ...entry.arrays,
        ...outside,
      ];
      const outputs = applyBody(body, [index, ...inputs]);
      const adjoints = spread(carried, state.adjoints);
      const seeds = outputs.slice(0, carries).flatMap((output, j): Seed[] => {
        return adjoints[j] === undefined ? [] : [[output, adjoints[j]]];
      });
      let next = 0;
      steps.stacked.forEach((adjoint, k) => {
        if (adjoint !== undefined) seeds.push([outputs[carries + k]!, entry.adjoints[next++]!]);
      });
      const slopes = adjointsOf(seeds, inputs, steps.strong);
      const after = slopes.flatMap((slope, k) => {
        const before = adjoints[k];
        if (before === undefined) return [];
        // What the body uses from outside is summed up; carries are replaced.
        if (k < carries) return [slope ?? zeros(before)];
        return [slope === undefined ? before : before.add(slope)];
      });
      return {
        carry: { slots, adjoints: after },
        y: slopes.filter((slope, k): slope is GraphNode => stacked[k]! && slope !== undefined),
      };
    },
    {
      slots: first.map((node) => {
        const others = Array.from({ length: snapshots }, () => node);
        return stack([node, ...others]);
      }),
      adjoints: carried.flatMap((is, k) => {
        if (!is) return [];
        return [(k < carries ? steps.last[k] : undefined) ?? zeros({ graph, shape: shapeOf(k) })];
      }),
    },
    {
      arrays,
      adjoints: steps.stacked.filter((adjoint) => adjoint !== undefined),
      slot: constant(tables.slot),
      start: constant(tables.start),
      end: constant(tables.end),
    },
    { reverse: steps.reverse, length },
  );
  const last = spread(carried, carry.adjoints);
  const entries = spread(stacked, ys);
  return wanted.map((is, k) => (is ? (last[k] ?? entries[k]) : undefined));
}

/** The schedule as tables: the advances one after the other, and for each entry which of them come before it. */
function tablesOf({ length, reverse, snapshots }: CheckpointedSteps): {
  readonly advances: readonly (readonly number[])[];
  readonly slot: readonly number[];
  readonly start: readonly number[];
  readonly end: readonly number[];
} {
  const schedule = binomialSchedule(length, snapshots);
  const [from, first, last, to]: [number[], number[], number[], number[]] = [[], [], [], []];
  const [slot, start, end] = [new Array<number>(length), new Array<number>(length), new Array<number>(length)]; // prettier-ignore
  for (let step = length - 1; step >= 0; step--) {
    const entry = reverse ? step : length - 1 - step;
    start[entry] = from.length;
    for (const advance of schedule[step]!.advances) {
      from.push(advance.from);
      first.push(advance.position);
      last.push(advance.position + advance.steps);
      to.push(advance.to);
    }
    end[entry] = from.length;
    slot[entry] = schedule[step]!.slot;
  }
  // A table has an entry to be a table, even where nothing is computed again.
  const advances = [from, first, last, to].map((table) => (table.length === 0 ? [0] : table));
  return { advances, slot, start, end };
}

/** The slots after the advances that come before a step. */
function catchUp(
  steps: CheckpointedSteps,
  slots: readonly GraphNode[],
  actions: readonly GraphNode[],
  { start, end }: Entry,
): readonly GraphNode[] {
  const { body, arrays, outside, carries, length, reverse, snapshots } = steps;
  const first = { action: start.add(0), slots };
  return traceWhileLoop<typeof first>(
    steps.rows.whileLoop,
    ({ action }) => less(action, end),
    (state) => {
      const at = toInteger(state.action);
      const [from, position, last, to] = actions.map((table) => gather(table, at));
      const begin = {
        step: position!.add(0),
        carry: state.slots.map((slot) => gather(slot, from!)),
      };
      const { carry } = traceWhileLoop<typeof begin>(
        steps.rows.whileLoop,
        ({ step }) => less(step, last!),
        (inner) => {
          const { step } = inner;
          const entry = toInteger(reverse ? step : step.neg().add(length - 1));
          const inputs = [
            ...inner.carry,
            ...arrays.map((array) => gather(array, entry)),
            ...outside,
          ];
          const outputs = applyBody(body, [entry, ...inputs]);
          return { step: step.add(1), carry: outputs.slice(0, carries) };
        },
        begin,
      );
      const numbers = Int32Array.from({ length: snapshots + 1 }, (_, slot) => slot);
      const isTarget = equal(to!.graph.constant(tensor(numbers)), to!);
      const after = state.slots.map((slot, k) => {
        const ones = carry[k]!.shape.map(() => 1);
        return where(isTarget.reshape([snapshots + 1, ...ones]), carry[k]!, slot);
      });
      return { action: state.action.add(1), slots: after };
    },
    first,
  ).slots;
}

/** A list without gaps, at the positions that are set. */
function spread(isSet: readonly boolean[], list: readonly GraphNode[]): (GraphNode | undefined)[] {
  let next = 0;
  return isSet.map((is) => (is ? list[next++] : undefined));
}
