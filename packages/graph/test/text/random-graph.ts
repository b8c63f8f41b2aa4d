/** Random graphs over the whole table: every kind of leaf, attribute, shape and label, dead nodes included. */
import {
  AdError,
  apply,
  Graph,
  operations,
  sameShape,
  sizeOf,
  tensor,
  type Attributes,
  type GraphNode,
  type Kind,
  type Operation,
  type Shape,
} from '@ad/graph';
import fc from 'fast-check';
import { integersOf, shapes } from '../support/arrays.ts';

/** Labels and names that have to be quoted, escaped or refused somewhere. */
export const nastyTexts: readonly string[] = [
  'x',
  'a "quoted" label',
  'back\\slash\\',
  '\\N \\G \\l \\"',
  'two\nlines\r\nand\ta tab',
  '<b>bold</b> & &lt; &amp;',
  '-- > ]] ; { } [label="x"]',
  '\0\x01\x7f\x85',
  '\ud800 half a pair',
  '\uffff\u2028',
  'ü 数 😀',
  'constructor',
  'toString',
  '0',
  '-1',
  'hasOwnProperty',
];

/** Doubles with every peculiarity of their notation. */
export const doubles: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 5e-324, 1.7976931348623157e308, 0.1, 1e21),
  fc.double(),
  fc.integer({ min: -5, max: 5 }),
);

const texts = fc.oneof(fc.constantFrom(...nastyTexts), fc.string({ unit: 'binary' }));

/** What decides one more node: where the operands come from, and numbers from which attributes are made. */
interface Choice {
  readonly name: string;
  readonly picks: readonly number[];
  readonly dice: readonly number[];
  readonly label: string | null;
}

const namesOf = (isMeant: (row: Operation) => boolean): string[] =>
  Object.values(operations)
    .filter(isMeant)
    .map(({ name }) => name);

const dice = fc.array(fc.nat(1000), { minLength: 6, maxLength: 6 });
const choice: fc.Arbitrary<Choice> = fc.record({
  name: fc.oneof(
    fc.constantFrom(...namesOf((row) => row.family === 'elementwise')),
    // Loops and branches need bodies, which are made by hand in other tests.
    fc.constantFrom(
      ...namesOf(({ family }) => !['elementwise', 'leaf', 'control'].includes(family)),
    ),
    fc.constantFrom(
      'where',
      'not',
      'and',
      'or',
      'matmul',
      'gather',
      'scatterAdd',
      'oneHot',
      'concat',
    ),
  ),
  picks: dice,
  dice,
  label: fc.option(texts, { freq: 4 }),
});

const leaf = shapes(0, 3).chain((shape) =>
  fc.record({
    isInput: fc.boolean(),
    // What cannot be a name is not the matter here.
    name: texts.filter((text) => text !== '' && text !== '__proto__'),
    shape: fc.constant(shape),
    kind: fc.constantFrom<Kind>('real', 'real', 'real', 'integer', 'boolean'),
    hasValue: fc.boolean(),
    reals: fc.array(doubles, { minLength: sizeOf(shape), maxLength: sizeOf(shape) }),
    integers: integersOf(shape, 'integer'),
  }),
);

/** A graph of some leaves and up to 60 operations of the table. */
export const graphs: fc.Arbitrary<Graph> = fc
  .tuple(
    fc.array(leaf, { minLength: 1, maxLength: 6 }),
    fc.array(choice, { minLength: 0, maxLength: 60 }),
  )
  .map(([leaves, choices]) => {
    const graph = new Graph();
    const nodes: GraphNode[] = [];
    const names = new Set<string>();
    for (const { isInput, name, shape, kind, hasValue, reals, integers } of leaves) {
      const value =
        kind === 'real'
          ? tensor(reals, { shape, kind })
          : tensor(
              integers.data.map((x) => (kind === 'boolean' ? x & 1 : x)),
              { shape, kind },
            );
      if (!isInput || names.has(name)) nodes.push(graph.constant(value));
      else nodes.push(graph.input(name, { shape, kind, ...(hasValue && { value }) }));
      names.add(name);
    }
    nodes.push(graph.constant(-0), graph.constant(0.1));
    for (const { name, picks, dice, label } of choices) {
      const row: Operation = operations[name as keyof typeof operations];
      const operands: GraphNode[] = [];
      for (const pick of picks.slice(0, row.arity ?? 2)) {
        const fitting = nodes.filter((node) => fits(row, operands, node));
        operands.push(
          (fitting.length > 0 ? fitting : nodes)[pick % (fitting.length || nodes.length)]!,
        );
      }
      try {
        const node = apply(row, operands, attributesFor(row, operands[0]!.shape, dice));
        if (label !== null) node.named(label);
        // What would grow beyond bounds stays in the graph, but nothing is built on it.
        if (sizeOf(node.shape) <= 64) nodes.push(node);
      } catch (error) {
        // These operands do not fit this operation.
        if (!(error instanceof AdError)) throw error;
      }
    }
    return graph;
  });

