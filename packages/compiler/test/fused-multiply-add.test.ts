/** Programs that may multiply and add with one rounding. Node has it behind a flag before version 22. */
import { setFlagsFromString } from 'node:v8';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import wabtModule from 'wabt';
import { convolution, FormatError, Graph, type GraphNode, relu } from '@ad/graph';
import type { CompiledProgram } from '../src/compiled-program.ts';
import { fusesMultiplyAdd } from '../src/fused-multiply-add.ts';
import { compile, disassemble, saveProgram } from '../src/index.ts';
import { loadProgram } from '../src/load.ts';
import { webAssembly } from '../src/webassembly.ts';
import { waves } from './support/agreement.ts';

const fusedMultiplyAdd = true;

beforeAll(() => {
  if (!fusesMultiplyAdd(webAssembly()!)) setFlagsFromString('--experimental-wasm-relaxed-simd');
});

/** Half the distance from 1 to the next number. */
const ROUNDING = { f64: 2 ** -53, f32: 2 ** -24 } as const;

/** A product of whole numbers, of which each sum is exact. */
function wholeNumbers(n: number, k: number, m: number): GraphNode {
  const graph = new Graph();
  const whole = (size: number, by: number): Float64Array =>
    Float64Array.from({ length: size }, (_, i) => ((i * by) % 13) - 6);
  const x = graph.input('x', { shape: [n, k], value: whole(n * k, 5) });
  return x.matmul(graph.input('w', { shape: [k, m], value: whole(k * m, 7) }));
}

describe.each(['f64', 'f32'] as const)('in %s', (precision) => {
  test('products are within the bound of their sums, and the same every time', () => {
    const length = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(length, length, length, (n, k, m) => {
        const graph = new Graph();
        const [a, b] = [waves(n * k, 1), waves(k * m, 2)].map((data) =>
          precision === 'f64' ? data : Float64Array.from(data, Math.fround),
        ) as [Float64Array, Float64Array];
        const x = graph.input('x', { shape: [n, k], value: a });
        const w = graph.input('w', { shape: [k, m], value: b });
        const program = compile({ outputs: [x.matmul(w)] }, { precision, fusedMultiplyAdd });
        const first = program.run()[0]!.data.slice();
        expect(program.run()[0]!.data).toEqual(first);
        // The reference, in double precision, has a rounding error of its own (Higham, section 3.1).
        const unit = (k + 1) * (ROUNDING[precision] + ROUNDING.f64);
        const errors = Array.from(first, (computed, at) => {
          const [i, j] = [Math.floor(at / m), at % m];
          const terms = Array.from({ length: k }, (_, l) => a[i * k + l]! * b[l * m + j]!);
          const size = terms.reduce((total, term) => total + Math.abs(term), 0);
          return Math.abs(computed - terms.reduce((total, term) => total + term, 0)) / size;
        });
        expect(Math.max(...errors)).toBeLessThanOrEqual(unit);
      }),
      { numRuns: 25 },
    );
  });

  test('where nothing is rounded, results are those without it', () => {
    for (const [n, k, m] of [
      [1, 30, 30],
      [5, 7, 9],
      [33, 40, 17],
      [40, 3, 1],
    ] as const) {
      const outputs = [wholeNumbers(n, k, m)];
      const [fused] = compile({ outputs }, { precision, fusedMultiplyAdd }).run();
      expect(fused).toEqual(compile({ outputs }, { precision }).run()[0]);
    }
  });

  test('products and convolutions have it, and only when asked', async () => {
    const graph = new Graph();
    const image = graph.input('image', { shape: [2, 1, 3, 8, 8] });
    const kernels = graph.input('kernels', { shape: [1, 4, 3, 3, 3] });
    const weights = graph.input('weights', { shape: [8, 5] });
    const outputs = [relu(image.matmul(weights).add(1)), convolution(image, kernels)];
    const program = compile({ outputs }, { precision, fusedMultiplyAdd }) as CompiledProgram;
    expect(program.report()).toMatch(/^WebAssembly .*, fused multiply-add\n/);
    expect(disassemble(program)).toContain('.relaxed_madd');
    const plain = compile({ outputs }, { precision });
    expect(plain.report()).not.toContain('fused');
    expect(disassemble(plain)).not.toContain('relaxed');
    const wabt = await wabtModule();
    wabt.readWasm(program.image.code, { simd: true, relaxed_simd: true }).validate();
  });
});

describe('where an engine has no relaxed SIMD', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test('programs do without it and say so', () => {
    const outputs = [wholeNumbers(8, 8, 8)];
    const plain = compile({ outputs }) as CompiledProgram;
    vi.stubGlobal('WebAssembly', { ...namespace(), validate: () => false });
    const program = compile({ outputs }, { fusedMultiplyAdd }) as CompiledProgram;
    expect(program.report()).toContain('fused multiply-add asked for but not available');
    expect(program.image.code).toEqual(plain.image.code);
  });

  test('programs saved with it are refused, and the message names the option', () => {
    const program = compile({ outputs: [wholeNumbers(8, 8, 8)] }, { fusedMultiplyAdd });
    const bytes = saveProgram(program);
    function Module(): never {
      throw new Error('invalid numeric opcode 0xfd107');
    }
    vi.stubGlobal('WebAssembly', { ...namespace(), Module });
    expect(() => loadProgram(bytes)).toThrow(FormatError);
    expect(() => loadProgram(bytes)).toThrow(/fusedMultiplyAdd.*relaxed SIMD.*invalid numeric/);
  });
});

/** What programs need of the platform. */
function namespace(): object {
  const { Module, Instance, Memory } = WebAssembly;
  return { Module, Instance, Memory };
}
