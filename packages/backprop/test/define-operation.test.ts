/** Operations of the user work in every mode, whichever rule they have, and what is wrong with them is said. */
import {
  type Attributes,
  evaluate,
  fromJSON,
  Graph,
  GraphError,
  type GraphNode,
  less,
  listing,
  matmul,
  reciprocal,
  sign,
  Tensor,
  tensor,
  toJSON,
  where,
} from '@ad/graph';
import { compile } from '@ad/compiler';
import { expectOperation } from '@ad/backprop/testing';
import { describe, expect, test } from 'vitest';
import {
  checkOperation,
  defineOperation,
  grad,
  gradient,
  hessian,
  jvp,
  pushforward,
  reverseSweep,
  type TensorDefinition,
  type UserOperation,
  vmap,
} from '../src/index.ts';

const cube = defineOperation({
  name: 'cube',
  arity: 1,
  value: (A, x) => A.mul(x, A.mul(x, x)),
  partials: [(A, _r, x) => A.mul(A.constant(3), A.mul(x, x))],
});

/** The product of two matrices, [n, k] and [k, m], by loops over plain arrays. */
const plainProduct: TensorDefinition = {
  name: 'plainProduct',
  arity: 2,
  infer: ([x, y]) => [x!.shape[0]!, y!.shape[1]!],
  compute: ([x, y]) =>
    Array.from({ length: x!.shape[0]! }, (_, i) =>
      Array.from({ length: y!.shape[1]! }, (_, j) => {
        let sum = 0;
        for (let k = 0; k < x!.shape[1]!; k++) sum += x!.at(i, k) * y!.at(k, j);
        return sum;
      }),
    ),
};

const vjpOfProduct: TensorDefinition['vjp'] = (S, { operands: [x, y] }) => [
  matmul(S, y!.transpose()),
  matmul(x!.transpose(), S),
];
const jvpOfProduct: TensorDefinition['jvp'] = ([dx, dy], { operands: [x, y] }) =>
  matmul(dx!, y!).add(matmul(x!, dy!));

const products: readonly [string, UserOperation][] = [
  ['both rules', defineOperation({ ...plainProduct, vjp: vjpOfProduct, jvp: jvpOfProduct })],
  ['a vjp alone', defineOperation({ ...plainProduct, vjp: vjpOfProduct })],
  ['a jvp alone', defineOperation({ ...plainProduct, jvp: jvpOfProduct })],
];

const a = tensor([
  [1, 2, -1],
  [0.5, -1, 3],
]);
const b = tensor([
  [2, 1],
  [-1, 0.25],
  [1, 4],
]);

describe.each(products)('a product of matrices with %s', (_name, product) => {
  test('passes all checks in one call', () => {
    expectOperation(product, [a, b]);
  });

  test('has the derivatives of matmul, in every mode', () => {
    const loss =
      (times: (x: GraphNode, y: GraphNode) => GraphNode) =>
      (x: GraphNode): GraphNode =>
        times(x, times(x.sin().reshape([3, 2]), x))
          .square()
          .sum();
    const [own, known] = [loss(product), loss(matmul)];
    const close = (got: Tensor, wanted: Tensor): void => {
      got.data.forEach((x, i) => expect(x).toBeCloseTo(wanted.data[i]!, 9));
    };
    close(grad(own)(a), grad(known)(a));
    close(hessian(own)(a), hessian(known)(a));
    close(jvp(own)([a], [a]).tangent, jvp(known)([a], [a]).tangent);
    const stack = tensor([a.toArray(), a.toArray()] as number[][][]);
    close(vmap(grad(own))(stack), vmap(grad(known))(stack));
    const x = new Graph().input('x', { value: a });
    close(reverseSweep(own(x)).adjointTensor(x), grad(known)(a));
  });

  test('keeps a branch that is not taken out', () => {
    const graph = new Graph();
    const x = graph.input('x', {
      value: [
        [0, 0],
        [0, 0],
      ],
    });
    const y = where(less(x, 1), x.add(1).square(), product(x.log(), reciprocal(x))).sum();
    const wanted = [
      [2, 2],
      [2, 2],
    ];
    expect(reverseSweep(y).adjointTensor(x).toArray()).toEqual(wanted);
    expect(gradient(y, x).tensor.toArray()).toEqual(wanted);
    const ones = graph.constant(new Tensor([2, 2], 'real', Float64Array.of(1, 1, 1, 1)));
    expect(pushforward(y, x, ones).value).toBe(8);
  });
});

