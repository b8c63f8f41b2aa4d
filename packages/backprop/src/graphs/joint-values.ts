/**
 * Values beside tangents. A loop or branch that carries tangents along computes values, too; these stand for the parts of
 * the loop or branch that has values alone, and whatever is computed from them is appended once more, to read them there.
 * Then nobody needs the other one, and no step is made twice. Graphs without loops stay as they are.
 */
import {
  ancestorsOf,
  apply,
  type Graph,
  type GraphNode,
  partRead,
  type Parts,
  type PushedParts,
} from '@ad/graph';

/** The nodes that stand for those that a sweep upwards meets. */
export class JointValues {
  readonly #graph: Graph;
  readonly #outputs: readonly GraphNode[];
  /** By node what stands for it, where that is another one. */
  readonly #others = new Map<number, GraphNode>();
  /** By loop or branch its parts. */
  readonly #parts = new Map<number, Parts>();
  #reads: Reads | undefined;

  /**
   * Every node stands for itself.
   *
   * @param outputs - what all is for: nodes that they do not need have nobody who stands for them.
   */
  constructor(graph: Graph, outputs: readonly GraphNode[]) {
    this.#graph = graph;
    this.#outputs = outputs;
  }

  /** The node that stands for a node that was visited. */
  of(node: number): GraphNode {
    return this.#others.get(node) ?? this.#graph.node(node);
  }

  /** The nodes that stand for the operands of a node that was visited. */
  operandsOf(node: number): GraphNode[] {
    const { operandStarts, operandIds } = this.#graph.arena;
    const first = operandStarts[node]!;
    const operands = new Array<GraphNode>(operandStarts[node + 1]! - first);
    for (let k = 0; k < operands.length; k++) operands[k] = this.of(operandIds[first + k]!);
    return operands;
  }

  /** Takes up a node, after all that it is computed from. */
  visit(node: number): void {
    if (this.#parts.size === 0 || !this.#readsOfOutputs.needed.has(node)) return;
    const { arena } = this.#graph;
    const ids = Array.from(arena.operandsOf(node));
    const part = partRead(arena, node);
    const value = part && this.#parts.get(ids[0]!)?.flat(part);
    if (value !== undefined) this.#others.set(node, value);
    else if (ids.some((id) => this.#others.has(id))) {
      const copy = apply(arena.rowOf(node), this.operandsOf(node), arena.attributes.get(node));
      const label = this.#graph.label(node);
      this.#others.set(node, label === undefined ? copy : copy.named(label));
    }
  }

  /**
   * What is to be known of the values of a loop or branch beside its tangents.
   *
   * @param values - its parts, of which nothing is known yet.
   */
  join(node: number, values: Parts): Pick<PushedParts, 'isRead' | 'values'> {
    const { starts, wholes } = this.#readsOfOutputs;
    this.#parts.set(node, values);
    const read = starts.get(node);
    return {
      values,
      isRead: ({ start }) => read?.has(start) === true || wholes.has(node),
    };
  }

  get #readsOfOutputs(): Reads {
    this.#reads ??= readsOf(this.#graph, this.#outputs);
    return this.#reads;
  }
}

/** What some outputs read. */
interface Reads {
  /** The nodes that they need. */
  readonly needed: ReadonlySet<number>;
  /** By loop or branch where those of its parts start that are read. */
  readonly starts: ReadonlyMap<number, ReadonlySet<number>>;
  /** What is read, and not by one of its parts. */
  readonly wholes: ReadonlySet<number>;
}

function readsOf({ arena }: Graph, outputs: readonly GraphNode[]): Reads {
  const needed = new Set(
    ancestorsOf(
      arena,
      outputs.map(({ id }) => id),
    ),
  );
  const starts = new Map<number, Set<number>>();
  const wholes = new Set(outputs.map(({ id }) => id));
  for (const node of needed) {
    const part = partRead(arena, node);
    const operands = arena.operandsOf(node);
    if (part === undefined) for (const operand of operands) wholes.add(operand);
    else {
      const loop = operands[0]!;
      starts.set(loop, (starts.get(loop) ?? new Set()).add(part.start));
    }
  }
  return { needed, starts, wholes };
}
