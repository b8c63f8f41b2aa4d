/** Vectors in memory, as tiles of products and of convolutions load and store them. */
import type { Code, Local } from './code.ts';

/** An address: a local, or 0, plus a constant. */
export interface VectorPlace {
  /** The local. */
  readonly local: Local | undefined;
  /** The constant. */
  readonly base: number;
}

/**
 * A place some bytes further.
 *
 * @internal
 */
export function shifted(place: VectorPlace, bytes: number): VectorPlace {
  return bytes === 0 ? place : { local: place.local, base: place.base + bytes };
}

/** Neighbouring elements that go into one vector. */
export interface Chunk {
  /** The position of the first. */
  readonly first: number;
  /** How many. */
  readonly lanes: number;
}

/** So many panels of so many vectors, the last of which may be short. */
export interface Region {
  /** The first column. */
  readonly first: number;
  /** How many panels. */
  readonly panels: number;
  /** Columns of a panel. */
  readonly columns: number;
}

/** A product of two vectors, and the sum that it is added to. */
export interface Term {
  /** The sum. */
  readonly sum: Local;
  /** One factor. */
  readonly left: Local;
  /** The other. */
  readonly right: Local;
}

/** Writes code that computes with vectors of reals. */
export interface VectorWriter {
  /** Bytes of an element. */
  readonly size: number;
  /** Elements of a vector. */
  readonly width: number;
  /** The instruction that adds vectors. */
  readonly add: string;
  /** The instruction that loads one element into every lane. */
  readonly splat: string;
  /** Adds products of vectors to different sums. */
  addProducts(terms: readonly Term[]): void;
  /** Pushes the part of an address that changes. */
  push(place: VectorPlace): Code;
  /** Pushes `count` elements side by side as one vector; the lanes that are left are 0. */
  load(place: VectorPlace, count: number): void;
  /** Stores the first `count` lanes side by side. */
  store(place: VectorPlace, count: number, value: Local): void;
  /** Runs `body` so many times, with the places moved by `distances` bytes from turn to turn. */
  walk(
    count: number,
    places: readonly VectorPlace[],
    distances: readonly number[],
    body: (places: readonly VectorPlace[]) => void,
  ): void;
  /** So many columns as panels of so many vectors. */
  regions(columns: number, vectors: number): Region[];
  /** Elements 0 to `count` as vectors; the last may be short. */
  chunks(count: number): Chunk[];
}
