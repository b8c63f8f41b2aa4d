/**
 * A training step whose batch is cut into shards: one program computes loss and gradients of a shard, another one adds
 * them up in a fixed order and updates parameters and optimizer state. So the numbers depend on the number of
 * shards, and not on who computes them.
 */
import { Graph, type GraphNode } from '@ad/graph';
import type { SampleTensors } from '../data/samples.ts';
import type { Optimizer, OptimizerState } from '../rules/optimizer.ts';
import { storageOf } from '../storage.ts';
import { BatchProgram } from './batch-program.ts';
import { gradientsOf, type Objective, traceForward } from './forward.ts';
import {
  computeShard,
  copyParameters,
  type ShardedBatch,
  shardSizes,
  type Team,
} from './shards.ts';
import type { TrainingStep } from './step.ts';
import { guardedUpdates } from './update.ts';
import { feedsOf, inputsFor, Variables } from './variables.ts';

/** Builds the training step for batches of `size` samples, cut into shards that the team computes. */
export function buildShardedStep<P>(
  objective: Objective<P>,
  optimizer: Optimizer,
  parameters: P,
  state: OptimizerState,
  samples: SampleTensors,
  size: number,
  shardCount: number,
  team: Team,
): TrainingStep {
  const sizes = shardSizes(size, shardCount);
  const parts = new Map(
    [...new Set(sizes)].map((rows) => [rows, buildShard(objective, parameters, samples, rows)]),
  );
  const { forward, gradients } = parts.get(sizes[0]!)!;

  // Of each shard: loss, metrics, gradients, and what the model replaces.
  const graph = new Graph();
  const variables = inputsFor(graph, parameters, 'parameters');
  const results = outputsOf(forward, gradients);
  const inputs = sizes.map((_, k) =>
    results.map(({ shape, kind }, j) => graph.input(`shards[${k}][${j}]`, { shape, kind })),
  );
  const means = results.map(({ kind }, j) => {
    const values = inputs.map((input) => input[j]!);
    return kind === 'real' ? weightedSum(values, sizes, size) : values[0]!;
  });
  const [loss, ...others] = means as [GraphNode, ...GraphNode[]];
  const take = (count: number): readonly GraphNode[] => others.splice(0, count);
  const metrics = take(forward.metrics.length);
  const slopes = gradients.map((gradient) => (gradient === null ? null : take(1)[0]!));
  const replaced = forward.replaced.map(([old], j) => {
    const parameter = forward.parameterNodes.findIndex(({ id }) => id === old.id);
    return [variables.nodes[parameter]!, others[j]!] as const;
  });
  const { magnitude, updates } = guardedUpdates(optimizer, {
    parameters: variables.tree,
    state: inputsFor(graph, state, 'state').tree,
    gradients: slopes,
    replaced,
    loss,
  });
  const program = objective.executor({ outputs: [loss, ...metrics, magnitude], updates });
  const values = new Variables(program, parameters, 'parameters');

  const starts = sizes.map((_, k) => sizes.slice(0, k).reduce((sum, rows) => sum + rows, 0));
  const batch: ShardedBatch = {
    parameters: values.storages,
    programs: Array.from(parts.values(), (part) => part.program),
    shards: sizes.map((rows, index) => {
      const shard = parts.get(rows)!.program;
      const results = shard.outputs.map(
        (output, j) => storageOf(program, `shards[${index}][${j}]`) ?? output.slice(),
      );
      return { index, start: starts[index]!, program: shard, results };
    }),
  };
  let last: readonly [SampleTensors, Int32Array | null, number] | undefined;
  return {
    size,
    outputs: program.outputs,
    parameters: values,
    state: new Variables(program, state, 'state'),
    forward,
    run(...rows) {
      last = rows;
      const work = team.run(batch, ...rows);
      if (work === undefined) program.execute();
      else return work.then(() => program.execute());
      return undefined;
    },
    *passes() {
      for (const shard of batch.shards) {
        const part = parts.get(shard.program.size)!;
        copyParameters(shard.program, batch.parameters);
        computeShard(shard, ...last!);
        yield { ...part, feeds: feedsOf(part.forward.graph, shard.program.program) };
      }
    },
  };
}

/** The program for shards of one size. */
function buildShard<P>(
  objective: Objective<P>,
  parameters: P,
  samples: SampleTensors,
  rows: number,
) {
  const forward = traceForward(objective, parameters, samples, rows, 'train on shards');
  const gradients = gradientsOf(objective.caller, forward);
  const program = objective.executor({ outputs: outputsOf(forward, gradients) });
  return { forward, gradients, program: new BatchProgram(program, rows) };
}

/** What is computed of each shard. */
function outputsOf(
  { loss, metrics, replaced }: ReturnType<typeof traceForward>,
  gradients: readonly (GraphNode | null)[],
): readonly GraphNode[] {
  return [
    loss,
    ...metrics,
    ...gradients.filter((gradient) => gradient !== null),
    ...replaced.map(([, value]) => value),
  ];
}

/** The mean over a batch from the means over its shards, added up in pairs, pairs of pairs, and so on. */
function weightedSum(
  means: readonly GraphNode[],
  sizes: readonly number[],
  size: number,
): GraphNode {
  let terms = means.map((mean, k) => mean.mul(sizes[k]! / size));
  while (terms.length > 1) {
    terms = terms.flatMap((term, k) => {
      if (k % 2 === 1) return [];
      const neighbour = terms[k + 1];
      return [neighbour === undefined ? term : term.add(neighbour)];
    });
  }
  return terms[0]!;
}
