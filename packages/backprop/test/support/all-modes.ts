/**
 * A random program through all modes: numeric sweep, gradient graph, forward mode, second order in both orders, batches,
 * difference quotients, the interpreter, the compiler in both precisions, and a file. All must agree.
 */
import { compile } from '@ad/compiler';
import {
  batchNodes,
  evaluate,
  type Feeds,
  fromJSON,
  type GraphNode,
  Tensor,
  toJSON,
} from '@ad/graph';
import type { Recipe } from '@ad/backprop/testing';
import {
  checkGradients,
  forwardAllPairs,
  gradient,
  pushforward,
  recomputingSweep,
  reverseSweep,
} from '../../src/index.ts';

/** What may differ by rounding, relative to the largest number in it or 1: values and slopes of the programs are tame. */
const ROUNDING = { f64: 1e-10, f32: 2e-3 } as const;

/** The first disagreement between two modes, in words; `undefined` when there is none. */
export function disagreement(recipe: Recipe): string | undefined {
  const { graph, output, inputs, feeds } = recipe.build();
  const values = recipe.values;
  const directions = values.map((x, k) => graph.constant(directionLike(x, k)));
  const slopes = gradient(output, inputs);
  const tangent = pushforward(output, inputs, directions);
  const forwardOverReverse = pushforward(slopes, inputs, directions);
  const reverseOverForward = gradient(tangent, inputs);
  const nodes = [output, tangent, ...slopes, ...forwardOverReverse];
  const wanted = evaluate(nodes, feeds);
  const [value, along, ...rest] = wanted as [Tensor, Tensor, ...Tensor[]];
  const adjoints = rest.slice(0, inputs.length);
  const curvatures = rest.slice(inputs.length);

  const sweep = reverseSweep(output, { feeds });
  for (const [k, x] of inputs.entries()) {
    const found = differ(sweep.adjointTensor(x), adjoints[k]!, 0);
    if (found !== undefined) return `sweep, gradient graph: input ${k}: ${found}`;
  }
  const inner = adjoints.reduce(
    (sum, slope, k) => sum + dot(slope, directionLike(values[k]!, k)),
    0,
  );
  const dual = differ(along, scalar(inner), ROUNDING.f64);
  if (dual !== undefined) return `forward, reverse: ${dual}`;
  for (const [k, each] of evaluate(reverseOverForward, feeds).entries()) {
    const found = differ(each, curvatures[k]!, ROUNDING.f64);
    if (found !== undefined)
      return `reverse over forward, forward over reverse: input ${k}: ${found}`;
  }
  return (
    baselines(recipe, sweep.value) ??
    batches(recipe, nodes, inputs, wanted) ??
    compiled(recipe, nodes, wanted) ??
    saved(nodes, feeds, wanted) ??
    quotients(recipe) ??
    differ(value, sweep.value, 0)
  );
}

/** The sweep without activations and the quadratic induction, where they apply. */
function baselines(recipe: Recipe, value: Tensor): string | undefined {
  const { output, inputs, nodes, feeds } = recipe.build();
  const isScalar = nodes.every(({ graph, id, shape }) => {
    const { family } = graph.arena.rowOf(id);
    return shape.length === 0 && (family === 'leaf' || family === 'elementwise');
  });
  if (!isScalar) return undefined;
  const sweep = reverseSweep(output, { feeds });
  const recomputed = recomputingSweep(output, { feeds });
  const table = forwardAllPairs(output, { feeds });
  for (const [k, x] of inputs.entries()) {
    const adjoint = scalar(sweep.adjoint(x));
    const found =
      differ(scalar(recomputed.adjoint(x)), adjoint, 0) ??
      differ(scalar(reaches(output, x) ? table.derivative(output, x) : 0), adjoint, ROUNDING.f64);
    if (found !== undefined) return `baselines: input ${k}: ${found}`;
  }
  return differ(recomputed.value, value, 0);
}

