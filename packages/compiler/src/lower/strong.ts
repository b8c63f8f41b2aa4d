/** Strong products, in which 0 wins over Infinity and NaN. */
import { type BilinearRow, prepareKernel, strongRepair } from '@ad/graph';
import { repairMatmul } from '@ad/graph/rows';
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
  const row = draft.arena.rowOf(node) as BilinearRow;
  const ordinary = row.ordinary!;
  const isMatmul = ordinary.lowering === 'matmul';
  if (isMatmul) lowerProduct(draft, node, true, undefined);
  else lowerConvolution(draft, node);
  const operands = draft.simplified.operandsOf(node);
  const attributes = draft.arena.attributes.get(node) ?? {};
  const types = operands.map((operand) => draft.arena.typeOf(operand));
  const call: HostCall = {
    kind: 'host',
    row,
    kernel: strongRepair(prepareKernel(ordinary, types, attributes, type)),
    work: { operation: `repair ${ordinary.name}`, attributes, operands: types, result: type },
    operands: operands.map((operand) => draft.contiguous(operand)),
    result: result.buffer,
  };
  draft.kernels.push(
    routineFor(call, isMatmul ? repairMatmul : undefined, draft.precision) ?? call,
  );
}
