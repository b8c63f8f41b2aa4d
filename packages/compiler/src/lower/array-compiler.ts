/** What operations are given that say themselves how they are computed: it adds kernels for one node of a program. */
import { type ArrayCompiler, type Kernel, kernelOf, type LoweredWork, type Type } from '@ad/graph';
import { asNumbers } from '../code/vector-algebra.ts';
import type { Draft } from './draft.ts';
import type { HostCall } from './kernel.ts';
import { lowerProduct } from './product.ts';
import { type Buffer, contiguousView, newBuffer } from './view.ts';

/** The compiler of a node, whose result goes to a buffer of its own. */
export function arrayCompiler(draft: Draft, node: number): ArrayCompiler {
  const { arena, kernels, precision, simplified, views } = draft;
  const row = arena.rowOf(node);
  const typeOf = (id: number): Type => arena.typeOf(id);
  const work: LoweredWork = {
    operation: row.name,
    attributes: arena.attributes.get(node) ?? {},
    operands: Array.from(arena.operandsOf(node), typeOf),
    result: typeOf(node),
  };
  const result = contiguousView(draft.allocate(node), work.result.shape);
  views.set(node, result);
  const buffers: Buffer[] = [];
  const contiguous = (position: number): Buffer =>
    (buffers[position] ??= draft.contiguous(simplified.operand(node, position)));
  const call = (operation: string, kernel: Kernel): HostCall => ({
    kind: 'host',
    row,
    kernel,
    work: { ...work, operation },
    operands: work.operands.map((_, position) => contiguous(position)),
    result: result.buffer,
  });
  return {
    precision,
    work,
    result,
    operand: (position) => draft.viewOf(simplified.operand(node, position)),
    contiguous,
    fresh: (size) => newBuffer(node, size),
    loop(operation, write, value, combine, reduced = write.shape.map(() => false)) {
      const body = draft.loopOver(write.shape);
      const e = body.expressions;
      const made = value({
        algebra: body.algebra,
        read: (view) => body.read(view),
        call: (code, ...operands) => body.called(code, operands),
      });
      kernels.push(
        body.finish([operation], reduced, [{ expression: asNumbers(e, made), write, combine }]),
      );
    },
    multiply() {
      lowerProduct(draft, node, true, undefined);
    },
    add(kernel) {
      const refuses = kernel.key === undefined;
      const refuse = refuses ? { ...call(row.name, kernelOf(arena, node)), refuses } : undefined;
      kernels.push({ kind: 'own', refuse, ...kernel });
    },
    call(operation, kernel) {
      kernels.push(call(operation, kernel));
    },
  };
}
