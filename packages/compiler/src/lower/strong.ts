/** Strong products of matrices, in which 0 wins over Infinity and NaN. */
import { lowerRoutine, repairMatmul } from '@ad/graph/rows';
import { arrayCompiler } from './array-compiler.ts';
import type { Draft } from './draft.ts';
import { lowerProduct } from './product.ts';

/** A strong product: the ordinary one, and then a look at what is not finite. */
export function lowerStrong(draft: Draft, node: number): void {
  const compiler = arrayCompiler(draft, node);
  lowerProduct(draft, node, true, undefined);
  lowerRoutine(compiler, repairMatmul);
}
