/** Where the loops of a product stand in all of its matrices, and how far these places move. */
import { type Place, shifted } from './lanes.ts';
import type { ProductPlan } from '../../lower/product-plan.ts';

/** Where a loop stands: in the left factor, the right factor, the result, and whatever the epilogue reads and writes. */
export type Places = readonly Place[];

/** How far the places move over some rows of the result, in bytes. */
export function byRows({ left, result, others }: ProductPlan, rows: number): number[] {
  return [left.row, 0, result.row, ...others.map(({ row }) => row)].map((by) => by * rows);
}

/** How far the places move over some columns of the result, in bytes. */
export function byColumns({ right, result, others }: ProductPlan, columns: number): number[] {
  const all = [0, right.column, result.column, ...others.map(({ column }) => column)];
  return all.map((by) => by * columns);
}

/** How far the places move over some steps along the inner dimension, in bytes. */
export function bySteps({ left, right, others }: ProductPlan, steps: number): number[] {
  return [left.column, right.row, 0, ...others.map(() => 0)].map((by) => by * steps);
}

/** Places some bytes further. */
export function moved(places: Places, distances: readonly number[]): Places {
  return places.map((place, i) => shifted(place, distances[i]!));
}

/** A list with one element replaced. */
export function replaced<T>(list: readonly T[], index: number, value: T): T[] {
  return list.map((other, i) => (i === index ? value : other));
}
