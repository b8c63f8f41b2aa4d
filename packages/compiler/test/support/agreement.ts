/** The interpreter as the oracle of compiled programs. */
import { type GraphNode, interpreter } from '@ad/graph';
import { expect } from 'vitest';
import { compile, type Precision } from '../../src/index.ts';

/** How far compiled numbers may be from interpreted ones, relative to the largest of an output. */
const SLACK: Readonly<Record<Precision, number>> = { f64: 1e-13, f32: 2e-5 };

/** Runs the same outputs interpreted and compiled in both precisions. */
export function expectAgreement(outputs: readonly GraphNode[]): void {
  const wanted = interpreter({ outputs }).run();
  for (const precision of ['f64', 'f32'] as const) {
    const program = compile({ outputs }, { precision });
    expect(program.report()).toMatch(`WebAssembly ${precision}`);
    program.run().forEach((got, k) => {
      const { shape, kind, data } = wanted[k]!;
      expect([got.shape, got.kind]).toEqual([shape, kind]);
      const largest = Math.max(1, ...Array.from(data, Math.abs));
      const slack = kind === 'real' ? SLACK[precision] * largest : 0;
      const apart = got.data.findIndex((x, i) => !(Math.abs(x - data[i]!) <= slack));
      expect([apart, got.data[apart]]).toEqual([-1, undefined]);
    });
  }
}

/** Numbers between -1.7 and 1.7 without ties. */
export const waves = (length: number, phase: number): Float64Array =>
  Float64Array.from({ length }, (_, i) => Math.sin(i * 12.9898 + phase) * 1.7);
