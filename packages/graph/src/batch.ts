/**
 * Batches: nodes computed for many examples at once. Operands have smaller ids, so one ascending loop meets every node
 * after all it is computed from. Invariant at the top of the loop: every operand of u that differs between examples has
 * its batch. What does not differ is shared; where a loop or branch computes it beside what differs, it is appended once
 * more, to be read from there.
 */
import { apply } from './apply.ts';
import { batchControl, type BatchedParts, type Operand } from './batch-control.ts';
import { GraphError, KindError, ShapeError } from './errors.ts';
import { concat } from './functions/layout.ts';
import { ancestorsOf } from './interpreter/schedule.ts';
import type { GraphNode } from './node.ts';
import { alignBatch } from './rows/batch.ts';
import { batchByLoop } from './rows/batch-loop.ts';
import { behindBatch } from './rows/layout.ts';
import type { Attributes, Builder, Operation, ReductionAttributes } from './rows/row.ts';
import { formatShape, sameShape, sizeOf } from './shape.ts';

/**
 * Nodes for a batch of examples: the computation from `examples` to `outputs`, appended once more with an axis in front.
 *
 * @param outputs - what is computed for each example: nodes of one graph.
 * @param examples - the nodes that differ between examples, in the shapes of one example.
 * @param batches - what stands in their place: nodes of their kinds, with an axis of examples in front of their shapes.
 * @returns for each output its batch, with the axis of examples in front; `undefined` where it is the same for all.
 * @throws {@link GraphError} when nodes belong to different graphs, {@link ShapeError} or {@link KindError} when a
 * batch does not fit its example.
 * Complexity: O(V + E) nodes are appended, those that depend on an example; their number does not grow with the batch.
 * @example
 * ```ts
 * import { batchNodes, evaluate, Graph } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x', { shape: [2] });
 * const y = x.square().sum();
 * const [batch] = batchNodes([y], [x], [graph.input('batch', { shape: [3, 2] })]);
 * evaluate(batch!, { batch: [[1, 2], [3, 4], [5, 6]] }).toArray(); // => [5, 25, 61]
 * ```
 */
export function batchNodes(
  outputs: readonly GraphNode[],
  examples: readonly GraphNode[],
  batches: readonly GraphNode[],
): (GraphNode | undefined)[] {
  checkBatches(outputs, examples, batches);
  const count = batches[0]?.shape[0];
  return valuesOfBatch(outputs, examples, batches).map(({ node, isBatch }, i) => {
    if (node.id === outputs[i]!.id && node.graph === outputs[i]!.graph) return undefined;
    return isBatch ? node : node.broadcastTo([count!, ...node.shape]);
  });
}

/** {@link batchNodes} without checks: what does not differ between examples is as in one of them. */
function valuesOfBatch(
  outputs: readonly GraphNode[],
  examples: readonly GraphNode[],
  batches: readonly GraphNode[],
): Operand[] {
  if (outputs.length === 0) return [];
  const { graph } = outputs[0]!;
  const { arena } = graph;
  const order = ancestorsOf(
    arena,
    outputs.map(({ id }) => id),
  );
  const known = new Map<number, Operand>(); // what stands for nodes, where that is another one
  examples.forEach(({ id }, i) => known.set(id, { node: batches[i]!, isBatch: true }));
  const packed = new Map<number, BatchedParts>(); // the batches of loops and branches
  const B = nodeBuilder(outputs[0]!);
  const whole = (parts: BatchedParts): GraphNode => {
    const count = batches[0]!.shape[0]!;
    const rows = Array.from(parts.values(), ({ node, isBatch }) =>
      asRow(isBatch ? node : node.broadcastTo([count, ...node.shape]), 1),
    );
    return concat(rows, 1);
  };
  const valueOf = (id: number): Operand => {
    const parts = packed.get(id);
    if (parts !== undefined && !known.has(id)) known.set(id, { node: whole(parts), isBatch: true });
    return known.get(id) ?? { node: graph.node(id), isBatch: false };
  };
  for (const u of order) {
    if (known.has(u)) continue;
    const ids = Array.from(arena.operandsOf(u));
    if (!ids.some((id) => known.has(id) || packed.has(id))) continue;
    const row = arena.rowOf(u);
    const attributes = arena.attributes.get(u);
    const part = partRead(row, attributes ?? {}, packed.get(ids[0]!));
    if (part !== undefined) {
      known.set(u, part);
      continue;
    }
    const values = ids.map(valueOf);
    const operands = values.map(({ node }) => node);
    const batched = values.map(({ isBatch }) => isBatch);
    if (!batched.includes(true))
      known.set(u, { node: apply(row, operands, attributes), isBatch: false });
    else if (row.family === 'control')
      packed.set(u, batchControl(row, attributes!, operands, batched, valuesOfBatch));
    else
      known.set(u, {
        node: batchOperation(B, row, operands, batched, attributes ?? {}),
        isBatch: true,
      });
  }
  return outputs.map(({ id }) => valueOf(id));
}

