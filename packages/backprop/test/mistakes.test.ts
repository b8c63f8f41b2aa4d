/** Mistakes that types would catch, made without types: each is refused, by name and with what is expected. */
import { Graph, type GraphNode, tensor, ValueError } from '@ad/graph';
import { describe, expect, test } from 'vitest';
import {
  checkGradients,
  checkpoint,
  defineOperation,
  forwardAllPairs,
  grad,
  gradient,
  hessian,
  hvp,
  jacobian,
  jvp,
  pushforward,
  recomputingSweep,
  reverseSweep,
  sparseHessian,
  sparseJacobian,
  sparsityPattern,
  valueAndGrad,
  vjp,
  vmap,
} from '../src/index.ts';

type Transform = (f: unknown, options?: unknown) => (...args: readonly unknown[]) => unknown;
const transforms = Object.entries({
  grad,
  vjp,
  jvp,
  hvp,
  jacobian,
  hessian,
  vmap,
  sparseJacobian,
  sparseHessian,
  sparsityPattern,
  valueAndGrad,
}) as unknown as readonly (readonly [string, Transform])[];
const f = (x: GraphNode): GraphNode => x.square();

describe.each(transforms)('%s', (name, transform) => {
  test('knows its options', () => {
    const call = (): unknown => transform(f, { argnums: 0 });
    expect(call).toThrow(ValueError);
    expect(call).toThrow(`${name}: there is no option "argnums"; the options are executor, share`);
  });

  test('takes a function alone, and no arguments of it', () => {
    expect(() => transform(3)).toThrow(`${name}: expected a function of nodes, got 3`);
    expect(() => transform(f, 2)).toThrow(`${name}: the options are 2, expected an object`);
    expect(() => transform(f, null)).toThrow(`${name}: the options are null, expected an object`);
  });
});

test.each(Object.entries({ forwardAllPairs, recomputingSweep, reverseSweep }))(
  '%s knows its options',
  (name, sweep) => {
    const x = new Graph().input('x', { value: 1 });
    const call = (options: unknown): unknown => sweep(x.square(), options as never);
    expect(() => call(null)).toThrow(`${name}: the options are null, expected an object`);
    expect(() => call({ feed: {} })).toThrow(`${name}: there is no option "feed"`);
  },
);

test('gradients speak under the name of the function that was called', () => {
  const forgetful = ({ x }: { x: GraphNode; y: GraphNode }): GraphNode => x.square();
  for (const [name, transform] of transforms.filter(([other]) => /grad$/i.test(other))) {
    const call = (): unknown => transform(forgetful, { strict: true })({ x: 1, y: 2 });
    expect(call).toThrow(`${name}: the result does not depend on argument 0.y`);
    const ofArray = (): unknown => transform(f)(tensor([1, 2]));
    expect(ofArray).toThrow(new RegExp(`^${name}: `));
  }
});

test.each(transforms)('%s: an executor makes programs', (name, transform) => {
  expect(() => transform(f, { executor: 'f32' })).toThrow(`${name}: executor is "f32", expected`);
});

test('the axes of a batch are a list', () => {
  expect(() => vmap(f, { axes: 1 as never })).toThrow(/vmap: axes are 1, expected a list/);
});

test('a tree that contains itself is refused', () => {
  const tree: Record<string, unknown> = { a: 1 };
  tree['self'] = [tree];
  expect(() => grad(f)(tree as never)).toThrow(
    /^grad: argument 0: a path in the tree is longer .* \.self\[0\]\.self.* contain itself/,
  );
});

test('what a function returns in the place of a node is named with the remedy', () => {
  const at1 = (g: unknown): (() => unknown) => {
    return () => (grad as unknown as Transform)(g)(1);
  };
  expect(at1(() => undefined)).toThrow(
    /returned undefined, expected a node.*is a return missing\?/,
  );
  expect(at1((x: GraphNode) => Promise.resolve(x))).toThrow(
    /returned a promise, .*it cannot be async/,
  );
  expect(at1((x: GraphNode) => x.value * 2)).toThrow(/returned 2, .*compute with/);
  expect(at1((x: GraphNode) => [x])).toThrow(/returned a list of 1/);
  expect(at1((x: number) => x * x)).toThrow(/is a node, not a number/);
  expect(at1((x: { readonly softplus: () => unknown }) => x.softplus())).toThrow(
    /softplus is not a function\. .* import \{ softplus \} from '@ad\/graph'/,
  );
});

