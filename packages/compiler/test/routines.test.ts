/** Operations in loops over single elements: the bits of the interpreter's kernels, on the same memory. */
import {
  apply,
  concat,
  Graph,
  interpreter,
  norm,
  type OperationName,
  operations,
  prepareKernel,
  slice,
  Tensor,
  tensor,
  ValueError,
} from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { APPLICATIONS, type Application } from '../../graph/test/support/applications.ts';
import { expectAgreement } from './support/agreement.ts';
import { compile, type Precision } from '../src/index.ts';

/** What the interpreter's kernel makes of operands as a program of this precision holds them. */
function interpreted(
  name: OperationName,
  { operands, attributes }: Application,
  precision: Precision,
): ArrayLike<number> {
  const graph = new Graph();
  const nodes = operands.map(({ shape, kind }, k) => graph.input(`x${k}`, { shape, kind }));
  const { shape, kind } = apply(operations[name], nodes, attributes);
  const size = shape.reduce((n, d) => n * d, 1);
  const data =
    kind === 'integer'
      ? new Int32Array(size)
      : new (precision === 'f64' ? Float64Array : Float32Array)(size);
  const held = operands.map((operand) =>
    precision === 'f32' && operand.kind !== 'integer'
      ? Float32Array.from(operand.data)
      : operand.data,
  );
  prepareKernel(operations[name], operands, attributes, { shape, kind })(data, held);
  return data;
}

function compiled(
  name: OperationName,
  { operands, attributes }: Application,
  precision: Precision,
): ArrayLike<number> {
  const graph = new Graph();
  const nodes = operands.map((value, k) =>
    graph.input(`x${k}`, { shape: value.shape, kind: value.kind, value }),
  );
  const program = compile({ outputs: [apply(operations[name], nodes, attributes)] }, { precision });
  expect(program.report()).not.toMatch('host call');
  return program.run()[0]!.data;
}

/** Numbers that are in between, extreme, equal in size, or no numbers. */
const reals = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: -3, max: 3, noNaN: true }) },
  fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, 1e300, -1e-300, 2 ** 31, -(2 ** 75) - 2 ** 40),
);

/** The same application, with other numbers in the place of small integers. */
const withNumbers = (
  { operands, attributes }: Application,
  drawn: fc.Arbitrary<number>,
): fc.Arbitrary<Application> =>
  fc
    .tuple(
      ...operands.map(({ shape, size, kind, data }) =>
        kind === 'real'
          ? fc
              .array(drawn, { minLength: size, maxLength: size })
              .map((values) => new Tensor(shape, kind, Float64Array.from(values)))
          : fc.constant(new Tensor(shape, kind, data)),
      ),
    )
    .map((made) => ({ operands: made, attributes }));

/** Operations whose kernels compute with vectors, and loops and branches: their tests are elsewhere. */
const IN_VECTORS: ReadonlySet<OperationName> = new Set([
  'convolution',
  'strongConvolution',
  'overlapAdd',
  'logSumExp',
  'norm',
  'scatterAdd',
  'oneHot',
  'scan',
  'cond',
  'whileLoop',
]);

describe.each(['f64', 'f32'] as const)('in %s', (precision) => {
  const names = (Object.keys(operations) as OperationName[]).filter(
    (name) => 'lower' in operations[name] && !IN_VECTORS.has(name),
  );
  test.each(names)('%s', (name) => {
    const applications = APPLICATIONS[name]!;
    fc.assert(
      fc.property(
        fc.oneof(
          applications,
          applications.chain((application) => withNumbers(application, reals)),
        ),
        (application) => {
          expect(Array.from(compiled(name, application, precision))).toEqual(
            Array.from(interpreted(name, application, precision)),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('positions outside of an array are refused as the interpreter refuses them', () => {
  const graph = new Graph();
  const at = graph.input('at', { shape: [2], kind: 'integer' });
  const joined = apply(operations.joinIndices, [at], { axis: 0, length: 3 });
  const program = compile({ outputs: [joined] });
  expect(program.run({ at: [2, -1] })[0]!.toArray()).toEqual([2, 5]);
  expect(() => program.run({ at: [0, 3] })).toThrow(
    new ValueError('joinIndices: index 3 (element 1) is outside an axis of length 3'),
  );
});

test('views of integers are copied within the program, and put together', () => {
  const graph = new Graph();
  const rows = Array.from({ length: 3 }, (_, i) =>
    Array.from({ length: 4 }, (_, j) => 2 ** 31 - 1 - 5 * i - j),
  );
  const n = graph.input('n', { kind: 'integer', value: tensor(rows, { kind: 'integer' }) });
  const outputs = [
    n.transpose(),
    slice(n, [{ step: -2 }, { start: 1 }]),
    concat([n, slice(n, [{}, { step: -1 }])], 0),
    concat([n.transpose(), n.transpose(), slice(n.transpose(), [{}, { end: 1 }])], 1),
  ];
  for (const precision of ['f64', 'f32'] as const) {
    const program = compile({ outputs }, { precision });
    expect(program.report()).not.toMatch('host call');
    expect(program.run()).toEqual(interpreter({ outputs }).run());
  }
});

/** Small integers, which add up exactly in any order, and what is not finite. */
const integersAndMore = fc.oneof(
  fc.integer({ min: -4, max: 4 }),
  fc.constantFrom(0, Infinity, -Infinity, NaN),
);

test.each(['f64', 'f32'] as const)('in strong products 0 wins, in %s', (precision) => {
  const products = APPLICATIONS.strongMatmul!.chain((application) =>
    withNumbers(application, integersAndMore),
  );
  fc.assert(
    fc.property(products, (product) => {
      expect(Array.from(compiled('strongMatmul', product, precision))).toEqual(
        Array.from(interpreted('strongMatmul', product, precision)),
      );
    }),
  );
});

test('norms neither over- nor underflow, along any axes', () => {
  fc.assert(
    fc.property(
      APPLICATIONS.norm!.chain((application) =>
        withNumbers(application, fc.double({ min: -3, max: 3, noNaN: true })),
      ),
      ({ operands: [x], attributes }) => {
        const node = new Graph().input('x', { shape: x!.shape, value: x! });
        expectAgreement([apply(operations.norm, [node], attributes)]);
      },
    ),
  );
  const program = compile({ outputs: [norm(new Graph().input('x', { shape: [3] }))] });
  for (const scale of [2 ** 1020, 1, 2 ** -1030, 2 ** -1073])
    expect(program.run({ x: [2, 6, -9].map((value) => value * scale) })[0]!.item()).toBe(
      11 * scale,
    );
  for (const [value, expected] of [
    [[0, -0, 0], 0],
    [[1, -Infinity, 2], Infinity],
    [[NaN, 1, Infinity], NaN],
  ] as const)
    expect(program.run({ x: value })[0]!.item()).toBe(expected);
});

test('few operations are left to the interpreter', () => {
  const left = new Set<string>();
  for (const name of Object.keys(APPLICATIONS) as OperationName[]) {
    for (const { operands, attributes } of fc.sample(APPLICATIONS[name]!, {
      numRuns: 10,
      seed: 3,
    })) {
      const graph = new Graph();
      const nodes = operands.map(({ shape, kind }, k) => graph.input(`x${k}`, { shape, kind }));
      if (nodes.every(({ shape }) => shape.length === 0)) continue;
      const report = compile({
        outputs: [apply(operations[name], nodes, attributes)],
      }).report();
      for (const [, operation] of report.matchAll(/host call: (.*)/g)) left.add(operation!);
    }
  }
  expect([...left].sort()).toEqual(['cofactors', 'singularFrame', 'strongConvolution']);
});
