/**
 * Tables as text: comma-separated values (RFC 4180), and samples made of them. A text is accepted whole or refused with
 * the line and the column of the first thing wrong with it.
 */
import { FormatError, Tensor, ValueError } from '@ad/graph';
import { booleanOption, checkNames, describeValue } from '../options.ts';
import type { SampleTensors } from './samples.ts';

/** Options of {@link parseCsv}. */
export interface CsvOptions {
  /** What separates fields: one character; default a comma. */
  readonly delimiter?: string;
  /** Whether the first line names the columns; default true. Without it they are called `0`, `1`, ... */
  readonly header?: boolean;
  /** What messages call the text; default `csv`. */
  readonly name?: string;
}

/** A table of text. */
export interface CsvTable {
  /** The names of the columns. */
  readonly columns: readonly string[];
  /** The fields, row by row, each with as many as there are columns. */
  readonly rows: readonly (readonly string[])[];
  /** The line of the text where each row begins, from 1. */
  readonly lines: readonly number[];
}

/**
 * The fields of a table. A field may stand between double quotes, and then hold the delimiter, line breaks, and
 * double quotes written twice. Lines end with LF or CRLF; empty lines are passed over, as is a byte order mark.
 *
 * @throws `FormatError` naming the line when rows differ in length, a quoted field does not end, or something stands
 * beside its quotes, and when two columns have the same name or there is nothing in the text; `ValueError` when an
 * option is unknown or wrong.
 * Complexity: O(length of the text).
 * @example
 * ```ts
 * import { parseCsv } from '@ad/optim';
 *
 * const { columns, rows } = parseCsv('name,size\n"Ada, ""the first""",3\n');
 * columns; // => ['name', 'size']
 * rows; // => [['Ada, "the first"', '3']]
 * parseCsv('a,b\n1\n'); // throws /csv, line 2: 1 field, expected 2/
 * ```
 */
export function parseCsv(text: string, options: CsvOptions = {}): CsvTable {
  checkNames('parseCsv', options, ['delimiter', 'header', 'name']);
  const { delimiter = ',', name = 'csv' } = options;
  const header = booleanOption('parseCsv', 'header', options.header, true);
  if (typeof text !== 'string') {
    throw new ValueError(
      `parseCsv: the text is ${describeValue(text)}, expected a string; decode bytes with new TextDecoder().decode(bytes)`,
    );
  }
  if (typeof delimiter !== 'string' || delimiter.length !== 1 || '"\r\n'.includes(delimiter)) {
    throw new ValueError(
      `parseCsv: delimiter is ${describeValue(delimiter)}, expected one character that is not a quote or line break`,
    );
  }
  const records = recordsOf(text, delimiter, name);
  const first = records[0];
  if (first === undefined) throw new FormatError(`${name}: there is nothing in the text`);
  const columns = header ? first.fields : first.fields.map((_, k) => String(k));
  const twice = columns.find((column, k) => columns.indexOf(column) < k);
  if (twice !== undefined) {
    throw new FormatError(`${name}, line ${first.line}: two columns are called "${twice}"`);
  }
  const body = header ? records.slice(1) : records;
  for (const { fields, line } of body) {
    if (fields.length === columns.length) continue;
    throw new FormatError(
      `${name}, line ${line}: ${fields.length} field${fields.length === 1 ? '' : 's'}, expected ${columns.length} (${columns.join(', ')})`,
    );
  }
  return {
    columns,
    rows: body.map(({ fields }) => fields),
    lines: body.map(({ line }) => line),
  };
}

interface CsvRecord {
  readonly line: number;
  readonly fields: string[];
}

/** The records of a text: one pass, no record for an empty line. */
function recordsOf(text: string, delimiter: string, name: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let position = text.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;
  while (position < text.length) {
    const start = line;
    const fields: string[] = [];
    for (;;) {
      let field: string;
      if (text[position] === '"') {
        const end = endOfQuotes(
          text,
          position,
          `${name}, line ${start}, field ${fields.length + 1}`,
        );
        const quoted = text.slice(position + 1, end - 1);
        for (const character of quoted) if (character === '\n') line++;
        field = quoted.replaceAll('""', '"');
        position = end;
      } else {
        const from = position;
        while (position < text.length && !isEnd(text[position]!, delimiter)) position++;
        field = text.slice(from, position);
      }
      fields.push(field);
      if (text[position] === '\r' && text[position + 1] === '\n') position++;
      const next = text[position++];
      if (next === delimiter) continue;
      if (next === '\n' || next === undefined) break;
      const got = next === '\r' ? 'a CR without LF' : JSON.stringify(next);
      throw new FormatError(
        `${name}, line ${line}, field ${fields.length}: ${got} after the field, expected the delimiter or the end of the line`,
      );
    }
    line++;
    const isEmpty = fields.length === 1 && fields[0] === '' && text[position - 2] !== '"';
    if (!isEmpty) records.push({ line: start, fields });
  }
  return records;
}

const isEnd = (character: string, delimiter: string): boolean =>
  character === delimiter || character === '\n' || character === '\r';

