/** The checker of derivatives passes what is right and finds what is wrong, by name. */
import {
  AdError,
  apply,
  argMax,
  concat,
  type ElementwiseRow,
  gather,
  Graph,
  type GraphNode,
  type LinearRow,
  logSumExp,
  max,
  min,
  oneHot,
  operations,
  pad,
  polygamma,
  scatterAdd,
  slice,
  softmax,
  tensor,
} from '@ad/graph';
import { expectGradients, scalarGraphs, tensorGraphs } from '@ad/backprop/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkGradients } from '../../src/index.ts';

describe('what is right passes', () => {
  const elementwise = Object.values(operations).filter(
    (row): row is ElementwiseRow =>
      row.family === 'elementwise' && row.resultKind !== 'boolean' && row.name !== 'polygamma', // whose first operand is an order
  );

  test.each(elementwise.map((row): [string, ElementwiseRow] => [row.name, row]))(
    '%s',
    (_name, row) => {
      const args = Array.from({ length: row.arity }, (_, k) => {
        if (row.operandKinds?.[k] === 'boolean') return tensor([true, false, true]);
        const [low, high] = row.domain?.[k] ?? [-Infinity, Infinity];
        const [from, to] = [Math.max(low, -2), Math.min(high, Math.max(2, low + 2))];
        const at = [0.29, 0.47, 0.83].map(
          (share, i) => from + (to - from) * (share + 0.05 * k * (i + 1)),
        );
        return tensor(
          row.name === 'clamp'
            ? at.map((x, i) => x / 4 + (k === 0 ? 0 : [-1, 2][k - 1]!) + i / 16)
            : at,
        );
      });
      const report = checkGradients((...xs: GraphNode[]) => apply(row, xs), args);
      expect(report.text).toBe('the derivatives are right');
    },
  );

  const x = tensor([
    [0.5, -1, 2],
    [1.5, 0.25, -0.75],
  ]);
  test.each<[string, (x: GraphNode) => GraphNode]>([
    ['polygamma', (y) => polygamma(2, y.square().add(0.5))],
    ['sum', (y) => y.square().sum({ axes: 1 })],
    ['max', (y) => max(y, { axes: 0 })],
    ['min', (y) => min(y)],
    ['logSumExp', (y) => logSumExp(y, { axes: 1, keepDims: true })],
    ['softmax', (y) => softmax(y)],
    ['argMax', (y) => gather(y, slice(argMax(y, 1), [{ end: 1 }]), 1)],
    ['oneHot', (y) => y.mul(oneHot(argMax(y, 1), 3))],
    ['matmul', (y) => y.matmul(y.transpose()).tanh()],
    ['reshape and broadcast', (y) => y.reshape([6, 1]).broadcastTo([6, 2]).square()],
    ['slice', (y) => slice(y, [{}, { step: -2 }]).exp()],
    [
      'pad',
      (y) =>
        pad(y, [
          [1, 0],
          [0, 2],
        ] as const).sin(),
    ],
    ['concat', (y) => concat([y, y.square()], 1)],
    [
      'scatterAdd',
      (y) => scatterAdd(y, y.graph.constant(tensor([1, 1], { kind: 'integer' })), 3, 0).square(),
    ],
    ['a constant', (y) => y.graph.constant(5)],
  ])('%s', (_name, f) => {
    expect(checkGradients(f, [x]).text).toBe('the derivatives are right');
  });

  test.each([scalarGraphs, tensorGraphs])('random graphs', (graphs) => {
    fc.assert(
      fc.property(graphs({ maxSteps: 6 }), (recipe) => {
        const f = (...xs: GraphNode[]): GraphNode => recipe.on(xs)[recipe.output]!;
        const report = checkGradients(f, recipe.values, { directions: 1 });
        expect(report.findings).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  test('functions that look at values, of trees, of integers', () => {
    const branching = (y: GraphNode): GraphNode => (y.value > 0 ? y.exp() : y.neg());
    expect(checkGradients(branching, [2]).ok).toBe(true);
    const f = (p: { w: GraphNode; i: GraphNode }, s: GraphNode): GraphNode =>
      gather(p.w, p.i).mul(s).sin();
    const inputs = [{ w: tensor([1, 2, 3]), i: Int32Array.of(2, 0, 2) }, 5] as const;
    expect(checkGradients(f, inputs).ok).toBe(true);
    expect(
      checkGradients((i: GraphNode) => oneHot(i, 3), [tensor(1, { kind: 'integer' })]).ok,
    ).toBe(true);
  });

  test('what cancels in an adjoint, and what cancels in a tangent', () => {
    const saturated = (x: GraphNode): GraphNode => x.mul(4).tanh();
    expect(checkGradients((x: GraphNode) => saturated(x).add(x.sub(x)), [-1.001]).ok).toBe(true);
    expect(checkGradients((x: GraphNode) => saturated(x.mul(3)).add(x.div(x)), [0.8]).ok).toBe(
      true,
    );
    const twice = (x: GraphNode): GraphNode =>
      concat([x, x.sub(x)])
        .mul(tensor([-3, 2]))
        .tanh()
        .sum();
    expect(checkGradients(twice, [tensor([1.337])]).ok).toBe(true);
  });

  test('polynomials at a root of theirs at which they are flat', () => {
    const coefficient = fc.integer({ min: -1000, max: 1000 }).map((k) => k / 7);
    fc.assert(
      fc.property(coefficient, coefficient, coefficient, (a, b, c) => {
        const f = (x: GraphNode): GraphNode => {
          const square = x.square();
          return square.mul(b).add(square.mul(x).mul(a)).add(square.square().mul(c));
        };
        expect(checkGradients(f, [0]).ok).toBe(true);
      }),
    );
  });

  test('large, small and mixed magnitudes', () => {
    const f = (a: GraphNode, b: GraphNode): GraphNode => a.log().mul(b.square()).add(a.sqrt());
    for (const [a, b] of [
      [1e8, 1e-3],
      [1e-4, 1e6],
      [3, 0],
    ])
      expect(checkGradients(f, [a!, b!]).text).toBe('the derivatives are right');
  });
});

/** A square with another derivative. */
const squareWith = (
  partial: Exclude<ElementwiseRow['partials'][number], number>,
  rest: Partial<ElementwiseRow> = {},
): ElementwiseRow => ({
  name: 'mySquare',
  family: 'elementwise',
  arity: 1,
  formula: 'x^2',
  resultKind: 'real',
  value: (A, x) => A.mul(x, x),
  partials: [partial],
  ...rest,
});

describe('what is wrong is found, and named', () => {
  test.each([0.5, 1e-3, 1e-5, -1e-6])('a derivative that is off by %f of its size', (error) => {
    const row = squareWith((A, _r, x) => A.mul(A.constant(2 + 2 * error), x));
    const report = checkGradients(
      (x: GraphNode) => apply(row, [x.sin()]).named('here').exp().sum(),
      [tensor([1, 2, 3])],
    );
    expect(report.ok).toBe(false);
    const [finding] = report.findings;
    expect([finding!.check, finding!.operation]).toEqual(['differences', 'mySquare']);
    expect(finding!.node).toMatch(/"here" = mySquare \[3\] real, made at .*check-gradients\.test/);
    expect(finding!.direction).toBe('direction 1 of 3');
    expect(finding!.origin).toMatch(/five points at step .* truncation .* rounding/);
    expect(Math.abs(finding!.actual - finding!.expected)).toBeGreaterThan(finding!.tolerance);
    expect(report.text).toContain('differences: mySquare (');
  });

  test('one wrong entry of many', () => {
    const row = squareWith((A, _r, x) =>
      A.select(A.equal(x, A.constant(17)), A.constant(34.001), A.mul(A.constant(2), x)),
    );
    const x = Float64Array.from({ length: 100 }, (_, i) => i);
    expect(checkGradients((y: GraphNode) => apply(row, [y]), [x]).findings[0]!.operation).toBe(
      'mySquare',
    );
  });

  test('a second derivative that is wrong where the first is right', () => {
    const row = squareWith((A, _r, x) =>
      A.select(A.equal(x, A.constant(0.5)), A.constant(1), A.mul(A.constant(2), x)),
    );
    const f = (x: GraphNode): GraphNode => apply(row, [x]);
    expect(checkGradients(f, [0.5], { order: 1 }).ok).toBe(true);
    expect(checkGradients(f, [0.5]).findings[0]!.check).toBe('second order');
    expect(checkGradients(f, [0.75]).ok).toBe(true);
  });

  const twice: LinearRow = {
    name: 'twice',
    family: 'linear',
    arity: 1,
    formula: '2x',
    attributes: {},
    infer: ([x]) => x!,
    prepare:
      () =>
      (result, [x]) => {
        for (let i = 0; i < result.length; i++) result[i] = 2 * x![i]!;
      },
    transpose: (B, S) => B.apply(operations.mul, [S, B.constant(3)]),
    batch: (B, operands) => B.apply(twice, operands),
  };

  test('a wrong transpose, by reverse mode against forward mode', () => {
    const report = checkGradients((x: GraphNode) => apply(twice, [x]).square(), [tensor([1, 2])]);
    const duality = report.findings.find(({ check }) => check === 'duality')!;
    expect(duality.operation).toBe('twice');
    expect(duality.actual / duality.expected).toBeCloseTo(1.5, 12);
    const right = {
      ...twice,
      transpose: ((B, S) => B.apply(operations.mul, [S, B.constant(2)])) as LinearRow['transpose'],
    };
    expect(checkGradients((x: GraphNode) => apply(right, [x]).square(), [tensor([1, 2])]).ok).toBe(
      true,
    );
  });

  // Rounding of these few nodes is below 1e-14: what is wrong by more is found, by less passes.
  test.each<[number, boolean]>([
    [3e-14, false],
    [-3e-14, false],
    [0, true],
    [2 ** -52, true],
  ])('a transpose that is off by %f of its size', (error, ok) => {
    const almost: LinearRow = {
      ...twice,
      transpose: (B, S) => B.apply(operations.mul, [S, B.constant(2 + 2 * error)]),
      batch: (B, operands) => B.apply(almost, operands),
    };
    const report = checkGradients((x: GraphNode) => apply(almost, [x]), [tensor([1, 2])]);
    expect(report.ok).toBe(ok);
    expect(
      report.findings.every(({ check, operation }) => check === 'duality' && operation === 'twice'),
    ).toBe(true);
  });

  test('a rule for batches that is wrong', () => {
    const row: LinearRow = {
      ...twice,
      transpose: (B, S) => B.apply(operations.mul, [S, B.constant(2)]),
      // The first example for all.
      batch: (B, [x]) => {
        const { shape } = B.typeOf(x!);
        const first = B.apply(operations.slice, [x!], {
          starts: shape.map(() => 0),
          lengths: [1, ...shape.slice(1)],
          steps: shape.map(() => 1),
        });
        return B.apply(row, [B.apply(operations.broadcast, [first], { shape })]);
      },
    };
    const report = checkGradients((x: GraphNode) => apply(row, [x.sin()]).exp(), [tensor([1, 2])]);
    expect(report.findings[0]).toMatchObject({ check: 'batches', operation: 'twice' });
    expect(report.findings[0]!.direction).toContain('example 1 of a batch');
  });

  test('an operation that claims to be linear and is not', () => {
    const shifted: LinearRow = {
      ...twice,
      name: 'shifted',
      prepare:
        () =>
        (result, [x]) => {
          for (let i = 0; i < result.length; i++) result[i] = 2 * x![i]! + 1;
        },
      transpose: (B, S) => B.apply(operations.mul, [S, B.constant(2)]),
    };
    const report = checkGradients((x: GraphNode) => apply(shifted, [x]), [tensor([1, 2])]);
    expect(report.findings.map(({ operation }) => operation)).toContain('shifted');
  });

  test('an impure function', () => {
    let calls = 0;
    const report = checkGradients((x: GraphNode) => x.mul(++calls), [2]);
    expect(report.findings.map(({ check }) => check)).toEqual(['purity']);
    expect(report.findings[0]).toMatchObject({ actual: 4, expected: 2 });
  });

  test('a function that changes its arguments', () => {
    const x = Float64Array.of(1, 2);
    const report = checkGradients(
      (y: GraphNode) => {
        x[1] = 3;
        return y.square();
      },
      [x],
    );
    expect(report.findings.map(({ check }) => check)).toContain('purity');
    expect(report.text).toContain('element 1 of input 0, which the function changed');
  });

  test('a value that is not finite', () => {
    const report = checkGradients((x: GraphNode) => x.log().sum(), [tensor([1, -1])]);
    expect(report.findings.map(({ check, actual }) => [check, actual])).toEqual([
      ['finiteness', NaN],
    ]);
  });

  test('beside an operation that is at a kink', () => {
    const row = squareWith((A, _r, x) => A.mul(A.constant(2.1), x));
    const report = checkGradients(
      (x: GraphNode) =>
        x
          .sub(1)
          .relu()
          .add(apply(row, [x])),
      [1],
    );
    expect(report.findings[0]!.operation).toBe('mySquare');
  });
});

describe('kinks', () => {
  test('of the table follow the convention', () => {
    const report = checkGradients((x: GraphNode) => x.relu().sum(), [tensor([0, 1])]);
    expect(report.ok).toBe(true);
    expect(report.kinks).toHaveLength(1);
    expect(report.text).toMatch(/at a kink: relu, by the convention of its table/);
    // Smooth as a whole, though both parts are at their kinks.
    expect(checkGradients((x: GraphNode) => x.relu().sub(x.neg().relu()), [0]).ok).toBe(true);
    expect(checkGradients((x: GraphNode) => x.sqrt(), [0], { order: 1 }).ok).toBe(true);
  });

  test('at which a row breaks its own convention are found', () => {
    const row = squareWith((A, _r, x) => A.sign(A.add(x, A.constant(1e-300))), {
      name: 'myAbs',
      value: (A, x) => A.abs(x),
      kinks: [{ at: [0], partials: [0], why: 'least norm' }],
    });
    const report = checkGradients((x: GraphNode) => apply(row, [x]), [0]);
    expect(report.findings[0]).toMatchObject({
      check: 'convention',
      operation: 'myAbs',
      actual: 1,
      expected: 0,
    });
  });

  test('that no table knows must have a derivative between the two slopes', () => {
    const abs = (atZero: number): ElementwiseRow =>
      squareWith((A, _r, x) => A.select(A.equal(x, A.constant(0)), A.constant(atZero), A.sign(x)), {
        name: 'myAbs',
        value: (A, x) => A.abs(x),
      });
    const check = (atZero: number): ReturnType<typeof checkGradients> =>
      checkGradients((x: GraphNode) => apply(abs(atZero), [x]), [0], { order: 1 });
    expect(check(0.5).text).toMatch(/^the derivatives are right/);
    expect(check(0.5).kinks[0]).toMatch(/lies between the slopes/);
    expect(check(3).findings[0]).toMatchObject({ check: 'differences', operation: 'myAbs' });
    expect(check(-3).ok).toBe(false);
  });

  test('close to the point are stepped over', () => {
    for (const x of [1e-4, -1e-4, 2e-5]) {
      const report = checkGradients((y: GraphNode) => y.relu().add(y.abs()), [x]);
      expect([report.ok, report.kinks]).toEqual([true, []]);
    }
  });

  test('ties share', () => {
    const report = checkGradients((x: GraphNode) => max(x), [tensor([2, 2, 1])], { order: 1 });
    expect(report.text).toMatch(/^the derivatives are right/);
  });
});

test('the same seed gives the same report, another one other directions', () => {
  const row = squareWith((_A, _r, x) => x);
  const report = (seed: number): string =>
    checkGradients((x: GraphNode) => apply(row, [x]), [tensor([1, 2])], { seed }).text;
  expect(report(1)).toBe(report(1));
  expect(report(2)).not.toBe(report(1));
});

test('as an assertion', () => {
  expectGradients((x: GraphNode) => x.square(), [3]);
  const wrong = squareWith((_A, _r, x) => x);
  expect(() => expectGradients((x: GraphNode) => apply(wrong, [x]), [3])).toThrow(AdError);
  expect(() => expectGradients((x: GraphNode) => apply(wrong, [x]), [3])).toThrow(/mySquare/);
  expect(() => checkGradients((() => 3) as never, [])).toThrow(/returned 3, expected a real node/);
  expect(() => checkGradients((x: GraphNode) => new Graph().constant(x.shape.length), [3])).toThrow(
    /expected a real node/,
  );
});
