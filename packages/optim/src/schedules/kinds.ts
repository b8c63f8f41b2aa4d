/**
 * The kinds of schedules: for each its fields with their checks, and one formula over a scalar algebra, from which
 * numbers and graphs follow alike. The values are those of PyTorch's schedulers of the same purpose.
 */
import { type Algebra, ValueError } from '@ad/graph';
import { fmod } from '@ad/graph/rows';
import {
  BETWEEN_0_AND_1,
  booleanOption,
  checkNames,
  describeValue,
  NON_NEGATIVE,
  numberOption,
  POSITIVE,
  POSITIVE_INTEGER,
  type Range,
} from '../options.ts';

/** The fields of each kind. */
export interface Kinds {
  /** Always the same rate. */
  readonly constant: {
    /** The rate: 0 or more. */
    readonly rate: number;
  };
  /** The rate times `factor` once in `every` steps. */
  readonly step: {
    /** The rate at first: 0 or more. */
    readonly rate: number;
    /** Steps between two changes: an integer of 1 or more. */
    readonly every: number;
    /** What the rate is multiplied with: 0 or more. */
    readonly factor: number;
  };
  /** The rate times `factor` in each step. */
  readonly exponential: {
    /** The rate at first: 0 or more. */
    readonly rate: number;
    /** What the rate is multiplied with: 0 or more. */
    readonly factor: number;
  };
  /** From `rate` to `lowest` along half a wave. */
  readonly cosine: {
    /** The rate at first: 0 or more. */
    readonly rate: number;
    /** How many steps it takes: an integer of 1 or more. */
    readonly steps: number;
    /** The rate at the end: 0 or more. */
    readonly lowest: number;
  };
  /** Half waves one after the other, each `stretch` times as long as the one before. */
  readonly restarts: {
    /** The rate at first, or what the shares are of: 0 or more. */
    readonly rate: number;
    /** How many steps it takes: an integer of 1 or more. */
    readonly steps: number;
    /** How much longer each wave is than the one before: 1 or more. */
    readonly stretch: number;
    /** The rate at the end: 0 or more. */
    readonly lowest: number;
  };
  /** Up to the highest rate and down to nearly nothing. */
  readonly oneCycle: {
    /** The highest rate: 0 or more. */
    readonly highest: number;
    /** How many steps it takes: an integer of 1 or more. */
    readonly steps: number;
    /** The share of the steps that go up, between 0 and 1. */
    readonly rise: number;
    /** The first rate is the highest divided by this. */
    readonly startDivisor: number;
    /** The last rate is the first divided by this. */
    readonly endDivisor: number;
    /** Half a wave, or a straight line. */
    readonly shape: 'cosine' | 'linear';
    /** Whether the way down is as long as the way up, and a third phase goes to the end. */
    readonly threePhases: boolean;
  };
  /** From one share of the rate to another in a straight line. */
  readonly warmUp: {
    /** The rate at first, or what the shares are of: 0 or more. */
    readonly rate: number;
    /** How many steps it takes: an integer of 1 or more. */
    readonly steps: number;
    /** The share of the rate at first. */
    readonly from: number;
    /** The share of the rate in the end. */
    readonly to: number;
  };
  /** To 0 along a power of the share of steps that is left. */
  readonly polynomial: {
    /** The rate at first: 0 or more. */
    readonly rate: number;
    /** How many steps it takes: an integer of 1 or more. */
    readonly steps: number;
    /** The power: above 0. */
    readonly power: number;
  };
  /** One after the other. */
  readonly sequence: {
    /** The schedules in turn, each counting from 0. */
    readonly schedules: readonly Schedule[];
    /** The steps at which the next one begins, ascending. */
    readonly milestones: readonly number[];
  };
  /** Multiplied with one another. */
  readonly product: {
    /** The schedules. */
    readonly factors: readonly Schedule[];
  };
}

/** The names of the kinds. */
export type ScheduleKind = keyof Kinds;

/**
 * A learning rate as a function of the number $t$ of steps made before, 0 at the first step. Made by functions such as
 * {@link cosineDecay}; plain data, which can be written to JSON and read back.
 */
export type Schedule = {
  [K in ScheduleKind]: {
    /** Which one. */
    readonly kind: K;
  } & Kinds[K];
}[ScheduleKind];

/** Checks a field and fills in its default. */
type Field<T> = (caller: string, name: string, value: unknown) => T;

/** What there is to know of a kind. */
interface Row<F> {
  readonly fields: { readonly [K in keyof F]: Field<F[K]> };
  /** What the fields must hold together. */
  readonly check?: (caller: string, fields: F) => void;
  readonly value: <T>(A: Algebra<T>, fields: F, t: T) => T;
}

const FROM_ONE: Range = {
  words: 'a finite number of 1 or more',
  holds: (x) => x >= 1 && x < Infinity,
};

const number =
  (range: Range, fallback: number = Number.NaN): Field<number> =>
  (caller, name, value) =>
    numberOption(caller, name, value as number | undefined, fallback, range);

