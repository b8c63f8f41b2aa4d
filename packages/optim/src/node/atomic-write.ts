/** Files that are there whole or not at all. */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pid } from 'node:process';

/** Tells apart the temporary files of writes that overlap. */
let writes = 0;

/**
 * Replaces a file at once: whoever reads it, also after a crash in the middle, finds the old bytes or the new ones and
 * nothing else. The bytes go to a temporary file in the same folder, are forced to the disk, and take the name of the
 * file; then the folder is forced to the disk.
 *
 * @throws (rejects with) what the file system says; the file is as before then.
 */
export async function writeFileAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${pid}.${writes++}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Forces the new name to the disk, where folders can be opened. */
async function syncFolder(path: string): Promise<void> {
  let folder;
  try {
    folder = await open(path, 'r');
    await folder.sync();
  } catch {
    // Some systems cannot open or sync folders; the file itself is safe there, its name as safe as they make it.
  } finally {
    await folder?.close();
  }
}
