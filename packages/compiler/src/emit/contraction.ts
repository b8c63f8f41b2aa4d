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
import type { Precision } from '../code/expression.ts';
import { type Contraction, epilogueViews } from '../lower/kernel.ts';
import { FunctionBuilder, type Local } from '../wasm/function-builder.ts';
import { emitDots } from './contraction/dot.ts';
import { emitEpilogue } from './contraction/epilogue.ts';
import {
  type Chunk,
  chunksOf,
  type Lanes,
  lanesOf,
  type Place,
  pushLoad,
  shifted,
  store,
} from './contraction/lanes.ts';
import { emitPacking, TURN } from './contraction/pack.ts';
import {
  PACKED_TILE,
  planProduct,
  type ProductPlan,
  type Region,
  regions,
  rowGroups,
} from './contraction/plan.ts';
import { emitTile, type Inner } from './contraction/tile.ts';
import { type Count, pushCount, walk, walkBlocks } from './contraction/walk.ts';
import type { Addressing } from './templates.ts';

/** Where a loop stands: in the left factor, the right factor, the result, and whatever the epilogue reads and writes. */
type Places = readonly Place[];

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
  readonly #precision: Precision;
  readonly #importOf: (name: string) => number;
  readonly #lanes: Lanes;
  readonly #plan: ProductPlan;

  constructor(
    contraction: Contraction,
    precision: Precision,
    fused: boolean,
    importOf: (name: string) => number,
    code: FunctionBuilder,
  ) {
    this.#code = code;
    this.#contraction = contraction;
    this.#precision = precision;
    this.#importOf = importOf;
    this.#lanes = lanesOf(precision, fused);
    const { left, right, result, epilogue } = contraction;
    this.#plan = planProduct({ left, right, result, others: epilogueViews(epilogue) }, precision);
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

  /** How far the places move from row to row, from column to column, and along the inner dimension. */
  #byRow(rows: number): number[] {
    const { left, result, others } = this.#plan;
    return [left.row, 0, result.row, ...others.map(({ row }) => row)].map((by) => by * rows);
  }
  #byColumn(columns: number): number[] {
    const { right, result, others } = this.#plan;
    const all = [0, right.column, result.column, ...others.map(({ column }) => column)];
    return all.map((by) => by * columns);
  }
  #byStep(steps: number): number[] {
    const { left, right, others } = this.#plan;
    return [left.column, right.row, 0, ...others.map(() => 0)].map((by) => by * steps);
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
    const byPanel = this.#byColumn(region.columns);
    const rightStep = packsRight ? chunks.length * 16 : right.row;
    const panelBytes = packsRight ? stepsPerBlock * rightStep : byPanel[1]!;
    const first = moved(start, this.#byColumn(region.first));

    walkBlocks(code, region.panels, panelsPerBlock, first, byPanel, (panels, atColumns) => {
      this.#innerBlocks(atColumns, (inner, atStep) => {
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
      const first = moved(start, this.#byRow(above));
      const waiting = above === 0 ? unpacked : undefined;
      above += rows * count;
      const byTile = this.#byRow(rows);
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
          this.#finish(sums, chunks, inner, at);
        });
      });
    });
  }

  /** The blocks of the inner dimension. */
  #innerBlocks(places: Places, body: (inner: Inner, places: Places) => void): void {
    const { k, stepsPerBlock } = this.#plan;
    const code = this.#code;
    const rest = k % TURN;
    const total = (k - rest) / TURN;
    if (k <= stepsPerBlock) {
      body({ steps: k, turns: total, rest, isFirst: undefined, isLast: undefined }, places);
      return;
    }
    const most = stepsPerBlock / TURN;
    const locals = Array.from({ length: 4 }, () => code.local('i32'));
    const [done, steps, isFirst, isLast] = locals as [Local, Local, Local, Local];
    code.i32(0).set(done);
    walkBlocks(code, total, most, places, this.#byStep(TURN), (turns, inside) => {
      code.get(done).op('i32.eqz').set(isFirst);
      code.get(done).i32(most).op('i32.add').tee(done).i32(total).op('i32.ge_u').set(isLast);
      pushCount(code, turns).i32(TURN).op('i32.mul');
      code.get(isLast).i32(rest).op('i32.mul').op('i32.add').set(steps);
      body({ steps: { local: steps }, turns, rest, isFirst, isLast }, inside);
    });
    for (const local of locals) code.release('i32', local);
  }

  /** All of a product by dot products. */
  #dots(start: Places): void {
    const { n, k, m, left, right } = this.#plan;
    const inner: Inner = { steps: k, turns: 0, rest: k, isFirst: undefined, isLast: undefined };
    const steps = { leftRow: left.row, leftStep: left.column, rightColumn: right.column, steps: k };
    const columnsOf = (columns: number): number[] => this.#byColumn(columns);
    const rowsOf = (rows: number): number[] => this.#byRow(rows);
    this.#split(m, DOT_COLUMNS, start, columnsOf, (columns, atColumns) => {
      this.#split(n, DOT_ROWS, atColumns, rowsOf, (rows, at) => {
        const factors = { left: at[0]!, right: at[1]!, ...steps };
        emitDots(this.#code, this.#lanes, factors, rows, columns, (sums) => {
          this.#finish(sums, chunksOf(columns, this.#lanes), inner, at);
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

  /** Stores the sums of a tile: adds those of earlier blocks, and applies the epilogue to the final ones. */
  #finish(
    sums: readonly (readonly Local[])[],
    chunks: readonly Chunk[],
    { isFirst, isLast }: Inner,
    places: Places,
  ): void {
    const code = this.#code;
    const { size, add } = this.#lanes;
    const { result } = this.#plan;
    const each = (body: (sum: Local, row: number, chunk: Chunk, at: Place) => void): void => {
      sums.forEach((row, r) => {
        row.forEach((sum, c) => {
          const chunk = chunks[c]!;
          body(sum, r, chunk, shifted(places[2]!, r * result.row + chunk.first * size));
        });
      });
    };
    if (isFirst !== undefined) {
      code.get(isFirst).op('i32.eqz');
      code.if(() => {
        each((sum, _, { lanes }, at) => {
          pushLoad(code, this.#lanes, at, lanes, size);
          code.get(sum).op(add).set(sum);
        });
      });
    }
    const { epilogue, resultUse } = this.#contraction;
    // Where the sums wait for the epilogue. Engines that run out of registers there would otherwise store each sum
    // whenever it changes, in the loop over the inner dimension.
    const sumAt = (row: number, { first }: Chunk): Place =>
      resultUse === 'unused'
        ? shifted(this.#waitingSums, (row * chunks.length * this.#lanes.width + first) * size)
        : shifted(places[2]!, row * result.row + first * size);
    each((sum, row, chunk) => store(code, this.#lanes, sumAt(row, chunk), chunk.lanes, sum));
    if (epilogue === undefined) return;
    const cells = sums.flatMap((_, row) =>
      chunks.map((chunk) => ({ row, chunk, at: sumAt(row, chunk) })),
    );
    const target = {
      code,
      lanes: this.#lanes,
      precision: this.#precision,
      importOf: this.#importOf,
      matrices: this.#plan.others,
      places: places.slice(3),
    };
    const apply = (): void => emitEpilogue(target, epilogue, cells);
    if (isLast === undefined) apply();
    else code.get(isLast).if(apply);
  }

  /** Where a tile of sums waits that has no place in a result: behind what is packed. */
  get #waitingSums(): Place {
    const { rightBytes, leftBytes } = this.#plan;
    return this.#scratch(rightBytes + leftBytes);
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

/** Places some bytes further. */
function moved(places: Places, distances: readonly number[]): Places {
  return places.map((place, i) => shifted(place, distances[i]!));
}

/** A list with one element replaced. */
function replaced<T>(list: readonly T[], index: number, value: T): T[] {
  return list.map((other, i) => (i === index ? value : other));
}
