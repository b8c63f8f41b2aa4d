/** Where the time of a program goes: each kernel as a module of its own on the program's memory, timed by itself. */
import { emitModule } from '../compiler/src/emit/module.ts';
import { lowerProgram } from '../compiler/src/lower/program.ts';
import { describeKernel } from '../compiler/src/report.ts';
import { PAGE, webAssembly } from '../compiler/src/webassembly.ts';
import type { Source } from './measure.ts';

const ROUNDS = 9;

/** Prints the kernels of a program that take most of its time. */
export function profile({ spec, precision }: Source, most: number = 15): void {
  const program = lowerProgram(spec, precision);
  const { functions, graph, kernels, leaves } = program;
  // A page more for what functions need, in every module.
  const pages = Math.ceil(program.bytes / PAGE) + 1;
  const bytes = (pages - 1) * PAGE + 1;
  const platform = webAssembly()!;
  const memory = new platform.Memory({ initial: pages, maximum: pages });
  for (const [node, buffer] of leaves) {
    const data =
      buffer.storage === 'integer' ? Int32Array : precision === 'f64' ? Float64Array : Float32Array;
    const view = new data(memory.buffer, buffer.address, buffer.size);
    const value = graph.leafValue(node);
    if (typeof value === 'number') view[0] = value;
    else if (value !== undefined) view.set(value.data);
    else
      for (let i = 0; i < view.length; i++) view[i] = data === Int32Array ? i % 7 : Math.sin(i * i);
  }
  const timings = kernels.map((kernel) => {
    const emitted = emitModule(
      { kernels: [kernel], copies: [], restored: [], bytes },
      precision,
      false,
      functions,
    );
    const module = new platform.Module(emitted.bytes);
    const { exports } = new platform.Instance(module, {
      env: { ...emitted.functions, memory, host: () => 0 },
    });
    const run = exports['run']!;
    const time = (calls: number): number => {
      const start = performance.now();
      for (let i = 0; i < calls; i++) run();
      return ((performance.now() - start) / calls) * 1000;
    };
    // What one call makes of the memory is what the next kernel finds: some add to what they find.
    const contents = new Uint8Array(memory.buffer);
    const before = contents.slice();
    time(200);
    const calls = Math.ceil(1000 / Math.max(0.1, time(20)));
    const samples = Array.from({ length: ROUNDS }, () => time(calls)).sort((a, b) => a - b);
    contents.set(before);
    run();
    return { kernel, time: samples[0]! };
  });
  const total = timings.reduce((sum, { time }) => sum + time, 0);
  console.log(`${total.toFixed(2)} us in ${kernels.length} kernels`);
  timings.sort((a, b) => b.time - a.time);
  for (const { kernel, time } of timings.slice(0, most))
    console.log(`${time.toFixed(2).padStart(9)} us  ${describeKernel(kernel)}`);
}
