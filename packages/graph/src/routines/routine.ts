/** What routines are: operations written as loops over single elements, for compilers. */
import type { LoweredWork } from '../lowering/compiler.ts';
import { broadcastStrides } from '../shape.ts';
import type { Elements, Operand, Value, Writer } from './writer.ts';

/** The arrays that an operation works on, row-major. */
interface RoutineArrays {
  /** The operands. */
  readonly operands: readonly Elements[];
  /** The result. */
  readonly result: Elements;
}

/**
 * How one operation is computed element by element, step by step as its kernel does it, with the same bits. A compiler
 * writes it into its programs in the place of a call of the kernel.
 */
export interface Routine {
  /** How many doubles of space of its own it needs; 0 if this is missing. */
  scratch?(work: LoweredWork): number;
  /** Writes the loops. */
  write(w: Writer, arrays: RoutineArrays, work: LoweredWork): void;
}

/**
 * How a function of numbers is computed, step by step as the interpreter does it, with the same bits: writes the steps, and
 * returns the value.
 */
export type NumberRoutine = (w: Writer, ...operands: readonly Value[]) => Value;

/** An array seen as [outer, length, inner] around an axis. */
export interface Around {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

/** The sizes before, along and after an axis. */
export function around(shape: readonly number[], axis: number): Around {
  const size = (lengths: readonly number[]): number => lengths.reduce((n, d) => n * d, 1);
  return {
    outer: size(shape.slice(0, axis)),
    length: shape[axis]!,
    inner: size(shape.slice(axis + 1)),
  };
}

/** A view by its numbers. */
export interface Walk {
  readonly offset: Operand;
  readonly strides: readonly number[];
}

/**
 * Visits the elements of a shape in row-major order: `body` gets where each of the views has them, and how many were
 * before.
 */
export function walk(
  w: Writer,
  shape: readonly number[],
  views: readonly Walk[],
  body: (positions: readonly Operand[], index: Value) => void,
): void {
  const [index, setIndex] = w.variable('i32', 0);
  const level = (axis: number, positions: readonly Operand[]): void => {
    if (axis === shape.length) {
      body(positions, index);
      setIndex(w.int('add', index, 1));
      return;
    }
    const moving = positions.map((position) => w.variable('i32', position));
    w.loop(0, shape[axis]!, () => {
      level(
        axis + 1,
        moving.map(([position]) => position),
      );
      for (const [k, [position, set]] of moving.entries())
        set(w.int('add', position, views[k]!.strides[axis]!));
    });
  };
  level(
    0,
    views.map(({ offset }) => offset),
  );
}

/** An array of this shape, broadcast to another: with `step` elements between neighbours. */
export function stretched(shape: readonly number[], target: readonly number[], step: number): Walk {
  const strides = broadcastStrides(shape, target).map((stride) => stride * step);
  return { offset: 0, strides };
}

/** The axes before the last two: which matrix of a stack. */
export const stackOf = (shape: readonly number[]): readonly number[] => shape.slice(0, -2);
