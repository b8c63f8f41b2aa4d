/** The operation table as a whole: consistent rows, and for each of them a function. */
import * as graphExports from '@ad/graph';
import {
  elu,
  evaluate,
  Graph,
  type GraphNode,
  leakyRelu,
  type Operand,
  type OperationName,
  operations,
} from '@ad/graph';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { elementwiseRows } from '../support/elementwise.ts';

/**
 * Made otherwise than by a function of their name: leaves by the graph, broadcasting by `broadcastTo`, joined indices
 * by the rules for batches, the parts of a determinant by `slogDet` and by derivatives.
 */
type WithoutFunction =
  | 'input'
  | 'constant'
  | 'broadcast'
  | 'joinIndices'
  | 'determinantSign'
  | 'logAbsDeterminant'
  | 'cofactors'
  | 'singularFrame'
  | 'strongMatmul'
  | 'strongConvolution'
  | 'strongSolve'
  | 'strongTriangularSolve';
type FunctionName = Exclude<OperationName, WithoutFunction>;

test('every operation has a function, with few exceptions', () => {
  expectTypeOf<Exclude<FunctionName, keyof typeof graphExports>>().toEqualTypeOf<never>();
  // The exceptions are no more than they must be.
  const without: readonly WithoutFunction[] = [
    'input',
    'constant',
    'broadcast',
    'joinIndices',
    'determinantSign',
    'logAbsDeterminant',
    'cofactors',
    'singularFrame',
    'strongMatmul',
    'strongConvolution',
    'strongSolve',
    'strongTriangularSolve',
  ];
  expect(without.filter((name) => name in graphExports)).toStrictEqual([]);
  expect(Object.keys(operations).length).toBeGreaterThan(60);
});

test('each row stands under its own name', () => {
  expect(Object.entries(operations).filter(([name, row]) => row.name !== name)).toStrictEqual([]);
});

test('each row has a formula for the documentation', () => {
  expect(Object.values(operations).filter(({ formula }) => formula.trim() === '')).toStrictEqual(
    [],
  );
});

describe.each(elementwiseRows.map((row) => [row.name, row] as const))('%s', (name, row) => {
  test('states one derivative, and at most one kind and domain, per operand', () => {
    expect(row.partials).toHaveLength(row.arity);
    expect(row.operandKinds ?? row.partials).toHaveLength(row.arity);
    expect(row.domain ?? row.partials).toHaveLength(row.arity);
    const intervals = row.domain ?? [];
    expect(intervals.filter(([low, high]) => !(low < high))).toStrictEqual([]);
  });

  test('is what its function appends, and its method where it has one', () => {
    const graph = new Graph();
    const operands = Array.from({ length: row.arity }, (_, k) => {
      const kind = row.operandKinds?.[k] ?? 'real';
      return graph.input(`operand ${k}`, { kind, value: kind === 'boolean' ? true : 0.25 });
    });
    const byName = graphExports as unknown as Readonly<
      Record<string, (...list: readonly Operand[]) => GraphNode>
    >;
    const byFunction = byName[name]!(...operands);
    expect(byFunction.operation).toBe(name);
    expect(byFunction.operands.map((node) => node.id)).toStrictEqual(
      operands.map((node) => node.id),
    );
    const method = (operands[0] as unknown as typeof byName)[name];
    const byMethod =
      method === undefined ? byFunction : method.apply(operands[0], operands.slice(1));
    expect(byMethod.operation).toBe(name);
    expect(byMethod.operands.map((node) => node.id)).toStrictEqual(operands.map((node) => node.id));
    expect(byMethod.kind).toBe(row.resultKind === 'branches' ? 'real' : row.resultKind);
    expect(evaluate(byMethod).item()).toBe(evaluate(byFunction).item());
  });
});

test('slopes have their usual defaults', () => {
  const x = new Graph().input('x', { value: -2 });
  expect(leakyRelu(x).value).toBe(-0.02);
  expect(elu(x).value).toBe(Math.expm1(-2));
});
