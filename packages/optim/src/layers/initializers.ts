/**
 * Where parameters start. The variance of the weights is chosen so that signals neither grow nor fade from layer to
 * layer, forwards or backwards; it depends on the fans, the numbers of connections into and out of a unit.
 *
 * The bounds and deviations are those of PyTorch's `torch.nn.init`; as there, normal distributions are not
 * truncated (Keras truncates them).
 */
import { type Shape, sizeOf, Tensor, ValueError } from '@ad/graph';
import { describeValue } from '../options.ts';
import type { Random } from '../random.ts';

/** How many connections lead into a unit, and how many out of it. */
export interface Fans {
  /** Inputs of a unit: the rows of a dense layer's weights; for kernels, times the size of the window. */
  readonly inputs: number;
  /** Outputs that an input reaches: the columns of a dense layer's weights. */
  readonly outputs: number;
}

/** Makes the first value of a parameter. */
export type Initializer = (shape: Shape, fans: Fans, random: Random) => Tensor;

/** The names of initialisers. */
export type InitializerName =
  | 'glorotUniform'
  | 'glorotNormal'
  | 'heUniform'
  | 'heNormal'
  | 'lecunNormal'
  | 'lecunUniform'
  | 'orthogonal'
  | 'zeros';

function filled(shape: Shape, next: () => number): Tensor {
  return new Tensor(shape, 'real', Float64Array.from({ length: sizeOf(shape) }, next));
}

/** Uniform on [-bound, bound). */
const uniform = (shape: Shape, bound: number, random: Random): Tensor =>
  filled(shape, () => (2 * random.uniform() - 1) * bound);

const normal = (shape: Shape, deviation: number, random: Random): Tensor =>
  filled(shape, () => random.normal() * deviation);

/**
 * Uniform on $[-b, b)$ with $b = \sqrt{6 / (n_{in} + n_{out})}$, so of variance $2 / (n_{in} + n_{out})$: for
 * layers that are nearly linear around 0, such as tanh.
 *
 * Source: X. Glorot, Y. Bengio, AISTATS 2010.
 * @example
 * ```ts
 * import { glorotUniform, Random } from '@ad/optim';
 *
 * const weights = glorotUniform([2, 4], { inputs: 2, outputs: 4 }, new Random(0));
 * weights.data.every((w) => Math.abs(w) <= 1); // => true
 * ```
 */
export function glorotUniform(shape: Shape, fans: Fans, random: Random): Tensor {
  return uniform(shape, Math.sqrt(6 / (fans.inputs + fans.outputs)), random);
}

/**
 * Normal with variance $2 / (n_{in} + n_{out})$.
 *
 * Source: X. Glorot, Y. Bengio, AISTATS 2010.
 * @example
 * ```ts
 * import { glorotNormal, Random } from '@ad/optim';
 *
 * glorotNormal([2, 4], { inputs: 2, outputs: 4 }, new Random(0)).shape; // => [2, 4]
 * ```
 */
export function glorotNormal(shape: Shape, fans: Fans, random: Random): Tensor {
  return normal(shape, Math.sqrt(2 / (fans.inputs + fans.outputs)), random);
}

/**
 * Uniform on $[-b, b)$ with $b = \sqrt{6 / n_{in}}$, so of variance $2 / n_{in}$: for rectifiers, which let half
 * the variance through.
 *
 * Source: K. He, X. Zhang, S. Ren, J. Sun, ICCV 2015.
 * @example
 * ```ts
 * import { heUniform, Random } from '@ad/optim';
 *
 * const weights = heUniform([6, 4], { inputs: 6, outputs: 4 }, new Random(0));
 * weights.data.every((w) => Math.abs(w) <= 1); // => true
 * ```
 */
export function heUniform(shape: Shape, fans: Fans, random: Random): Tensor {
  return uniform(shape, Math.sqrt(6 / fans.inputs), random);
}

/**
 * Normal with variance $2 / n_{in}$.
 *
 * Source: K. He, X. Zhang, S. Ren, J. Sun, ICCV 2015.
 * @example
 * ```ts
 * import { heNormal, Random } from '@ad/optim';
 *
 * heNormal([6, 4], { inputs: 6, outputs: 4 }, new Random(0)).shape; // => [6, 4]
 * ```
 */
export function heNormal(shape: Shape, fans: Fans, random: Random): Tensor {
  return normal(shape, Math.sqrt(2 / fans.inputs), random);
}