const reaches = (output: GraphNode, x: GraphNode): boolean => {
  const seen = new Set([output.id]);
  for (let id = output.id; id > x.id; id--) {
    if (seen.has(id)) for (const operand of output.graph.arena.operandsOf(id)) seen.add(operand);
  }
  return seen.has(x.id);
};

/** Everything for two examples at once. */
function batches(
  { values, steps, output }: Recipe,
  nodes: readonly GraphNode[],
  inputs: readonly GraphNode[],
  wanted: readonly Tensor[],
): string | undefined {
  const { graph } = nodes[0]!;
  const pairs = values.map((x) => graph.constant(pairOf(x)));
  const results = batchNodes(nodes, inputs, pairs);
  for (const [k, batch] of results.entries()) {
    if (batch === undefined) continue;
    const found = differ(batch.tensor, pairOf(wanted[k]!), ROUNDING.f64);
    if (found !== undefined) return `batch of result ${k} of ${steps.length} (${output}): ${found}`;
  }
  return undefined;
}

function compiled(
  recipe: Recipe,
  outputs: readonly GraphNode[],
  wanted: readonly Tensor[],
): string | undefined {
  const feeds = Object.fromEntries(
    recipe.steps.flatMap((step) => (step.operation === 'input' ? [[step.name, step.value]] : [])),
  );
  for (const precision of ['f64', 'f32'] as const) {
    const results = compile({ outputs }, { precision }).run(feeds);
    for (const [k, result] of results.entries()) {
      const found = differ(result, wanted[k]!, ROUNDING[precision]);
      if (found !== undefined) return `compiled ${precision}, interpreted: result ${k}: ${found}`;
    }
  }
  return undefined;
}

/** Written to a file and read again: the same bits. */
function saved(
  nodes: readonly GraphNode[],
  feeds: Feeds,
  wanted: readonly Tensor[],
): string | undefined {
  const named = Object.fromEntries(nodes.entries());
  const file = JSON.stringify(toJSON(nodes[0]!.graph, { outputs: named }));
  const { outputs } = fromJSON(file);
  for (const [k, result] of evaluate(outputs, feeds).entries()) {
    const found = differ(result, wanted[k]!, 0);
    if (found !== undefined) return `read from a file: result ${k}: ${found}`;
  }
  return undefined;
}

function quotients(recipe: Recipe): string | undefined {
  const f = (...xs: GraphNode[]): GraphNode => recipe.on(xs)[recipe.output]!;
  const { ok, text } = checkGradients(f, recipe.values, { directions: 1 });
  return ok ? undefined : text;
}

/** A direction that tells elements and inputs apart. */
function directionLike({ shape, data }: Tensor, k: number): Tensor {
  return new Tensor(
    shape,
    'real',
    Float64Array.from(data, (_, i) => ((5 * i + 3 * k) % 7) / 4 - 0.6),
  );
}

function pairOf({ shape, data, kind }: Tensor): Tensor {
  const both = new Float64Array(2 * data.length);
  both.set(data);
  both.set(data, data.length);
  return new Tensor([2, ...shape], kind, both);
}

const scalar = (value: number): Tensor => new Tensor([], 'real', Float64Array.of(value));

function dot(a: Tensor, b: Tensor): number {
  let sum = 0;
  for (let i = 0; i < a.size; i++) sum += a.data[i]! * b.data[i]!;
  return sum;
}

/** Where two tensors differ by more than `tolerance` of the largest element or 1; zeros of both signs are equal. */
function differ(actual: Tensor, expected: Tensor, tolerance: number): string | undefined {
  if (String(actual.shape) !== String(expected.shape))
    return `shapes [${actual.shape.join()}] and [${expected.shape.join()}]`;
  const scale = Math.max(1, ...Array.from(expected.data, Math.abs));
  for (let i = 0; i < expected.size; i++) {
    const [a, b] = [actual.data[i]!, expected.data[i]!];
    if (a === b || Math.abs(a - b) <= tolerance * scale) continue;
    return `element ${i} is ${a} and ${b}`;
  }
  return undefined;
}
