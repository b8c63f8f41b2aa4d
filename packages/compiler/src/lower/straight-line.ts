/**
 * The plan of straight-line code: pieces of bounded length, one function each, since engines take longer than linear
 * time for long functions and refuse very long ones. Values pass from piece to piece through memory, within a piece
 * through locals.
 */
import { ARITY, CONSTANT, PLACES, type ScalarCode, type ScalarResult } from './scalar-code.ts';
import { type Buffer, newScratch } from './view.ts';

/** Entries in a piece. */
const PIECE = 2000;

/** A region as straight-line code. */
export interface StraightLine {
  readonly kind: 'straight line';
  /** Entries in a piece; piece p starts at entry `p * piece`. */
  readonly piece: number;
  /** How often each entry is an operand. */
  readonly uses: Int32Array;
  /** The place in `scratch` of each entry that a later piece reads; -1 for none. */
  readonly slots: Int32Array;
  /** 1 for each entry that is a result. */
  readonly isResult: Uint8Array;
  /** Where values wait for later pieces. */
  readonly scratch: Buffer | undefined;
}

/** Plans straight-line code; `node` is to be named in messages about its memory. */
export function planStraightLine(
  code: ScalarCode,
  results: readonly ScalarResult[],
  node: number,
): StraightLine {
  const { length, operations, operands } = code;
  const uses = new Int32Array(length);
  const slots = new Int32Array(length).fill(-1);
  let size = 0;
  for (let i = 0; i < length; i++) {
    const start = i - (i % PIECE);
    const count = ARITY[operations[i]!]!;
    for (let k = 0; k < count; k++) {
      const operand = operands[PLACES * i + k]!;
      if (operand < 0) continue;
      uses[operand]!++;
      if (operand < start && slots[operand] === -1 && operations[operand] !== CONSTANT)
        slots[operand] = size++;
    }
  }
  const isResult = new Uint8Array(length);
  for (const { operand } of results) if (operand >= 0) isResult[operand] = 1;
  const scratch = newScratch(node, size);
  return { kind: 'straight line', piece: PIECE, uses, slots, isResult, scratch };
}
