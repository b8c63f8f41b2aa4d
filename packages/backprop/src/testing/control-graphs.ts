/**
 * Random graphs with loops and branches, nested in one another. What is drawn is a tree of instructions: each names an
 * operation, or a loop or branch with instructions for its bodies, and says how far back its operands are. Every tree
 * means a graph, so it shrinks to fewer instructions, to simpler ones, and out of its bodies.
 *
 * All values have one shape. Every instruction is applied so that it is smooth for all operands and hardly steeper than
 * 1: a body stays tame in every step. Conditions look at counters, at values that stay below their bound, and at an
 * input that stays away from it, so that nearby inputs take the same way.
 */
import {
  and,
  cond,
  digamma,
  fori,
  Graph,
  type GraphNode,
  greater,
  less,
  lgamma,
  scan,
  sizeOf,
  slice,
  softplus,
  stack,
  Tensor,
  whileLoop,
} from '@ad/graph';
import fc from 'fast-check';
import { Recipe } from './recipe.ts';
import { distances, type GraphGeneratorOptions } from './scalar-graphs.ts';

type Unary = (x: GraphNode) => GraphNode;

/** Between 1/2 and 3/2: inside the domain of everything. */
const inside: Unary = (x) => x.sigmoid().add(0.5);

/** What an instruction does with two operands, simplest first. */
const operations = {
  average: (x, y) => x.add(y).mul(0.5),
  difference: (x, y) => x.sub(y).mul(0.5),
  product: (x, y) => x.mul(y).sin().mul(0.5),
  quotient: (x, y) => x.sin().div(inside(y)).mul(0.5),
  sin: (x) => x.sin(),
  tanh: (x) => x.tanh(),
  softplus: (x) => softplus(x),
  logarithm: (x) => inside(x).log(),
  root: (x) => inside(x).sqrt(),
  lgamma: (x) => lgamma(inside(x)),
  digamma: (x) => digamma(inside(x)).mul(0.25),
} satisfies Record<string, (x: GraphNode, y: GraphNode) => GraphNode>;

type Name = keyof typeof operations;

const controls = ['cond', 'fori', 'scan', 'whileLoop'] as const;

/** One instruction as it is drawn. */
interface Instruction {
  readonly what: Name | (typeof controls)[number];
  /** How far back each operand is. */
  readonly back: readonly number[];
  /** How often a loop runs, and where a branch turns. */
  readonly count: number;
  /** What the bodies do; empty for an operation. */
  readonly bodies: readonly (readonly Instruction[])[];
}

/** Where instructions are carried out. */
interface Place {
  /** What operands are taken from, the latest last. */
  readonly nodes: readonly GraphNode[];
  /** A number that branches look at. */
  readonly selector: GraphNode;
}

/**
 * Random graphs with `scan`, `fori`, `cond` and `whileLoop`, nested up to three deep, with a scalar output. Bodies use
 * their carries, entries and indices, and values of the graphs around. There is one shape for all values, that of a scalar
 * or of a short vector.
 *
 * @param options - of the options of the other generators those that bound inputs and steps; default 3 and 4.
 * @example
 * ```ts
 * import { compile } from '@ad/compiler';
 * import { evaluate } from '@ad/graph';
 * import { controlGraphs } from '@ad/backprop/testing';
 * import fc from 'fast-check';
 *
 * fc.assert(
 *   fc.property(controlGraphs(), (recipe) => {
 *     const { output, feeds } = recipe.build();
 *     const [compiled] = compile({ outputs: [output] }).run(feeds);
 *     return Math.abs(compiled!.item() - evaluate(output, feeds).item()) < 1e-12;
 *   }),
 *   { numRuns: 10 },
 * );
 * ```
 */
