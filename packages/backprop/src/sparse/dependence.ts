/**
 * On which elements of its operands each element of an operation's result depends. What is known of an operation is
 * stated here by its name; where nothing is, every element is taken to depend on all elements of all operands, which
 * is never wrong but may make a pattern denser than it is.
 */
import {
  type Attributes,
  broadcastIndex,
  type ElementwiseRow,
  type Operation,
  type OperationName,
  positionIn,
  prepareKernel,
  type ReductionAttributes,
  reducedShape,
  type Shape,
  sizeOf,
  type TensorData,
  type Type,
} from '@ad/graph';
import * as rows from '@ad/graph/rows';
import type { IndexSets } from './index-sets.ts';

/** One operation, and what its operands depend on. */
export interface Application {
  readonly row: Operation;
  readonly attributes: Attributes;
  readonly operands: readonly Type[];
  readonly result: Type;
  /** For each element of each operand the number of its set; `undefined` for operands without derivative. */
  readonly sets: readonly (Int32Array | undefined)[];
  /** The value of an operand that is computed from constants alone. */
  readonly constantAt: (position: number) => TensorData | undefined;
}

/** For each element of the result the number of its set. */
type Rule = (all: IndexSets, application: Application) => Int32Array;

/** For each element of the result the number of its set. */
export function dependenceOf(all: IndexSets, application: Application): Int32Array {
  const { row } = application;
  if (row.family === 'elementwise') return elementwise(all, application, row);
  if (row.family === 'reduction') return alongAxes(all, application);
  return (RULES[row.name as OperationName] ?? everything)(all, application);
}

/** Every element on all of all operands. */
const everything: Rule = (all, { sets, result }) => {
  const union = all.unionOf(sets.flatMap((each) => (each === undefined ? [] : [...new Set(each)])));
  return new Int32Array(sizeOf(result.shape)).fill(union);
};

function elementwise(
  all: IndexSets,
  { operands, result, sets }: Application,
  row: ElementwiseRow,
): Int32Array {
  const own = new Int32Array(sizeOf(result.shape));
  sets.forEach((each, k) => {
    if (each === undefined || row.partials[k] === 0) return;
    const index = broadcastIndex(operands[k]!.shape, result.shape);
    for (let i = 0; i < own.length; i++) own[i] = all.union(own[i]!, each[positionIn(index, i)]!);
  });
  return own;
}

/** Elements are moved, repeated or left out, with zeros between them: the operation itself moves the sets. */
const moved: Rule = (_all, { row, attributes, operands, result, sets }) => {
  const own = new Int32Array(sizeOf(result.shape));
  prepareKernel(
    row,
    operands,
    attributes,
    result,
  )(
    own,
    sets.map((each, k) => each ?? new Int32Array(sizeOf(operands[k]!.shape))),
  );
  return own;
};

/** Read at indices: known when these are constants. */
const gathered: Rule = (all, application) => {
  const indices = application.constantAt(1);
  if (indices === undefined) return everything(all, application);
  const { row, attributes, operands, result, sets } = application;
  const own = new Int32Array(sizeOf(result.shape));
  prepareKernel(row, operands, attributes, result)(own, [sets[0]!, indices]);
  return own;
};

/** Added at indices: known when these are constants. What reads the results back tells where each element goes. */
const scattered: Rule = (all, application) => {
  const indices = application.constantAt(1);
  if (indices === undefined) return everything(all, application);
  const { attributes, operands, result, sets } = application;
  const groups: number[][] = Array.from({ length: sizeOf(result.shape) }, () => []);
  const places = new Int32Array(sizeOf(operands[0]!.shape));
  const { axis } = attributes as { readonly axis: number };
  const read = prepareKernel(rows.gather, [result, operands[1]!], { axis }, operands[0]!);
  read(places, [Int32Array.from(groups, (_, i) => i), indices]);
  places.forEach((place, i) => groups[place]!.push(sets[0]![i]!));
  return Int32Array.from(groups, (group) => all.unionOf(group));
};

/** Each result on the elements along the reduced axes. */
const alongAxes: Rule = (all, { operands, attributes, sets }) => {
  const { axes } = attributes as ReductionAttributes;
  return unionsAlong(all, sets[0]!, operands[0]!.shape, axes);
};

/** Running totals: the elements before each one, and for simplicity those after it. */
const alongAxis: Rule = (all, { operands, attributes, sets, result }) => {
  const { axis } = attributes as { readonly axis: number };
  const { shape } = operands[0]!;
  const unions = unionsAlong(all, sets[0]!, shape, [axis]);
  return spread(unions, reducedShape(shape, [axis], true), result.shape);
};

/** Each product on a row of the one and a column of the other. */
const product: Rule = (all, { operands, sets, result }) => {
  const own = new Int32Array(sizeOf(result.shape));
  [-1, -2].forEach((inner, k) => {
    const { shape } = operands[k]!;
    if (sets[k] === undefined) return;
    const axis = shape.length + inner;
    const unions = unionsAlong(all, sets[k], shape, [axis]);
    const repeated = spread(unions, reducedShape(shape, [axis], true), result.shape);
    for (let i = 0; i < own.length; i++) own[i] = all.union(own[i]!, repeated[i]!);
  });
  return own;
};

/** What is known of operations that are not elementwise. */
const RULES: Partial<Record<OperationName, Rule>> = {
  reshape: moved,
  transpose: moved,
  broadcast: moved,
  slice: moved,
  pad: moved,
  concat: moved,
  gather: gathered,
  scatterAdd: scattered,
  sum: alongAxes,
  cumSum: alongAxis,
  matmul: product,
};

/** The union over each group of elements along some axes. */
function unionsAlong(
  all: IndexSets,
  sets: Int32Array,
  shape: Shape,
  axes: readonly number[],
): Int32Array {
  const kept = reducedShape(shape, axes, true);
  const groups: number[][] = Array.from({ length: sizeOf(kept) }, () => []);
  const index = broadcastIndex(kept, shape);
  for (let i = 0; i < sets.length; i++) groups[positionIn(index, i)]!.push(sets[i]!);
  return Int32Array.from(groups, (group) => all.unionOf(group));
}

/** Sets in a shape repeated to a larger one. */
function spread(sets: Int32Array, shape: Shape, target: Shape): Int32Array {
  const index = broadcastIndex(shape, target);
  return Int32Array.from({ length: sizeOf(target) }, (_, i) => sets[positionIn(index, i)]!);
}
