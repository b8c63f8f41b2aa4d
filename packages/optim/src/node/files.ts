/** Parameters and checkpoints in files. */
import { readFile } from 'node:fs/promises';
import { parseCheckpoint, serializeCheckpoint } from '../files/checkpoint-file.ts';
import { parseParameters, serializeParameters } from '../files/tree-file.ts';
import type { Model } from '../layers/model.ts';
import type { Optimizer } from '../rules/optimizer.ts';
import type { Checkpoint } from '../training/fit-options.ts';
import { writeFileAtomically } from './atomic-write.ts';

/**
 * Writes parameters to a safetensors file, which is replaced at once.
 *
 * @throws (rejects with) what the file system says; a file that was there is as before then.
 */
export async function saveParameters(path: string, parameters: unknown): Promise<void> {
  await writeFileAtomically(path, serializeParameters(parameters));
}

/**
 * Reads parameters from a safetensors file.
 *
 * @param like - parameters of the same form, such as `model.init(0)`; they stay as they are.
 * @throws (rejects with) `FormatError` when the file is malformed or does not fit; what the file system says.
 */
export async function loadParameters<P>(path: string, like: P): Promise<P> {
  return parseParameters(await readFile(path), like, path);
}

/**
 * Writes a checkpoint to a file, which is replaced at once: a process that is killed leaves the one before.
 *
 * @throws (rejects with) what the file system says; a file that was there is as before then.
 */
export async function saveCheckpoint(path: string, checkpoint: Checkpoint<unknown>): Promise<void> {
  await writeFileAtomically(path, serializeCheckpoint(checkpoint));
}

/**
 * Reads a checkpoint from a file, for `fit` to go on from.
 *
 * @param model - the model it is a checkpoint of.
 * @param optimizer - its rule.
 * @throws (rejects with) `FormatError` when the file is malformed or does not fit; what the file system says.
 */
export async function loadCheckpoint<P, Name extends string = string>(
  path: string,
  model: Model<P>,
  optimizer: Optimizer,
): Promise<Checkpoint<P, Name>> {
  return parseCheckpoint(await readFile(path), model, optimizer, path);
}