/**
 * Normal with variance $1 / n_{in}$.
 *
 * Source: Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller, "Efficient BackProp", 1998.
 * @example
 * ```ts
 * import { lecunNormal, Random } from '@ad/optim';
 *
 * lecunNormal([6, 4], { inputs: 6, outputs: 4 }, new Random(0)).shape; // => [6, 4]
 * ```
 */
export function lecunNormal(shape: Shape, fans: Fans, random: Random): Tensor {
  return normal(shape, Math.sqrt(1 / fans.inputs), random);
}

/**
 * Uniform on $[-b, b)$ with $b = \sqrt{3 / n_{in}}$, so of variance $1 / n_{in}$.
 *
 * Source: Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller, "Efficient BackProp", 1998.
 * @example
 * ```ts
 * import { lecunUniform, Random } from '@ad/optim';
 *
 * const weights = lecunUniform([3, 4], { inputs: 3, outputs: 4 }, new Random(0));
 * weights.data.every((w) => Math.abs(w) <= 1); // => true
 * ```
 */
export function lecunUniform(shape: Shape, fans: Fans, random: Random): Tensor {
  return uniform(shape, Math.sqrt(3 / fans.inputs), random);
}

/**
 * Normal with mean 0 and the given deviation: an initialiser for every shape.
 *
 * @example
 * ```ts
 * import { dense, normalOf } from '@ad/optim';
 *
 * dense(2, 3, { initializer: normalOf(0.02) }).init(0).weights.shape; // => [2, 3]
 * ```
 */
export function normalOf(deviation: number): Initializer {
  return (shape, _fans, random) => normal(shape, deviation, random);
}

/**
 * A random matrix with orthonormal rows, or columns if there are more rows; seen as a matrix, the first axis by all
 * others, as in PyTorch. It keeps the length of what it is multiplied with, through many steps of a recurrence.
 *
 * Source: A. M. Saxe, J. L. McClelland, S. Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep
 * linear neural networks", ICLR 2014.
 * @example
 * ```ts
 * import { orthogonal, Random } from '@ad/optim';
 *
 * const [a, b] = orthogonal([1, 2], { inputs: 1, outputs: 2 }, new Random(0)).data;
 * a ** 2 + b ** 2; // ≈ 1.0000000000
 * ```
 */
export function orthogonal(shape: Shape, _fans: Fans, random: Random): Tensor {
  const rows = shape[0] ?? 1;
  const columns = sizeOf(shape.slice(1));
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  const vectors: Float64Array[] = [];
  while (vectors.length < count) {
    const vector = Float64Array.from({ length }, () => random.normal());
    // Gram-Schmidt, twice: once is not enough where little is left of a vector.
    for (let pass = 0; pass < 2; pass++) {
      for (const other of vectors) {
        const along = vector.reduce((sum, x, i) => sum + x * other[i]!, 0);
        other.forEach((x, i) => (vector[i]! -= along * x));
      }
      const norm = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
      vector.forEach((x, i) => (vector[i] = x / norm));
    }
    vectors.push(vector);
  }
  const data = Float64Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return rows <= columns ? vectors[row]![column]! : vectors[column]![row]!;
  });
  return new Tensor(shape, 'real', data);
}

/**
 * All zeros: for biases. Weights of hidden units must differ, or they stay equal for ever.
 *
 * @example
 * ```ts
 * import { zeros } from '@ad/optim';
 *
 * zeros([3]).toArray(); // => [0, 0, 0]
 * ```
 */
export function zeros(shape: Shape): Tensor {
  return filled(shape, () => 0);
}

/**
 * The initialiser of an option.
 *
 * @throws `ValueError` when it is neither a known name nor a function.
 */
export function initializerFunction(
  caller: string,
  initializer: InitializerName | Initializer,
): Initializer {
  if (typeof initializer === 'function') return initializer;
  const named: Record<InitializerName, Initializer> = {
    glorotUniform,
    glorotNormal,
    heUniform,
    heNormal,
    lecunNormal,
    lecunUniform,
    orthogonal,
    zeros,
  };
  if (Object.hasOwn(named, initializer)) return named[initializer];
  throw new ValueError(
    `${caller}: initializer is ${describeValue(initializer)}, expected a function or one of ${Object.keys(named).join(', ')}`,
  );
}
