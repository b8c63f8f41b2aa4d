/**
 * Executable documentation: turns every `ts` block of the README files, the guides and the
 * docstrings into a test file of its own below docs/.examples/, where it is type-checked and run.
 *
 * A block is a module: it imports all it uses, may `await` at top level, and asserts by comments
 * at the end of a statement or alone on the line below it:
 *
 *     expression            // => value      equal to the JavaScript expression `value`
 *     const name = ...      // => value      the same, for the names just declared
 *     console.log(x)        // => value      the same, for what would be printed
 *     expression            // ≈ 0.7311      within half a unit of the last digit written, also
 *                                            inside arrays and objects: [0.27, 0.73], { x: 1.0 }
 *     statement             // throws /re/   throws (or rejects with) a matching error
 *
 * A value whose brackets stay open goes on in the comment lines below. An assertion that belongs
 * to no statement, or cannot be read, is a failing test, never a silent comment.
 *
 * Invariant: line n of a generated file is line n of its source, so a stack trace or a type error
 * names the place to mend. The preamble, with the block's imports, fits on line 1 because a
 * block starts on line 2 at the earliest.
 *
 * Files are only rewritten when they change and are replaced atomically: several test runs may
 * share the folder.
 */

import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** One fenced `ts` block. */
export interface Block {
  /** Path of the file it stands in, relative to the root of the repository, with `/`. */
  readonly file: string;
  /** Number of the line of the opening fence, from 1. The code starts on the next. */
  readonly line: number;
  readonly code: string;
}

/** Where the generated files are, relative to the root of the repository. */
export const outputFolder = 'docs/.examples';

// ---- Finding blocks ----------------------------------------------------------------------------

