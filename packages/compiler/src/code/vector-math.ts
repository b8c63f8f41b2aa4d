/**
 * Elementary functions as vector code: those of every program, and those that its operations call by their rows. What is
 * not here is called on the platform, lane by lane.
 */
import {
  type Algebra,
  Body,
  type FunctionRow,
  type Graph,
  numbers,
  type Operation,
  type VectorFunction,
} from '@ad/graph';
import { vectorCode } from '@ad/graph/rows';
import type { VectorMath } from './vector-algebra.ts';

/** Functions by their names. */
export type Functions = ReadonlyMap<string, FunctionRow>;

/** The functions that operations call by their rows. */
function addCalled(rows: readonly Operation[], found: Map<string, FunctionRow>): void {
  const A: Algebra<number> = {
    ...numbers,
    call(f, x, y) {
      found.set(f.name, f);
      return numbers.call(f, x, y);
    },
  };
  // Over an algebra both branches of every choice are evaluated, so any point will do.
  for (const row of rows) if (row.family === 'elementwise') row.value(A, 1, 1, 1);
}

/** The functions that the operations of a graph, and of the bodies in it, call by their rows. */
export function functionsCalled(graph: Graph): Functions {
  const found = new Map<string, FunctionRow>();
  const seen = new Set<Graph>([graph]);
  // Also visits what is added on the way: bodies in bodies.
  for (const { arena } of seen) {
    addCalled(arena.rows, found);
    for (const attributes of arena.attributes.values())
      for (const value of Object.values(attributes))
        if (value instanceof Body) seen.add(value.graph);
  }
  return found;
}

/** The functions that have vector code, by name. */
export function vectorMath(functions: Functions): VectorMath {
  const math: Record<string, VectorFunction> = { ...vectorCode };
  for (const { name, vector } of functions.values()) if (vector !== undefined) math[name] = vector;
  return math;
}