const schedules: Field<readonly Schedule[]> = (caller, name, value) => {
  if (!Array.isArray(value) || value.length === 0) {
    throw new ValueError(
      `${caller}: ${name} is ${describeValue(value)}, expected a list of at least one schedule`,
    );
  }
  value.forEach((schedule, k) => checkSchedule(`${caller}: ${name}[${k}]`, schedule));
  return value as readonly Schedule[];
};

const milestones: Field<readonly number[]> = (caller, name, value) => {
  const isAscending =
    Array.isArray(value) &&
    value.every((x, k) => Number.isSafeInteger(x) && x > (k === 0 ? 0 : (value[k - 1] as number)));
  if (isAscending) return value as readonly number[];
  throw new ValueError(
    `${caller}: ${name} is ${Array.isArray(value) ? `[${value.join(', ')}]` : describeValue(value)}, ` +
      'expected ascending integers of 1 or more',
  );
};

const waveShape: Field<'cosine' | 'linear'> = (caller, name, value = 'cosine') => {
  if (value === 'cosine' || value === 'linear') return value;
  throw new ValueError(
    `${caller}: ${name} is ${describeValue(value)}, expected "cosine" or "linear"`,
  );
};

/** $b + (a - b) (1 + \cos \pi s) / 2$: from `a` at $s = 0$ to `b` at $s = 1$. */
function halfWave<T>(A: Algebra<T>, a: number, b: number, share: T): T {
  const wave = A.add(A.constant(1), A.cos(A.mul(A.constant(Math.PI), share)));
  return A.add(A.constant(b), A.mul(A.constant((a - b) / 2), wave));
}

/** From `a` to `b` in a straight line. */
function line<T>(A: Algebra<T>, a: number, b: number, share: T): T {
  return A.add(A.constant(a), A.mul(A.constant(b - a), share));
}

/** The share of `steps` that is done: from 0 to 1, and 1 from then on. */
function done<T>(A: Algebra<T>, t: T, steps: number): T {
  return A.div(A.minimum(t, A.constant(steps)), A.constant(steps));
}

/** The phases of one cycle: each ends at a step (which need not be whole) with a rate. */
function phasesOf(fields: Kinds['oneCycle']): { readonly end: number; readonly rate: number }[] {
  const { highest, steps, rise, startDivisor, endDivisor, threePhases } = fields;
  const start = highest / startDivisor;
  return [
    { end: 0, rate: start },
    { end: rise * steps - 1, rate: highest },
    ...(threePhases ? [{ end: 2 * rise * steps - 2, rate: start }] : []),
    { end: steps - 1, rate: start / endDivisor },
  ];
}

