/** A process that is killed at any moment leaves a checkpoint from which training goes on as if nothing had happened. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fit } from '@ad/optim';
import {
  loadCheckpoint,
  loadParameters,
  saveParameters,
  writeFileAtomically,
} from '@ad/optim/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { model, optimizer, options, samples } from './training.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoints-'));
});
afterAll(() => rm(folder, { recursive: true }));

const program = fileURLToPath(new URL('train-and-save.ts', import.meta.url));

function start(path: string): ChildProcess {
  return spawn(execPath, ['--import', 'tsx', '-C', '@ad/source', program, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Runs the program and kills it so long after it says something; whether it was killed. */
async function runAndKill(path: string, when: string, delay: number): Promise<boolean> {
  const child = start(path);
  let output = '';
  const said = new Promise<void>((resolve) => {
    child.stdout!.on('data', (text: Buffer) => {
      output += text.toString();
      if (output.includes(when)) resolve();
    });
    child.once('exit', () => resolve());
  });
  const exit = once(child, 'exit');
  await said;
  await wait(delay);
  child.kill('SIGKILL');
  const [, signal] = (await exit) as [number | null, string | null];
  return signal === 'SIGKILL';
}

test(
  'goes on to the same bits, killed in the middle of writes and of epochs',
  { timeout: 60_000 },
  async () => {
    const whole = await fit(model, samples, { ...options, optimizer: optimizer() });
    const path = join(folder, 'training.safetensors');
    // In the write of a step, just after one, and while the next step is computed; in the first epoch and later ones.
    const moments: readonly (readonly [string, number])[] = [
      ['saving 2\n', 0],
      ['saving 5\n', 2],
      ['saved 8\n', 1],
      ['saving 11\n', 5],
    ];
    for (const [when, delay] of moments) {
      expect(await runAndKill(path, when, delay)).toBe(true);
      // What is there is whole: the checkpoint of a step that was made.
      const { steps } = await loadCheckpoint(path, model, optimizer());
      const named = Number(when.split(' ')[1]);
      expect(steps).toBeGreaterThanOrEqual(when.startsWith('saved') ? named : named - 1);
      expect(steps).toBeLessThan(15);
    }
    expect(await runAndKill(path, 'never', 0)).toBe(false);
    const done = await loadCheckpoint(`${path}.done`, model, optimizer());
    expect(done.parameters).toEqual(whole.parameters);
    expect(done.state).toEqual(whole.state);
    expect(done.history).toEqual(whole.history);
    expect(done.steps).toBe(whole.steps);
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
