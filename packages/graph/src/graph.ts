/**
 * A computation graph: named inputs, constants and operations on them, growing node by node.
 *
 * The graph says what is computed, not with which numbers: numbers are fed when it is evaluated. For code that
 * wants to look at values while it builds ("define by run"), inputs may carry a current value; then `node.value`
 * computes on demand and caches what it computed.
 */
import { Arena } from './arena.ts';
import { callSite } from './call-site.ts';
import { GraphError } from './errors.ts';
import { GraphNode } from './node.ts';
import { checkNames, describeValue } from './options.ts';
import { isGraphNode, type Operand } from './explain.ts';
import { checkFeed, fedValue, listNames, tensorFor } from './feeds.ts';
import { NodeValues } from './interpreter/node-values.ts';
import { computeOnDemand } from './interpreter/on-demand.ts';
import { constant, input, type Attributes, type Operation } from './rows/row.ts';
import { liesInside, type Scope } from './scope.ts';
import { checkShape, type Shape } from './shape.ts';
import { SharedNodes } from './sharing.ts';
import { checkKind, tensor, Tensor, type Kind, type TensorLike, type Type } from './tensor.ts';

/** What an input is: its shape and kind, or a current value from which both follow. */
export interface InputOptions {
  /** The shape; default that of `value`, or `[]`, a scalar. */
  readonly shape?: Shape;
  /** The kind; default that of `value`, or `real`. */
  readonly kind?: Kind;
  /** A current value (a typed array gives the elements row-major), for `node.value` and for `evaluate` where no other value is fed. */
  readonly value?: TensorLike;
}

/** Options of a {@link Graph}. */
export interface GraphOptions {
  /** Remember for each node where it was built, for messages. Costs some microseconds per node; default false. */
  readonly traceCreation?: boolean;
  /**
   * Build structurally identical nodes once: an operation on operands on which it is there already gives the node that
   * is there. So recursive mathematics written naively becomes a graph instead of a tree, and so do its
   * gradients. A shared node has one label and one place where it was made, the last and the first. Costs
   * about half a microsecond per node; default false.
   */
  readonly share?: boolean;
}

/** Values for inputs by name. */
export type Feeds = Readonly<Record<string, TensorLike>>;

const SCALAR: Type = { shape: [], kind: 'real' };

/** An input of a graph. */
interface Input {
  readonly name: string;
  /** The current value, if it has one. */
  value: number | Tensor | undefined;
}

/**
 * A directed acyclic graph of operations. Nodes are appended and never changed; ids ascend in topological order.
 *
 * @example
 * ```ts
 * import { Graph, evaluate } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const y = x.square().add(1).log();
 * evaluate(y, { x: 0 }).item(); // => 0
 * ```
 */
export class Graph {
  /** The storage, for engines that run over the graph. */
  readonly arena: Arena = new Arena();
  /**
   * How many functions are being applied to nodes of this graph right now, for transforms of functions: an inner one
   * may close over nodes of a call around it, and only of a call that is going on.
   *
   * @internal
   */
  callsInProgress = 0;
  /** While this graph is traced as a body: where it lies, and what it has used of the graphs around. @internal */
  scope: Scope | undefined = undefined;
  /** The body that is being traced in this graph right now. @internal */
  inner: Graph | undefined = undefined;

  readonly #inputIds = new Map<string, number>();
  readonly #inputs = new Map<number, Input>();
  readonly #constants = new Map<number, number | Tensor>();
  readonly #numberIds = new Map<number, number>();
  readonly #labels = new Map<number, string>();
  readonly #creationSites: Map<number, string> | undefined;
  readonly #shared: SharedNodes | undefined;
  readonly #appendsPlainly: boolean;
  #cached: NodeValues | undefined;
  #valuesRead = false;

  /** An empty graph. */
  constructor(options: GraphOptions = {}) {
    checkNames('Graph', options, ['traceCreation', 'share']);
    this.#creationSites = options.traceCreation === true ? new Map() : undefined;
    this.#shared = options.share === true ? new SharedNodes() : undefined;
    this.#appendsPlainly = this.#shared === undefined && this.#creationSites === undefined;
  }

  /** The number of nodes. */
  get nodeCount(): number {
    return this.arena.nodeCount;
  }

  /** The number of edges: operands of all nodes, counted with repetition. */
  get edgeCount(): number {
    return this.arena.edgeCount;
  }

  /** Whether any current value was read (by `node.value` or `evaluate`): what is built may depend on the values. */
  get valuesRead(): boolean {
    return this.#valuesRead;
  }