/** The part of a loop or branch that a slice reads, if it reads exactly one. */
function partRead(
  row: Operation,
  attributes: Attributes,
  parts: BatchedParts | undefined,
): Operand | undefined {
  if (row.name !== 'slice' || parts === undefined) return undefined;
  const { starts, lengths, steps } = attributes as Readonly<
    Record<'starts' | 'lengths' | 'steps', readonly [number]>
  >;
  const part = parts.get(starts[0]);
  if (part === undefined || steps[0] !== 1) return undefined;
  const node = asRow(part.node, part.isBatch ? 1 : 0);
  return node.shape.at(-1) === lengths[0] ? { ...part, node } : undefined;
}

/** A part as it is packed, behind so many axes: its numbers one after the other. */
function asRow(part: GraphNode, axes: number): GraphNode {
  const { shape } = part;
  const flat = part.reshape([...shape.slice(0, axes), sizeOf(shape.slice(axes))]);
  return flat.kind === 'real' ? flat : flat.add(0);
}

/**
 * An operation applied to a batch.
 *
 * @param operands - those of one example, with one more axis in front where `batched`: that of the examples.
 * @param batched - which operands differ between examples: at least one.
 * @param attributes - those of one example.
 * @returns the results of all examples, along an axis in front.
 */
export function batchOperation<V>(
  B: Builder<V>,
  row: Operation,
  operands: readonly V[],
  batched: readonly boolean[],
  attributes: Attributes,
): V {
  switch (row.family) {
    case 'elementwise':
      return B.apply(row, alignBatch(B, operands, batched));
    case 'reduction':
      return B.apply(row, operands, behindBatch(attributes as ReductionAttributes));
    case 'linear':
    case 'bilinear':
    case 'smooth':
    case 'discrete':
      return row.batch(B, operands, batched, attributes);
    case 'control':
      return batchByLoop(B, row, operands, batched, attributes);
    case 'leaf':
      throw new GraphError(`${row.name}: a leaf has no operands`);
  }
}

function nodeBuilder({ graph }: GraphNode): Builder<GraphNode> {
  return {
    apply: (row, operands, attributes) => apply(row, operands, attributes),
    constant: (value) => graph.constant(value),
    typeOf: (node) => node,
  };
}

function checkBatches(
  outputs: readonly GraphNode[],
  examples: readonly GraphNode[],
  batches: readonly GraphNode[],
): void {
  const all = [...outputs, ...examples, ...batches];
  for (const node of all) {
    if (node.graph === all[0]!.graph) continue;
    throw new GraphError(
      `batchNodes: the node ${node.toString()} belongs to another graph than ${all[0]!.toString()}`,
    );
  }
  if (examples.length !== batches.length) {
    throw new GraphError(
      `batchNodes: ${examples.length} examples have ${batches.length} batches; give each its own`,
    );
  }
  examples.forEach(({ shape, kind }, i) => {
    const batch = batches[i]!;
    if (batch.kind !== kind)
      throw new KindError(
        `batchNodes: a batch of kind ${batch.kind} for an example of kind ${kind}`,
      );
    const [count, ...example] = batch.shape;
    if (count === undefined || !sameShape(example, shape) || count !== batches[0]!.shape[0]) {
      throw new ShapeError(
        `batchNodes: batch ${i} has shape ${formatShape(batch.shape)}, expected an axis of examples, ` +
          `the same for all batches, and then ${formatShape(shape)}`,
      );
    }
  });
}
