/** All checks of a user-defined operation in one call. */
import { compile } from '@ad/compiler';
import {
  type Attributes,
  checkNames,
  evaluate,
  fromJSON,
  type GraphNode,
  type Leaf,
  tensorOfLeaf,
  toJSON,
  type Tensor,
} from '@ad/graph';
import type { UserOperation } from '../custom/define-operation.ts';
import { gradient } from '../graphs/gradient.ts';
import type { CheckOptions } from './options.ts';
import { Checker } from './checker.ts';
import type { Built } from './built.ts';
import { Point, realOf, traceAt } from './point.ts';
import type { GradientReport, Report } from './report.ts';

/** Options of {@link checkOperation}. */
export interface CheckOperationOptions<A extends Attributes = Attributes> extends CheckOptions {
  /** The attributes, of an operation that has any. */
  readonly attributes?: A;
}

/** Compiled code may add in another order. */
const ROUNDING = 1e-10;

/**
 * Checks a user-defined operation at a point: everything that `checkGradients` checks (values and derivatives of first
 * and second order against difference quotients, forward against reverse mode, batches), and besides that
 * - *compiled*: values and gradients are the same, up to rounding, from a compiled program;
 * - *file*: the graph saved and loaded again has the same values.
 *
 * @param operands - the point: numbers and tensors. Integers and conditions are held fixed.
 * @returns a report; nothing is printed or thrown when something is wrong.
 * @throws whatever the operation throws at this point.
 * Complexity: about 60 evaluations for each direction.
 * @example
 * ```ts
 * import { checkOperation, defineOperation } from '@ad/backprop';
 *
 * const halved = defineOperation({
 *   name: 'halved',
 *   arity: 1,
 *   infer: ([x]) => x.shape,
 *   compute: ([x]) => x.data.map((value) => value / 2),
 *   vjp: (S) => [S], // the factor is missing
 * });
 * const { ok, findings } = checkOperation(halved, [3]);
 * ok; // => false
 * findings[0].check; // => 'differences'
 * ```
 */
export function checkOperation<A extends Attributes>(
  operation: UserOperation<A>,
  operands: readonly Leaf[],
  options: CheckOperationOptions<A> = {},
): GradientReport {
  checkNames('checkOperation', options, ['attributes', 'directions', 'order', 'seed']);
  const values = operands.map(tensorOfLeaf);
  const f = (...nodes: readonly unknown[]): GraphNode =>
    options.attributes === undefined
      ? operation(...(nodes as readonly GraphNode[]))
      : operation.with(options.attributes)(...(nodes as readonly GraphNode[]));
  const point = new Point(traceAt(f, operands), values);
  const checker = new Checker(point, options);
  checker.run();
  if (checker.report.ok) checkCompiled(point.again(), checker.report);
  if (checker.report.ok) checkFile(point.again(), operation, checker.report);
  return checker.report.finish();
}

function checkCompiled(built: Built, report: Report): void {
  const { output, inputs } = built;
  const moving = realOf(inputs);
  const seed = output.graph.constant(1).broadcastTo(output.shape);
  const outputs = [output, ...gradient(output, moving, { seed })];
  const feeds = Object.fromEntries(inputs.map((input) => [input.label!, input.tensor]));
  const compiled = compile({ outputs }).run(feeds);
  evaluate(outputs).forEach((expected, k) => {
    const what = k === 0 ? 'the value of the compiled program' : `its gradient ${k - 1}`;
    compare(report, 'compiled', output, what, compiled[k]!, expected, ROUNDING);
  });
}

function checkFile<A extends Attributes>(
  { output }: Built,
  { row }: UserOperation<A>,
  report: Report,
): void {
  const file = JSON.stringify(toJSON(output));
  const [loaded] = fromJSON(file, { operations: [row] }).outputs;
  compare(report, 'file', output, 'the value after loading', loaded!.tensor, evaluate(output), 0);
}

function compare(
  report: Report,
  check: 'compiled' | 'file',
  node: GraphNode,
  what: string,
  got: Tensor,
  expected: Tensor,
  relative: number,
): void {
  const scale = Math.max(1, ...expected.data.map(Math.abs));
  const wrong = expected.data.findIndex((x, i) => {
    return !Object.is(got.data[i]! + 0, x + 0) && !(Math.abs(got.data[i]! - x) <= relative * scale);
  });
  if (wrong < 0) return;
  report.note(check, node, `${what}, element ${wrong}`, {
    actual: got.data[wrong]!,
    expected: expected.data[wrong]!,
    tolerance: relative * scale,
    origin: 'rounding in another order',
  });
}
