/** What is made of the sums of a tile, vector by vector, before the next tile is begun. */
import { emitExpressions, keepConstants } from '../../code/emit-expression.ts';
import { type Expression, type Precision, withInputs } from '../../code/expression.ts';
import type { Epilogue } from '../../lower/kernel.ts';
import type { FunctionBuilder, Local } from '../../wasm/function-builder.ts';
import { type Chunk, type Lanes, type Place, pushLoad, shifted, store } from './lanes.ts';
import type { Strides } from '../../lower/product-plan.ts';

/** A vector of sums: its row in the tile, its columns, and where it waits. */
export interface Cell {
  readonly row: number;
  readonly chunk: Chunk;
  readonly at: Place;
}

/** Where an epilogue is computed. */
export interface EpilogueContext {
  readonly code: FunctionBuilder;
  readonly lanes: Lanes;
  readonly precision: Precision;
  readonly importOf: (name: string) => number;
  /** What the epilogue reads, then what it writes: how the matrices lie, and where the tile is in each. */
  readonly matrices: readonly Strides[];
  readonly places: readonly Place[];
}

/** Vectors that are computed together: they do not wait for each other. */
const CELLS = 4;

/** Computes and stores what an epilogue makes of the sums of a tile. */
export function emitEpilogue(
  context: EpilogueContext,
  epilogue: Epilogue,
  cells: readonly Cell[],
): void {
  const roots = epilogue.results.map((result) => result.expression);
  const constants = keepConstants(context.code, roots);
  for (let first = 0; first < cells.length; first += CELLS)
    emitTogether(context, epilogue, constants, cells.slice(first, first + CELLS));
  for (const local of constants.values()) context.code.release('v128', local);
}

function emitTogether(
  { code, lanes, precision, importOf, matrices, places }: EpilogueContext,
  { reads, results, expressions }: Epilogue,
  constants: ReadonlyMap<Expression, Local>,
  cells: readonly Cell[],
): void {
  const placeOf = (index: number, { row, chunk }: Cell): Place => {
    const matrix = matrices[index]!;
    return shifted(places[index]!, row * matrix.row + chunk.first * matrix.column);
  };
  // The inputs of each vector have numbers of their own, unless it reads the same as the vectors above or beside it.
  const inputs = reads.length + 1;
  const known = new Map<string, number>();
  const numberOf = (cell: number, input: number): number => {
    if (input === 0) return cell * inputs;
    const matrix = matrices[input - 1]!;
    const { row, chunk } = cells[cell]!;
    const key = `${input} ${matrix.row === 0 ? 0 : row} ${matrix.column === 0 ? 0 : chunk.first}`;
    const number = known.get(key) ?? cell * inputs + input;
    known.set(key, number);
    return number;
  };
  const roots = results.map((result) => result.expression);
  const all = cells.flatMap((_, cell) =>
    withInputs(expressions, roots, (input) => numberOf(cell, input)),
  );
  const pushInput = (number: number): void => {
    const cell = cells[Math.floor(number / inputs)]!;
    const input = number % inputs;
    const [at, stride] =
      input === 0 ? [cell.at, lanes.size] : [placeOf(input - 1, cell), matrices[input - 1]!.column];
    pushLoad(code, lanes, at, cell.chunk.lanes, stride);
  };
  const value = code.local('v128');
  const target = { code, precision, lanes: lanes.width, constants, importOf, pushInput };
  const storeRoot = (root: number): void => {
    code.set(value);
    const cell = cells[Math.floor(root / results.length)]!;
    const at = placeOf(reads.length + (root % results.length), cell);
    store(code, lanes, at, cell.chunk.lanes, value);
  };
  emitExpressions(target, all, storeRoot, cells.length);
  code.release('v128', value);
}
