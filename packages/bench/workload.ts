/** What a workload is, and what it is given. */
import type { Race, Row } from './measure.ts';

/** What a workload is given. */
interface Context {
  /** Lets contestants take turns and keeps what is measured. */
  readonly race: (task: Race) => Promise<void>;
  /** Keeps a row that was measured otherwise. */
  readonly keep: (row: Omit<Row, 'workload'>) => void;
  /** Whether other engines take part. */
  readonly peers: boolean;
  /** Whether sizes that take long take part. */
  readonly full: boolean;
}

/** One task, exactly described. */
export interface Workload {
  /** As it is called on the command line. */
  readonly name: string;
  /** What is computed, in a sentence. */
  readonly what: string;
  /** Sets up the contestants and measures. */
  run(context: Context): Promise<void>;
}
