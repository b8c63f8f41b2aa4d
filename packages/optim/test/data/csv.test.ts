/** Tables as text: what is written comes back, and what is wrong is named. */
import { parseCsv, samplesFromCsv } from '@ad/optim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { iris } from '../support/iris.ts';

/** A field as RFC 4180 has it; quoted where it must be, or anyway. */
const written = (field: string, delimiter: string, quoted: boolean): string =>
  quoted || [delimiter, '"', '\n', '\r'].some((c) => field.includes(c))
    ? `"${field.replaceAll('"', '""')}"`
    : field;

const field = fc.string({
  unit: fc.constantFrom('a', 'é', '1', ' ', ',', ';', '"', '\n', '\r\n', '\t'),
});

describe('parseCsv', () => {
  test('reads what was written, however it was quoted', () => {
    const tables = fc.integer({ min: 2, max: 4 }).chain((width) =>
      fc.array(fc.array(fc.tuple(field, fc.boolean()), { minLength: width, maxLength: width }), {
        minLength: 1,
        maxLength: 6,
      }),
    );
    const styles = fc.record({
      delimiter: fc.constantFrom(',', ';', '\t'),
      end: fc.constantFrom('\n', '\r\n'),
      last: fc.boolean(),
      mark: fc.boolean(),
    });
    fc.assert(
      fc.property(tables, styles, (table, { delimiter, end, last, mark }) => {
        const lines = table.map((row) =>
          row.map(([text, quoted]) => written(text, delimiter, quoted)).join(delimiter),
        );
        const text = (mark ? '\uFEFF' : '') + lines.join(end) + (last ? end : '');
        const { columns, rows } = parseCsv(text, { delimiter, header: false });
        expect(rows).toEqual(table.map((row) => row.map(([field]) => field)));
        expect(columns).toEqual(table[0]!.map((_, k) => String(k)));
      }),
    );
  });

  test('knows the line where each row begins', () => {
    const { lines, rows } = parseCsv('a,b\n1,"2\n3"\n\n4,5\r\n6,7');
    expect(rows).toEqual([
      ['1', '2\n3'],
      ['4', '5'],
      ['6', '7'],
    ]);
    expect(lines).toEqual([2, 5, 6]);
  });

  test('passes over empty lines, but not over an empty field in quotes', () => {
    expect(parseCsv('a\n\n1\n""\n').rows).toEqual([['1'], ['']]);
  });

  test.each([
    ['nothing', '', /^csv: there is nothing in the text$/],
    ['a short row', 'a,b\n1,2\n3\n', /^csv, line 3: 1 field, expected 2 \(a, b\)$/],
    ['a long row', 'a,b\n1,2,3\n', /line 2: 3 fields, expected 2/],
    ['quotes that stay open', 'a,b\n1,"2\n', /line 2, field 2: the quotes are not closed/],
    [
      'something after quotes',
      'a,b\n"1"2,3\n',
      /line 2, field 1: "2" after the field, expected the delim/,
    ],
    ['a CR alone', 'a,b\r1,2', /line 1, field 2: a CR without LF after the field/],
    ['two columns of one name', 'a,b,a\n', /line 1: two columns are called "a"/],
  ])('refuses %s', (_name, text, message) => {
    expect(() => parseCsv(text)).toThrow(
      expect.objectContaining({
        name: 'FormatError',
        message: expect.stringMatching(message) as string,
      }),
    );
  });

  test('refuses options that are none', () => {
    expect(() => parseCsv('a', { delimiter: '::' })).toThrow(
      /delimiter is "::", expected one character/,
    );
    expect(() => parseCsv('a', { delimiter: '"' })).toThrow(
      /expected one character that is not a quote/,
    );
    expect(() => parseCsv('a', { comma: true } as never)).toThrow(/there is no option "comma"/);
  });

  test('takes long texts in a straight line', () => {
    const text = `a,b\n${'1,"2"\n'.repeat(50_000)}`;
    expect(parseCsv(text).rows).toHaveLength(50_000);
  });
});

describe('samplesFromCsv', () => {
  const text = 'x,y,kind\n1,-2.5e1,b\n .5 ,4.,a\n';

  test('makes numbers of columns and labels of classes', () => {
    const sorted = samplesFromCsv(text, { target: 'kind', classes: true });
    expect(sorted.samples.inputs.toArray()).toEqual([
      [1, -25],
      [0.5, 4],
    ]);
    expect([sorted.samples.targets.toArray(), sorted.samples.targets.kind]).toEqual([
      [1, 0],
      'integer',
    ]);
    expect([sorted.columns, sorted.classes]).toEqual([
      ['x', 'y'],
      ['a', 'b'],
    ]);
    const given = samplesFromCsv(text, { target: 'kind', classes: ['b', 'a', 'c'], inputs: ['y'] });
    expect(given.samples.targets.toArray()).toEqual([0, 1]);
    expect(given.samples.inputs.toArray()).toEqual([[-25], [4]]);
    const real = samplesFromCsv(text, { target: 'y', inputs: ['x'] });
    expect([real.samples.targets.toArray(), real.samples.targets.kind]).toEqual([[-25, 4], 'real']);
    expect(real).not.toHaveProperty('classes');
  });

  test('reads the irises', () => {
    const { inputs, targets } = iris();
    expect(inputs.shape).toEqual([150, 4]);
    expect([0, 1, 2].map((label) => targets.data.filter((t) => t === label).length)).toEqual([
      50, 50, 50,
    ]);
  });

  test.each([
    ['a word', 'x,t\n1,2\ntwo,3\n', /^csv, line 3, column x: "two" is not a finite number$/],
    ['nothing', 'x,t\n,2\n', /line 2, column x: "" is not a finite number/],
    ['a hexadecimal number', 'x,t\n0x10,2\n', /column x: "0x10" is not/],
    ['infinity', 'x,t\n1e999,2\n', /column x: "1e999" is not a finite number/],
    ['a word among targets', 'x,t\n1,NaN\n', /line 2, column t: "NaN" is not/],
    ['no rows', 'x,t\n', /^csv: there are no rows$/],
    ['no such column', 'x,u\n1,2\n', /there is no column "t"; the columns are x, u/],
  ])('refuses %s, naming the place', (_name, text, message) => {
    expect(() => samplesFromCsv(text, { target: 't' })).toThrow(
      expect.objectContaining({
        name: 'FormatError',
        message: expect.stringMatching(message) as string,
      }),
    );
  });

  test('refuses classes that are not known, and sets without inputs', () => {
    expect(() => samplesFromCsv(text, { target: 'kind', classes: ['a'], name: 'k.csv' })).toThrow(
      /^k\.csv, line 2, column kind: "b" is not one of the classes a$/,
    );
    expect(() => samplesFromCsv('t\n1\n', { target: 't' })).toThrow(/no columns for the inputs/);
  });
});