test('a list of numbers is a list of nodes to the function, and the error says so', () => {
  const g = grad((x: GraphNode) => x.square().sum()) as (x: unknown) => unknown;
  expect(() => g([1, 2])).toThrow(/pass tensor\(list\) to get one node for the whole/);
  expect(g(tensor([1, 2]))).toEqual(tensor([2, 4]));
  const h = grad((x: GraphNode) => x.graph.constant(3).mul(x).sum()) as (x: unknown) => unknown;
  expect(() => h([1, 2])).toThrow(/Only nodes have a graph\. .* pass tensor\(list\)/);
  expect(h(tensor([1, 2]))).toEqual(tensor([3, 3]));
});

test('gradients and sweeps are of nodes', () => {
  const x = new Graph().input('x', { value: 1 });
  expect(() => gradient(x, undefined as never)).toThrow(/gradient: undefined stands where a node/);
  expect(() => gradient(x, [x, 3] as never)).toThrow(/gradient: 3 stands where a node/);
  expect(() => gradient(3 as never, x)).toThrow(/gradient: the output is 3, expected a node/);
  expect(() => gradient(x, x, { sead: x } as never)).toThrow(/no option "sead"/);
  expect(() => pushforward(x, undefined as never, x)).toThrow(
    /pushforward: undefined stands where/,
  );
  expect(() => pushforward([x], x, [3] as never)).toThrow(/pushforward: 3 stands where a node/);
  expect(() => reverseSweep(undefined as never)).toThrow(/the output is undefined/);
  expect(() => reverseSweep(x, { feed: { x: 1 } } as never)).toThrow(/no option "feed"/);
});

test('checks are of a function and a list of arguments', () => {
  expect(() => checkGradients(f, 3 as never)).toThrow(/got a function and 3, expected/);
  expect(() => checkGradients(f, [1], { tolerance: 1 } as never)).toThrow(/no option "tolerance"/);
});

test('what is no tree of values is named by its argument', () => {
  const g = grad((x: GraphNode, y: { readonly z: GraphNode }) => x.mul(y.z));
  expect(() => g(1, { z: '2' as never })).toThrow(
    /^grad: argument 1: \.z is the string "2"; expected/,
  );
  expect(() => (hvp(f) as (x: unknown) => unknown)(1)).toThrow(
    /^hvp: the direction: the value is undefined/,
  );
});

describe('a definition of an operation', () => {
  const whole = { name: 'half', arity: 1, infer: () => [], compute: () => 0.5 };
  const scalar = { name: 'half', arity: 1, value: () => 0.5, partials: [0] };
  test.each<[string, Record<string, unknown>, RegExp]>([
    [
      'has no rule of another name',
      { ...whole, gradient: () => [] },
      /no option "gradient"; .* vjp/,
    ],
    ['nor one of the other kind', { ...scalar, vjp: () => [] }, /no option "vjp"; the options are/],
    [
      'computes',
      { ...whole, compute: undefined },
      /compute of half is undefined, expected a function/,
    ],
    [
      'knows the shape',
      { ...whole, infer: [2] },
      /infer of half is a list of 1, expected a function/,
    ],
    ['has a value', { ...scalar, value: 0.5 }, /value of half is 0\.5, expected a function/],
    ['has a name', { ...whole, name: '' }, /needs a name/],
  ])('%s', (_name, definition, message) => {
    expect(() => defineOperation(definition as never)).toThrow(ValueError);
    expect(() => defineOperation(definition as never)).toThrow(message);
  });
});

test('a checkpoint is of a function', () => {
  expect(() => checkpoint(3 as never)).toThrow(/checkpoint: expected a function of nodes, got 3/);
});