describe('an elementwise operation', () => {
  test('passes all checks in one call, on arrays too', () => {
    expectOperation(cube, [0.5]);
    expectOperation(cube, [
      tensor([
        [1, -2],
        [0, 3],
      ]),
    ]);
  });

  test('is compiled into loops like those of the table', () => {
    const x = new Graph().input('x', { shape: [8] });
    expect(compile({ outputs: [cube(x).sin()] }).report()).not.toContain('host call');
  });
});

describe('attributes', () => {
  interface Scale extends Attributes {
    readonly power: number;
  }
  const power: UserOperation<Scale> = defineOperation<Scale>({
    name: 'power',
    arity: 1,
    attributes: { power: 'integer' },
    infer: ([x]) => x!.shape,
    compute: ([x], attributes) =>
      new Tensor(
        x!.shape,
        'real',
        Float64Array.from(x!.data, (v) => v ** attributes.power),
      ),
    vjp: (S, { operands: [x], attributes: { power: n } }) => [
      n === 0 ? null : S.mul(power.with({ power: n - 1 })(x!)).mul(n),
    ],
  });

  test('are given to every rule', () => {
    expectOperation(power, [tensor([1.5, -2])], { attributes: { power: 3 } });
    expect(grad((x: GraphNode) => power.with({ power: 3 })(x))(2)).toBe(12);
    expect(grad(grad(grad((x: GraphNode) => power.with({ power: 3 })(x))))(2)).toBe(6);
  });

  test('and operations are saved, and loaded where the operation is given', () => {
    const x = new Graph().input('x', { value: 2 });
    const y = power.with({ power: 5 })(cube(x));
    const file = JSON.stringify(toJSON(y));
    const [loaded] = fromJSON(file, { operations: [power.row, cube.row] }).outputs;
    expect(loaded!.value).toBe(2 ** 15);
    expect(listing(loaded!.graph)).toBe(listing(x.graph));
    expect(gradient(loaded!, loaded!.graph.find('x')).value).toBe(15 * 2 ** 14);
    expect(() => fromJSON(file)).toThrow(/no operation "cube" in the table.*option `operations`/);
  });
});

describe('the function on tensors', () => {
  test('may return the elements of its result in one row, but not in another shape', () => {
    const x = new Graph().input('x', { value: a });
    const copyWith = (compute: TensorDefinition['compute']): UserOperation =>
      defineOperation({ name: 'copy', arity: 1, infer: () => [2, 3], compute });
    expect(copyWith(([y]) => Array.from(y!.data))(x).tensor).toEqual(a);
    const turned = copyWith(([y]) => tensor(y!.data, { shape: [3, 2] }));
    expect(() => turned(x).tensor).toThrow(/shape \[3, 2\], but infer says \[2, 3\]/);
  });

  test('may keep what it is given', () => {
    const kept: Tensor[] = [];
    const keep = defineOperation({
      name: 'keep',
      arity: 1,
      infer: ([x]) => x!.shape,
      compute: ([x]) => {
        kept.push(x!);
        return x!;
      },
    });
    const x = new Graph().input('x', { shape: [2] });
    const program = compile({ outputs: [keep(x.mul(2))] });
    program.run({ x: [1, 2] });
    program.run({ x: [3, 4] });
    expect(kept.map((each) => each.toArray())).toEqual([
      [2, 4],
      [6, 8],
    ]);
  });
});

test('a rule for batches is what vmap applies', () => {
  let batches = 0;
  const double: UserOperation = defineOperation({
    name: 'double',
    arity: 1,
    infer: ([x]) => x!.shape,
    compute: ([x]) => Float64Array.from(x!.data, (v) => 2 * v),
    vjp: (S) => [S.mul(2)],
    batch: ([x]) => {
      batches++;
      return double(x!);
    },
  });
  const f = (x: GraphNode): GraphNode => double(x).square().sum();
  expect(vmap(f)(a).toArray()).toEqual([24, 41]);
  expect(vmap(grad(f))(a).toArray()).toEqual([
    [8, 16, -8],
    [4, -8, 24],
  ]);
  expect(batches).toBeGreaterThan(0);
});

