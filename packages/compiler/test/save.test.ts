/** Saved programs: loaded without the compiler they give the same bits, and nothing damaged is run. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  AdError,
  apply,
  argMax,
  cbrt,
  cumSum,
  foldIn,
  FormatError,
  gather,
  Graph,
  GraphError,
  greater,
  interpreter,
  operations,
  randomKey,
  ShapeError,
  slice,
  tensor,
  uniform,
  ValueError,
} from '@ad/graph';
import { compileWith } from '../src/compile.ts';
import { hostKernel } from '../src/host-kernel.ts';
import { compile, type Precision, saveProgram } from '../src/index.ts';
import { loadProgram } from '../src/load.ts';

/** A program with arrays, integers, constants, updates, functions of the platform; an input has no value yet. */
function program(precision: Precision, straightLineLimit: number): ReturnType<typeof compile> {
  const graph = new Graph();
  const x = graph.input('größe', { shape: [3, 2] });
  const w = graph.input('w', { value: [0.5, -0.25] });
  const n = graph.input('n', { kind: 'integer', value: 3 });
  const s = graph.input('s', { value: 0.75 });
  const row = graph.constant([[1, 2]]);
  const loss = x
    .mul(w)
    .add(row)
    .tanh()
    .sum()
    .add(cbrt(s.sin().mul(n)));
  return compileWith(
    { outputs: [loss, greater(x, 0), w], updates: [[w, w.sub(x.sum({ axes: 0 }).mul(0.1))]] },
    precision,
    straightLineLimit,
  );
}

const feeds = { größe: [1, -2, 3, -4, 5, -6].map((value) => value / 8) };
const x = { größe: Float64Array.from(feeds.größe) };

describe.each(['f64', 'f32'] as const)('in %s', (precision) => {
  test.each([0, Infinity])('a loaded program goes on where the saved one stood (%s)', (limit) => {
    const saved = program(precision, limit);
    saved.run(x);
    const loaded = loadProgram(saveProgram(saved));
    expect(loaded.plan).toEqual(saved.plan);
    expect(loaded.report()).toBe(saved.report());
    expect(Object.keys(loaded.inputs)).toEqual(Object.keys(saved.inputs));
    for (let step = 0; step < 3; step++) expect(loaded.run()).toEqual(saved.run());
    expect(loaded.run({ ...x, s: 0.5 })).toEqual(saved.run({ ...x, s: 0.5 }));
    expect(saveProgram(loaded)).toEqual(saveProgram(saved));
  });
});

test('what has no value is missing in the loaded program too, and feeds are checked', () => {
  const loaded = loadProgram(saveProgram(program('f64', Infinity)));
  expect(() => loaded.run()).toThrow(/input "größe" has no value/);
  expect(() => loaded.run({ ...x, y: 1 })).toThrow(
    new GraphError('no input "y"; this program has "größe", "w", "n", "s"'),
  );
  expect(() => loaded.run({ größe: [1] })).toThrow(ShapeError);
  expect(() => loaded.run({ ...x, n: 0.5 })).toThrow(AdError);
  expect(loaded.run(x)).toEqual(program('f64', Infinity).run(x));
});

/** Whether something is done or refused on purpose; any other error is passed on. */
function outcomeOf(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    if (!(error instanceof AdError)) throw error;
  }
  return 'loaded or refused';
}

describe('bytes that are no whole program of this version are refused', () => {
  const bytes = saveProgram(program('f64', Infinity));
  /** The bytes with another header. */
  const withHeader = (change: (header: Record<string, unknown>) => void): Uint8Array => {
    const length = new DataView(bytes.buffer).getUint32(8, true);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(12, 12 + length))) as Record<
      string,
      unknown
    >;
    change(header);
    const text = new TextEncoder().encode(JSON.stringify(header));
    const made = new Uint8Array(bytes.length - length + text.length);
    made.set(bytes.subarray(0, 12));
    new DataView(made.buffer).setUint32(8, text.length, true);
    made.set(text, 12);
    made.set(bytes.subarray(12 + length), 12 + text.length);
    return made;
  };

  test('cut off anywhere', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
        const message = length < 4 ? /no saved program/ : /truncated: \d+ bytes of \d+/;
        expect(() => loadProgram(bytes.slice(0, length))).toThrow(message);
      }),
    );
  });

  test.each<[string, () => Uint8Array, RegExp]>([
    ['another file', () => Uint8Array.of(137, 80, 78, 71), /no saved program: they start with/],
    [
      'another version',
      () => Uint8Array.from(bytes, (byte, i) => (i === 4 ? 9 : byte)),
      /saved in version 9 of the format, this is version 3/,
    ],
    ['more bytes', () => Uint8Array.from([...bytes, 0]), /followed by something else/],
    ['no bytes', () => 'ADPG' as never, /expected a Uint8Array, got string/],
    [
      'damaged code',
      () => withHeader((header) => void (header['code'] = (header['code'] as number) - 16)),
      /followed by something else/,
    ],
    [
      'an array outside of the memory',
      () =>
        withHeader((header) => {
          (header['outputs'] as { at: number }[])[0]!.at = 2 ** 20;
        }),
      /the header is damaged: outputs/,
    ],
    [
      'an import that is no function of numbers',
      () => withHeader((header) => void (header['imports'] = ['toString'])),
      /the header is damaged: imports/,
    ],
    [
      'two inputs of one name',
      () =>
        withHeader((header) => {
          const inputs = header['inputs'] as { name: string }[];
          inputs[0]!.name = inputs[1]!.name;
        }),
      /the header is damaged: inputs/,
    ],
    ['no memory', () => withHeader((header) => void (header['pages'] = -1)), /damaged: pages/],
    ['no plan', () => withHeader((header) => void (header['plan'] = null)), /damaged: plan/],
  ])('%s', (_, make, message) => {
    expect(() => loadProgram(make())).toThrow(message);
    expect(() => loadProgram(make())).toThrow(FormatError);
  });

  test('a module that is no module', () => {
    const length = new DataView(bytes.buffer).getUint32(8, true);
    const damaged = bytes.slice();
    damaged[12 + length] = 1;
    expect(() => loadProgram(damaged)).toThrow(/the code is damaged/);
  });

  test('any byte changed: it is refused with an error that says so, or what is loaded is a program', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = bytes.slice();
        damaged[at]! ^= change;
        expect(outcomeOf(() => loadProgram(damaged))).toBe('loaded or refused');
      }),
    );
  });
});

