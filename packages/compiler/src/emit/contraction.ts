/**
 * Emission of products of matrices: loops over blocks of the factors, and in them over tiles of the result. Large
 * factors are packed block by block into scratch memory, so that the tiles read what lies together:
 *
 *     for each block of columns, for each block of the inner dimension
 *       pack the right factor into panels
 *       for each block of rows
 *         pack the left factor, if it is read across
 *         for each panel of columns, for each tile of rows
 *           the sums in registers run along the block of the inner dimension
 *
 * Where the right factor need not be transposed, the first row of tiles reads it as it lies and packs it meanwhile.
 *
 * Rows and columns that do not fill a tile get tiles of their own size, so every shape is exact, and the order of
 * additions depends on shapes alone, so results are the same every time.
 */
import type { Region } from '@ad/graph';
import type { Precision } from '../code/expression.ts';
import { type Contraction, epilogueViews } from '../lower/kernel.ts';
import {
  PACKED_TILE,
  planProduct,
  type ProductPlan,
  regions,
  rowGroups,
} from '../lower/product-plan.ts';
import { FunctionBuilder } from '../wasm/function-builder.ts';
import { emitDots } from './contraction/dot.ts';
import { type Finish, finishTile } from './contraction/finish.ts';
import { walkInnerBlocks } from './contraction/inner-blocks.ts';
import { type Chunk, chunksOf, type Lanes, lanesOf, type Place } from './contraction/lanes.ts';
import { emitPacking } from './contraction/pack.ts';
import { byColumns, byRows, moved, type Places, replaced } from './contraction/places.ts';
import { emitTile, type Inner } from './contraction/tile.ts';
import { type Count, walk, walkBlocks } from './contraction/walk.ts';
import type { Addressing } from './templates.ts';

/** Rows of the result and columns that are computed together by dot products. */
const DOT_ROWS = 2;
const DOT_COLUMNS = 4;

/** A block of the right factor, packed or not, or packed by the tiles that are the first to use it. */
interface Block {
  readonly inner: Inner;
  readonly panels: Count;
  /** The columns of a panel. */
  readonly chunks: readonly Chunk[];
  /** Bytes from step to step. */
  readonly rightStep: number;
  /** How far the places move from panel to panel. */
  readonly byPanel: readonly number[];
  /** Whether tiles pack it on their way: to a place behind all others. */
  readonly isBeingPacked: boolean;
}

/** A block that the first row of tiles is to pack: as it is meanwhile, and where the right factor is. */
interface Unpacked {
  readonly block: Block;
  readonly right: Place;
}

/** Tiles of so many rows, and how the left factor is read for them. */
interface Rows {
  readonly rows: number;
  readonly leftRow: number;
  readonly leftStep: number;
  /** How far the places move from tile to tile. */
  readonly byTile: readonly number[];
  /** Whether the left factor is packed. */
  readonly packed: boolean;
}

/**
 * The function that computes a product.
 *
 * @param addressing - with parameters, the views begin at them: factors, result, those of the epilogue, then the scratch
 * memory, if there is any.
 */
export function emitContraction(
  contraction: Contraction,
  precision: Precision,
  fused: boolean,
  importOf: (name: string) => number,
  addressing: Addressing = 'constants',
): FunctionBuilder {
  const { epilogue, scratch } = contraction;
  const views = 3 + epilogueViews(epilogue).length + (scratch === undefined ? 0 : 1);
  const parameters = Array.from(
    { length: addressing === 'constants' ? 0 : views },
    () => 'i32' as const,
  );
  const code = new FunctionBuilder(parameters);
  return new ContractionEmitter(contraction, precision, fused, importOf, code).emit();
}

class ContractionEmitter {
  readonly #code: FunctionBuilder;
  readonly #contraction: Contraction;
  readonly #lanes: Lanes;
  readonly #plan: ProductPlan;
  readonly #finish: Finish;

