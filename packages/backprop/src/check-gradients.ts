/**
 * Checks of the derivatives of a function against what does not use them: difference quotients. Forward mode is held
 * to the quotients, reverse mode to forward mode, second derivatives to quotients of first ones.
 *
 * Everything is made a number first: the result times a random cotangent v. Its slope along a random direction u is
 * then one number in forward mode (a tangent), one in reverse mode (adjoints times u), and one from five points. A
 * wrong entry is missed only by a direction that is nearly orthogonal to it; there are several.
 */
import {
  activations,
  ancestorsOf,
  apply,
  evaluate,
  type Feeds,
  Graph,
  GraphError,
  type GraphNode,
  isGraphNode,
  type Leaf,
  leavesOf,
  mapTree,
  type NodeValues,
  Tensor,
  tensorOfLeaf,
  type Tree,
  type ValuesOf,
} from '@ad/graph';
import {
  dualityTolerance,
  inner,
  isClose,
  kinksOf,
  moved,
  moves,
  realOf,
  type Slopes,
  slopesOf,
  uniform,
} from './check-numbers.ts';
import { slopeOf, type Slope } from './differences.ts';
import { gradient } from './gradient.ts';

/** Options of {@link checkGradients}. */
export interface CheckOptions {
  /** How many random directions are tried; default 3. */
  readonly directions?: number;
  /** Which derivatives are checked: 1 for first ones, 2 (the default) for second ones, too. */
  readonly order?: 1 | 2;
  /** Where the random directions start; default 1. The same seed gives the same report. */
  readonly seed?: number;
}

/** What kind of check failed. */
export type CheckName =
  | 'purity'
  | 'finiteness'
  | 'differences'
  | 'duality'
  | 'second order'
  | 'linearity'
  | 'zero cotangent'
  | 'convention';

/** One thing that is wrong. */
export interface Finding {
  /** Which check failed. */
  readonly check: CheckName;
  /** The operation at fault, if it is wrong alone; else that of the result. */
  readonly operation: string;
  /** Its node in words, with label and creation site where there are any. */
  readonly node: string;
  /** Along which direction, in words. */
  readonly direction: string;
  /** What the derivative rules say. */
  readonly actual: number;
  /** What it is held to. */
  readonly expected: number;
  /** How far apart the two may be. */
  readonly tolerance: number;
  /** Where the tolerance comes from. */
  readonly origin: string;
}

/** What {@link checkGradients} found. */
export interface GradientReport {
  /** Whether nothing is wrong. */
  readonly ok: boolean;
  /** What is wrong. */
  readonly findings: readonly Finding[];
  /** Operations found at a kink, where the derivative is the documented convention or between the two slopes. */
  readonly kinks: readonly string[];
  /** All this in words. */
  readonly text: string;
}

/**
 * Checks first and second derivatives of a function at a point, in forward and reverse mode.
 *
 * - *differences*: forward mode against five-point quotients, with a tolerance derived from the quotients themselves
 *   (truncation) and from the magnitudes on the way (rounding);
 * - *duality*: reverse mode against forward mode, up to rounding;
 * - *second order*: the same for the gradient;
 * - *linearity* in the tangent, and a *zero cotangent*, which must give zero;
 * - *purity*: the function gives the same value again and leaves its arguments alone;
 * - *convention*: operations at a kink of the table have the derivatives documented there. At kinks that no table
 *   knows, the derivative must lie between the slopes from the left and from the right.
 *
 * When a check fails, each operation on the way is checked alone, so the report names the one at fault.
 *
 * @param f - as for `grad`; it may return an array.
 * @param inputs - the arguments. Integers and conditions are held fixed.
 * @returns a report; nothing is printed or thrown when derivatives are wrong.
 * @throws `GraphError` when the function does not return a node; whatever the function throws.
 * Complexity: about 60 evaluations for each direction.
 * @example
 * ```ts
 * import { apply, type ElementwiseRow, type GraphNode } from '@ad/graph';
 * import { checkGradients } from '@ad/backprop';
 *
 * checkGradients((x: GraphNode) => x.sin().mul(x), [0.5]).ok; // => true
 *
 * const cube: ElementwiseRow = {
 *   name: 'cube',
 *   family: 'elementwise',
 *   arity: 1,
 *   formula: 'x^3',
 *   resultKind: 'real',
 *   value: (A, x) => A.mul(x, A.mul(x, x)),
 *   partials: [(A, r, x) => A.mul(x, x)], // the factor 3 is missing
 * };
 * const report = checkGradients((x: GraphNode) => apply(cube, [x]).exp(), [0.5]);
 * report.ok; // => false
 * report.findings[0].operation; // => 'cube'
 * ```
 */
