import { expect, test } from 'vitest';
import { chapters } from './chapters.ts';
import { bowl, onNumbers, rosenbrock } from './functions.ts';
import { geometric, picture } from './picture.ts';

test.each(chapters.map((chapter) => [chapter.name, chapter] as const))(
  'every statement holds: %s',
  async (_, { run }) => {
    const { failures, lines, picture: svg } = await run();
    expect(failures).toEqual([]);
    expect(lines.length).toBeGreaterThan(0);
    expect(svg).toMatch(/^<svg[^>]* xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg).not.toMatch(/NaN|undefined/);
  },
);

test('functions of nodes and of numbers are the same', () => {
  expect(onNumbers(bowl(10))(3, 2)).toBe((9 + 10 * 4) / 2);
  expect(onNumbers(rosenbrock)(-1.2, 1)).toBeCloseTo(24.2, 12);
});

test('levels grow by their factor', () => {
  expect(geometric(1, 2, 4)).toEqual([1, 2, 4, 8]);
});

test('panels stand in rows', () => {
  const plot = { marks: [] };
  const svg = picture(
    'title',
    'subtitle',
    ['a', 'b', 'c'].map((title) => ({ title, plot })),
    { columns: 2, width: 100, height: 50 },
  );
  expect(svg.match(/<svg/g)).toHaveLength(4);
  expect(svg).toMatch(/aria-label="title. subtitle"/);
});
