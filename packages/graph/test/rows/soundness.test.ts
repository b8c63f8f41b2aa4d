/**
 * What an operation accepts, it computes from its operands alone; what it does not accept, it refuses in words. Each row
 * of the table is given what it accepts with one thing changed, by generators that know nothing of its rules.
 */
import {
  AdError,
  allocate,
  apply,
  type Attributes,
  type AttributeValue,
  Graph,
  GraphNode,
  type OperationName,
  operations,
  prepareKernel,
  sizeOf,
  type StructuredRow,
} from '@ad/graph';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Application, APPLICATIONS } from '../support/applications.ts';
import { guarded } from '../support/guarded.ts';
import { spoiled, withAttribute } from '../support/spoiled.ts';

const rows = Object.values(operations).flatMap((row) => {
  const applications = APPLICATIONS[row.name as OperationName];
  const isStructured = row.family !== 'leaf' && row.family !== 'elementwise';
  if (!isStructured || row.family === 'control') return [];
  return [[row.name, row, fc.sample(applications!, { numRuns: 12, seed: 3 })] as const];
});

/** What comes of an application: a node, or an error. */
function built(row: StructuredRow, { operands, attributes }: Application): unknown {
  const graph = new Graph();
  const nodes = operands.map((operand) => graph.constant(operand));
  const before = graph.nodeCount;
  try {
    return apply(row, nodes, attributes);
  } catch (error) {
    return graph.nodeCount === before ? error : `a graph that has grown after ${String(error)}`;
  }
}

/** What comes of computing a node into an array that held something before: its elements, or an error. */
function computed(
  row: StructuredRow,
  { operands, attributes }: Application,
  node: GraphNode,
  before: number,
): unknown {
  const data = allocate(node.kind, sizeOf(node.shape)).fill(before);
  try {
    const kernel = prepareKernel(row, operands, attributes, node);
    kernel(
      guarded(data),
      operands.map((operand) => guarded(operand.data)),
    );
    return data.join();
  } catch (error) {
    return error;
  }
}

const isRefusal = (outcome: unknown, { name }: StructuredRow): boolean =>
  outcome instanceof AdError && outcome.message.startsWith(`${name}: `);

/** What is wrong with how an application is treated, if anything. */
function problemOf(row: StructuredRow, application: Application): unknown {
  const node = built(row, application);
  if (!(node instanceof GraphNode)) return isRefusal(node, row) ? undefined : node;
  const [first, second] = [0, 1].map((before) => computed(row, application, node, before));
  if (typeof first !== 'string') return isRefusal(first, row) ? undefined : first;
  return first === second ? undefined : `elements that are not written: ${first}`;
}

const inWords = ({ operands, attributes }: Application, problem: unknown): string =>
  `${operands.map(({ kind, shape }) => `${kind} [${shape.join(', ')}]`).join(', ')}, ${JSON.stringify(attributes)}: ${String(problem)}`;

test.each(rows)(
  '%s refuses in words, or reads what is there and writes all of it',
  (_name, row, applications) => {
    const problems = applications.flatMap(spoiled).flatMap((application) => {
      const problem = problemOf(row, application);
      return problem === undefined ? [] : [inWords(application, problem)];
    });
    expect(problems).toStrictEqual([]);
  },
);

/** Attributes that have an entry per axis, and the least that an entry can be (of steps, by size). */
const LEAST_PER_AXIS: Readonly<Record<string, number>> = {
  starts: 0,
  lengths: 0,
  steps: 1,
  before: 0,
  after: 0,
  between: 0,
  sizes: 1,
  strides: 1,
  dilations: 1,
};

/** Values that an attribute of this name never has, beside the others and for an operand of this rank. */
function impossible(name: string, attributes: Attributes, rank: number): AttributeValue[] {
  const least = LEAST_PER_AXIS[name];
  if (least !== undefined) {
    const list = attributes[name] as readonly number[];
    const withoutFirst = list.slice(1);
    return [
      [...list, 1],
      ...(list.length === 0 ? [] : [withoutFirst, [least - 1, ...withoutFirst]]),
    ];
  }
  switch (name) {
    case 'axis':
      return [-1, rank + 1];
    case 'axes':
      return [[-1], [rank], [0, 0], [1, 0]];
    case 'permutation': {
      const axes = attributes[name] as readonly number[];
      return [
        [...axes, 0],
        [...axes, rank],
        ...axes.map((axis) => axes.map((other) => (other === axis ? rank : other))),
      ];
    }
    case 'within':
      return [-2, (attributes['axis'] as number) + 1];
    case 'length':
      return [-1];
    case 'depth':
      return [0];
    case 'shape':
      return [[-1], [0.5]];
    default:
      throw new Error(`say here which values ${name} never has`);
  }
}

test.each(rows)('%s refuses attributes that make no sense', (_name, row, applications) => {
  const names = Object.keys(row.attributes).filter((name) => row.attributes[name] !== 'boolean');
  const accepted = names.flatMap((name) =>
    applications.flatMap(({ operands, attributes }) =>
      impossible(name, attributes, operands[0]!.shape.length)
        .map((value) => ({ operands, attributes: withAttribute(attributes, name, value) }))
        .filter((application) => !isRefusal(built(row, application), row)),
    ),
  );
  expect(accepted.map((application) => inWords(application, 'accepted'))).toStrictEqual([]);
});