export function checkGradients<Args extends readonly unknown[]>(
  f: (...args: Args) => GraphNode,
  inputs: ValuesOf<Args>,
  options: CheckOptions = {},
): GradientReport {
  const args = inputs as readonly Tree<Leaf>[];
  const point = args.flatMap((arg) => leavesOf(arg).map(({ leaf }) => tensorOfLeaf(leaf)));
  const before = point.map(({ data }) => data.slice());
  const build = (at: readonly Tensor[], traceCreation = false): Built =>
    trace(f as Traceable, args, at, traceCreation);
  const checker = new Checker(build, point, options);
  checker.run();
  point.forEach(({ data }, i) => {
    const changed = data.findIndex((x, k) => !Object.is(x, before[i]![k]));
    if (changed >= 0) {
      checker.note(
        'purity',
        undefined,
        `element ${changed} of input ${i}, which the function changed`,
        {
          actual: data[changed]!,
          expected: before[i]![changed]!,
        },
      );
    }
  });
  return checker.report();
}

/** Applies the function to inputs with these values, on request with the creation sites of its nodes. */
type Build = (at: readonly Tensor[], traceCreation?: boolean) => Built;

type Traceable = (...args: readonly unknown[]) => GraphNode;

/** A function applied to inputs with values. */
interface Built {
  readonly graph: Graph;
  /** The inputs, in order. */
  readonly inputs: readonly GraphNode[];
  readonly output: GraphNode;
}

function trace(
  f: Traceable,
  args: readonly Tree<Leaf>[],
  at: readonly Tensor[],
  traceCreation: boolean,
): Built {
  const graph = new Graph({ traceCreation });
  const inputs: GraphNode[] = [];
  const nodes = args.map((arg, i) =>
    mapTree(arg, (_leaf: Leaf, path) => {
      const value = at[inputs.length]!;
      const node = graph.input(`arg${i}${path}`, { value });
      inputs.push(node);
      return node;
    }),
  );
  const output = f(...nodes);
  if (!isGraphNode(output) || output.graph !== graph || output.kind !== 'real') {
    throw new GraphError(
      `checkGradients: the function returned ${String(output)}, expected a real node computed from its arguments`,
    );
  }
  return { graph, inputs, output };
}

/** A scalar to be checked, made from what a function has built. */
type Scalar = (built: Built) => GraphNode;

/** The two numbers of a failed check. */
interface Numbers {
  readonly actual: number;
  readonly expected: number;
  readonly tolerance?: number;
  readonly origin?: string;
}

class Checker {
  readonly #build: Build;
  readonly #point: readonly Tensor[];
  readonly #built: Built;
  readonly #readsValues: boolean;
  readonly #random: () => number;
  readonly #directions: number;
  readonly #order: 1 | 2;
  readonly #findings: Finding[] = [];
  readonly #kinks = new Set<string>();

  constructor(
    build: Build,
    point: readonly Tensor[],
    { directions = 3, order = 2, seed = 1 }: CheckOptions,
  ) {
    this.#build = build;
    this.#point = point;
    this.#built = build(point);
    this.#readsValues = this.#built.graph.valuesRead;
    this.#random = uniform(seed);
    this.#directions = directions;
    this.#order = order;
  }

