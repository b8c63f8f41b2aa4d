/**
 * Products of matrices against three plain loops: every size of every dimension, every way in which factors may lie in
 * memory, stacks, sizes on both sides of every boundary between blocks, and the epilogue.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  Graph,
  type GraphNode,
  interpreter,
  type Shape,
  sizeOf,
  slice,
  stridesOf,
} from '@ad/graph';
import { Expressions, type Precision } from '../src/code/expression.ts';
import { planProduct, spaceOf } from '../src/lower/product-plan.ts';
import { emitModule } from '../src/emit/module.ts';
import { compile } from '../src/index.ts';
import type { Contraction } from '../src/lower/kernel.ts';
import { broadcastView, type Buffer, contiguousView, type View } from '../src/lower/view.ts';
import { planMemory } from '../src/plan.ts';

const PRECISIONS = ['f64', 'f32'] as const;
/** Half the distance from 1 to the next number. */
const UNIT = { f64: 2 ** -53, f32: 2 ** -24 };

/** How a factor lies in memory. */
const LAYOUTS = [
  'plain',
  'transposed',
  'sliced',
  'everySecond',
  'backwards',
  'oneRow',
  'oneColumn',
] as const;
type Layout = (typeof LAYOUTS)[number];

/** A factor of this shape as a view of an input. */
function factor(graph: Graph, name: string, shape: Shape, layout: Layout): GraphNode {
  const stack = shape.slice(0, -2);
  const [rows, columns] = shape.slice(-2) as [number, number];
  const all = stack.map(() => ({}));
  const input = (r: number, c: number): GraphNode => graph.input(name, { shape: [...stack, r, c] });
  switch (layout) {
    case 'plain':
      return input(rows, columns);
    case 'transposed': {
      const axes = shape.map((_, axis) => axis);
      return input(columns, rows).transpose([...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
    }
    case 'sliced':
      return slice(input(rows + 2, columns + 3), [
        ...all,
        { start: 1, end: rows + 1 },
        { start: 2, end: columns + 2 },
      ]);
    case 'everySecond':
      return slice(input(2 * rows, 3 * columns), [...all, { step: 2 }, { start: 1, step: 3 }]);
    case 'backwards':
      return slice(input(rows, columns), [...all, { step: -1 }, { step: -1 }]);
    case 'oneRow':
      return input(1, columns).broadcastTo(shape);
    case 'oneColumn':
      return input(rows, 1).broadcastTo(shape);
  }
}

interface Setting {
  readonly left: Shape;
  readonly right: Shape;
  readonly layouts: readonly [Layout, Layout];
}

/** Holds the compiled product of two factors to plain loops over what the interpreter makes of the factors. */
function checkProduct(
  { left, right, layouts }: Setting,
  precision: Precision,
  value: (index: number, side: number) => number,
  exact: boolean,
): void {
  const graph = new Graph();
  const a = factor(graph, 'a', left, layouts[0]);
  const b = factor(graph, 'b', right, layouts[1]);
  const product = a.matmul(b);
  const program = compile({ outputs: [product] }, { precision });
  const oracle = interpreter({ outputs: [a, b] });
  ['a', 'b'].forEach((name, side) => {
    const [data, copy] = [program.inputs[name]!, oracle.inputs[name]!];
    for (let i = 0; i < data.length; i++) {
      data[i] = value(i, side);
      copy[i] = data[i]!;
    }
  });
  program.execute();
  oracle.execute();
  const first = Array.from(program.outputs[0]!);
  program.execute();
  expect(Array.from(program.outputs[0]!)).toEqual(first);

  const [n, k] = left.slice(-2) as [number, number];
  const m = right.at(-1)!;
  const stack = product.shape.slice(0, -2);
  const [x, y] = [oracle.outputs[0]!, oracle.outputs[1]!];
  const start = (shape: Shape, index: number): number => {
    const strides = broadcastView(contiguousView({} as Buffer, shape.slice(0, -2)), stack).strides;
    const at = stridesOf(stack).map((stride, axis) => Math.floor(index / stride) % stack[axis]!);
    const matrix = at.reduce((sum, i, axis) => sum + i * strides[axis]!, 0);
    return matrix * shape.at(-1)! * shape.at(-2)!;
  };
  for (let s = 0; s < sizeOf(stack); s++) {
    const [offsetX, offsetY] = [start(left, s), start(right, s)];
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < m; j++) {
        let [sum, size] = [0, 0];
        for (let l = 0; l < k; l++) {
          const term = x[offsetX + i * k + l]! * y[offsetY + l * m + j]!;
          sum += term;
          size += Math.abs(term);
        }
        const computed = first[(s * n + i) * m + j]!;
        const bound = exact ? 0 : 2 * (k + 2) * UNIT[precision] * size;
        const agrees = Number.isNaN(sum)
          ? Number.isNaN(computed)
          : computed === sum || Math.abs(computed - sum) <= bound;
        if (!agrees)
          throw new Error(
            `${precision} [${left.join()}] x [${right.join()}] ${layouts.join()} at ${s}, ${i}, ${j}: ${computed}, not ${sum}`,
          );
      }
    }
  }
}

