/**
 * Runs the programs of `programs.ts` in every engine and compares the digests: `pnpm engines`.
 *
 * Node 20 to 26, Deno and Bun come from the npm registry; Chromium is the one that is installed (`CHROMIUM` names it,
 * default `chromium`). An engine that cannot be started is reported and counts as a failure, unless it is not among
 * those that the arguments name: `pnpm engines node@22 bun`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const folder = mkdtempSync(join(tmpdir(), 'engines-'));
const script = join(folder, 'programs.js');
const page = join(folder, 'page.html');

/** Bundles the programs, so that nothing but an engine is needed. */
function bundle(): void {
  const { outputFiles } = buildSync({
    stdin: {
      contents: `
        import { digests } from './programs.ts';
        let text;
        try { text = digests().join('\\n'); } catch (error) { text = 'failed: ' + error.stack; }
        if (typeof document === 'object') document.body.textContent = text;
        else console.log(text);`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    format: 'iife',
    target: 'es2022',
    conditions: ['@ad/source'],
    write: false,
  });
  const code = outputFiles[0]!.text;
  writeFileSync(script, code);
  writeFileSync(page, `<!doctype html><body><script>${code}</script></body>`);
}

const run = (command: string, ...parameters: readonly string[]): string =>
  execFileSync(command, parameters, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

function chromium(): string {
  const flags =
    '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking ' +
    '--disable-component-update --disable-sync --virtual-time-budget=60000 --dump-dom';
  const profile = `--user-data-dir=${join(folder, 'profile')}`;
  const dom = run(
    process.env['CHROMIUM'] ?? 'chromium',
    ...flags.split(' '),
    profile,
    `file://${page}`,
  );
  return /<body>([^<]*)<\/body>/.exec(dom)?.[1] ?? 'failed: the page is empty';
}

const node = (version: number) => (): string =>
  run('npx', '-y', '-p', `node@${version}`, 'node', script);

const engines: Readonly<Record<string, () => string>> = {
  'node@20': node(20),
  'node@22': node(22),
  'node@24': node(24),
  'node@26': node(26),
  chromium,
  deno: () => run('npx', '-y', 'deno@2', 'run', script),
  bun: () => run('npx', '-y', 'bun@1', script),
};

try {
  bundle();
  const asked = process.argv.slice(2);
  const names = asked.length > 0 ? asked : Object.keys(engines);
  const reference = run(process.execPath, script).trim().split('\n');
  console.log(`${reference.length} digests from Node ${process.version}`);
  for (const name of names) {
    try {
      const lines = engines[name]!().trim().split('\n');
      const different = reference.filter((line, k) => line !== lines[k]);
      const same = different.length === 0 && lines.length === reference.length;
      console.log(same ? `${name}: the same bits` : `${name}: ${different.length} differ`);
      for (const line of different.slice(0, 10)) {
        const key = line.slice(0, line.lastIndexOf(' '));
        const other = lines.find((each) => each.startsWith(`${key} `));
        console.log(`  ${line}, there ${other?.slice(key.length + 1) ?? lines[0] ?? 'nothing'}`);
      }
      if (!same) process.exitCode = 1;
    } catch (error) {
      console.log(`${name}: cannot be run: ${String(error).slice(0, 200)}`);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
