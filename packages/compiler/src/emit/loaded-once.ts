/**
 * Numbers that a function loads from memory once: what is read again is kept in a local, which engines hold in a register
 * or take from their stack as the operand of the instruction that needs it. That saves an instruction for each further
 * read, since engines load a number from memory by one of its own.
 */
import type { Precision } from '../code/expression.ts';
import type { FunctionBuilder, Local } from '../wasm/function-builder.ts';

/** A number in memory. */
interface Loaded {
  /** How often it has yet to be pushed. */
  left: number;
  /** Its local; `undefined` before it is loaded, and if it is read once. */
  local: Local | undefined;
}

/** The numbers that one function loads. */
export class LoadedOnce {
  readonly #code: FunctionBuilder;
  readonly #precision: Precision;
  readonly #numbers = new Map<number, Loaded>();

  /** Nothing is known to be read yet. */
  constructor(code: FunctionBuilder, precision: Precision) {
    this.#code = code;
    this.#precision = precision;
  }

  /** Takes note that a number is going to be pushed once more. */
  expect(number: number): void {
    const known = this.#numbers.get(number);
    if (known === undefined) this.#numbers.set(number, { left: 1, local: undefined });
    else known.left++;
  }

  /** Pushes a number; `load` pushes it from memory. */
  push(number: number, load: () => void): void {
    const code = this.#code;
    const known = this.#numbers.get(number);
    if (known?.local === undefined) load();
    else code.get(known.local);
    if (known === undefined) return;
    known.left--;
    if (known.left > 0 && known.local === undefined) {
      known.local = code.local(this.#precision);
      code.tee(known.local);
    } else if (known.left === 0 && known.local !== undefined) {
      code.release(this.#precision, known.local);
    }
  }
}
