/**
 * Checks the packages as their users will get them: packs each into a temporary folder, lets
 * publint and attw read the tarball, installs all tarballs side by side and imports every export.
 */

import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const packages = fileURLToPath(new URL('../packages', import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), 'packages-'));
const modules = join(temporary, 'node_modules');
const imports: string[] = [];

const run = (command: string, arguments_: string[], cwd = temporary): void => {
  execFileSync(command, arguments_, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
};

try {
  for (const folder of readdirSync(packages).map((name) => join(packages, name))) {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    if (manifest.private === true) continue;
    console.log(`\n== ${manifest.name}`);
    const tarball = join(temporary, `${manifest.name.replace('@', '').replace('/', '-')}.tgz`);
    run('pnpm', ['pack', '--out', tarball], folder);
    run('publint', ['run', tarball, '--strict']);
    run('attw', [tarball, '--profile', 'esm-only']);

    const installed = join(modules, manifest.name);
    mkdirSync(installed, { recursive: true });
    run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
    for (const peer of Object.keys(manifest.peerDependencies ?? {})) {
      const link = join(modules, peer);
      mkdirSync(dirname(link), { recursive: true });
      if (!existsSync(link)) symlinkSync(resolve(folder, 'node_modules', peer), link, 'junction');
    }
    for (const path of Object.keys(manifest.exports)) {
      if (path !== './package.json') imports.push(manifest.name + path.slice(1));
    }
  }

  const program = join(temporary, 'main.mjs');
  writeFileSync(
    program,
    imports
      .map(
        (path) =>
          `console.log('imported', '${path}', Object.keys(await import('${path}')).length, 'names')\n`,
      )
      .join(''),
  );
  console.log();
  run(process.execPath, [program]);
} finally {
  rmSync(temporary, { recursive: true });
}
