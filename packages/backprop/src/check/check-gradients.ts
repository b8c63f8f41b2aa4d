/**
 * Checks of the derivatives of a function against what does not use them: difference quotients. Forward mode is held
 * to the quotients, reverse mode to forward mode, second derivatives to quotients of first ones.
 */
import {
  checkNames,
  describeValue,
  type GraphNode,
  type Leaf,
  leavesOf,
  tensorOfLeaf,
  type Tree,
  ValueError,
  type ValuesOf,
} from '@ad/graph';
import { Checker } from './checker.ts';
import type { CheckOptions } from './options.ts';
import { Point, traceAt } from './point.ts';
import type { GradientReport } from './report.ts';

/**
 * Checks first and second derivatives of a function at a point, in forward and reverse mode.
 *
 * - *differences*: forward mode against five-point quotients, with a tolerance derived from the quotients themselves
 *   (truncation) and from the magnitudes on the way (rounding);
 * - *duality*: reverse mode against forward mode, up to rounding;
 * - *second order*: the same for the gradient;
 * - *linearity* in the tangent, and a *zero cotangent*, which must give zero;
 * - *purity*: the function gives the same value again and leaves its arguments alone;
 * - *batches*: what `vmap` makes of the function gives the same values as the function for each example;
 * - *convention*: operations at a kink of the table have the derivatives documented there. At kinks that no table
 *   knows, the derivative must lie between the slopes from the left and from the right.
 *
 * What derivatives take for a constant (`stopGradient`) quotients do, too: it keeps its value at the point. Inside loops
 * and branches that cannot be done, so of those reverse mode is held to forward mode alone.
 *
 * When a check fails, each operation on the way is checked alone, so the report names the one at fault.
 *
 * @param f - as for `grad`; it may return an array.
 * @param inputs - the arguments. Integers and conditions are held fixed.
 * @returns a report; nothing is printed or thrown when derivatives are wrong.
 * @throws `GraphError` when the function does not return a node; `ValueError` when an option is unknown; whatever the function throws.
 * Complexity: about 60 evaluations for each direction.
 * @example
 * ```ts
 * import { apply, type ElementwiseRow, type GraphNode } from '@ad/graph';
 * import { checkGradients } from '@ad/backprop';
 *
 * checkGradients((x: GraphNode) => x.sin().mul(x), [0.5]).ok; // => true
 *
 * const cube: ElementwiseRow = {
 *   name: 'cube',
 *   family: 'elementwise',
 *   arity: 1,
 *   formula: 'x^3',
 *   resultKind: 'real',
 *   value: (A, x) => A.mul(x, A.mul(x, x)),
 *   partials: [(A, r, x) => A.mul(x, x)], // the factor 3 is missing
 * };
 * const report = checkGradients((x: GraphNode) => apply(cube, [x]).exp(), [0.5]);
 * report.ok; // => false
 * report.findings[0].operation; // => 'cube'
 * ```
 */
export function checkGradients<Args extends readonly unknown[]>(
  f: (...args: Args) => GraphNode,
  inputs: ValuesOf<Args>,
  options: CheckOptions = {},
): GradientReport {
  checkNames('checkGradients', options, ['directions', 'order', 'seed']);
  if (typeof f !== 'function' || !Array.isArray(inputs)) {
    throw new ValueError(
      `checkGradients: got ${describeValue(f)} and ${describeValue(inputs)}, expected a function and the list of its arguments, ` +
        'as in checkGradients(f, [x, y])',
    );
  }
  const args = inputs as readonly Tree<Leaf>[];
  const values = args.flatMap((arg) => leavesOf(arg).map(({ leaf }) => tensorOfLeaf(leaf)));
  const before = values.map(({ data }) => data.slice());
  const point = new Point(traceAt(f as (...args: readonly unknown[]) => unknown, args), values);
  const checker = new Checker(point, options);
  checker.run();
  values.forEach(({ data }, i) => {
    const changed = data.findIndex((x, k) => !Object.is(x, before[i]![k]));
    if (changed < 0) return;
    checker.report.note(
      'purity',
      undefined,
      `element ${changed} of input ${i}, which the function changed`,
      {
        actual: data[changed]!,
        expected: before[i]![changed]!,
      },
    );
  });
  return checker.report.finish();
}
