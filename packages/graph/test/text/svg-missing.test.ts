/** Drawing without the optional package: the message says what to install. */
import { AdError, Graph } from '@ad/graph';
import { MissingPackageError, toSvg } from '@ad/graph/svg';
import { expect, test, vi } from 'vitest';

vi.mock('@hpcc-js/wasm-graphviz', () => {
  throw new Error("Cannot find package '@hpcc-js/wasm-graphviz'");
});

test('a missing package is named, with how to install it', async () => {
  const drawing = toSvg(new Graph().input('x'));
  await expect(drawing).rejects.toThrow(MissingPackageError);
  await expect(drawing).rejects.toThrow(AdError);
  await expect(drawing).rejects.toThrow(/npm install @hpcc-js\/wasm-graphviz/);
});
