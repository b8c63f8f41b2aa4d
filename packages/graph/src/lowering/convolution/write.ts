/**
 * Emission of convolutions: loops over the axes of the result, and in them tiles of it whose sums stay in registers
 * while the loops over channels and elements of windows run. Short inner loops are written out, so most addresses are
 * constants. The order of additions depends on shapes alone.
 */
import type { Code, Local } from '../code.ts';
import type { KernelWriter } from '../compiler.ts';
import type { View } from '../memory.ts';
import { type Chunk, shifted, type VectorPlace, type VectorWriter } from '../vectors.ts';
import type { Axis, ConvolutionPlan } from './plan.ts';

/** Where the loops stand. */
interface Places {
  readonly image: VectorPlace;
  readonly kernel: VectorPlace;
  readonly result: VectorPlace;
}

/** Elements of an axis computed together, and how many such groups follow one another. */
interface Group {
  readonly size: number;
  readonly count: number;
}

/** Steps of the inner loops that are written out. */
const WRITTEN_OUT = 16;
/** Steps of a long inner loop per turn. */
const UNROLL = 8;
/** Sums that hide the latency of an addition. */
const SUMS = 8;

/** Writes a convolution of images with kernels. */
export function writeConvolution(
  writer: KernelWriter,
  plan: ConvolutionPlan,
  image: View,
  kernel: View,
  result: View,
): void {
  const place = ({ buffer, offset }: View): VectorPlace => ({
    local: undefined,
    base: buffer.address + offset * writer.vectors.size,
  });
  const start = { image: place(image), kernel: place(kernel), result: place(result) };
  new ConvolutionWriter(writer, plan).write(start);
}

class ConvolutionWriter {
  readonly #code: Code;
  readonly #plan: ConvolutionPlan;
  readonly #vectors: VectorWriter;

  constructor({ code, vectors }: KernelWriter, plan: ConvolutionPlan) {
    this.#code = code;
    this.#vectors = vectors;
    this.#plan = plan;
  }

