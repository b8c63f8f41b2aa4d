/** Windows: overlapping parts of an array, seen as a view of it. */
import type { Attributes, Shape } from '@ad/graph';
import type { View } from './view.ts';

/** The strides and dilations of windows, per axis. */
export interface WindowSteps extends Attributes {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

/** The windows over the last axes of an array, as a view of it: those within a window, then those that say which. */
export function windowsView(source: View, shape: Shape, { strides, dilations }: WindowSteps): View {
  const lead = source.strides.length - strides.length;
  const spatial = source.strides.slice(lead);
  return {
    ...source,
    shape,
    strides: [
      ...source.strides.slice(0, lead),
      ...spatial.map((stride, i) => stride * dilations[i]!),
      ...spatial.map((stride, i) => stride * strides[i]!),
    ],
  };
}
