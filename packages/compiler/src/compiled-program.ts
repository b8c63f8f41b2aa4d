/** A program whose execution is one call into WebAssembly. */
import {
  formatShape,
  type Graph,
  type GraphNode,
  type ProgramPlan,
  StoredProgram,
  type TensorData,
} from '@ad/graph';
import type { Precision } from './code/expression.ts';
import type { Kernel } from './lower/kernel.ts';
import type { ScalarKernel } from './lower/scalar-region.ts';

/** What was compiled, for the report. */
export interface Compilation {
  readonly precision: Precision;
  readonly plan: ProgramPlan;
  readonly kernels: readonly Kernel[];
  readonly codeBytes: number;
  readonly updatesInPlace: number;
}

/** A compiled program. */
export class CompiledProgram extends StoredProgram {
  readonly execute: () => void;
  readonly plan: ProgramPlan;
  readonly #compilation: Compilation;

  constructor(
    graph: Graph,
    outputNodes: readonly GraphNode[],
    storage: ReadonlyMap<number, TensorData>,
    outputs: readonly TensorData[],
    run: () => void,
    compilation: Compilation,
  ) {
    super(graph, outputNodes, storage, outputs);
    this.execute = run;
    this.plan = compilation.plan;
    this.#compilation = compilation;
  }

  report(): string {
    const { precision, plan, kernels, codeBytes, updatesInPlace } = this.#compilation;
    const head =
      `WebAssembly ${precision}: ${plan.kernels} kernels, ${plan.bytes} bytes, ${plan.flops} flops, ` +
      `${codeBytes} bytes of code, ${updatesInPlace} updates in place`;
    return [head, ...kernels.map((kernel) => `  ${describeKernel(kernel)}`)].join('\n');
  }
}

/** One kernel in words. */
export function describeKernel(kernel: Kernel): string {
  if (kernel.kind === 'contraction') {
    const [left, right] = [kernel.left, kernel.right].map((view) => formatShape(view.shape));
    return `matmul ${left} x ${right}`;
  }
  if (kernel.kind === 'scalars') return describeScalars(kernel);
  if (kernel.kind === 'host') return `host call: ${kernel.operation}`;
  const reduced = kernel.reduced.some(Boolean) ? ', reducing' : '';
  return `loop over ${formatShape(kernel.shape)}${reduced}: ${kernel.operations.join(', ')}`;
}

function describeScalars({ code, plan }: ScalarKernel): string {
  const how =
    plan.kind === 'straight line'
      ? 'straight-line code'
      : `${plan.groupSteps.length} gathered loops of ${plan.steps.length} kinds`;
  return `${code.length} scalar operations: ${how}`;
}