/** The files whose examples are run, relative to `root`. */
export function documentedFiles(root: string): string[] {
  const sources = children(root, 'packages').flatMap((name) =>
    below(root, `packages/${name}/src`, '.ts'),
  );
  const readmes = ['packages', 'examples'].flatMap((folder) =>
    children(root, folder).map((name) => `${folder}/${name}/README.md`),
  );
  const guides = children(root, 'docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`);
  return ['README.md', ...readmes, ...guides, ...sources].filter((file) =>
    existsSync(join(root, file)),
  );
}

/** The `ts` blocks of a Markdown file, or of the docstrings of a TypeScript file. */
export function findBlocks(file: string, text: string): Block[] {
  const isSource = file.endsWith('.ts');
  const blocks: Block[] = [];
  let inDocstring = false;
  let open:
    | { marker: string; indent: string; language: string; line: number; code: string[] }
    | undefined;

  text.split(/\r?\n/).forEach((raw, index) => {
    if (isSource) {
      if (/^\s*\/\*\*/.test(raw)) inDocstring = true;
      if (!inDocstring) return;
      if (raw.includes('*/')) {
        inDocstring = false;
        open = undefined;
        return;
      }
    }
    const line = isSource ? raw.replace(/^\s*\/?\*+ ?/, '') : raw;
    const fence = /^(\s*)(`{3,}|~{3,})\s*([\w-]*)/.exec(line);
    if (open === undefined) {
      if (fence === null) return;
      const [, indent = '', marker = '', language = ''] = fence;
      open = { marker, indent, language, line: index + 1, code: [] };
    } else if (fence?.[2]?.startsWith(open.marker) === true && line.trim() === fence[2]) {
      if (/^(ts|typescript)$/.test(open.language)) {
        blocks.push({ file, line: open.line, code: open.code.join('\n') });
      }
      open = undefined;
    } else {
      open.code.push(
        line.startsWith(open.indent) ? line.slice(open.indent.length) : line.trimStart(),
      );
    }
  });
  return blocks;
}

function children(root: string, folder: string): string[] {
  const path = join(root, folder);
  return existsSync(path) ? readdirSync(path).sort() : [];
}

function below(root: string, folder: string, ending: string): string[] {
  return children(root, folder).flatMap((name) => {
    const path = `${folder}/${name}`;
    if (statSync(join(root, path)).isDirectory()) return below(root, path, ending);
    return name.endsWith(ending) ? [path] : [];
  });
}

// ---- Rewriting a block as a test file ----------------------------------------------------------

/** The text of the test file for a block; `helpers` is the module specifier of expect-close.ts. */
export function testFile(block: Block, helpers: string): string {
  const name = JSON.stringify(`${block.file}:${block.line}`);
  let imports = '';
  let body: string;
  try {
    ({ imports, body } = rewrite(block.code, block.line + 1));
  } catch (error) {
    if (!(error instanceof ExampleError)) throw error;
    body = `throw new Error(${JSON.stringify(`${block.file}:${error.line}: ${error.message}`)})`;
  }
  const preamble =
    `import { expect as __expect, test as __test } from 'vitest'; ` +
    `import { expectClose as __expectClose } from '${helpers}'; ${imports}__test(${name}, async () => {`;
  return `${preamble}${'\n'.repeat(block.line)}${body}\n})\n`;
}

/** A mistake in an example, at a line of its file. */
class ExampleError extends Error {
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

interface Assertion {
  readonly kind: '=>' | '≈' | 'throws';
  readonly value: string;
  /** Range of the (first) comment in the code. */
  readonly start: number;
  readonly line: number;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Turns assertions into calls and takes the imports out, keeping every line where it is. */
export function rewrite(code: string, firstLine: number): { imports: string; body: string } {
  const source = ts.createSourceFile('example.ts', code, ts.ScriptTarget.ES2022, true);
  const lineOf = (position: number): number => source.getLineAndCharacterOfPosition(position).line;
  const imports: string[] = [];
  const edits: Edit[] = [];

  for (const statement of source.statements) {
    const start = statement.getStart(source);
    const text = statement.getText(source);
    if (ts.isImportDeclaration(statement)) {
      imports.push(
        text
          .replace(/\/\/.*$/gm, '')
          .replace(/\s+/g, ' ')
          .replace(/;?$/, '; '),
      );
      edits.push({ start, end: statement.end, text: text.replace(/[^\n]/g, ' ') });
    } else if (ts.isExportDeclaration(statement) || ts.isExportAssignment(statement)) {
      throw new ExampleError(firstLine + lineOf(start), 'an example cannot export');
    } else if (ts.canHaveModifiers(statement)) {
      for (const modifier of ts.getModifiers(statement) ?? []) {
        const exported = /^(export|default)$/.test(modifier.getText(source));
        if (exported) edits.push({ start: modifier.getStart(source), end: modifier.end, text: '' });
      }
    }
  }

  const asserted = new Set<ts.Statement>();
  for (const assertion of assertions(source)) {
    const line = firstLine + assertion.line;
    const statement = statementBefore(source, assertion);
    if (statement === undefined) {
      throw new ExampleError(line, `\`// ${assertion.kind}\` belongs to no statement`);
    }
    if (asserted.has(statement))
      throw new ExampleError(line, 'a second assertion on one statement');
    asserted.add(statement);
    edits.push(assertionEdit(source, statement, assertion, line));
  }

  let body = code;
  for (const edit of edits.sort((a, b) => b.start - a.start)) {
    body = body.slice(0, edit.start) + edit.text + body.slice(edit.end);
  }
  return { imports: imports.join(''), body };
}

/** The assertion comments of a block, in order. */
function assertions(source: ts.SourceFile): Assertion[] {
  const found: Assertion[] = [];
  const comments = lineComments(source);
  for (let i = 0; i < comments.length; i++) {
    const { start, line, text } = comments[i]!;
    const match = /^\/\/\s*(=>|≈|throws\b)\s*(.*)$/.exec(text);
    if (match === null) continue;
    let value = match[2]!.trim();
    for (
      let next = comments[i + 1];
      openBrackets(value) && next?.line === comments[i]!.line + 1;
      next = comments[i + 1]
    ) {
      value += ` ${next.text.slice(2).trim()}`;
      i++;
    }
    found.push({
      kind: match[1] as Assertion['kind'],
      value: value.replace(/;$/, ''),
      start,
      line,
    });
  }
  return found;
}

/** All `//` comments: those in the trivia before some token, the end of the file being one. */
function lineComments(source: ts.SourceFile): { start: number; line: number; text: string }[] {
  const { text } = source;
  const starts = new Set<number>();
  const visit = (node: ts.Node): void => {
    const parts = node.getChildren(source);
    parts.forEach(visit);
    if (parts.length > 0) return;
    for (const range of [
      ...(ts.getTrailingCommentRanges(text, node.getFullStart()) ?? []),
      ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
    ]) {
      if (range.kind === ts.SyntaxKind.SingleLineCommentTrivia) starts.add(range.pos);
    }
  };
  visit(source);
  return [...starts]
    .sort((a, b) => a - b)
    .map((start) => ({
      start,
      line: source.getLineAndCharacterOfPosition(start).line,
      text: /^.*/.exec(text.slice(start))![0].trimEnd(),
    }));
}

function openBrackets(value: string): boolean {
  const bare = value.replace(/'[^']*'|"[^"]*"|\/(\\.|[^/\\])+\//g, '');
  return (bare.match(/[([{]/g) ?? []).length > (bare.match(/[)\]}]/g) ?? []).length;
}

/** The innermost statement that ends on the line of the comment, or just above a comment alone. */
function statementBefore(
  source: ts.SourceFile,
  { start, line }: Assertion,
): ts.Statement | undefined {
  let best: ts.Statement | undefined;
  const visit = (node: ts.Node): void => {
    // Inner statements are met after outer ones, so `>=` prefers them when both end together.
    if (ts.isStatement(node) && node.end <= start && node.end >= (best?.end ?? 0)) best = node;
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  if (best === undefined) return undefined;
  const end = source.getLineAndCharacterOfPosition(best.end).line;
  const alone =
    source.text.slice(source.getPositionOfLineAndCharacter(line, 0), start).trim() === '';
  return end === (alone ? line - 1 : line) ? best : undefined;
}

function assertionEdit(
  source: ts.SourceFile,
  statement: ts.Statement,
  { kind, value }: Assertion,
  line: number,
): Edit {
  const start = statement.getStart(source);
  const { end } = statement;
  if (kind === 'throws') {
    if (!ts.isRegularExpressionLiteral(parse(value, line))) {
      throw new ExampleError(line, '`// throws` wants a /regular expression/ for the message');
    }
    const text = statement.getText(source);
    const call = awaits(statement)
      ? `await __expect((async () => { ${text} })()).rejects.toThrow(${value});`
      : `__expect(() => { ${text} }).toThrow(${value});`;
    return { start, end, text: call };
  }

  const expected = kind === '=>' ? parse(value, line).getText() : written(parse(value, line), line);
  const assert = (actual: string): string =>
    kind === '=>'
      ? `__expect((${actual})).toEqual((${expected}));`
      : `__expectClose((${actual}), ${expected});`;
  if (ts.isExpressionStatement(statement)) {
    return { start, end, text: assert(printed(statement.expression).getText(source)) };
  }
  if (ts.isVariableStatement(statement) && statement.declarationList.declarations.length === 1) {
    const name = statement.declarationList.declarations[0]!.name.getText(source);
    return { start: end, end, text: `; ${assert(name)}` };
  }
  throw new ExampleError(line, `\`// ${kind}\` wants an expression or one declaration before it`);
}

/** The argument of `console.log(argument)`, any other expression as it is. */
function printed(expression: ts.Expression): ts.Expression {
  const isLog =
    ts.isCallExpression(expression) && /^console\s*\.\s*log$/.test(expression.expression.getText());
  const argument = isLog && expression.arguments.length === 1 ? expression.arguments[0] : undefined;
  return argument ?? expression;
}

/** Whether a statement awaits, outside of the functions it may contain. */
function awaits(node: ts.Node): boolean {
  if (ts.isAwaitExpression(node)) return true;
  return (
    !ts.isFunctionLike(node) &&
    ts.forEachChild(node, (child) => awaits(child) || undefined) === true
  );
}

/** The expression an assertion compares with. */
function parse(value: string, line: number): ts.Expression {
  const text = `(${value}\n)`;
  const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true });
  const [statement, ...others] = ts.createSourceFile(
    'value.ts',
    text,
    ts.ScriptTarget.ES2022,
    true,
  ).statements;
  const readable = diagnostics?.length === 0 && others.length === 0 && statement !== undefined;
  if (
    readable &&
    ts.isExpressionStatement(statement) &&
    ts.isParenthesizedExpression(statement.expression)
  ) {
    return statement.expression.expression;
  }
  throw new ExampleError(line, `cannot read \`${value}\` as an expression`);
}

