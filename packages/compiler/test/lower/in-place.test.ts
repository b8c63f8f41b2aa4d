/** Temporary values in the place of others. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Graph, type GraphNode, max, slice } from '@ad/graph';
import { compile } from '../../src/index.ts';
import { expectAgreement, waves } from '../support/agreement.ts';

const LENGTH = 1024;

const input = (graph: Graph, name: string, phase: number): GraphNode =>
  graph.input(name, { value: waves(LENGTH, phase) });

test('a chain of loops needs room for one array besides its input and its output', () => {
  let y = input(new Graph(), 'x', 1);
  for (let step = 0; step < 10; step++) y = y.sub(y.sum().mul(0.01)).tanh();
  expect(compile({ outputs: [y] }).plan.bytes).toBeLessThan(3.1 * 8 * LENGTH);
  expectAgreement([y]);
});

const step = fc.record({
  operation: fc.constantFrom('centre', 'turn', 'shift', 'keep', 'product'),
  other: fc.nat(),
});

test('values that are needed later, or elsewhere than where they are overwritten, are kept', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 3, maxLength: 12 }), (steps) => {
      const graph = new Graph();
      const nodes = [input(graph, 'x', 1).tanh(), input(graph, 'y', 2).tanh()];
      for (const { operation, other } of steps) {
        const [a, b] = [nodes.at(-1)!, nodes[other % nodes.length]!];
        const made: Record<typeof operation, () => GraphNode> = {
          centre: () => a.sub(a.mean()).add(b),
          turn: () => a.mul(slice(b, [{ step: -1 }])),
          shift: () => a.sub(slice(b, [{ end: 1 }])),
          keep: () => a.mul(b).sub(max(b)),
          product: () => {
            const [left, right] = [a.reshape([32, 32]), b.reshape([32, 32])];
            return left.matmul(right).mul(0.1).add(left).reshape([LENGTH]);
          },
        };
        nodes.push(made[operation]().mul(0.5));
      }
      expectAgreement([nodes.at(-1)!, nodes.at(-2)!.mean()]);
    }),
    { numRuns: 60 },
  );
});
