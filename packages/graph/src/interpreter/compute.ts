/** The value of one node from the values of its operands: the step that every evaluation repeats. */
import { numbers } from '../algebra/numbers.ts';
import { type Arena, SCALAR_BOOLEAN } from '../arena.ts';
import type { Graph } from '../graph.ts';
import { GraphError } from '../errors.ts';
import type { ElementwiseRow, Kernel, Operation } from '../rows/row.ts';
import type { Type } from '../tensor.ts';
import { elementwiseKernel } from './elementwise.ts';
import type { NodeValues } from './node-values.ts';

/** The kernel of an operation for given types. */
export function prepareKernel(
  row: Operation,
  operands: readonly Type[],
  attributes: object,
  result: Type,
): Kernel {
  if (row.family === 'elementwise') return elementwiseKernel(row, operands, result);
  if (row.family === 'leaf') throw new GraphError(`${row.name}: a leaf is not computed`);
  return row.prepare(operands, attributes as never, result);
}

/** The kernel of a node. */
export function kernelOf(arena: Arena, id: number): Kernel {
  const types = Array.from(arena.operandsOf(id), (operand) => arena.typeOf(operand));
  return prepareKernel(arena.rowOf(id), types, arena.attributes.get(id) ?? {}, arena.typeOf(id));
}

/** Computes node `id`, whose operands are present. Leaves are not computed but set. */
export function computeNode(arena: Arena, id: number, values: NodeValues): void {
  const code = arena.codes[id]!;
  const arity = arena.arities[code]!;
  if (arity > 0 && arena.typeIds[id]! <= SCALAR_BOOLEAN) {
    const { scalars } = values;
    const { operandIds } = arena;
    const first = arena.operandStarts[id]!;
    const x = scalars[operandIds[first]!]!;
    const y = arity > 1 ? scalars[operandIds[first + 1]!]! : 0;
    const z = arity > 2 ? scalars[operandIds[first + 2]!]! : 0;
    scalars[id] = arena.values[code]!.call(
      arena.rows[code] as ElementwiseRow,
      numbers,
      x,
      y,
      z,
    ) as number;
  } else {
    const operands = Array.from(arena.operandsOf(id), (operand) => values.data(operand));
    kernelOf(arena, id)(values.data(id), operands);
  }
  values.present[id] = 1;
}

/**
 * Sets a leaf from a constant, from what is fed, or from its current value.
 *
 * @throws {@link GraphError} when an input has no value.
 */
export function setLeaf(graph: Graph, id: number, values: NodeValues): void {
  const value = graph.leafValue(id);
  if (value === undefined) throw missingInput(graph.inputName(id) ?? '');
  if (typeof value === 'number') {
    values.scalars[id] = value;
    values.present[id] = 1;
  } else {
    values.set(id, value);
  }
}

/** The error of an input that is needed and has no value. */
export function missingInput(name: string): GraphError {
  return new GraphError(
    `input "${name}" has no value; feed it, as in evaluate(node, { ${JSON.stringify(name)}: ... }), ` +
      'or give it one when it is made: graph.input(name, { value })',
  );
}
