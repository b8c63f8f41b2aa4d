/** A function at a point: built there, and evaluated around it. */
import {
  callWithNodes,
  describeValue,
  evaluate,
  Graph,
  GraphError,
  type GraphNode,
  isGraphNode,
  type Leaf,
  mapTree,
  remedyForResult,
  Tensor,
  type Tree,
} from '@ad/graph';
import type { Built } from './built.ts';
import { heldValues, withHeld } from './held.ts';

/** Applies a function to inputs with these values, on request with the creation sites of its nodes. */
export type Build = (at: readonly Tensor[], traceCreation?: boolean) => Built;

/** A scalar to be checked, made from what a function has built. */
export type Scalar = (built: Built) => GraphNode;

/** Builds a function of trees that have the form of `args`. */
export function traceAt(
  f: (...args: readonly unknown[]) => unknown,
  args: readonly Tree<Leaf>[],
): Build {
  return (at, traceCreation = false) => {
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
    const output = callWithNodes('checkGradients', () => f(...nodes));
    if (!isGraphNode(output) || output.graph !== graph || output.kind !== 'real') {
      throw new GraphError(
        `checkGradients: the function returned ${isGraphNode(output) ? output.toString() : describeValue(output)}, ` +
          `expected a real node computed from its arguments${remedyForResult(output)}`,
      );
    }
    return { graph, inputs, output };
  };
}

/** A function at a point. */
export class Point {
  /** The values of the inputs. */
  readonly values: readonly Tensor[];
  /** The function there. */
  readonly built: Built;
  /** Whether the function looks at values, so that it must be built anew around the point. */
  readonly readsValues: boolean;
  readonly #build: Build;
  readonly #held: readonly Tensor[];
  readonly #builtHeld: Built;

  constructor(build: Build, values: readonly Tensor[]) {
    this.#build = build;
    this.values = values;
    this.built = build(values);
    this.readsValues = this.built.graph.valuesRead;
    this.#held = heldValues(this.built);
    this.#builtHeld = withHeld(this.built, this.#held);
  }

  /** The inputs that can move. */
  get moving(): GraphNode[] {
    return realOf(this.built.inputs);
  }

  /** The function at the point, built once more. */
  again(): Built {
    return this.#build(this.values);
  }

  /** Where the user's code made a node. Sites cost time, so they are looked up when they are needed. */
  siteOf(node: GraphNode): string | undefined {
    return this.#build(this.values, true).graph.creationSite(node.id);
  }

  /** A scalar at the point moved by t along u. */
  at(scalar: Scalar, u: readonly Tensor[], t: number): number {
    const at = this.#moved(u, t);
    return this.readsValues
      ? evaluate(scalar(this.#build(at))).item()
      : this.#fed(scalar, this.built, at);
  }

  /** The same with the values that derivatives take for constants held where they are at the point. */
  heldAt(scalar: Scalar, u: readonly Tensor[], t: number): number {
    const at = this.#moved(u, t);
    return this.readsValues
      ? evaluate(scalar(withHeld(this.#build(at), this.#held))).item()
      : this.#fed(scalar, this.#builtHeld, at);
  }

  #moved(u: readonly Tensor[], t: number): Tensor[] {
    let next = 0;
    return this.values.map((x) => (x.kind === 'real' ? moved(x, u[next++]!, t) : x));
  }

  #fed(scalar: Scalar, built: Built, at: readonly Tensor[]): number {
    const feeds: Record<string, Tensor> = {};
    built.inputs.forEach(({ label }, i) => (feeds[label!] = at[i]!));
    return evaluate(scalar(built), feeds).item();
  }
}

/** The real ones among some nodes. */
export function realOf(nodes: readonly GraphNode[]): GraphNode[] {
  return nodes.filter(({ kind }) => kind === 'real');
}

/** x + t u. */
export function moved(x: Tensor, u: Tensor, t: number): Tensor {
  return new Tensor(
    x.shape,
    'real',
    Float64Array.from(x.data, (each, i) => each + t * u.data[i]!),
  );
}
