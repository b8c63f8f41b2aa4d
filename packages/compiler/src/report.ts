/** What a compiled program consists of, in words. */
import { formatShape, type ProgramPlan } from '@ad/graph';
import type { Precision } from './code/expression.ts';
import type { Fusing } from './fused-multiply-add.ts';
import type { Kernel, ScalarKernel } from './lower/kernel.ts';

const FUSING: Readonly<Record<Fusing, string>> = {
  no: '',
  yes: ', fused multiply-add',
  unavailable: ', fused multiply-add asked for but not available: this engine has no relaxed SIMD',
};

/** The plan and every kernel, a line for each. */
export function describeProgram(
  precision: Precision,
  fusing: Fusing,
  { kernels: count, bytes, flops }: ProgramPlan,
  kernels: readonly Kernel[],
  codeBytes: number,
  updatesInPlace: number,
): string {
  const head =
    `WebAssembly ${precision}: ${count} kernels, ${bytes} bytes, ${flops} flops, ` +
    `${codeBytes} bytes of code, ${updatesInPlace} updates in place${FUSING[fusing]}`;
  return [head, ...kernels.flatMap((kernel) => linesOf(kernel, '  '))].join('\n');
}

/** A kernel, and those of its bodies below it. */
function linesOf(kernel: Kernel, margin: string): string[] {
  const line = margin + describeKernel(kernel);
  if (kernel.kind === 'strips')
    return [line, ...kernel.nests.flatMap((nest) => linesOf(nest, `${margin}  `))];
  if (kernel.kind !== 'control') return [line];
  const inner = kernel.bodies.flatMap(({ kernels }) =>
    kernels.flatMap((one) => linesOf(one, `${margin}  `)),
  );
  return [line, ...inner];
}

/** One kernel in words. */
export function describeKernel(kernel: Kernel): string {
  if (kernel.kind === 'contraction') {
    const [left, right] = [kernel.left, kernel.right].map((view) => formatShape(view.shape));
    const then =
      kernel.epilogue === undefined ? '' : `, then ${kernel.epilogue.operations.join(', ')}`;
    return `matmul ${left} x ${right}${then}`;
  }
  if (kernel.kind === 'scalars') return describeScalars(kernel);
  if (kernel.kind === 'strips') return `strips of ${kernel.strip} of ${kernel.rows} rows`;
  if (kernel.kind === 'control') return kernel.operation;
  if (kernel.kind === 'own') return kernel.description;
  if (kernel.kind === 'host') return `host call: ${kernel.row.name}`;
  const reduced = kernel.reduced.some(Boolean) ? ', reducing' : '';
  return `loop over ${formatShape(kernel.shape)}${reduced}: ${kernel.operations.join(', ')}`;
}

function describeScalars({ code, plan }: ScalarKernel): string {
  const how =
    plan.kind === 'straight line'
      ? 'straight-line code'
      : `${plan.groupKinds.length} gathered loops of ${plan.kinds.length} kinds`;
  return `${code.length} scalar operations: ${how}`;
}
