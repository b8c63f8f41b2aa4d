/** Progress of a training: a bar on a terminal; elsewhere (files, pipes, automatic checks) a line now and then. */
import { SingleBar } from 'cli-progress';
import type { Epoch } from './charts.ts';
import { percent } from './percent.ts';

/** What shows the progress. */
export interface Progress {
  /** An epoch is over. */
  update(epoch: Epoch): void;
  /** The training is over or broken off: the terminal is left as it was found. */
  stop(): void;
}

/** Where progress is written, such as `process.stderr`. */
export type ProgressStream = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** Shows the progress of a training of so many epochs. */
export function showProgress(epochs: number, stream: ProgressStream = process.stderr): Progress {
  return stream.isTTY === true ? bar(epochs, stream) : lines(epochs, stream);
}

function bar(epochs: number, stream: ProgressStream): Progress {
  const single = new SingleBar({
    stream,
    format: 'training {bar} epoch {value}/{total}  loss {loss}  held out {accuracy}',
    barCompleteChar: '\u2588',
    barIncompleteChar: '\u2591',
    barsize: 30,
    hideCursor: true,
    // Interrupts are the business of the program.
    gracefulExit: false,
  });
  single.start(epochs, 0, { loss: '-', accuracy: '-' });
  return {
    update: ({ epoch, trainingLoss, heldOutAccuracy }) => {
      single.update(epoch, { loss: trainingLoss.toFixed(3), accuracy: percent(heldOutAccuracy) });
    },
    stop: () => {
      single.stop();
    },
  };
}

/** About ten lines, whatever the number of epochs, and always the last. */
function lines(epochs: number, stream: ProgressStream): Progress {
  const every = Math.ceil(epochs / 10);
  return {
    update: ({ epoch, trainingLoss, heldOutAccuracy }) => {
      if (epoch % every !== 0 && epoch !== epochs) return;
      stream.write(
        `epoch ${epoch}/${epochs}: loss ${trainingLoss.toFixed(3)}, held out ${percent(heldOutAccuracy)}\n`,
      );
    },
    stop: () => {},
  };
}