  constructor(
    contraction: Contraction,
    precision: Precision,
    fused: boolean,
    importOf: (name: string) => number,
    code: FunctionBuilder,
  ) {
    this.#code = code;
    this.#contraction = contraction;
    this.#lanes = lanesOf(precision, fused);
    const { left, right, result, epilogue, resultUse } = contraction;
    this.#plan = planProduct({ left, right, result, others: epilogueViews(epilogue) }, precision);
    // Sums that wait do so behind what is packed.
    const { rightBytes, leftBytes } = this.#plan;
    const waiting = resultUse === 'unused' ? this.#scratch(rightBytes + leftBytes) : undefined;
    this.#finish = {
      code,
      lanes: this.#lanes,
      precision,
      importOf,
      plan: this.#plan,
      epilogue,
      waiting,
    };
  }

  emit(): FunctionBuilder {
    const { left, right, result, epilogue } = this.#contraction;
    const { length } = this.#code.parameters;
    const views = [left, right, result, ...epilogueViews(epilogue)].map((view, k): Place => ({
      local: length === 0 ? undefined : k,
      base: view.buffer.address + view.offset * this.#lanes.size,
    }));
    const [first, second, ...others] = views as [Place, Place, ...Place[]];
    const start = this.#plan.swapped ? [second, first, ...others] : views;
    const { form, m, panelVectors } = this.#plan;
    if (form === 'dots') {
      this.#stack(start, (places) => this.#dots(places));
      return this.#code;
    }
    const all = regions(m, panelVectors, this.#lanes.width);
    // A right factor that the whole stack shares is packed once.
    const { stack, right: panels } = this.#plan;
    const shared = stack.every((_, axis) => panels.stack[axis] === 0);
    if (shared) {
      for (const region of all)
        this.#region(region, start, (places, body) => this.#stack(places, body));
    } else {
      this.#stack(start, (places) => {
        for (const region of all) this.#region(region, places, (inside, body) => body(inside));
      });
    }
    return this.#code;
  }

  /** Loops over the matrices of the stack. */
  #stack(places: Places, body: (places: Places) => void, axis = 0): void {
    const length = this.#plan.stack[axis];
    if (length === undefined) {
      body(places);
      return;
    }
    const { left, right, result, others } = this.#plan;
    const distances = [left, right, result, ...others].map((matrix) => matrix.stack[axis]!);
    walk(this.#code, length, places, distances, (at) => this.#stack(at, body, axis + 1));
  }

  /** The blocks of a region of columns and of the inner dimension; the right factor is packed for each. */
  #region(
    region: Region,
    start: Places,
    stack: (places: Places, body: (places: Places) => void) => void,
  ): void {
    const { packsRight, panelsPerBlock, stepsPerBlock, right } = this.#plan;
    const code = this.#code;
    const chunks = chunksOf(region.columns, this.#lanes);
    const byPanel = byColumns(this.#plan, region.columns);
    const rightStep = packsRight ? chunks.length * 16 : right.row;
    const panelBytes = packsRight ? stepsPerBlock * rightStep : byPanel[1]!;
    const first = moved(start, byColumns(this.#plan, region.first));

    walkBlocks(code, region.panels, panelsPerBlock, first, byPanel, (panels, atColumns) => {
      walkInnerBlocks(code, this.#plan, atColumns, (inner, atStep) => {
        const block: Block = {
          inner,
          panels,
          chunks,
          rightStep,
          byPanel: replaced(byPanel, 1, panelBytes),
          isBeingPacked: false,
        };
        if (!packsRight) {
          stack(atStep, (places) => this.#rowBlocks(block, places));
          return;
        }
        const target = this.#scratch(0);
        if (this.#packsOnTheWay) {
          const whilePacking: Block = {
            ...block,
            rightStep: right.row,
            byPanel: [...byPanel, panelBytes],
            isBeingPacked: true,
          };
          const unpacked = { block: whilePacking, right: atStep[1]! };
          this.#rowBlocks(block, replaced(atStep, 1, target), unpacked);
          return;
        }
        emitPacking(code, this.#lanes, inner, {
          source: atStep[1]!,
          step: right.row,
          column: right.column,
          panels,
          columns: region.columns,
          chunks,
          target,
          panelBytes,
        });
        stack(atStep, (places) => this.#rowBlocks(block, replaced(places, 1, target)));
      });
    });
  }

  /**
   * Whether the first row of tiles packs the right factor: where that is not transposed, and each of its blocks is packed
   * for one matrix and one block of the left factor.
   */
  get #packsOnTheWay(): boolean {
    const { n, stack, right, packsLeft, tilesPerBlock } = this.#plan;
    const isOneBlock = !packsLeft || n < PACKED_TILE * (tilesPerBlock + 1);
    return isOneBlock && stack.length === 0 && right.column === this.#lanes.size;
  }

  /** The blocks of rows; the left factor is packed for each, if that pays, the right one if it is not yet. */
  #rowBlocks(block: Block, start: Places, unpacked?: Unpacked): void {
    const { n, left, packsLeft, stepsPerBlock, tilesPerBlock, rightBytes } = this.#plan;
    const { size } = this.#lanes;
    const code = this.#code;
    let above = 0;
    for (const { rows, count } of rowGroups(n, block.chunks.length)) {
      const first = moved(start, byRows(this.#plan, above));
      const waiting = above === 0 ? unpacked : undefined;
      above += rows * count;
      const byTile = byRows(this.#plan, rows);
      if (!packsLeft || rows !== PACKED_TILE || block.panels === 1) {
        const rowsAsTheyLie: Rows = {
          rows,
          leftRow: left.row,
          leftStep: left.column,
          byTile,
          packed: false,
        };
        const [rest, others] = this.#firstTiles(rowsAsTheyLie, count, first, waiting);
        if (rest === 0) continue;
        walkBlocks(code, rest, tilesPerBlock, others, byTile, (tiles, at) =>
          this.#tiles(block, rowsAsTheyLie, tiles, at),
        );
        continue;
      }
      const leftStep = rows * size;
      const panelBytes = stepsPerBlock * leftStep;
      const packed: Rows = {
        rows,
        leftRow: size,
        leftStep,
        byTile: replaced(byTile, 0, panelBytes),
        packed: true,
      };
      const target = this.#scratch(rightBytes);
      walkBlocks(code, count, tilesPerBlock, first, byTile, (tiles, at) => {
        emitPacking(code, this.#lanes, block.inner, {
          source: at[0]!,
          step: left.column,
          column: left.row,
          panels: tiles,
          columns: rows,
          chunks: chunksOf(rows, this.#lanes),
          target,
          panelBytes,
        });
        const [rest, others] = this.#firstTiles(packed, tiles, replaced(at, 0, target), waiting);
        this.#tiles(block, packed, rest, others);
      });
    }
  }

  /** The first row of tiles, if it is to pack the right factor; how many others there are, and where. */
  #firstTiles<C extends Count>(
    rows: Rows,
    tiles: C,
    start: Places,
    unpacked: Unpacked | undefined,
  ): readonly [C | number, Places] {
    if (unpacked === undefined || typeof tiles !== 'number') return [tiles, start];
    this.#tiles(unpacked.block, rows, 1, [...replaced(start, 1, unpacked.right), start[1]!]);
    return [tiles - 1, moved(start, rows.byTile)];
  }

  /**
   * The tiles of a block. Down the rows of each panel where both factors are packed; else along the panels for each
   * tile of rows: rows that lie apart are found in the first cache from the second panel on (2 % faster, measured).
   */
  #tiles(
    block: Block,
    { rows, leftRow, leftStep, byTile, packed }: Rows,
    tiles: Count,
    start: Places,
  ): void {
    const { inner, panels, chunks, rightStep, byPanel, isBeingPacked } = block;
    const padded = this.#plan.packsRight && !isBeingPacked;
    const [outer, byOuter, nested, byNested] = packed
      ? ([panels, byPanel, tiles, byTile] as const)
      : ([tiles, byTile, panels, byPanel] as const);
    walk(this.#code, outer, start, byOuter, (atOuter) => {
      walk(this.#code, nested, atOuter, byNested, (at) => {
        const target = isBeingPacked ? at.at(-1) : undefined;
        const factors = {
          left: at[0]!,
          leftRow,
          leftStep,
          right: at[1]!,
          rightStep,
          padded,
          target,
        };
        emitTile(this.#code, this.#lanes, inner.steps, factors, rows, chunks, (sums) => {
          finishTile(this.#finish, sums, chunks, inner, at);
        });
      });
    });
  }

  /** All of a product by dot products. */
  #dots(start: Places): void {
    const { n, k, m, left, right } = this.#plan;
    const inner: Inner = { steps: k, turns: 0, rest: k, isFirst: undefined, isLast: undefined };
    const steps = { leftRow: left.row, leftStep: left.column, rightColumn: right.column, steps: k };
    const columnsOf = (columns: number): number[] => byColumns(this.#plan, columns);
    const rowsOf = (rows: number): number[] => byRows(this.#plan, rows);
    this.#split(m, DOT_COLUMNS, start, columnsOf, (columns, atColumns) => {
      this.#split(n, DOT_ROWS, atColumns, rowsOf, (rows, at) => {
        const factors = { left: at[0]!, right: at[1]!, ...steps };
        emitDots(this.#code, this.#lanes, factors, rows, columns, (sums) => {
          finishTile(this.#finish, sums, chunksOf(columns, this.#lanes), inner, at);
        });
      });
    });
  }

  /** Runs through `total` in steps of `most`, and what is left over in one step. */
  #split(
    total: number,
    most: number,
    start: Places,
    distances: (by: number) => readonly number[],
    body: (count: number, places: Places) => void,
  ): void {
    const rest = total % most;
    const whole = (at: Places): void => body(most, at);
    walk(this.#code, (total - rest) / most, start, distances(most), whole, (at) => {
      if (rest > 0) body(rest, at);
    });
  }

  /** A place in the scratch memory: of parameters, it is the last. */
  #scratch(bytes: number): Place {
    const { length } = this.#code.parameters;
    return {
      local: length === 0 ? undefined : length - 1,
      base: this.#contraction.scratch!.address + bytes,
    };
  }
}
