/** The end of a tile: its sums are added to those of earlier blocks, stored, and handed to the epilogue. */
import type { Epilogue } from '../../lower/kernel.ts';
import type { Local } from '../../wasm/function-builder.ts';
import { emitEpilogue, type EpilogueContext } from './epilogue.ts';
import { type Chunk, type Place, pushLoad, shifted, store } from './lanes.ts';
import type { Places } from './places.ts';
import type { ProductPlan } from '../../lower/product-plan.ts';
import type { Inner } from './tile.ts';

/** How the tiles of a product end. */
export interface Finish extends Pick<EpilogueContext, 'code' | 'lanes' | 'precision' | 'importOf'> {
  readonly plan: ProductPlan;
  readonly epilogue: Epilogue | undefined;
  /**
   * Where a tile of sums waits for the epilogue that has no place in a result. Engines that run out of registers there
   * would otherwise store each sum whenever it changes, in the loop over the inner dimension.
   */
  readonly waiting: Place | undefined;
}

/** Stores the sums of a tile: adds those of earlier blocks, and applies the epilogue to the final ones. */
export function finishTile(
  { plan, epilogue, waiting, ...context }: Finish,
  sums: readonly (readonly Local[])[],
  chunks: readonly Chunk[],
  { isFirst, isLast }: Inner,
  places: Places,
): void {
  const { code, lanes } = context;
  const { size, width, add } = lanes;
  const resultAt = (row: number, { first }: Chunk): Place =>
    shifted(places[2]!, row * plan.result.row + first * size);
  const sumAt = (row: number, chunk: Chunk): Place =>
    waiting === undefined
      ? resultAt(row, chunk)
      : shifted(waiting, (row * chunks.length * width + chunk.first) * size);
  const each = (body: (sum: Local, row: number, chunk: Chunk) => void): void => {
    sums.forEach((row, r) => row.forEach((sum, c) => body(sum, r, chunks[c]!)));
  };
  if (isFirst !== undefined) {
    code.get(isFirst).op('i32.eqz');
    code.if(() => {
      each((sum, row, chunk) => {
        pushLoad(code, lanes, resultAt(row, chunk), chunk.lanes, size);
        code.get(sum).op(add).set(sum);
      });
    });
  }
  each((sum, row, chunk) => store(code, lanes, sumAt(row, chunk), chunk.lanes, sum));
  if (epilogue === undefined) return;
  const cells = sums.flatMap((_, row) =>
    chunks.map((chunk) => ({ row, chunk, at: sumAt(row, chunk) })),
  );
  const target = { ...context, matrices: plan.others, places: places.slice(3) };
  const apply = (): void => emitEpilogue(target, epilogue, cells);
  if (isLast === undefined) apply();
  else code.get(isLast).if(apply);
}
