/**
 * The API reference: every export of every package, with formulas between dollars typeset as
 * MathML, which needs neither style sheet nor script. Whatever is undocumented, a link to nowhere
 * or a formula that cannot be read stops the build.
 */

import { readFileSync, readdirSync } from 'node:fs';
import { katex } from '@mdit/plugin-katex';

const here = (/** @type {string} */ path) => new URL(path, import.meta.url);
const manifestOf = (/** @type {string} */ path) =>
  JSON.parse(readFileSync(here(`${path}/package.json`), 'utf8'));
const packages = readdirSync(here('../packages'))
  .map((name) => `../packages/${name}`)
  .filter((path) => manifestOf(path).private !== true);
const names = packages.map((path) => manifestOf(path).name);
const guides = readdirSync(here('.')).filter((name) => name.endsWith('.md'));
const validation = {
  notExported: true,
  invalidLink: true,
  notDocumented: true,
  invalidPath: true,
  rewrittenLink: true,
  unusedMergeModuleWith: true,
};

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  name: '@ad',
  entryPointStrategy: 'packages',
  entryPoints: packages,
  projectDocuments: guides,
  readme: '../README.md',
  out: 'api',
  disableGit: true,
  disableSources: true,
  validation,
  packagesRequiringDocumentation: names,
  // Entry points too: their first comment needs the tag @packageDocumentation, without which it
  // would pass for the comment of what they export.
  requiredToBeDocumented: [
    'Module',
    'Enum',
    'EnumMember',
    'Variable',
    'Function',
    'Class',
    'Interface',
    'Property',
    'Method',
    'Accessor',
    'TypeAlias',
  ],
  treatValidationWarningsAsErrors: true,
  treatWarningsAsErrors: true,
  packageOptions: {
    tsconfig: 'tsconfig.build.json',
    validation,
    disableGit: true,
    disableSources: true,
    excludeInternal: true,
    excludePrivate: true,
    sort: ['source-order'],
  },
  markdownItLoader(/** @type {any} */ markdown) {
    markdown.use(katex, {
      output: 'mathml',
      delimiters: 'dollars',
      transformer(/** @type {string} */ html) {
        if (html.includes('katex-error')) throw new Error(`cannot typeset ${html}`);
        return html;
      },
    });
  },
};