/** An expression of numbers with each number as its text, which says how many digits are meant. */
function written(node: ts.Expression, line: number): string {
  const text = node.getText();
  if (/^[-+]?[\d_]*\.?\d*(e[-+]?\d+)?$/i.test(text))
    return JSON.stringify(text.replaceAll('_', ''));
  if (/^-?(NaN|Infinity)$/.test(text)) return text;
  if (ts.isArrayLiteralExpression(node)) {
    return `[${node.elements.map((element) => written(element, line)).join(', ')}]`;
  }
  if (ts.isObjectLiteralExpression(node)) {
    const properties = node.properties.map((property) => {
      if (ts.isPropertyAssignment(property)) {
        return `${property.name.getText()}: ${written(property.initializer, line)}`;
      }
      throw new ExampleError(line, `cannot read \`${property.getText()}\` as a number`);
    });
    return `{ ${properties.join(', ')} }`;
  }
  throw new ExampleError(
    line,
    `cannot read \`${text}\` as a number, or an array or object of numbers`,
  );
}

// ---- Writing the files -------------------------------------------------------------------------

/** Brings docs/.examples/ up to date with the documentation below `root`; returns its files. */
export function collectExamples(root: string): string[] {
  const files = new Map<string, string>();
  for (const file of documentedFiles(root)) {
    findBlocks(file, readFileSync(join(root, file), 'utf8')).forEach((block, i) => {
      const path = `${outputFolder}/${file}/${i + 1}.test.ts`;
      const helpers = relative(dirname(path), 'docs/expect-close.ts').replaceAll('\\', '/');
      files.set(path, testFile(block, helpers));
    });
  }
  for (const stale of below(root, outputFolder, '')) {
    if (!files.has(stale)) rmSync(join(root, stale), { force: true });
  }
  for (const [path, text] of files) {
    const target = join(root, path);
    if (existsSync(target) && readFileSync(target, 'utf8') === text) continue;
    mkdirSync(dirname(target), { recursive: true });
    const temporary = `${target}.${process.pid}.new`;
    writeFileSync(temporary, text);
    renameSync(temporary, target);
  }
  return [...files.keys()];
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
  console.log(`${collectExamples(root).length} examples in ${outputFolder}/`);
}
