/**
 * The schedule that listens: the rate falls when the validation loss does not. What it remembers is part of the
 * optimizer's state, so it is saved and resumed with it.
 */
import { Tensor, ValueError } from '@ad/graph';
import { BELOW_ONE, checkNames, describeValue, NON_NEGATIVE, numberOption } from '../options.ts';

/** A learning rate that falls on a plateau of the loss; made by {@link onPlateau}, plain data. */
export interface Plateau {
  /** Which kind of schedule. */
  readonly kind: 'plateau';
  /** The rate at first. */
  readonly rate: number;
  /** By what it is multiplied on a plateau, in [0, 1). */
  readonly factor: number;
  /** How many judgements without progress are waited for: at the next one the rate falls. */
  readonly patience: number;
  /** How much better than the best so far is progress. */
  readonly threshold: number;
  /** Whether the threshold is a share of the best loss, or a difference from it. */
  readonly mode: 'relative' | 'absolute';
  /** How many judgements after a fall are not counted. */
  readonly cooldown: number;
  /** Where the rate stops falling. */
  readonly lowest: number;
  /** A change of the rate that is not larger than this is not made. */
  readonly epsilon: number;
}

/** What a {@link Plateau} remembers: scalars. */
export interface PlateauState {
  readonly [quantity: string]: Tensor;
  /** The rate now. */
  readonly rate: Tensor;
  /** The smallest loss so far; Infinity at first. */
  readonly best: Tensor;
  /** Judgements without progress. */
  readonly waited: Tensor;
  /** Judgements that are still not counted. */
  readonly cooldown: Tensor;
}

const NAMES = ['rate', 'factor', 'patience', 'threshold', 'mode', 'cooldown', 'lowest', 'epsilon'];

const WHOLE = {
  words: 'an integer of 0 or more',
  holds: (x: number): boolean => Number.isSafeInteger(x) && x >= 0,
};

/**
 * A rate that falls when the loss stops falling. `fit` judges after each epoch: by the loss on the validation samples,
 * or by the mean loss of the epoch where there are none.
 *
 * Rules and defaults are those of PyTorch's `ReduceLROnPlateau` for a quantity that is to be small; for one that is to
 * be large, give its negative and the mode `absolute`.
 *
 * @param options - the `rate`; by default factor 0.1, patience 10, threshold $10^{-4}$, mode `relative`, cooldown 0,
 * lowest 0, epsilon $10^{-8}$.
 * @throws `ValueError` when an option is unknown, missing or outside its range.
 * @example
 * ```ts
 * import { leavesOf } from '@ad/backprop';
 * import { onPlateau, sgd } from '@ad/optim';
 *
 * const rule = sgd({ learningRate: onPlateau({ rate: 0.1, factor: 0.5, patience: 0 }) });
 * let state = rule.init({ w: 1 });
 * for (const loss of [3, 2, 2]) state = rule.observe!(state, loss);
 * leavesOf(state).map(({ path, leaf }) => [path, leaf.item()])[0]; // => ['.plateau.rate', 0.05]
 * ```
 */
export function onPlateau(
  options: Pick<Plateau, 'rate'> & Partial<Omit<Plateau, 'kind'>>,
): Plateau {
  const caller = 'onPlateau';
  checkNames(caller, options, NAMES);
  const { rate, factor, patience, threshold, mode = 'relative', cooldown, lowest } = options;
  if (mode !== 'relative' && mode !== 'absolute') {
    throw new ValueError(
      `${caller}: mode is ${describeValue(mode)}, expected "relative" or "absolute"`,
    );
  }
  if (rate === undefined) {
    throw new ValueError(`${caller}: rate is missing, expected ${NON_NEGATIVE.words}`);
  }
  return {
    kind: 'plateau',
    rate: numberOption(caller, 'rate', rate, 0, NON_NEGATIVE),
    factor: numberOption(caller, 'factor', factor, 0.1, BELOW_ONE),
    patience: numberOption(caller, 'patience', patience, 10, WHOLE),
    threshold: numberOption(caller, 'threshold', threshold, 1e-4, NON_NEGATIVE),
    mode,
    cooldown: numberOption(caller, 'cooldown', cooldown, 0, WHOLE),
    lowest: numberOption(caller, 'lowest', lowest, 0, NON_NEGATIVE),
    epsilon: numberOption(caller, 'epsilon', options.epsilon, 1e-8, NON_NEGATIVE),
  };
}

/** Whether a learning rate is a {@link Plateau}. */
export function isPlateau(rate: unknown): rate is Plateau {
  return (Object(rate) as { readonly kind?: unknown }).kind === 'plateau';
}

const scalar = (value: number): Tensor => new Tensor([], 'real', Float64Array.of(value));

/** What is remembered before the first judgement. */
export function startOfPlateau({ rate }: Plateau): PlateauState {
  return { rate: scalar(rate), best: scalar(Infinity), waited: scalar(0), cooldown: scalar(0) };
}

/** What is remembered after a judgement. */
export function judge(plateau: Plateau, state: PlateauState, loss: number): PlateauState {
  const { factor, patience, threshold, mode, lowest, epsilon } = plateau;
  let [rate, best, waited, cooldown] = [
    state.rate.item(),
    state.best.item(),
    state.waited.item(),
    state.cooldown.item(),
  ];
  if (loss < (mode === 'relative' ? best * (1 - threshold) : best - threshold)) {
    best = loss;
    waited = 0;
  } else {
    waited++;
  }
  if (cooldown > 0) {
    cooldown--;
    waited = 0;
  }
  if (waited > patience) {
    const next = Math.max(rate * factor, lowest);
    if (rate - next > epsilon) rate = next;
    cooldown = plateau.cooldown;
    waited = 0;
  }
  return {
    rate: scalar(rate),
    best: scalar(best),
    waited: scalar(waited),
    cooldown: scalar(cooldown),
  };
}