/** Whether a node may serve as the next operand, as far as that is easily told. */
function fits(row: Operation, before: readonly GraphNode[], { kind, shape }: GraphNode): boolean {
  const [first] = before;
  const wanted = row.family === 'elementwise' ? row.operandKinds?.[before.length] : undefined;
  if (wanted !== undefined && wanted !== null) return kind === wanted;
  switch (row.name) {
    case 'gather':
    case 'scatterAdd':
      return first === undefined ? shape.length > 0 : kind === 'integer';
    case 'oneHot':
      return kind === 'integer';
    case 'any':
    case 'all':
      return kind === 'boolean';
    case 'matmul':
    case 'strongMatmul':
      return shape.length > 1 && (first === undefined || shape.at(-2) === first.shape.at(-1));
    case 'solve':
    case 'strongSolve':
    case 'triangularSolve':
    case 'strongTriangularSolve':
      return shape.length > 1 && shape.at(-2) === (first ?? { shape }).shape.at(-1);
    case 'inverse':
    case 'cholesky':
    case 'determinant':
      return shape.length > 1 && shape.at(-2) === shape.at(-1);
    case 'convolution':
    case 'strongConvolution':
      return shape.length === 3 && (first === undefined || shape[2] === first.shape[2]);
    case 'concat':
      return shape.length > 0 && (first === undefined || sameShape(first.shape, shape));
    default:
      return true;
  }
}

/** Attributes that often fit an operand of this shape. */
function attributesFor(
  row: Operation,
  shape: Shape,
  dice: readonly number[],
): Attributes | undefined {
  const axes = shape.map((_, axis) => axis).filter((axis) => dice[axis]! % 2 === 0);
  const axis = shape.length === 0 ? 0 : dice[0]! % shape.length;
  switch (row.name) {
    case 'sum':
    case 'max':
    case 'min':
    case 'logSumExp':
    case 'prod':
    case 'norm':
    case 'any':
    case 'all':
      // In another order than the row declares them, too.
      return dice[5]! % 2 === 0 ? { axes, keepDims: dice[4]! % 2 === 0 } : { keepDims: true, axes };
    case 'reshape':
      return { shape: dice[0]! % 2 === 0 ? [sizeOf(shape)] : [1, ...shape] };
    case 'broadcast':
      return { shape: [dice[0]! % 3, ...shape] };
    case 'transpose':
      return { permutation: shape.map((_, i) => (i + dice[0]!) % shape.length) };
    case 'slice':
      return {
        starts: shape.map((length, i) => Math.min(dice[i]! % 2, Math.max(length - 1, 0))),
        lengths: shape.map((length) => Math.min(length, 1)),
        steps: shape.map((_, i) => (dice[i]! % 3) - 1 || 2),
      };
    case 'pad':
      return {
        before: shape.map((_, i) => dice[i]! % 2),
        after: shape.map((_, i) => dice[i]! % 3),
        between: shape.map((_, i) => dice[i + 1]! % 2),
      };
    case 'cumSum':
      return { axis, reverse: dice[1]! % 2 === 0 };
    case 'argSort':
      return { axis, descending: dice[1]! % 2 === 0, within: (dice[2]! % (axis + 2)) - 1 };
    case 'scatterAdd':
    case 'joinIndices':
      return { axis, length: dice[1]! % 4 };
    case 'oneHot':
      return { depth: 1 + (dice[1]! % 3) };
    case 'convolution':
    case 'strongConvolution': {
      const strides = shape.slice(3).map((_, i) => 1 + (dice[i]! % 2));
      return { strides, dilations: strides.map(() => 1) };
    }
    case 'windows':
      return { sizes: shape.slice(-1), strides: shape.slice(-1), dilations: shape.slice(-1) };
    case 'uniform':
    case 'normal':
      return { shape: [dice[0]! % 3] };
    case 'overlapAdd': {
      const strides = shape.slice(-1).map(() => 1 + (dice[0]! % 2));
      const [size, count] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
      const lengths = strides.map((stride) => Math.max((count - 1) * stride + size, 0));
      return { lengths, strides, dilations: strides.map(() => 1) };
    }
    case 'matmul':
      return dice[0]! % 2 === 0 ? {} : undefined;
    case 'triangularSolve':
    case 'strongTriangularSolve':
      return {
        lower: dice[0]! % 2 === 0,
        transposed: dice[1]! % 2 === 0,
        unitDiagonal: dice[2]! % 2 === 0,
      };
    case 'singularFrame':
      return { right: dice[0]! % 2 === 0 };
    default:
      return 'attributes' in row && 'axis' in row.attributes ? { axis } : undefined;
  }
}