export function controlGraphs(
  options: Pick<GraphGeneratorOptions, 'maxInputs' | 'maxSteps'> = {},
): fc.Arbitrary<Recipe> {
  const { maxInputs = 3, maxSteps = 4 } = options;
  // Three decimals, and not close to an integer: there the outermost branches turn.
  const element = fc
    .tuple(fc.integer({ min: 125, max: 875 }), fc.integer({ min: -2, max: 1 }))
    .map(([thousandths, whole]) => whole + thousandths / 1000);
  return fc
    .record({
      length: fc.constantFrom(null, 1, 2),
      inputs: fc.array(fc.tuple(element, element), { minLength: 1, maxLength: maxInputs }),
      program: programs(maxSteps, 3),
    })
    .map(({ length, inputs, program }) => {
      const graph = new Graph();
      const nodes = inputs.map((elements, k) => {
        const data = Float64Array.from(elements.slice(0, length ?? 1));
        return graph.input(`x${k}`, {
          value: new Tensor(length === null ? [] : [length], 'real', data),
        });
      });
      const selector = slice(nodes[0]!.reshape([-1]), [{ start: 0, end: 1 }]).reshape([]);
      // The inputs are added, so that no derivative nearly vanishes: what is rounded in bodies is small beside it.
      const all = nodes.reduce((sum, x) => sum.add(x), follow(program, { nodes, selector }));
      return Recipe.of(weightedSum(all));
    });
}

/** Lists of instructions with bodies up to `depth` deep. */
function programs(maxSteps: number, depth: number): fc.Arbitrary<Instruction[]> {
  const common = { back: fc.tuple(distances, distances, distances), count: fc.nat({ max: 3 }) };
  const plain: fc.Arbitrary<Instruction> = fc.record({
    what: fc.constantFrom(...(Object.keys(operations) as Name[])),
    ...common,
    bodies: fc.constant([]),
  });
  if (depth === 0) return fc.array(plain, { maxLength: maxSteps, size: 'max' });
  const body = programs(Math.ceil(maxSteps / 2), depth - 1);
  const nested: fc.Arbitrary<Instruction> = fc.record({
    what: fc.constantFrom(...controls),
    ...common,
    bodies: fc.tuple(body, body),
  });
  return fc.array(fc.oneof({ weight: 3, arbitrary: plain }, { weight: 2, arbitrary: nested }), {
    maxLength: maxSteps,
    size: 'max',
  });
}

/** Carries instructions out; the result is that of the last one, between -1 and 1. */
function follow(program: readonly Instruction[], { nodes, selector }: Place): GraphNode {
  const known = [...nodes];
  for (const instruction of program) {
    const operands = instruction.back.map((distance) => known.at(-1 - (distance % known.length))!);
    known.push(carryOut(instruction, operands, { nodes: known, selector }));
  }
  return known.at(-1)!.sin();
}

function carryOut(
  { what, count, bodies }: Instruction,
  [x, y, z]: readonly GraphNode[],
  { nodes, selector }: Place,
): GraphNode {
  if (isOperation(what)) return operations[what](x!, y!);
  const [first, second] = bodies as [readonly Instruction[], readonly Instruction[]];
  const { graph } = x!;
  switch (what) {
    case 'cond':
      return cond(
        greater(selector, count - 1),
        () => follow(first, { nodes, selector }),
        () => follow(second, { nodes, selector }),
      );
    case 'fori':
      return fori(
        count,
        (i, carry) => follow(first, { nodes: [...nodes, carry], selector: i }),
        x!,
      );
    case 'scan': {
      const entries = stack([x!, y!, z!].slice(0, Math.max(count, 1)));
      const { carry, ys } = scan(
        (before, entry, i) => {
          const next = follow(first, { nodes: [...nodes, entry, before], selector: i });
          return {
            carry: next,
            y: follow(second, { nodes: [...nodes, next, entry], selector: i }),
          };
        },
        x!,
        entries,
        { reverse: second.length % 2 === 1 },
      );
      return carry.add(ys.mean({ axes: [0] })).mul(0.5);
    }
    case 'whileLoop': {
      const start = { value: x!, steps: graph.constant(0) };
      // The loop ends by its counter; the other condition is there to be looked at, and holds.
      const { value } = whileLoop(
        ({ value, steps }) => and(less(steps, count), less(value.abs().sum(), 100)),
        ({ value, steps }) => {
          const next = follow(first, { nodes: [...nodes, value], selector: steps });
          return { value: next, steps: steps.add(1) };
        },
        start,
        second.length % 2 === 1 ? { maxSteps: 4 } : {},
      );
      return value;
    }
  }
}

function isOperation(what: Instruction['what']): what is Name {
  return Object.hasOwn(operations, what);
}

/** A number of an array: weights differ, so that no two elements can be confused. */
function weightedSum(x: GraphNode): GraphNode {
  if (x.shape.length === 0) return x;
  const weights = Float64Array.from({ length: sizeOf(x.shape) }, (_, i) => 1 - 0.75 * i);
  return x.mul(new Tensor(x.shape, 'real', weights)).sum();
}