test('what cannot be saved is named', () => {
  const graph = new Graph();
  const values = graph.input('x', { value: [3, 1, 2] });
  expect(() => saveProgram(interpreter({ outputs: [values] }))).toThrow(/interpreted/);
  // Not the row of the table, although it is called so.
  const own = apply({ ...operations.cofactors }, [graph.input('y', { shape: [2, 2] })]);
  expect(() => saveProgram(compile({ outputs: [own] }))).toThrow(
    /leaves cofactors to code that is not part of it and of no table/,
  );
});

describe('operations that are left to the interpreter', () => {
  const graph = new Graph();
  const x = graph.input('x', {
    shape: [2, 3],
    value: tensor([
      [3, -1, 2],
      [0, 5, Infinity],
    ]),
  });
  const n = graph.input('n', {
    shape: [2, 2],
    kind: 'integer',
    value: tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { kind: 'integer' },
    ),
  });
  const key = graph.input('key', { value: randomKey(5) });
  const outputs = [
    apply(operations.cofactors, [slice(x, [{}, { start: 1 }])]),
    cumSum(x, 1),
    n.transpose(),
    uniform(foldIn(key, gather(n.reshape([4]), argMax(n.reshape([4])).reshape([]))), [5]),
    apply(operations.strongConvolution, [x.reshape([1, 1, 1, 6]), x.reshape([1, 2, 1, 3])], {
      strides: [1],
      dilations: [1],
    }),
  ];

  test.each(['f64', 'f32'] as const)(
    'are saved by name, with all they need, in %s',
    (precision) => {
      const saved = compile({ outputs, updates: [[key, foldIn(key, 0)]] }, { precision });
      expect(saved.report()).toMatch(/host call: cofactors/);
      const bytes = saveProgram(saved);
      const loaded = loadProgram(bytes, { hostKernel });
      for (let step = 0; step < 3; step++) expect(loaded.run()).toEqual(saved.run());
      expect(saveProgram(loadProgram(bytes, { hostKernel }))).toEqual(bytes);
      expect(() => loadProgram(bytes)).toThrow(
        /leaves cofactors, repair convolution to the interpreter: give its kernels/,
      );
    },
  );

  test('are refused where they are damaged', () => {
    const bytes = saveProgram(compile({ outputs }));
    const damage = (from: string, to: string): Uint8Array => {
      const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
      return Uint8Array.from(text.replace(from, to), (each) => each.charCodeAt(0));
    };
    const refuse = (from: string, to: string, message: RegExp): void =>
      expect(() => loadProgram(damage(from, to), { hostKernel })).toThrow(
        expect.objectContaining({
          name: 'FormatError',
          message: expect.stringMatching(message) as string,
        }),
      );
    refuse(
      '"operation":"cofactors"',
      '"operation":"cofaktors"',
      /a call is damaged: .* no operation cofaktors/,
    );
    refuse('"operation":"cofactors"', '"operation":"__proto__"', /damaged/);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = bytes.slice();
        damaged[at]! ^= change;
        expect(outcomeOf(() => loadProgram(damaged, { hostKernel }))).toBe('loaded or refused');
      }),
    );
  });
});

test('positions that are outside are refused without the interpreter, too', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [3, 2] });
  const at = graph.input('at', { shape: [2], kind: 'integer' });
  const saved = compile({ outputs: [gather(x, at)] });
  const loaded = loadProgram(saveProgram(saved));
  const feed = {
    x: tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
  };
  expect(loaded.run({ ...feed, at: [2, -3] })).toEqual(saved.run({ ...feed, at: [2, -3] }));
  expect(() => loaded.run({ ...feed, at: [0, 3] })).toThrow(
    new ValueError('gather: an index is outside of the axis'),
  );
});

describe('where nothing can be run', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });
  const bytes = saveProgram(compile({ outputs: [new Graph().input('x')] }));

  test('loading says so', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(() => loadProgram(bytes)).toThrow(/this platform has no WebAssembly/);
  });
});

test('a worker loads what it is sent, without the compiler', async () => {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `
        import { loadProgram } from '@ad/compiler/load';
        import { parentPort } from 'node:worker_threads';
        parentPort.once('message', ({ bytes, feeds }) => {
          parentPort.postMessage(loadProgram(bytes).run(feeds).map(({ data }) => data));
        });`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    conditions: ['@ad/source'],
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const [output] = Object.values(metafile.outputs);
  const files = Object.entries(output!.inputs).flatMap(([path, { bytesInOutput }]) =>
    bytesInOutput > 0 ? [path.replace(/.*packages\//, '')] : [],
  );
  expect(files.filter((file) => /lower|emit|passes|code|node\.ts|rows/.test(file))).toEqual([]);

  const sent = program('f32', Infinity);
  const worker = new Worker(outputFiles[0]!.text, { eval: true });
  try {
    const answer = new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread of Node, not a window
    worker.postMessage({ bytes: saveProgram(sent), feeds: x });
    expect(await answer).toEqual(sent.run(x).map(({ data }) => data));
  } finally {
    await worker.terminate();
  }
});
