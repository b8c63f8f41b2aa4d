/** Training in view: what is written where, and that it never matters to the training. */
import {
  accuracy,
  crossEntropy,
  fit,
  type FitOptions,
  mlp,
  type MlpParameters,
  xor,
} from '@ad/optim';
import { type BarOptions, fitWithBar } from '@ad/optim/terminal';
import { afterEach, expect, test, vi } from 'vitest';

const model = mlp([2, 4, 2]);
const samples = xor({ samples: 64 });
const training: FitOptions<MlpParameters, 'accuracy'> = {
  loss: crossEntropy,
  epochs: 20,
  batchSize: 8,
  metrics: { accuracy },
};

/** What is written, write by write. */
async function writes(
  change: Partial<FitOptions<MlpParameters, 'accuracy'>>,
  { bar, ...stream }: { bar?: boolean; isTTY?: boolean; columns?: number },
): Promise<string[]> {
  const texts: string[] = [];
  const written = { ...stream, write: (text: string) => texts.push(text) };
  const options: BarOptions = { stream: written, ...(bar === undefined ? {} : { bar }) };
  await fitWithBar(model, samples, { ...training, ...change }, options);
  return texts;
}

/** Begins a line anew, writes it, and clears what is left of the old one; no other code of a terminal. */
// eslint-disable-next-line no-control-regex
const FRAME = /^\r([^\u0000-\u001f]*)\u001b\[K$/;

const linesOf = (frames: readonly string[]): string[] =>
  frames.filter((text) => text !== '\n').map((text) => FRAME.exec(text)![1]!);

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test('a bar is drawn in one write each, and ends full, on a line of its own', async () => {
  const texts = await writes({ validation: samples }, { bar: true, columns: 120 });
  const lines = linesOf(texts);
  expect(texts.at(-1)).toBe('\n');
  expect(texts.indexOf('\n')).toBe(texts.length - 1);
  expect(lines[0]).toMatch(
    /^epoch 1\/20 {2}\u2591{30} {2}loss \d\.\d+ {2}accuracy \d\.\d+ {2}\d+ (?:s|min|h) left$/,
  );
  expect(lines.at(-1)).toMatch(
    /^epoch 20\/20 {2}\u2588{30} {2}loss \d\.\d+ {2}accuracy \d\.\d+ {2}validation loss \d\.\d+ {2}accuracy \d\.\d+$/,
  );
});

test('it is drawn again when 50 ms are over, and not before', async () => {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const onProgress = (): void => void (now += 10);
  // 160 steps of 10 ms: one line every fifth, and the last.
  const lines = linesOf(await writes({ onProgress }, { bar: true }));
  expect(lines).toHaveLength(160 / 5 + 1);
  // 80 steps of 160 took 0.8 s: as many are left.
  expect(lines[16]).toContain('epoch 11/20');
  expect(lines[16]).toMatch(/ {2}1 s left$/);
});

test.each([1, 5, 20, 40, 60, 79, 200])('no line is longer than %i columns', async (columns) => {
  for (const line of linesOf(await writes({ epochs: 2 }, { bar: true, columns }))) {
    expect(line.length).toBeLessThan(columns);
  }
});

test.each([1, 6, 10, 11, 40])('%i epochs are at most ten plain lines elsewhere', async (epochs) => {
  const lines = (await writes({ epochs }, { isTTY: false })).join('').trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(10);
  expect(lines.at(-1)).toMatch(
    new RegExp(String.raw`^epoch ${epochs}/${epochs}: loss \d\.\d+ {2}accuracy [01]\.\d+$`),
  );
});

test('a terminal has a bar, unless the environment asks for plain text', async () => {
  const isDrawn = async (variables: Readonly<Record<string, string>>): Promise<boolean> => {
    vi.unstubAllEnvs();
    for (const name of ['CI', 'NO_COLOR', 'TERM']) vi.stubEnv(name, variables[name] ?? '');
    return (await writes({ epochs: 1 }, { isTTY: true }))[0]!.startsWith('\r');
  };
  expect(await isDrawn({ TERM: 'xterm' })).toBe(true);
  expect(await isDrawn({ CI: 'true' })).toBe(false);
  expect(await isDrawn({ NO_COLOR: '1' })).toBe(false);
  expect(await isDrawn({ TERM: 'dumb' })).toBe(false);
});

test('it says why training ended before its time', async () => {
  const aborted = { aborted: false };
  const onEpoch = (): void => void (aborted.aborted = true);
  const stopped = await writes({ signal: aborted, onEpoch }, { bar: true });
  expect(stopped.slice(-2)).toStrictEqual(['\n', 'aborted after 1 of 20 epochs\n']);
  const early = await writes({ earlyStopping: { patience: 1, minDelta: 9 } }, { bar: false });
  expect(early.at(-1)).toBe('no progress: stopped after 2 of 20 epochs\n');
  const diverged = await writes({ loss: (x) => x.sum().sub(x.sum()).log() }, { bar: true });
  expect(diverged).toHaveLength(1);
  expect(diverged[0]).toMatch(/^epoch 1, step 1: the loss is -Infinity/);
});

test('the result is that of fit, and callbacks are called as by fit, with bar or without', async () => {
  const events = (): [unknown[], Pick<typeof training, 'onProgress' | 'onEpoch'>] => {
    const seen: unknown[] = [];
    const note = (event: unknown): void => void seen.push(event);
    return [seen, { onProgress: note, onEpoch: note }];
  };
  const [expected, callbacks] = events();
  const plain = await fit(model, samples, { ...training, ...callbacks });
  for (const bar of [true, false]) {
    const [seen, callbacks] = events();
    const stream = { write: () => true };
    const inView = await fitWithBar(model, samples, { ...training, ...callbacks }, { stream, bar });
    expect(inView).toStrictEqual(plain);
    expect(seen).toStrictEqual(expected);
  }
});

test('a stream that throws or fails ends the view and not the training', async () => {
  let calls = 0;
  const throwing = {
    write: () => {
      calls++;
      throw new Error('EIO');
    },
  };
  expect((await fitWithBar(model, samples, training, { stream: throwing, bar: true })).steps).toBe(
    160,
  );
  expect(calls).toBe(1);

  const listeners = new Set<() => void>();
  let written = 0;
  const failing = {
    write: () => {
      written++;
      for (const listener of listeners) listener();
    },
    on: (_event: 'error', listener: () => void) => listeners.add(listener),
    off: (_event: 'error', listener: () => void) => listeners.delete(listener),
  };
  await fitWithBar(model, samples, training, { stream: failing, bar: true });
  expect(written).toBe(1);
  expect(listeners.size).toBe(0);
});

test('what fit or a callback throws comes through, and the line is ended', async () => {
  const texts: string[] = [];
  const view = { stream: { write: (text: string) => texts.push(text) }, bar: true };
  const broken = { ...training, onEpoch: () => Promise.reject(new Error('full disk')) };
  await expect(fitWithBar(model, samples, broken, view)).rejects.toThrow('full disk');
  expect(texts.at(-1)).toBe('\n');
  const wrong = (change: object): Promise<unknown> =>
    fitWithBar(model, samples, { ...training, ...change }, view);
  await expect(wrong({ onEpoch: 'log' })).rejects.toThrow(
    /^fit: onEpoch is "log", expected a function/,
  );
  await expect(wrong({ epochs: undefined })).rejects.toThrow(/^fit: epochs is missing/);
  await expect(fitWithBar(model, samples, undefined as never)).rejects.toThrow(
    /^fit: loss is undefined/,
  );
  const mistaken = (options: object): Promise<unknown> =>
    fitWithBar(model, samples, training, options);
  await expect(mistaken({ stream: 'stderr' })).rejects.toThrow(
    /^fitWithBar: stream is "stderr", expected a stream, such as process\.stderr$/,
  );
  await expect(mistaken({ bar: 'yes' })).rejects.toThrow(
    /^fitWithBar: bar is "yes", expected true or false/,
  );
  await expect(mistaken({ colour: true })).rejects.toThrow(/no option "colour"/);
});
