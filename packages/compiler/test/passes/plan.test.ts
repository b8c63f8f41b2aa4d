/** The text form of the memory plan: where buffers are, and which share their space. */
import { Graph } from '@ad/graph';
import { expect, test } from 'vitest';
import { vectorMath } from '../../src/code/vector-math.ts';
import { updatesInPlace } from '../../src/lower/in-place.ts';
import { buffersRead, buffersWritten } from '../../src/lower/kernel.ts';
import { lower } from '../../src/lower/lower.ts';
import type { Buffer } from '../../src/lower/view.ts';
import { planMemory } from '../../src/plan.ts';
import { describeKernel } from '../../src/report.ts';

test('temporary space is used again after its last use, and a factor is not overwritten by its product', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [4, 4] });
  const w = graph.input('w', { shape: [4, 4] });
  const one = x.matmul(w).transpose();
  const two = one.matmul(w).transpose();
  const three = two.matmul(w);
  const next = w.sub(three.mul(0.1));
  const lowered = lower(graph, [next], [w], 'f64', vectorMath(new Map()));
  const { kernels, leaves } = lowered;
  const update = { from: lowered.bufferOf(next.id), to: leaves.get(w.id)! };
  const inPlace = updatesInPlace(kernels, [update], new Set());
  const bytes = planMemory(kernels, [...leaves.values()], inPlace, 8);
  const at = (buffers: readonly Buffer[]): string =>
    [...new Set(buffers)].map(({ node, address }) => `#${node} at ${address}`).join(', ');
  const text = kernels.map(
    (kernel) =>
      `${describeKernel(kernel)}: ${at(buffersRead(kernel))} -> ${at(buffersWritten(kernel))}`,
  );
  expect([...text, `${bytes} bytes`].join('\n')).toMatchInlineSnapshot(`
    "matmul [4, 4] x [4, 4]: #0 at 0, #1 at 128 -> #2 at 256
    matmul [4, 4] x [4, 4]: #2 at 256, #1 at 128 -> #4 at 384
    matmul [4, 4] x [4, 4], then mul, sub: #4 at 384, #1 at 128 -> #9 at 256, #6 at 512
    704 bytes"
  `);
});
