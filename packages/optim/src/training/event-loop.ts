/** Letting others run: events, timers, rendering. */

/** The part of the platform that is needed; absent in bare engines. */
interface Timers {
  readonly setTimeout?: (callback: () => void, milliseconds: number) => unknown;
}

/** How long training runs before others may, in milliseconds: below what people notice. */
const SLICE = 40;

/** Hands control to the event loop when it has been kept for long. */
export class Turns {
  #last = Date.now();

  /** Whether it is time for others. */
  get isOver(): boolean {
    return Date.now() - this.#last >= SLICE;
  }

  /** Lets others run. */
  async yield(): Promise<void> {
    const { setTimeout } = globalThis as Timers;
    if (setTimeout !== undefined) {
      await new Promise<void>((resolve) => {
        setTimeout(resolve, 0);
      });
    }
    this.#last = Date.now();
  }
}
