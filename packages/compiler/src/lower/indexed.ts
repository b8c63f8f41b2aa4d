/** Adding at positions given by integers, and one-hot vectors, as kernels of their own. */
import { sizeOf } from '@ad/graph';
import type { Simplified } from '../passes/simplified.ts';
import type { HostCall, Indexed } from './kernel.ts';

/**
 * The kernel of a scatter or of one-hot vectors; `undefined` for other operations and where nothing is to do.
 *
 * @param call - the same operation as a call of the interpreter.
 */
export function indexedKernel(
  simplified: Simplified,
  node: number,
  call: HostCall,
): Indexed | undefined {
  const { arena } = simplified;
  const { lowering } = simplified.rowOf(node);
  const { shape } = arena.typeOf(node);
  const attributes = arena.attributes.get(node) as { axis: number; length: number; depth: number };
  const [first, second] = call.operands;
  const shapeOf = (k: number): readonly number[] => arena.typeOf(simplified.operand(node, k)).shape;
  const make = (
    operation: Indexed['operation'],
    indexed: readonly number[],
    axis: number,
    count: number,
  ): Indexed | undefined => {
    const [outer, inner] = [sizeOf(indexed.slice(0, axis)), sizeOf(indexed.slice(axis + 1))];
    const length = indexed[axis]!;
    if (outer * inner * length * count === 0) return undefined;
    const isOneHot = operation === 'oneHot';
    return {
      kind: 'indexed',
      operation,
      source: isOneHot ? undefined : first!,
      indices: isOneHot ? first! : second!,
      result: call.result,
      outer: isOneHot ? 1 : outer,
      length,
      count,
      inner,
      refuse: { ...call, refuses: true },
    };
  };
  if (lowering === 'scatterAdd' && first!.storage === 'real')
    return make('scatterAdd', shape, attributes.axis, sizeOf(shapeOf(1)));
  if (lowering === 'oneHot') return make('oneHot', shape, shape.length - 1, sizeOf(shapeOf(0)));
  return undefined;
}
