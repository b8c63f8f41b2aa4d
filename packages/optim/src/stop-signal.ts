/** Signals by which others end training or a minimization. */
import { ValueError } from '@ad/graph';
import { describeValue } from './options.ts';

/** What is needed of an `AbortSignal`. */
export interface StopSignal {
  /** Whether to stop. */
  readonly aborted: boolean;
  /** Why; not looked at. */
  readonly reason?: unknown;
}

/**
 * Checks the option `signal`.
 *
 * @throws `ValueError` when it is no signal.
 */
export function checkSignal(caller: string, signal: StopSignal | undefined): void {
  if (signal === undefined || typeof (signal as Partial<StopSignal> | null)?.aborted === 'boolean')
    return;
  throw new ValueError(
    `${caller}: signal is ${describeValue(signal)}, expected { aborted: boolean }, such as an AbortSignal`,
  );
}
