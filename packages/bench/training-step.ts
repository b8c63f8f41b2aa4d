/** A training step of this project as one compiled program, for workloads that train. */
import { gradient } from '@ad/backprop';
import { Graph, type GraphNode, type Kind, type Shape, tensor } from '@ad/graph';
import { compiledAndFused } from './compiled.ts';
import type { Contestant } from './measure.ts';
import type { Optimizer } from '@ad/optim';

/** Parameters by name, each with its shape and elements. */
export type Arrays = Readonly<
  Record<string, { readonly shape: Shape; readonly data: readonly number[] }>
>;

/** A batch by name. */
export type Batch = Readonly<
  Record<string, { readonly shape: Shape; readonly data: readonly number[]; readonly kind?: Kind }>
>;

type Nodes = Readonly<Record<string, GraphNode>>;

/**
 * The program of a step: loss, gradient and update, parameters and state in its memory.
 *
 * @returns the contestants, with the loss as the result: the second one with fused multiply-add, where this engine has it.
 */
export function trainingStep(
  parameters: Arrays,
  batch: Batch,
  loss: (parameters: Nodes, batch: Nodes) => GraphNode,
  optimizer: Optimizer,
  precision: 'f32' | 'f64',
): Contestant[] {
  const graph = new Graph();
  const input = (name: string, { shape, data, kind = 'real' }: Batch[string]): GraphNode =>
    graph.input(name, {
      value: tensor(kind === 'integer' ? Int32Array.from(data) : Float64Array.from(data), {
        shape,
      }),
    });
  const entries = Object.entries(parameters);
  const nodes: Nodes = Object.fromEntries(
    entries.map(([name, array]) => [name, input(name, array)]),
  );
  const data: Nodes = Object.fromEntries(
    Object.entries(batch).map(([name, array]) => [name, input(name, array)]),
  );
  const output = loss(nodes, data);
  const names = Object.keys(nodes);
  const slopes = gradient(output, Object.values(nodes));
  const gradients = Object.fromEntries(names.map((name, k) => [name, slopes[k]!]));

  const initial = optimizer.init(
    Object.fromEntries(
      entries.map(([name, { shape, data: values }]) => [
        name,
        tensor(Float64Array.from(values), { shape }),
      ]),
    ),
  );
  const state: Record<string, GraphNode | Nodes> = {};
  for (const [quantity, value] of Object.entries(initial)) {
    state[quantity] =
      'shape' in value
        ? graph.input(quantity, { value: value as never })
        : Object.fromEntries(
            Object.entries(value).map(([name, leaf]) => [
              name,
              graph.input(`${quantity}.${name}`, { value: leaf as never }),
            ]),
          );
  }
  const update = optimizer.update(nodes, gradients, state);
  const updates = names.map((name) => [nodes[name]!, update.parameters[name]!] as const);
  for (const [quantity, old] of Object.entries(state)) {
    const fresh = update.state[quantity]! as GraphNode | Nodes;
    if ('id' in old) updates.push([old as GraphNode, fresh as GraphNode]);
    else for (const name of Object.keys(old)) updates.push([old[name]!, (fresh as Nodes)[name]!]);
  }
  return compiledAndFused({ outputs: [output], updates }, precision);
}