/** Every kind. */
const kinds: { readonly [K in ScheduleKind]: Row<Kinds[K]> } = {
  constant: {
    fields: { rate: number(NON_NEGATIVE) },
    value: (A, { rate }) => A.constant(rate),
  },
  step: {
    fields: {
      rate: number(NON_NEGATIVE),
      every: number(POSITIVE_INTEGER),
      factor: number(NON_NEGATIVE, 0.1),
    },
    value: (A, { rate, every, factor }, t) =>
      A.mul(A.constant(rate), A.pow(A.constant(factor), A.floor(A.div(t, A.constant(every))))),
  },
  exponential: {
    fields: { rate: number(NON_NEGATIVE), factor: number(NON_NEGATIVE) },
    value: (A, { rate, factor }, t) => A.mul(A.constant(rate), A.pow(A.constant(factor), t)),
  },
  cosine: {
    fields: {
      rate: number(NON_NEGATIVE),
      steps: number(POSITIVE_INTEGER),
      lowest: number(NON_NEGATIVE, 0),
    },
    value: (A, { rate, steps, lowest }, t) =>
      halfWave(A, rate, lowest, A.div(t, A.constant(steps))),
  },
  restarts: {
    fields: {
      rate: number(NON_NEGATIVE),
      steps: number(POSITIVE_INTEGER),
      stretch: number(FROM_ONE, 1),
      lowest: number(NON_NEGATIVE, 0),
    },
    value(A, { rate, steps, stretch, lowest }, t) {
      if (stretch === 1) {
        const share = A.div(A.call(fmod, t, A.constant(steps)), A.constant(steps));
        return halfWave(A, rate, lowest, share);
      }
      // The wave of number n starts at T (s^n - 1) / (s - 1) and is T s^n long.
      const s = A.constant(stretch);
      const T = A.constant(steps);
      const length = (n: typeof t): typeof t => A.mul(T, A.pow(s, n));
      const start = (n: typeof t): typeof t => A.div(A.sub(length(n), T), A.constant(stretch - 1));
      const inverse = A.log(A.add(A.mul(A.div(t, T), A.constant(stretch - 1)), A.constant(1)));
      const guess = A.floor(A.div(inverse, A.constant(Math.log(stretch))));
      // The quotient of logarithms may be off by a rounding at the very start of a wave.
      const next = A.add(guess, A.constant(1));
      const raised = A.select(A.lessEqual(start(next), t), next, guess);
      const n = A.select(A.less(t, start(raised)), A.sub(raised, A.constant(1)), raised);
      return halfWave(A, rate, lowest, A.div(A.sub(t, start(n)), length(n)));
    },
  },
  oneCycle: {
    fields: {
      highest: number(NON_NEGATIVE),
      steps: number(POSITIVE_INTEGER),
      rise: number(BETWEEN_0_AND_1, 0.3),
      startDivisor: number(POSITIVE, 25),
      endDivisor: number(POSITIVE, 1e4),
      shape: waveShape,
      threePhases: (caller, name, value) =>
        booleanOption(caller, name, value as boolean | undefined, false),
    },
    check(caller, fields) {
      const ends = phasesOf(fields).map(({ end }) => end);
      if (ends.every((end, k) => k === 0 || end > ends[k - 1]!)) return;
      throw new ValueError(
        `${caller}: with ${fields.steps} steps and rise ${fields.rise} the phases would end at the steps ` +
          `${ends.slice(1).join(', ')}, which is not one after the other; give more steps or another rise`,
      );
    },
    value(A, fields, t) {
      const phases = phasesOf(fields);
      const between = fields.shape === 'cosine' ? halfWave : line;
      // From the last phase to the first: a step belongs to the first phase that has not ended.
      let rate = A.constant(phases.at(-1)!.rate);
      for (let k = phases.length - 1; k >= 1; k--) {
        const [from, to] = [phases[k - 1]!, phases[k]!];
        const share = A.div(A.sub(t, A.constant(from.end)), A.constant(to.end - from.end));
        const inside = A.lessEqual(t, A.constant(to.end));
        rate = A.select(inside, between(A, from.rate, to.rate, share), rate);
      }
      return rate;
    },
  },
  warmUp: {
    fields: {
      rate: number(NON_NEGATIVE),
      steps: number(POSITIVE_INTEGER),
      from: number(NON_NEGATIVE, 1 / 3),
      to: number(NON_NEGATIVE, 1),
    },
    value: (A, { rate, steps, from, to }, t) =>
      A.mul(A.constant(rate), line(A, from, to, done(A, t, steps))),
  },
  polynomial: {
    fields: {
      rate: number(NON_NEGATIVE),
      steps: number(POSITIVE_INTEGER),
      power: number(POSITIVE, 1),
    },
    value: (A, { rate, steps, power }, t) =>
      A.mul(A.constant(rate), A.pow(A.sub(A.constant(1), done(A, t, steps)), A.constant(power))),
  },
  sequence: {
    fields: { schedules, milestones },
    check(caller, { schedules, milestones }) {
      if (schedules.length === milestones.length + 1) return;
      throw new ValueError(
        `${caller}: ${schedules.length} schedules need ${schedules.length - 1} milestones, got ${milestones.length}`,
      );
    },
    value(A, { schedules, milestones }, t) {
      let rate = valueOf(schedules[0]!, A, t);
      for (const [k, milestone] of milestones.entries()) {
        const start = A.constant(milestone);
        // Before its start a schedule is not asked about negative steps.
        const since = A.maximum(A.sub(t, start), A.constant(0));
        rate = A.select(A.lessEqual(start, t), valueOf(schedules[k + 1]!, A, since), rate);
      }
      return rate;
    },
  },
  product: {
    fields: { factors: schedules },
    value: (A, { factors }, t) =>
      factors.map((factor) => valueOf(factor, A, t)).reduce((x, y) => A.mul(x, y)),
  },
};

/** The value of a checked schedule after `t` steps, over an algebra. */
export function valueOf<T>(schedule: Schedule, A: Algebra<T>, t: T): T {
  const { value } = kinds[schedule.kind] as Row<object>;
  return value(A, schedule, t);
}

/** A schedule with every option filled in and checked. */
export function makeSchedule(caller: string, kind: ScheduleKind, options: object): Schedule {
  const { fields, check } = kinds[kind] as unknown as Row<Record<string, unknown>>;
  const names = Object.keys(fields);
  checkNames(caller, options, names);
  const given = options as Readonly<Record<string, unknown>>;
  const values = Object.fromEntries(
    names.map((name) => [name, fields[name]!(caller, name, given[name])]),
  );
  check?.(caller, values);
  return { kind, ...values } as unknown as Schedule;
}

/**
 * Checks that something is a schedule: they are read from files, too.
 *
 * @throws `ValueError` naming the field that is wrong.
 */
export function checkSchedule(caller: string, schedule: unknown): asserts schedule is Schedule {
  const { kind, ...options } = Object(schedule) as { readonly kind?: unknown };
  if (typeof kind !== 'string' || !Object.hasOwn(kinds, kind)) {
    throw new ValueError(
      `${caller}: ${describeValue(schedule)}${kind === undefined ? '' : ` of kind ${describeValue(kind)}`} is no ` +
        `schedule; that is an object whose kind is one of ${Object.keys(kinds).join(', ')}`,
    );
  }
  makeSchedule(caller, kind as ScheduleKind, options);
}
