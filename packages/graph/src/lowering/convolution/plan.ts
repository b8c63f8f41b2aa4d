/**
 * How a convolution is computed. It is a sum of products over a few axes, each with a stride in the images, the
 * kernels and the result, where windows overlap because strides do. Three ways of computing it keep sums in registers:
 *
 * - vectors of neighbouring windows, one element of a kernel in every lane: for rows of an image that are long enough;
 * - vectors of kernels, one element of an image in every lane: for short rows, or windows that are not neighbours;
 * - dot products along an axis that is added up: for few windows of many elements, as in derivatives by kernels.
 *
 * Decided from lengths and strides alone. What a form reads in vectors must lie side by side; if it does not, it is
 * copied first.
 */
/** One axis: how often, and how far apart neighbours are, in elements; 0 where an array does not have the axis. */
export interface Axis {
  readonly length: number;
  readonly image: number;
  readonly kernel: number;
  readonly result: number;
}

/** The axes of a convolution: those of the result that are in images alone, in kernels alone, in both, and the sums. */
export interface ConvolutionAxes {
  /** Which image, and which window along each axis. */
  readonly places: readonly Axis[];
  /** Which kernel. */
  readonly outputs: Axis;
  /** Which group. */
  readonly groups: Axis;
  /** Which channel, and which element of the window along each axis. */
  readonly terms: readonly Axis[];
}

/** The two operands. */
export type Side = 'image' | 'kernel';

/** What to do. */
export interface ConvolutionPlan {
  /** `tiles` read one operand in vectors and the other element by element; `dots` read both in vectors. */
  readonly form: 'tiles' | 'dots';
  /** What tiles read in vectors. */
  readonly vectors: Side;
  /** The axis read in vectors: of the result for tiles, of the sums for dots. */
  readonly vector: Axis;
  /** The axis of which some elements are computed together: of the operand that is not read in vectors, or of kernels. */
  readonly rows: Axis;
  /** For dots, another axis of which some elements are computed together: of images. */
  readonly columns: Axis;
  /** All other axes of the result. */
  readonly outer: readonly Axis[];
  /** All other axes of the sums. */
  readonly inner: readonly Axis[];
}

const SINGLE: Axis = { length: 1, image: 0, kernel: 0, result: 0 };

/**
 * Plans a convolution.
 *
 * @param width - how many elements a vector has.
 */
export function planConvolution(axes: ConvolutionAxes, width: number): ConvolutionPlan {
  const places = merged(axes.places);
  const terms = merged(axes.terms);
  const { outputs, groups } = axes;
  const [place, term] = [places.at(-1) ?? SINGLE, terms.at(-1) ?? SINGLE];
  /** The share of lanes that do useful work; partly filled vectors also take more instructions to load. */
  const use = ({ length }: Axis): number => {
    const vectors = Math.ceil(length / width);
    return (length / (vectors * width)) * (length % width === 0 ? 1 : PARTIAL);
  };
  const besideEachOther = (strides: readonly number[]): number =>
    strides.every((stride) => stride === 1) ? 1 : COPIED;
  const scores = {
    places: use(place) * besideEachOther([place.image]),
    outputs: use(outputs) * besideEachOther([outputs.kernel]),
    terms: use(term) * besideEachOther([term.image, term.kernel]) * DOTS,
  };
  const best = Math.max(scores.places, scores.outputs, scores.terms);
  const rest = (list: readonly Axis[], ...without: readonly Axis[]): Axis[] =>
    list.filter((axis) => !without.includes(axis) && axis.length > 1);
  const common = { columns: SINGLE, inner: terms };
  if (best === scores.places) {
    const outer = rest([groups, ...places], place);
    return { form: 'tiles', vectors: 'image', vector: place, rows: outputs, outer, ...common };
  }
  if (best === scores.outputs) {
    const rows = longest(places);
    const outer = rest([groups, ...places], rows);
    return { form: 'tiles', vectors: 'kernel', vector: outputs, rows, outer, ...common };
  }
  return {
    form: 'dots',
    vectors: 'image',
    vector: term,
    rows: outputs,
    columns: place,
    outer: rest([groups, ...places], place),
    inner: rest(terms, term),
  };
}

/** What is left of the speed where vectors are partly filled, or read after a copy, and of dot products at all. */
const PARTIAL = 0.8;
const COPIED = 0.8;
const DOTS = 0.9;

/** The axes without those of length 1, neighbours merged where every array runs through both in one stride. */
function merged(axes: readonly Axis[]): Axis[] {
  const result: Axis[] = [];
  for (const axis of axes) {
    if (axis.length === 1) continue;
    const before = result.at(-1);
    const continues =
      before !== undefined &&
      (['image', 'kernel', 'result'] as const).every(
        (side) => before[side] === axis[side] * axis.length,
      );
    if (continues) result[result.length - 1] = { ...axis, length: before.length * axis.length };
    else result.push(axis);
  }
  return result;
}

function longest(axes: readonly Axis[]): Axis {
  let found = SINGLE;
  for (const axis of axes) if (axis.length >= found.length) found = axis;
  return found;
}