  /** The names of the inputs, in order of creation. */
  get inputNames(): readonly string[] {
    return [...this.#inputIds.keys()];
  }

  /**
   * A new named input.
   *
   * @param name - how it is fed; unique in the graph, and usable as a key of an object.
   * @throws {@link GraphError} when the name is empty, taken, or `__proto__`.
   * @throws {@link ShapeError} or {@link KindError} when `value` does not fit `shape` or `kind`.
   * @example
   * ```ts
   * import { Graph } from '@ad/graph';
   *
   * const graph = new Graph();
   * graph.input('weights', { shape: [3, 4] }).shape; // => [3, 4]
   * graph.input('x', { value: 2 }).mul(5).value; // => 10
   * ```
   */
  input(name: string, options: InputOptions = {}): GraphNode {
    if (typeof name !== 'string' || name === '' || name === '__proto__') {
      throw new GraphError(
        `input: ${JSON.stringify(name)} cannot be a name; inputs are fed by name from an object`,
      );
    }
    if (this.#inputIds.has(name)) {
      throw new GraphError(
        `input: this graph already has an input "${name}"; take another name or use graph.find("${name}")`,
      );
    }
    checkNames(`input "${name}"`, options, ['shape', 'kind', 'value']);
    const value = currentFor(name, options);
    const type = value instanceof Tensor ? value : SCALAR;
    const { shape = type.shape, kind = type.kind } = options;
    if (options.shape !== undefined) checkShape(shape, `input "${name}"`);
    if (options.kind !== undefined) checkKind(kind, `input "${name}"`);
    if (value instanceof Tensor) checkFeed(name, value, { shape, kind });
    const id = this.arena.append(input, [], this.arena.internType({ shape, kind }), undefined);
    this.#inputIds.set(name, id);
    this.#inputs.set(id, { name, value });
    this.#recordSite(id);
    return new GraphNode(this, id);
  }

  /**
   * A constant. Equal scalar numbers share one node.
   *
   * @throws {@link ShapeError}, {@link KindError} or {@link ValueError} when the value is not a tensor.
   */
  constant(value: TensorLike): GraphNode {
    return new GraphNode(this, this.#constantId(typeof value === 'number' ? value : tensor(value)));
  }

  /**
   * The input of this name.
   *
   * @throws {@link GraphError} when there is none; the message lists those there are.
   */
  find(name: string): GraphNode {
    const id = this.#inputIds.get(name);
    if (id === undefined)
      throw new GraphError(`no input "${name}"; this graph has ${listNames(this.inputNames)}`);
    return new GraphNode(this, id);
  }

  /**
   * The node with this id.
   *
   * @throws {@link GraphError} when there is no such node.
   */
  node(id: number): GraphNode {
    if (!Number.isInteger(id) || id < 0 || id >= this.nodeCount) {
      throw new GraphError(`no node ${id}; ids go from 0 to ${this.nodeCount - 1}`);
    }
    return new GraphNode(this, id);
  }

  /**
   * Sets current values of inputs; `node.value` answers for them from now on.
   *
   * @throws {@link GraphError} for an unknown name, {@link ShapeError} or {@link KindError} for a value that does not
   * fit; then no value is changed.
   */
  feed(feeds: Feeds): void {
    const values = this.resolveFeeds(feeds);
    for (const [id, value] of values) this.#inputs.get(id)!.value = value;
    this.#cached = undefined;
  }

  /**
   * The values of inputs by id: those fed, checked against the inputs' types, and no others.
   *
   * @throws {@link GraphError}, {@link ShapeError}, {@link KindError}.
   * @internal
   */
  resolveFeeds(feeds: Feeds): Map<number, Tensor> {
    if (typeof feeds !== 'object' || (feeds as Feeds | null) === null) {
      throw new GraphError(
        `the feeds are ${describeValue(feeds)}, expected an object with a value for each input by name`,
      );
    }
    const values = new Map<number, Tensor>();
    for (const name of Object.keys(feeds)) {
      const node = this.find(name);
      values.set(node.id, fedValue(name, feeds[name]!, node));
    }
    return values;
  }

  /** The name of an input node, else `undefined`. */
  inputName(id: number): string | undefined {
    return this.#inputs.get(id)?.name;
  }

  /** The value of a constant node, else `undefined`. */
  constantValue(id: number): number | Tensor | undefined {
    return this.#constants.get(id);
  }

  /** The current value of an input node, if it has one. */
  currentValue(id: number): Tensor | undefined {
    this.#valuesRead = true;
    const value = this.#inputs.get(id)?.value;
    return typeof value === 'number' ? tensor(value) : value;
  }

  /**
   * The value of a leaf: of a constant, or the current one of an input, if it has one.
   *
   * @internal
   */
  leafValue(id: number): number | Tensor | undefined {
    const entry = this.#inputs.get(id);
    if (entry === undefined) return this.#constants.get(id);
    this.#valuesRead = true;
    return entry.value;
  }

  /** The label of a node, if it has one; inputs are labelled with their names. */
  label(id: number): string | undefined {
    return this.#labels.get(id) ?? this.#inputs.get(id)?.name;
  }

  /** Labels a node, for messages and drawings. */
  setLabel(id: number, label: string): void {
    this.#labels.set(id, label);
  }

  /** Where the user's code built a node, if the graph was made with `traceCreation`. */
  creationSite(id: number): string | undefined {
    return this.#creationSites?.get(id);
  }

  /**
   * Appends an operation whose type is known, lifting numbers and tensors to constants.
   *
   * @internal
   */
  append(
    row: Operation,
    operands: readonly Operand[],
    typeId: number,
    attributes: Attributes | undefined,
  ): GraphNode {
    const ids = new Array<number>(operands.length);
    for (let k = 0; k < operands.length; k++) {
      const operand = operands[k]!;
      const lifted = typeof operand === 'number' || !isGraphNode(operand);
      ids[k] = lifted ? this.#constantId(operand) : this.adopt(operand).id;
    }
    const entry = this.#shared?.operation(row, ids, attributes);
    if (entry?.id !== undefined) return new GraphNode(this, entry.id);
    const id = this.arena.append(row, ids, typeId, attributes);
    if (entry !== undefined) entry.id = id;
    if (this.#creationSites !== undefined) this.#recordSite(id);
    return new GraphNode(this, id);
  }

  /**
   * Appends an operation on the first `count` of two nodes, if there is nothing to it: all three are real scalars, equal
   * nodes are not shared, nobody asks who built them, and no body is being traced inside.
   *
   * @internal
   */
  appendScalar(code: number, count: number, x: number, y: number): GraphNode | undefined {
    const id = this.appendScalarId(code, count, x, y);
    return id === undefined ? undefined : new GraphNode(this, id);
  }

  /**
   * The same for loops that need no handle: the id of the node.
   *
   * @internal
   */
  appendScalarId(code: number, count: number, x: number, y: number): number | undefined {
    if (!this.#appendsPlainly || this.inner !== undefined) return undefined;
    return this.arena.appendScalar(code, count, x, y);
  }

  /**
   * The node itself, or the input that stands for it in the body that is being traced in this graph.
   *
   * @internal
   */
  adopt(node: GraphNode): GraphNode {
    return node.graph !== this && liesInside(this, node.graph) ? this.scope!.capture(node) : node;
  }

  /**
   * The activation of a node for the current values of the inputs, computed if it is not cached.
   *
   * @throws {@link GraphError} when an input that it needs has no current value.
   * @internal
   */
  activation(id: number): Tensor {
    this.#valuesRead = true;
    this.#cached ??= new NodeValues(this.arena);
    computeOnDemand(this, id, this.#cached);
    return this.#cached.tensor(id);
  }

  #constantId(value: number | boolean | Tensor): number {
    // In a graph that shares, a number is the same however it is written.
    const isNumber = value instanceof Tensor && value.kind === 'real' && value.shape.length === 0;
    const given = this.#shared !== undefined && isNumber ? value.item() : value;
    // Map keys do not tell -0 from 0: it is shared as tensors are, on request only.
    if (typeof given === 'number' && !Object.is(given, -0)) {
      let id = this.#numberIds.get(given);
      if (id === undefined) {
        id = this.#appendConstant(given, SCALAR);
        this.#numberIds.set(given, id);
      }
      return id;
    }
    const held = tensor(given);
    const entry = this.#shared?.constant(held);
    if (entry?.id !== undefined) return entry.id;
    const id = this.#appendConstant(typeof given === 'number' ? given : held, held);
    if (entry !== undefined) entry.id = id;
    return id;
  }

  #appendConstant(value: number | Tensor, type: Type): number {
    const id = this.arena.append(constant, [], this.arena.internType(type), undefined);
    this.#constants.set(id, value);
    return id;
  }

  #recordSite(id: number): void {
    const site = this.#creationSites === undefined ? undefined : callSite();
    if (site !== undefined) this.#creationSites!.set(id, site);
  }
}

/** The current value that an input is made with. A plain number needs no tensor. */
function currentFor(
  name: string,
  { value, shape, kind }: InputOptions,
): number | Tensor | undefined {
  const isPlain = typeof value === 'number' && shape === undefined && kind === undefined;
  return value === undefined || isPlain ? value : tensorFor(name, value, shape, kind);
}
