/** Products of matrices as kernels: their factors as stacks of matrices, and what is made of their sums on the way. */
import { sizeOf } from '@ad/graph';
import { spaceOf } from './product-plan.ts';
import type { Draft } from './draft.ts';
import { type Epilogue, epilogueViews } from './kernel.ts';
import { broadcastView, contiguousView, newScratch, type View } from './view.ts';

/** A product of matrices; its sums are stored if they are read from memory. */
export function lowerProduct(
  draft: Draft,
  node: number,
  isRead: boolean,
  epilogue: Epilogue | undefined,
): void {
  const [left, right] = factorsOf(draft, node);
  const result = draft.views.get(node)!;
  const others = epilogueViews(epilogue);
  const operands = { left, right, result, others };
  const { resultUse, scratch } = spaceOf(operands, draft.precision, isRead);
  draft.kernels.push({
    kind: 'contraction',
    left,
    right,
    result,
    resultUse,
    scratch: newScratch(node, scratch),
    epilogue,
  });
}

/** The factors of a product, their stacks broadcast to that of the result. */
function factorsOf(draft: Draft, node: number): readonly [View, View] {
  const { shape } = draft.arena.typeOf(node);
  const stacked = draft.stackSums.get(node);
  if (stacked !== undefined) {
    const [left, right] = draft.simplified.operandsOf(stacked) as [number, number];
    const turned = (view: View): View => ({
      ...view,
      shape: [...view.shape.slice(0, -2), view.shape.at(-1)!, view.shape.at(-2)!],
      strides: [...view.strides.slice(0, -2), view.strides.at(-1)!, view.strides.at(-2)!],
    });
    const flatLeft = turned(flatStack(draft, left, turned(draft.forwards(left))));
    const flatRight = flatStack(draft, right, draft.forwards(right));
    const ones = shape.slice(0, -2);
    return [
      broadcastView(flatLeft, [...ones, ...flatLeft.shape]),
      broadcastView(flatRight, [...ones, ...flatRight.shape]),
    ];
  }
  return draft.simplified.operandsOf(node).map((operand) => {
    const view = draft.forwards(operand);
    return broadcastView(view, [...shape.slice(0, -2), ...view.shape.slice(-2)]);
  }) as [View, View];
}

/** A stack of matrices as one matrix with all their rows; copied where the rows are not evenly spaced. */
function flatStack(draft: Draft, node: number, view: View): View {
  const columns = view.shape.at(-1)!;
  const shape = [sizeOf(view.shape) / columns, columns];
  const spaced = view.shape
    .slice(0, -2)
    .every(
      (length, axis) =>
        length === 1 || view.strides[axis] === view.shape[axis + 1]! * view.strides[axis + 1]!,
    );
  if (!spaced) return contiguousView(draft.copy(node, view), shape);
  return { ...view, shape, strides: [view.strides.at(-2)!, view.strides.at(-1)!] };
}