  write(start: Places): void {
    this.#nest(this.#plan.outer, start, (places) => {
      if (this.#plan.form === 'tiles') this.#tiles(places);
      else this.#dots(places);
    });
  }

  /** Loops over axes, the first outermost. */
  #nest(axes: readonly Axis[], places: Places, body: (places: Places) => void): void {
    const [axis, ...rest] = axes;
    if (axis === undefined) body(places);
    else this.#loop(axis, 1, axis.length, places, (inside) => this.#nest(rest, inside, body));
  }

  /** A loop along an axis in steps of some elements. */
  #loop(
    axis: Axis,
    step: number,
    count: number,
    places: Places,
    body: (places: Places) => void,
  ): void {
    const bytes = step * this.#vectors.size;
    this.#vectors.walk(
      count,
      [places.image, places.kernel, places.result],
      [axis.image * bytes, axis.kernel * bytes, axis.result * bytes],
      ([image, kernel, result]) => body({ image: image!, kernel: kernel!, result: result! }),
    );
  }

  /** The places some elements further along an axis. */
  #further(places: Places, axis: Axis, elements: number): Places {
    const bytes = elements * this.#vectors.size;
    return {
      image: shifted(places.image, axis.image * bytes),
      kernel: shifted(places.kernel, axis.kernel * bytes),
      result: shifted(places.result, axis.result * bytes),
    };
  }

  /** Loops over groups of elements of an axis. */
  #groups(
    axis: Axis,
    most: number,
    places: Places,
    body: (places: Places, size: number) => void,
  ): void {
    let first = 0;
    for (const { size, count } of groupsOf(axis.length, most)) {
      const from = this.#further(places, axis, first);
      this.#loop(axis, size, count, from, (inside) => body(inside, size));
      first += size * count;
    }
  }

  /** Tiles of some vectors by some rows. */
  #tiles(places: Places): void {
    const { vector, rows } = this.#plan;
    const panelVectors = rows.length <= 2 ? 4 : 2;
    for (const region of this.#vectors.regions(vector.length, panelVectors)) {
      const from = this.#further(places, vector, region.first);
      this.#loop(vector, region.columns, region.panels, from, (panel) => {
        this.#groups(rows, panelVectors === 2 ? 4 : 2, panel, (tile, size) =>
          this.#tile(tile, size, this.#vectors.chunks(region.columns)),
        );
      });
    }
  }

  #tile(places: Places, rows: number, chunks: readonly Chunk[]): void {
    const code = this.#code;
    const vectors = this.#vectors;
    const { vectors: side, rows: rowAxis, vector, inner } = this.#plan;
    const other = side === 'image' ? 'kernel' : 'image';
    const rowBytes = rowAxis[other] * vectors.size;
    const sums = this.#sums(rows, chunks.length);
    const loaded = chunks.map(() => code.local('v128'));
    const [element, pointer] = [code.local('v128'), code.local('i32')];
    this.#sumUp(inner, places, (from, offsets) => {
      // Engines may give every offset of a broadcasting load a register of its own: its pointer moves instead.
      vectors.push(from[other]).set(pointer);
      let at = 0;
      const step = (index: number): void => {
        const offset = offsets[index]!;
        const moved = offset[other] * vectors.size;
        if (moved !== at)
          code
            .get(pointer)
            .i32(moved - at)
            .op('i32.add')
            .set(pointer);
        at = moved;
        const start = shifted(from[side], offset[side] * vectors.size);
        chunks.forEach(({ first, lanes: count }, c) => {
          vectors.load(shifted(start, first * vectors.size), count);
          code.set(loaded[c]!);
        });
        sums.forEach((row, r) => {
          code
            .get(pointer)
            .memory(vectors.splat, from[other].base + r * rowBytes)
            .set(element);
          const terms = row.map((ways, c) => ({
            sum: ways[index % ways.length]!,
            left: element,
            right: loaded[c]!,
          }));
          vectors.addProducts(terms);
        });
      };
      code.steps(offsets.length, step, () => this.#pushNever(pointer));
    });
    for (const local of [element, ...loaded]) code.release('v128', local);
    code.release('i32', pointer);
    this.#addWays(sums);
    sums.forEach((row, r) =>
      row.forEach(([sum], c) => {
        const { first, lanes: count } = chunks[c]!;
        const to = shifted(
          places.result,
          (r * rowAxis.result + first * vector.result) * vectors.size,
        );
        if (vector.result === 1) vectors.store(to, count, sum!);
        else this.#storeApart(to, count, vector.result, sum!);
      }),
    );
    for (const sum of sums.flat(2)) code.release('v128', sum);
  }

  /** Pushes 0 in a way that no engine sees through: no address of an element is odd. */
  #pushNever(pointer: Local): void {
    this.#code.get(pointer).i32(-1).op('i32.eq');
  }

  /** Tiles of dot products: some kernels by some windows. */
  #dots(places: Places): void {
    const { rows, columns } = this.#plan;
    const most = columns.length === 3 ? 3 : columns.length >= 4 ? 2 : 4;
    this.#groups(columns, 4, places, (some, across) => {
      this.#groups(rows, most, some, (tile, down) => this.#dotTile(tile, down, across));
    });
  }

  #dotTile(places: Places, rows: number, columns: number): void {
    const code = this.#code;
    const vectors = this.#vectors;
    const { rows: rowAxis, columns: columnAxis, vector, inner } = this.#plan;
    const sums = this.#sums(rows, columns);
    const kernels = sums.map(() => code.local('v128'));
    const window = code.local('v128');
    const step = (from: Places, count: number, index: number): void => {
      kernels.forEach((kernel, r) => {
        const at = shifted(from.kernel, r * rowAxis.kernel * vectors.size);
        vectors.load(at, count);
        code.set(kernel);
      });
      for (let j = 0; j < columns; j++) {
        const at = shifted(from.image, j * columnAxis.image * vectors.size);
        vectors.load(at, count);
        code.set(window);
        const terms = sums.map((row, r) => {
          const ways = row[j]!;
          return { sum: ways[index % ways.length]!, left: kernels[r]!, right: window };
        });
        vectors.addProducts(terms);
      }
    };
    const whole = Math.floor(vector.length / vectors.width);
    const rest = vector.length % vectors.width;
    const axis: Axis = {
      length: whole,
      image: vector.image * vectors.width,
      kernel: vector.kernel * vectors.width,
      result: 0,
    };
    this.#nest(inner, places, (along) => {
      this.#sumUp(whole === 0 ? [] : [axis], along, (from, offsets) => {
        if (whole > 0)
          offsets.forEach((offset, index) => step(this.#at(from, offset), vectors.width, index));
      });
      if (rest > 0) step(this.#further(along, vector, whole * vectors.width), rest, 0);
    });
    for (const local of [window, ...kernels]) code.release('v128', local);
    this.#addWays(sums);
    sums.forEach((row, r) =>
      row.forEach(([sum], j) => {
        this.#addLanes(sum!);
        const to = (r * rowAxis.result + j * columnAxis.result) * vectors.size;
        vectors.store(shifted(places.result, to), 1, sum!);
      }),
    );
    for (const sum of sums.flat(2)) code.release('v128', sum);
  }

  #at(places: Places, { image, kernel }: Pick<Axis, 'image' | 'kernel'>): Places {
    const { size } = this.#vectors;
    return {
      image: shifted(places.image, image * size),
      kernel: shifted(places.kernel, kernel * size),
      result: places.result,
    };
  }

  /** Accumulators at 0, by row and column; several for each where there are few, by steps. */
  #sums(rows: number, columns: number): Local[][][] {
    const code = this.#code;
    const ways = Math.max(1, Math.floor(SUMS / (rows * columns)));
    const sums = Array.from({ length: rows }, () =>
      Array.from({ length: columns }, () => Array.from({ length: ways }, () => code.local('v128'))),
    );
    for (const sum of sums.flat(2)) code.v128(new Uint8Array(16)).set(sum);
    return sums;
  }

  /** Adds the accumulators of each sum into its first. */
  #addWays(sums: readonly (readonly (readonly Local[])[])[]): void {
    for (const [first, ...others] of sums.flat())
      for (const other of others)
        this.#code.get(first!).get(other).op(this.#vectors.add).set(first!);
  }

  /**
   * Loops over the axes of a sum, outermost first. The body is given places, and the offsets from there, in elements,
   * of steps that are to be written out.
   */
  #sumUp(
    axes: readonly Axis[],
    places: Places,
    body: (places: Places, offsets: readonly Pick<Axis, 'image' | 'kernel'>[]) => void,
  ): void {
    const total = axes.reduce((product, { length }) => product * length, 1);
    if (total <= WRITTEN_OUT) {
      body(places, offsetsOf(axes));
      return;
    }
    const [axis, ...rest] = axes as [Axis, ...Axis[]];
    if (rest.length > 0) {
      this.#loop(axis, 1, axis.length, places, (inside) => this.#sumUp(rest, inside, body));
      return;
    }
    const turns = Math.floor(axis.length / UNROLL);
    this.#loop(axis, UNROLL, turns, places, (inside) =>
      body(inside, offsetsOf([{ ...axis, length: UNROLL }])),
    );
    const left = axis.length % UNROLL;
    if (left > 0)
      body(this.#further(places, axis, turns * UNROLL), offsetsOf([{ ...axis, length: left }]));
  }

  /** Stores the first lanes some elements apart. */
  #storeApart(to: VectorPlace, count: number, stride: number, value: Local): void {
    const { size } = this.#vectors;
    for (let lane = 0; lane < count; lane++) {
      const at = shifted(to, lane * stride * size);
      this.#vectors.push(at).get(value);
      this.#code.memoryLane(size === 8 ? 'v128.store64_lane' : 'v128.store32_lane', at.base, lane);
    }
  }

  /** Adds all lanes into each. */
  #addLanes(value: Local): void {
    const code = this.#code;
    for (let distance = 8; distance >= this.#vectors.size; distance /= 2) {
      const bytes = Array.from({ length: 16 }, (_, byte) => (byte + distance) % 16);
      code.get(value).get(value).get(value).shuffle(bytes).op(this.#vectors.add).set(value);
    }
  }
}

/** The positions of all steps along axes, the last axis fastest. */
function offsetsOf(axes: readonly Axis[]): Pick<Axis, 'image' | 'kernel'>[] {
  let offsets = [{ image: 0, kernel: 0 }];
  for (const { length, image, kernel } of axes) {
    offsets = offsets.flatMap((from) =>
      Array.from({ length }, (_, i) => ({
        image: from.image + i * image,
        kernel: from.kernel + i * kernel,
      })),
    );
  }
  return offsets;
}

/** An axis in groups of at most `most` elements, about equally large. */
function groupsOf(length: number, most: number): Group[] {
  const count = Math.ceil(length / most);
  const size = Math.floor(length / count);
  const larger = length % count;
  return [
    { size: size + 1, count: larger },
    { size, count: count - larger },
  ].filter((group) => group.count > 0);
}