  /** All checks. */
  run(): void {
    const { output, graph } = this.#built;
    const value = evaluate(output);
    const bad = value.data.find((x) => !Number.isFinite(x));
    if (bad !== undefined) {
      this.note('finiteness', output, 'the value', {
        actual: bad,
        expected: 0,
        tolerance: Infinity,
        origin: 'a finite number is expected',
      });
      return;
    }
    const again = evaluate(this.#build(this.#point).output);
    const other = value.data.findIndex((x, i) => !Object.is(x, again.data[i]));
    if (other >= 0 || again.size !== value.size) {
      this.note('purity', output, 'a second call with the same arguments', {
        actual: again.data[other] ?? NaN,
        expected: value.data[other] ?? NaN,
      });
      return;
    }
    this.#checkConventions(ancestorsOf(graph.arena, [output.id]), activations([output]));
    for (let k = 0; k < this.#directions && this.#findings.length === 0; k++) {
      const v = this.#draw(value);
      const [u, w] = [this.#draws(), this.#draws()];
      const along = `direction ${k + 1} of ${this.#directions}`;
      const first: Scalar = (built) => built.output.mul(v).sum();
      const kinksBefore = this.#kinks.size;
      if (!this.#checkSlope(first, u, along, 'differences')) return;
      this.#checkLinearity(first, u, w, along);
      this.#checkZero(along);
      // At a kink there is no second derivative.
      if (this.#order === 1 || this.#kinks.size > kinksBefore || this.#isAtKinks()) continue;
      const second: Scalar = (built) => {
        const moving = realOf(built.inputs);
        return inner(gradient(first(built), moving), w);
      };
      if (moves(this.#built.inputs)) this.#checkSlope(second, u, along, 'second order');
    }
  }

  /** Whether an operation is at a kink of its table. */
  #isAtKinks(): boolean {
    const { output, graph } = this.#built;
    const order = ancestorsOf(graph.arena, [output.id]);
    return kinksOf(order, activations([output]), graph).length > 0;
  }

  /** Notes that something is wrong. */
  note(check: CheckName, node: GraphNode | undefined, direction: string, found: Numbers): void {
    const { actual, expected, tolerance = 0, origin = 'the two must be equal' } = found;
    // Sites cost time, so they are looked up in another trace when they are needed.
    const site =
      node === undefined ? undefined : this.#build(this.#point, true).graph.creationSite(node.id);
    const words = node === undefined ? 'the function' : node.toString();
    this.#findings.push({
      check,
      operation: node?.operation ?? 'the function',
      node: site === undefined ? words : `${words}, made at ${site}`,
      direction,
      actual,
      expected,
      tolerance,
      origin,
    });
  }

  report(): GradientReport {
    const findings = this.#findings;
    const lines = findings.map(
      ({ check, operation, node, direction, actual, expected, tolerance, origin }) =>
        `${check}: ${operation} (${node})\n` +
        `  along ${direction}: the rules say ${actual}, expected ${expected}\n` +
        `  which differs by ${Math.abs(actual - expected)}; allowed ${tolerance} (${origin})`,
    );
    const kinks = [...this.#kinks];
    const ok = findings.length === 0;
    const head = ok ? 'the derivatives are right' : `${findings.length} of the checks failed`;
    const text = [head, ...lines, ...kinks.map((kink) => `at a kink: ${kink}`)].join('\n');
    return { ok, findings, kinks, text };
  }

  /** Forward mode against quotients, reverse mode against forward mode; whether nothing is wrong. */
  #checkSlope(scalar: Scalar, u: readonly Tensor[], along: string, check: CheckName): boolean {
    const s = scalar(this.#built);
    const moving = realOf(this.#built.inputs);
    const numbersOfSlope = slopesOf(s, moving, u);
    const { forward, reverse, noise, change } = numbersOfSlope;
    const slope = slopeOf((t) => this.#at(scalar, u, t), noise, change);
    const duality = this.#isDual(numbersOfSlope);
    if (isClose(forward, slope) && duality) return true;
    const isDifferent = !isClose(forward, slope);
    const guilty = this.#culprit(s);
    // At a kink the quotients say little of the whole, but every operation must still be right alone.
    if (guilty === undefined && duality && this.#isAtKink(s, forward, slope)) return true;
    const culprit = guilty ?? this.#built.output;
    if (isDifferent) {
      const { value: expected, tolerance, origin } = slope;
      this.note(check, culprit, along, { actual: forward, expected, tolerance, origin });
    }
    if (!duality) {
      const tolerance = dualityTolerance(numbersOfSlope);
      const origin = `${numbersOfSlope.count} nodes, each rounded, relative to the largest sum of contributions through one`;
      this.note('duality', culprit, `${along}, reverse mode against forward mode`, {
        actual: reverse,
        expected: forward,
        tolerance,
        origin,
      });
    }
    return false;
  }

  #isDual(slopes: Slopes): boolean {
    const { forward, reverse } = slopes;
    if (Object.is(forward, reverse) || !Number.isFinite(forward)) return true;
    return Math.abs(forward - reverse) <= dualityTolerance(slopes);
  }

  /** Whether a difference is that of a kink, and within the convention. */
  #isAtKink(s: GraphNode, forward: number, slope: Slope): boolean {
    const documented = kinksOf(ancestorsOf(s.graph.arena, [s.id]), activations([s]), s.graph);
    if (documented.length > 0) {
      for (const { node } of documented)
        this.#kinks.add(`${node.operation}, by the convention of its table: ${node.toString()}`);
      return true;
    }
    const [low, high] = [Math.min(...slope.sides), Math.max(...slope.sides)];
    const slack = slope.tolerance + 0.01 * (high - low);
    if (!slope.isKink || forward < low - slack || forward > high + slack) return false;
    this.#kinks.add(
      `${s.operation}: ${forward} lies between the slopes ${slope.sides[0]} and ${slope.sides[1]}`,
    );
    return true;
  }

  /** Operations at kinks of the table must have the derivatives of the table. */
  #checkConventions(order: Int32Array, values: NodeValues): void {
    for (const { node, partials, expected } of kinksOf(order, values, this.#built.graph)) {
      partials.forEach((actual, k) => {
        if (actual + 0 === expected[k]! + 0 || Object.is(actual, expected[k])) return;
        this.note('convention', node, `operand ${k + 1} at a kink of the table`, {
          actual,
          expected: expected[k]!,
        });
      });
    }
  }

  #checkLinearity(scalar: Scalar, u: readonly Tensor[], w: readonly Tensor[], along: string): void {
    const s = scalar(this.#built);
    const moving = realOf(this.#built.inputs);
    const [ofU, ofW, ofBoth] = [
      u,
      w,
      u.map((each, i) => moved(moved(each, each, 1), w[i]!, -3)),
    ].map((each) => slopesOf(s, moving, each));
    const expected = 2 * ofU!.forward - 3 * ofW!.forward;
    const actual = ofBoth!.forward;
    const tolerance =
      2 * dualityTolerance(ofU!) + 3 * dualityTolerance(ofW!) + dualityTolerance(ofBoth!);
    if (!Number.isFinite(expected) || Math.abs(actual - expected) <= tolerance) return;
    this.note('linearity', this.#built.output, `2 u - 3 w for ${along}`, {
      actual,
      expected,
      tolerance,
      origin: 'rounding of the three tangents',
    });
  }

  #checkZero(along: string): void {
    const { output, inputs } = this.#built;
    const seed = output.mul(0);
    for (const each of gradient(output, realOf(inputs), { seed })) {
      const actual = each.tensor.data.find((x) => x !== 0);
      // 0 times an infinite slope is NaN: that is the slope's doing.
      if (actual === undefined || Number.isNaN(actual)) continue;
      this.note('zero cotangent', output, along, { actual, expected: 0 });
    }
  }

  /** The scalar at the point moved by t along u. */
  #at(scalar: Scalar, u: readonly Tensor[], t: number): number {
    let next = 0;
    const at = this.#point.map((x) => (x.kind === 'real' ? moved(x, u[next++]!, t) : x));
    if (this.#readsValues) return evaluate(scalar(this.#build(at))).item();
    const feeds: Record<string, Tensor> = {};
    this.#built.inputs.forEach(({ label }, i) => (feeds[label!] = at[i]!));
    return evaluate(scalar(this.#built), feeds as Feeds).item();
  }

  /** The first operation on the way that is wrong by itself. */
  #culprit(s: GraphNode): GraphNode | undefined {
    const { graph } = s;
    const values = activations([s]);
    for (const id of ancestorsOf(graph.arena, [s.id])) {
      const node = graph.node(id);
      const { operands } = node;
      if (node.kind !== 'real' || operands.length === 0) continue;
      const alone = (at: readonly Tensor[]): Built => {
        const own = new Graph();
        const inputs = at.map((value, k) => own.input(`x${k}`, { value }));
        return {
          graph: own,
          inputs,
          output: apply(graph.arena.rowOf(id), inputs, graph.arena.attributes.get(id) ?? {}),
        };
      };
      const point = operands.map((operand) => values.tensor(operand.id));
      const checker = new Checker(alone, point, { order: 1, directions: 2, seed: 7 });
      if (!checker.#isRightAlone()) return node;
    }
    return undefined;
  }

  /** Whether a single operation passes. */
  #isRightAlone(): boolean {
    const { output, inputs, graph } = this.#built;
    if (!moves(inputs) || !evaluate(output).data.every((x) => Number.isFinite(x))) return true;
    this.#checkConventions(ancestorsOf(graph.arena, [output.id]), activations([output]));
    for (let k = 0; k < this.#directions && this.#findings.length === 0; k++) {
      const v = this.#draw(evaluate(output));
      const scalar: Scalar = (built) => built.output.mul(v).sum();
      const s = scalar(this.#built);
      const u = this.#draws();
      const slopes = slopesOf(s, realOf(inputs), u);
      const slope = slopeOf((t) => this.#at(scalar, u, t), slopes.noise, slopes.change);
      const isRight = isClose(slopes.forward, slope) || this.#isAtKink(s, slopes.forward, slope);
      if (!isRight || !this.#isDual(slopes)) return false;
    }
    return this.#findings.length === 0;
  }

  /** Random numbers in the shape of a tensor, with signs, in proportion to its elements beyond 1. */
  #draw({ shape, data }: Tensor): Tensor {
    return new Tensor(
      shape,
      'real',
      Float64Array.from(data, (x) => {
        const sign = this.#random() < 0.5 ? -1 : 1;
        return sign * (0.25 + 0.75 * this.#random()) * Math.max(1, Math.abs(x));
      }),
    );
  }

  #draws(): Tensor[] {
    return this.#point.filter(({ kind }) => kind === 'real').map((x) => this.#draw(x));
  }
}
