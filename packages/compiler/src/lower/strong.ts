/** Strong products, in which 0 wins over Infinity and NaN. */
import { operations } from '@ad/graph';
import { hostKernel, type HostWork } from '../host-kernel.ts';
import { lowerConvolution } from './convolution.ts';
import type { Draft } from './draft.ts';
import type { HostCall } from './kernel.ts';
import { lowerProduct } from './product.ts';
import { routineFor } from './routine.ts';
import { contiguousView } from './view.ts';

/** A strong product: the ordinary one, and then a look at what is not finite. */
export function lowerStrong(draft: Draft, node: number): void {
  const type = draft.arena.typeOf(node);
  const result = contiguousView(draft.allocate(node), type.shape);
  draft.views.set(node, result);
  const isMatmul = draft.simplified.rowOf(node) === operations.strongMatmul;
  if (isMatmul) lowerProduct(draft, node, true, undefined);
  else lowerConvolution(draft, node);
  const operands = draft.simplified.operandsOf(node);
  const work: HostWork = {
    operation: isMatmul ? 'repair matmul' : 'repair convolution',
    attributes: draft.arena.attributes.get(node) ?? {},
    operands: operands.map((operand) => draft.arena.typeOf(operand)),
    result: type,
  };
  const call: HostCall = {
    kind: 'host',
    operation: draft.simplified.rowOf(node).name,
    kernel: hostKernel(work),
    work,
    operands: operands.map((operand) => draft.contiguous(operand)),
    result: result.buffer,
  };
  draft.kernels.push(routineFor(call, draft.precision) ?? call);
}
