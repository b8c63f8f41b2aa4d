/** Programs for Node of sources. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Bundles a source beside this one into a module without imports of ours: it starts quickly, and without a loader. */
export async function bundle(source: string, file: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL(source, import.meta.url))],
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@ad/source'],
    logLevel: 'silent',
  });
}