const smooth = (index: number, side: number): number =>
  Math.sin(index * 12.9898 + side * 4.1) * 1.7;
const integers = (index: number, side: number): number => ((index * 7 + side * 3) % 11) - 5;
const special = (index: number, side: number): number =>
  [0, 1, -1, 2, Infinity, 3, 0, -2, NaN, 5, -Infinity][((index * (side + 5)) % (83 + side)) % 11]!;

const dimension = fc.integer({ min: 1, max: 40 });
const layout = fc.constantFrom(...LAYOUTS);

describe.each(PRECISIONS)('in %s', (precision) => {
  test('agree within the bound of any order of summation, for all sizes and layouts', () => {
    fc.assert(
      fc.property(dimension, dimension, dimension, layout, layout, (n, k, m, a, b) => {
        checkProduct({ left: [n, k], right: [k, m], layouts: [a, b] }, precision, smooth, false);
      }),
    );
  });

  test('are exact where all sums are integers', () => {
    fc.assert(
      fc.property(dimension, dimension, dimension, layout, layout, (n, k, m, a, b) => {
        checkProduct({ left: [n, k], right: [k, m], layouts: [a, b] }, precision, integers, true);
      }),
    );
  });

  test('neither hide nor spread infinities and NaN', () => {
    fc.assert(
      fc.property(dimension, dimension, dimension, layout, layout, (n, k, m, a, b) => {
        checkProduct({ left: [n, k], right: [k, m], layouts: [a, b] }, precision, special, true);
      }),
    );
  });

  test('of stacks, broadcast against each other', () => {
    const stack = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 });
    const small = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(
        stack,
        fc.array(fc.constantFrom('both', 'left', 'right'), { minLength: 3, maxLength: 3 }),
        fc.tuple(small, small, small),
        fc.tuple(layout, layout),
        fc.nat(2),
        (lengths, sides, [n, k, m], layouts, dropped) => {
          const lead = (side: string): number[] =>
            lengths
              .map((length, axis) => (sides[axis] === 'both' || sides[axis] === side ? length : 1))
              .slice(side === 'right' ? dropped : 0);
          const setting: Setting = {
            left: [...lead('left'), n, k],
            right: [...lead('right'), k, m],
            layouts,
          };
          checkProduct(setting, precision, integers, true);
        },
      ),
    );
  });

  test.each([
    [1, 1, 1],
    [1, 3000, 1],
    [1, 700, 130],
    [2, 700, 33],
    [130, 700, 1],
    [130, 700, 2],
    [16, 511, 64],
    [16, 513, 65],
    [140, 1030, 270],
    [33, 515, 523],
    [523, 70, 66],
    [17, 2051, 12],
    [1203, 60, 67],
    [258, 260, 24],
    [512, 66, 26],
  ])('across the boundaries of blocks: %i x %i x %i', (n, k, m) => {
    for (const layouts of [
      ['plain', 'plain'],
      ['plain', 'transposed'],
      ['transposed', 'plain'],
      ['transposed', 'transposed'],
      ['sliced', 'everySecond'],
    ] as const)
      checkProduct({ left: [n, k], right: [k, m], layouts }, precision, integers, true);
    checkProduct(
      { left: [n, k], right: [k, m], layouts: ['plain', 'transposed'] },
      precision,
      smooth,
      false,
    );
  });

  test('of large stacks, with a packed factor that all share or each has', () => {
    for (const layouts of [
      ['plain', 'plain'],
      ['transposed', 'transposed'],
    ] as const) {
      checkProduct({ left: [3, 20, 600], right: [600, 70], layouts }, precision, integers, true);
      checkProduct({ left: [20, 600], right: [2, 600, 70], layouts }, precision, integers, true);
      checkProduct({ left: [2, 20, 600], right: [2, 600, 70], layouts }, precision, integers, true);
    }
  });

  test('apply an epilogue to every element once', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 3, 5, 18, 40),
        fc.constantFrom(1, 9, 600, 1030),
        fc.constantFrom(1, 3, 8, 13, 70),
        fc.boolean(),
        fc.boolean(),
        (n, k, m, transposes, isRead) => {
          checkEpilogue(n, k, m, transposes, precision, isRead);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('read nothing behind the end of the memory', () => {
    fc.assert(
      fc.property(dimension, dimension, dimension, fc.boolean(), (n, k, m, transposes) => {
        checkEpilogue(n, k, m, transposes, precision, false, true);
      }),
    );
  });
});

