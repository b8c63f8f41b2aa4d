/** The layout operations that only look at memory differently: for each, the view of its result. */
import { type Attributes, type Lowering, type Shape, windowStrides } from '@ad/graph';
import { broadcastView, reshapedView, type View } from './view.ts';

/** The view of a result, or `undefined` where the elements have to be copied first. */
type ViewRule = (source: View, shape: Shape, attributes: Attributes) => View | undefined;

/** The rules by operation. */
export const VIEWS: ReadonlyMap<Lowering | undefined, ViewRule> = new Map<Lowering, ViewRule>([
  ['reshape', (source, shape) => reshapedView(source, shape)],
  [
    'windows',
    (source, shape, attributes) => {
      const steps = attributes as Parameters<typeof windowStrides>[1] & Attributes;
      return { ...source, shape, strides: windowStrides(source.strides, steps) };
    },
  ],
  ['broadcast', (source, shape) => broadcastView(source, shape)],
  [
    'transpose',
    (source, shape, attributes) => {
      const permutation = attributes['permutation'] as readonly number[];
      return { ...source, shape, strides: permutation.map((axis) => source.strides[axis]!) };
    },
  ],
  [
    'slice',
    (source, shape, attributes) => {
      const starts = attributes['starts'] as readonly number[];
      const steps = attributes['steps'] as readonly number[];
      const offset = starts.reduce(
        (sofar, start, axis) => sofar + start * source.strides[axis]!,
        source.offset,
      );
      return {
        ...source,
        offset,
        shape,
        strides: steps.map((step, axis) => step * source.strides[axis]!),
      };
    },
  ],
]);