test('a rule makes what it makes of zeros where nothing is chosen', () => {
  const steep = defineOperation({
    name: 'steep',
    arity: 1,
    infer: ([x]) => x!.shape,
    compute: ([x]) => x!,
    vjp: (S) => [S.mul(Infinity)],
  });
  const x = new Graph().input('x', { value: 2 });
  expect(gradient(steep(x).mul(0), x).value).toBeNaN();
  expect(reverseSweep(steep(x).mul(0)).adjoint(x)).toBeNaN();
  expect(gradient(where(less(x, 3), x, steep(x)), x).value).toBe(1);
});

describe('what is wrong is said', () => {
  const identityWith = (rules: Partial<TensorDefinition>): UserOperation =>
    defineOperation({
      name: 'mine',
      arity: 1,
      infer: ([x]) => x!.shape,
      compute: ([x]) => x!,
      ...rules,
    });

  test('a wrong factor in any rule is found, and the operation named', () => {
    for (const rules of [
      { vjp: (S: GraphNode) => [S.mul(2)] },
      { jvp: ([t]: readonly GraphNode[]) => t!.mul(1.001) },
    ]) {
      const { ok, findings } = checkOperation(identityWith(rules), [tensor([1, 2])]);
      expect(ok).toBe(false);
      expect(findings[0]!.operation).toBe('mine');
    }
  });

  test('rules that disagree are found', () => {
    const rules = { jvp: ([t]: readonly GraphNode[]) => t!, vjp: (S: GraphNode) => [S.mul(2)] };
    expect(checkOperation(identityWith(rules), [1]).findings[0]!.check).toBe('duality');
  });

  test('an operation that is different every time is found', () => {
    let calls = 0;
    const moody = identityWith({ compute: () => ++calls, vjp: (S) => [S] });
    expect(checkOperation(moody, [1]).findings[0]!.check).toBe('purity');
  });

  test('a wrong rule for batches is found', () => {
    const batch = ([x]: readonly GraphNode[]): GraphNode => x!.mul(2);
    const wrong = identityWith({ vjp: (S) => [S], batch });
    expect(checkOperation(wrong, [tensor([1, 2])]).findings[0]!.check).toBe('batches');
  });

  test('without a rule there are values and no derivatives', () => {
    const none = identityWith({});
    const x = new Graph().input('x', { value: 3 });
    expect(none(x).value).toBe(3);
    expect(() => gradient(none(x), x)).toThrow(GraphError);
    expect(() => gradient(none(x), x)).toThrow(/mine has no derivative.*neither vjp nor jvp/);
    expect(() => pushforward(none(x), x, x)).toThrow(/neither vjp nor jvp/);
    expect(() => reverseSweep(none(x))).toThrow(/neither vjp nor jvp/);
  });

  test('messages and results of wrong shapes or numbers', () => {
    const x = new Graph().input('x', { value: [1, 2] });
    const summed = identityWith({ vjp: (S) => [S.sum()] });
    expect(() => gradient(summed(x).sum(), x)).toThrow(/mine: vjp gives a node of shape \[\]/);
    const two = identityWith({ vjp: (S) => [S, S] });
    expect(() => gradient(two(x).sum(), x)).toThrow(/vjp gives 2 messages for 1 operands/);
    const short = identityWith({ compute: () => [1] });
    expect(() => evaluate(short(x))).toThrow(
      /mine: compute gives a tensor of shape \[1\], .*\[2\]/,
    );
  });

  test('definitions without a name or with too few partials', () => {
    for (const name of ['', undefined, 3])
      expect(() => defineOperation({ ...plainProduct, name: name as string })).toThrow(/needs a name/); // prettier-ignore
    expect(() =>
      defineOperation({ name: 'f', arity: 2, value: (A, x, y) => A.add(x, y), partials: [1] }),
    ).toThrow(/f has 2 operands and 1 partial derivatives/);
  });
});

test('an operand without a derivative gets zeros', () => {
  const gate = defineOperation({
    name: 'gate',
    arity: 2,
    infer: ([x]) => x!.shape,
    compute: ([x, open]) => x!.item() * Math.sign(open!.item()),
    vjp: (S, { operands: [, open] }) => [S.mul(sign(open!)), null],
  });
  expectOperation(gate, [3, 2]);
  const graph = new Graph();
  const [x, open] = [graph.input('x', { value: 3 }), graph.input('open', { value: 2 })];
  expect(gradient(gate(x, open), [x, open]).map(({ value }) => value)).toEqual([1, 0]);
});