/** Factors that lie as these strides say, by default not transposed, and the other things that a plan is made from. */
function operandsOf(
  left: Shape,
  right: Shape,
  rightStrides?: readonly number[],
  leftStrides?: readonly number[],
) {
  const view = (shape: Shape, strides: readonly number[] = stridesOf(shape)): View => ({
    buffer: { node: 0, storage: 'real', size: sizeOf(shape), address: -1 },
    offset: 0,
    shape,
    strides,
  });
  const result = [...left.slice(0, -1), right.at(-1)!];
  return {
    left: view(left, leftStrides),
    right: view(right, rightStrides),
    result: view(result),
    others: [],
  };
}

test('need scratch memory only where they pack', () => {
  expect(spaceOf(operandsOf([16, 16], [16, 16]), 'f32', true).scratch).toBe(0);
  expect(spaceOf(operandsOf([1, 999], [999, 999], [1, 999]), 'f32', true).scratch).toBe(0);
  expect(planProduct(operandsOf([64, 64], [64, 64], [1, 64]), 'f64').packsRight).toBe(true);
  // A left factor that is read across is packed where many panels use it, also beside a right one that lies as it should.
  const [left, right] = [
    [128, 64],
    [64, 64],
  ] as const;
  expect(planProduct(operandsOf(left, right, [64, 1], [1, 128]), 'f32')).toMatchObject({
    packsLeft: true,
    packsRight: false,
    leftBytes: 4 * 128 * 64,
  });
  // Columns at a distance of many factors of 2 are packed for few panels, others for many.
  const across = (n: number) => operandsOf([n, 256], [256, 24], undefined, [1, n]);
  expect(planProduct(across(256), 'f32').packsLeft).toBe(true);
  expect(planProduct(across(260), 'f32').packsLeft).toBe(false);
  // Blocks bound it, whatever the size.
  const huge = operandsOf([9999, 9999], [9999, 9999], [1, 9999]);
  expect(spaceOf(huge, 'f64', true).scratch * 8).toBeLessThan(2 ** 20);
  const high = operandsOf([99999, 32], [32, 64], [64, 1], [1, 99999]);
  expect(spaceOf(high, 'f32', true).scratch * 4).toBeLessThan(2 ** 20);
});

test('take a stack that shares its right factor for rows', () => {
  const shared = operandsOf([2, 1, 3, 5, 7], [2, 1, 3, 7, 4], [0, 0, 0, 4, 1]);
  expect(planProduct(shared, 'f64')).toMatchObject({ n: 30, k: 7, m: 4, stack: [] });
  const partly = operandsOf([2, 1, 3, 5, 7], [2, 1, 3, 7, 4], [28, 0, 0, 4, 1]);
  expect(planProduct(partly, 'f64')).toMatchObject({ n: 15, stack: [2] });
});

test('exchange the factors of a matrix and a column', () => {
  const plan = planProduct(operandsOf([9, 7], [7, 1]), 'f64');
  expect(plan).toMatchObject({ swapped: true, form: 'dots', n: 1, m: 9 });
});