/** The position after the closing quote of the field that is opened at `position`. */
function endOfQuotes(text: string, position: number, place: string): number {
  for (let at = position + 1; ; at += 2) {
    at = text.indexOf('"', at);
    if (at < 0) throw new FormatError(`${place}: the quotes are not closed`);
    if (text[at + 1] !== '"') return at + 1;
  }
}

/** Options of {@link samplesFromCsv}. */
export interface CsvSampleOptions extends CsvOptions {
  /** The column with what is wanted. */
  readonly target: string;
  /** The columns with what is known; default all others, in order. */
  readonly inputs?: readonly string[];
  /**
   * For a target that is a class: the names of the classes, in the order of their labels; `true` takes those that
   * occur, in the order of their code units. Default: the target is a number.
   */
  readonly classes?: readonly string[] | true;
}

/** Samples with what their columns and labels mean. */
export interface CsvSamples {
  /** Inputs of shape [rows, columns], targets of shape [rows]. */
  readonly samples: SampleTensors;
  /** The names of the columns of the inputs. */
  readonly columns: readonly string[];
  /** The names of the labels, if the target is a class. */
  readonly classes?: readonly string[];
}

/**
 * Samples from a table of numbers.
 *
 * @throws `FormatError` as {@link parseCsv}, and naming line and column of a field that is not a finite number or not
 * one of the classes, or the column that is missing, or when there are no rows; `ValueError` when an option is wrong.
 * @example
 * ```ts
 * import { samplesFromCsv } from '@ad/optim';
 *
 * const text = 'length,width,kind\n5.1,3.5,setosa\n7,3.2,versicolor\n';
 * const { samples, classes } = samplesFromCsv(text, { target: 'kind', classes: true });
 * samples.inputs.toArray(); // => [[5.1, 3.5], [7, 3.2]]
 * samples.targets.toArray(); // => [0, 1]
 * classes; // => ['setosa', 'versicolor']
 * samplesFromCsv(text, { target: 'kind' }); // throws /csv, line 2, column kind: "setosa" is not a finite number/
 * ```
 */
export function samplesFromCsv(text: string, options: CsvSampleOptions): CsvSamples {
  const caller = 'samplesFromCsv';
  checkNames(caller, options, ['delimiter', 'header', 'name', 'target', 'inputs', 'classes']);
  const { target, inputs, classes, ...csv } = options;
  const { name = 'csv' } = csv;
  for (const [option, names] of Object.entries({ inputs, classes })) {
    if (names === undefined || names === true || Array.isArray(names)) continue;
    const also = option === 'classes' ? ', or true for those that occur' : '';
    throw new ValueError(
      `${caller}: ${option} is ${describeValue(names)}, expected a list of names${also}`,
    );
  }
  const table = parseCsv(text, csv);
  const { columns, rows, lines } = table;
  const positionOf = (column: string): number => {
    const position = columns.indexOf(column);
    if (position >= 0) return position;
    throw new FormatError(
      `${name}: there is no column ${describeValue(column)}; the columns are ${columns.join(', ')}`,
    );
  };
  const targetAt = positionOf(target);
  const names = inputs ?? columns.filter((column) => column !== target);
  const positions = names.map(positionOf);
  if (positions.length === 0)
    throw new ValueError(`${caller}: there are no columns for the inputs`);
  if (rows.length === 0) throw new FormatError(`${name}: there are no rows`);
  const numberAt = (row: number, column: number): number => {
    const field = rows[row]![column]!;
    const value = NUMBER.test(field) ? Number(field) : Number.NaN;
    if (Number.isFinite(value)) return value;
    throw new FormatError(
      `${name}, line ${lines[row]}, column ${columns[column]}: ${JSON.stringify(field)} is not a finite number`,
    );
  };
  const data = new Float64Array(rows.length * positions.length);
  for (let i = 0; i < rows.length; i++) {
    for (let k = 0; k < positions.length; k++) {
      data[i * positions.length + k] = numberAt(i, positions[k]!);
    }
  }
  const known = classes === true ? [...new Set(rows.map((row) => row[targetAt]!))].sort() : classes;
  const result = (targets: Tensor): CsvSamples => ({
    samples: { inputs: new Tensor([rows.length, positions.length], 'real', data), targets },
    columns: names,
    ...(known === undefined ? {} : { classes: known }),
  });
  if (known === undefined) {
    const values = Float64Array.from(rows, (_, i) => numberAt(i, targetAt));
    return result(new Tensor([rows.length], 'real', values));
  }
  const labelOf = new Map(known.map((value, label) => [value, label]));
  const labels = Int32Array.from(rows, (row, i) => {
    const label = labelOf.get(row[targetAt]!);
    if (label !== undefined) return label;
    throw new FormatError(
      `${name}, line ${lines[i]}, column ${target}: ${JSON.stringify(row[targetAt])} is not one of the classes ${known.join(', ')}`,
    );
  });
  return result(new Tensor([rows.length], 'integer', labels));
}

/** Decimal numbers, with blanks around them; not what `Number` takes besides: hexadecimal ones, nothing, words. */
const NUMBER = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/;
