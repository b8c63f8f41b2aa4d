/** A process that is killed at any moment leaves a checkpoint from which training goes on as if nothing had happened. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fit } from '@ad/optim';
import {
  loadCheckpoint,
  loadParameters,
  saveParameters,
  writeFileAtomically,
} from '@ad/optim/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundle } from './bundle.ts';
import { model, optimizer, options, samples } from './training.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoints-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The program, bundled: it starts many times. */
let program: string;

/** Runs the program until it is killed or done: by itself, or from outside once it has said something. */
async function run(args: readonly string[], until?: string): Promise<string | null> {
  const child = spawn(execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (text: Buffer) => {
    output += text.toString();
    if (until !== undefined && output.includes(until)) child.kill('SIGKILL');
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return code === null ? signal : `exit code ${code}`;
}

test(
  'goes on to the same bits, killed in every stage of a write and in the middle of epochs',
  { timeout: 60_000 },
  async () => {
    program = join(folder, 'train-and-save.mjs');
    await bundle('train-and-save.ts', program);
    const whole = await fit(model, samples, { ...options, optimizer: optimizer() });
    expect(whole.steps).toBeGreaterThan(14);
    const path = join(folder, 'training.safetensors');
    // Steps 2 and 4 are in the first epoch, 5 is its last one. What is there is always whole: the checkpoint of the step
    // before, until the new one has its name.
    const stages = [
      ['created', 2, 1],
      ['half', 4, 3],
      ['written', 5, 4],
      ['synced', 8, 7],
      ['renamed', 11, 11],
    ] as const;
    for (const [stage, step, kept] of stages) {
      expect(await run([path, stage, String(step)])).toBe('SIGKILL');
      expect((await loadCheckpoint(path, model, optimizer())).steps).toBe(kept);
    }
    // While a step is computed or written.
    expect(await run([path], 'saved 13\n')).toBe('SIGKILL');
    expect((await loadCheckpoint(path, model, optimizer())).steps).toBeGreaterThanOrEqual(13);
    expect(await run([path])).toBe('exit code 0');
    const done = await loadCheckpoint(`${path}.done`, model, optimizer());
    for (const name of ['parameters', 'state', 'history', 'best', 'steps'] as const) {
      expect(done[name]).toEqual(whole[name]);
    }
  },
);

test('a file is replaced whole, and a write that fails leaves the old one and nothing else', async () => {
  const path = join(folder, 'bytes');
  await writeFileAtomically(path, Uint8Array.of(1, 2, 3));
  await Promise.all([4, 5, 6].map((x) => writeFileAtomically(path, Uint8Array.of(x, x))));
  const [x, y, ...rest] = await readFile(path);
  expect([x === y, rest]).toEqual([true, []]);
  await expect(writeFileAtomically(join(folder, 'no', 'such'), Uint8Array.of(1))).rejects.toThrow(
    /ENOENT/,
  );
  await expect(writeFileAtomically(folder, Uint8Array.of(1))).rejects.toThrow(
    /EISDIR|ENOTEMPTY|EEXIST|EPERM/,
  );
  const left = (await readdir(folder)).filter((name) => name.startsWith('bytes'));
  expect(left).toEqual(['bytes']);
  expect(existsSync(`${folder}.tmp`)).toBe(false);
});

test('parameters are saved and loaded, and a damaged file is named', async () => {
  const path = join(folder, 'weights.safetensors');
  const parameters = model.init(5);
  await saveParameters(path, parameters);
  expect(await loadParameters(path, model.init(0))).toEqual(parameters);
  await writeFile(path, (await readFile(path)).subarray(0, 1000));
  await expect(loadParameters(path, model.init(0))).rejects.toThrow(
    /weights\.safetensors: .*truncated/,
  );
  await expect(loadParameters(join(folder, 'none'), model.init(0))).rejects.toThrow(/ENOENT/);
});
