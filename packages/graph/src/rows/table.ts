/**
 * The operation table: every row by its name. Reading files, the documentation, the tests and the lowerings of the
 * compiler are driven from here. A row is in the table as soon as its family exports it.
 */
import * as activation from './activation.ts';
import * as arithmetic from './arithmetic.ts';
import { cofactors } from './cofactors.ts';
import * as comparison from './comparison.ts';
import * as contraction from './contraction.ts';
import * as convolution from './convolution.ts';
import * as control from './control.ts';
import * as cumulative from './cumulative.ts';
import * as determinants from './determinants.ts';
import * as exponential from './exponential.ts';
import * as gamma from './gamma.ts';
import * as indexing from './indexing.ts';
import * as layout from './layout.ts';
import * as linearSystems from './linear-systems.ts';
import * as parts from './parts.ts';
import * as random from './random.ts';
import * as reduction from './reduction.ts';
import * as rounding from './rounding.ts';
import * as trigonometric from './trigonometric.ts';
import { constant, input, type Operation } from './row.ts';
import { singularFrame } from './singular-frame.ts';
import { stopGradient } from './stop-gradient.ts';
import { strongMatmul, strongMul } from './strong.ts';

/** The exports of a family that are rows, not helpers. */
type RowsOf<Module> = {
  [Name in keyof Module as Module[Name] extends { family: string } ? Name : never]: Module[Name];
};

function rowsOf<Module extends object>(module: Module): RowsOf<Module> {
  const isRow = (value: unknown): boolean =>
    typeof value === 'object' && value !== null && 'family' in value;
  return Object.fromEntries(
    Object.entries(module).filter(([, value]) => isRow(value)),
  ) as RowsOf<Module>;
}

/** The families as one type. */
type Table = Readonly<
  Record<
    | 'input'
    | 'constant'
    | 'cofactors'
    | 'singularFrame'
    | 'stopGradient'
    | 'strongMul'
    | 'strongMatmul',
    unknown
  >
> &
  RowsOf<typeof activation> &
  RowsOf<typeof arithmetic> &
  RowsOf<typeof comparison> &
  RowsOf<typeof contraction> &
  RowsOf<typeof convolution> &
  RowsOf<typeof control> &
  RowsOf<typeof cumulative> &
  RowsOf<typeof determinants> &
  RowsOf<typeof exponential> &
  RowsOf<typeof gamma> &
  RowsOf<typeof indexing> &
  RowsOf<typeof layout> &
  RowsOf<typeof linearSystems> &
  RowsOf<typeof parts> &
  RowsOf<typeof random> &
  RowsOf<typeof reduction> &
  RowsOf<typeof rounding> &
  RowsOf<typeof trigonometric>;

/** The name of an operation of the table. */
export type OperationName = keyof Table;

/**
 * Every operation by its name.
 *
 * @example
 * ```ts
 * import { operations } from '@ad/graph';
 *
 * operations.tanh.family; // => 'elementwise'
 * operations.matmul.family; // => 'bilinear'
 * ```
 */
export const operations: Readonly<Record<OperationName, Operation>> = /* @__PURE__ */ (() => ({
  input,
  constant,
  ...rowsOf(arithmetic),
  strongMul,
  ...rowsOf(exponential),
  ...rowsOf(gamma),
  ...rowsOf(trigonometric),
  ...rowsOf(rounding),
  ...rowsOf(activation),
  ...rowsOf(comparison),
  ...rowsOf(reduction),
  ...rowsOf(cumulative),
  ...rowsOf(contraction),
  strongMatmul,
  ...rowsOf(linearSystems),
  ...rowsOf(determinants),
  cofactors,
  singularFrame,
  stopGradient,
  ...rowsOf(convolution),
  ...rowsOf(layout),
  ...rowsOf(parts),
  ...rowsOf(indexing),
  ...rowsOf(random),
  ...rowsOf(control),
}))();