/** max(0, sum + bias of the column) - scale of the row + another matrix; `atEnd` puts the right factor at the end. */
function checkEpilogue(
  n: number,
  k: number,
  m: number,
  transposes: boolean,
  precision: Precision,
  isRead: boolean,
  atEnd = false,
): void {
  const buffer = (size: number): Buffer => ({ node: 0, storage: 'real', size, address: -1 });
  const left = contiguousView(buffer(n * k), [n, k]);
  const stored = contiguousView(buffer(k * m), transposes ? [m, k] : [k, m]);
  const right = transposes ? { ...stored, shape: [k, m], strides: [1, k] } : stored;
  const result = contiguousView(buffer(n * m), [n, m]);
  const bias = contiguousView(buffer(m), [m]);
  const scale = contiguousView(buffer(n), [n, 1]);
  const residual = contiguousView(buffer(n * m), [m, n]);
  const e = new Expressions(precision);
  const reads = [
    broadcastView(bias, [n, m]),
    broadcastView(scale, [n, m]),
    { ...residual, shape: [n, m], strides: [1, n] },
  ];
  const sum = e.real('add', e.input(0), e.input(1));
  const kept = e.real('sub', e.real('max', sum, e.constant(0)), e.input(2));
  // The sums are kept beside what is made of them, and the epilogue has a second result.
  const [whole, doubled] = [buffer(n * m), buffer(n * m)].map((each) =>
    contiguousView(each, [n, m]),
  );
  const outcome = e.real('add', kept, e.input(3));
  const results = [
    { expression: outcome, write: whole!, combine: undefined },
    { expression: e.real('add', outcome, outcome), write: doubled!, combine: undefined },
  ];
  const views = [...reads, whole!, doubled!];
  const operands = { left, right, result, others: views };
  const { resultUse, scratch: size } = spaceOf(operands, precision, isRead);
  const kernel: Contraction = {
    kind: 'contraction',
    left,
    right,
    result,
    resultUse,
    scratch: size === 0 ? undefined : buffer(size),
    epilogue: { operations: [], reads, results, expressions: e },
  };
  const elementSize = precision === 'f64' ? 8 : 4;
  const inputs = [left, stored, bias, scale, residual].map((view) => view.buffer);
  const bytes = planMemory(
    [kernel],
    [...inputs, ...(isRead ? [result.buffer] : []), whole!.buffer, doubled!.buffer],
    new Map(),
    elementSize,
  );
  const pages = Math.ceil(bytes / 65_536) + (atEnd ? 1 : 0);
  if (atEnd) stored.buffer.address = pages * 65_536 - stored.buffer.size * elementSize;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const module = emitModule(
    { kernels: [kernel], copies: [], restored: [], bytes: pages * 65_536 },
    precision,
  ).bytes;
  expect(WebAssembly.validate(new Uint8Array(module))).toBe(true);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(module)), {
    env: { memory, host: () => {} },
  });
  const dataOf = ({ address, size }: Buffer): Float64Array | Float32Array =>
    precision === 'f64'
      ? new Float64Array(memory.buffer, address, size)
      : new Float32Array(memory.buffer, address, size);
  const data = inputs.map((input, side) => {
    const view = dataOf(input);
    for (let i = 0; i < view.length; i++) view[i] = integers(i, side);
    return view;
  });
  (instance.exports['run'] as () => void)();
  const [computed, twice] = [whole!, doubled!].map((view) => dataOf(view.buffer));
  const sums = isRead ? dataOf(result.buffer) : undefined;
  const [a, b, biases, scales, others] = data as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let total = 0;
      for (let l = 0; l < k; l++) total += a[i * k + l]! * b[transposes ? j * k + l : l * m + j]!;
      const wanted = Math.max(0, total + biases[j]!) - scales[i]! + others[j * n + i]!;
      const at = i * m + j;
      if (computed![at] !== wanted || twice![at] !== 2 * wanted || (isRead && sums![at] !== total))
        throw new Error(`${n} x ${k} x ${m} at ${i}, ${j}: ${computed![at]}, not ${wanted}`);
    }
  }
}
