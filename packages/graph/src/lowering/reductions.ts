/** Reductions that go through an array several times. */
import type { ReductionAttributes } from '../rows/row.ts';
import { broadcastStrides, reducedShape, sizeOf } from '../shape.ts';
import type { ArrayCompiler, Combine, ElementLoop } from './compiler.ts';
import { contiguousView, type View } from './memory.ts';

/** What computes a value for an element. */
type Value = <V>(loop: ElementLoop<V>) => V;

/** Loops over the operand and over its reduced form; results of loops are views of the reduced form. */
interface AlongAxes {
  /** Combines values along the reduced axes. */
  readonly reduce: (operation: string, combine: Combine, value: Value) => View;
  /** Computes a value for every reduced element. */
  readonly map: (operation: string, value: Value) => View;
  /** The same for the result of the operation. */
  readonly finish: (operation: string, value: Value) => true;
}

/** The loops of a reduction. */
export function alongAxes(c: ArrayCompiler): AlongAxes {
  const { shape } = c.work.operands[0]!;
  const { axes } = c.work.attributes as ReductionAttributes;
  const kept = reducedShape(shape, axes, true);
  const reduced = shape.map((_, axis) => axes.includes(axis));
  const fresh = (): View => contiguousView(c.fresh(sizeOf(kept)), kept);
  return {
    reduce(operation, combine, value) {
      const view = fresh();
      const spread = { ...view, shape, strides: broadcastStrides(kept, shape) };
      c.loop(operation, spread, value, combine, reduced);
      return view;
    },
    map(operation, value) {
      const view = fresh();
      c.loop(operation, view, value);
      return view;
    },
    finish(operation, value) {
      c.loop(operation, contiguousView(c.result.buffer, kept), value);
      return true;
    },
  };
}
