/**
 * The storage of a graph: an append-only arena in SSA form, as a structure of arrays.
 *
 * Node `i` is described by entry `i` of each array, and its operands are
 * `operandIds[operandStarts[i]] ... operandIds[operandStarts[i + 1] - 1]`, so that every operand position is an
 * edge with a number of its own. Invariant: operands have smaller ids than the node. Hence there are no cycles,
 * ascending ids are a topological order, and every sweep is one loop over ids. A node takes 10 bytes and 4 more
 * per operand; arrays grow by doubling, so appending costs amortised constant time.
 */
import { CapacityError } from './errors.ts';
import type { Attributes, Operation } from './rows/row.ts';
import { type Kind, type Type } from './tensor.ts';

/** Type ids that need no lookup. */
export const SCALAR_REAL = 0;
/** The type id of a scalar integer. */
export const SCALAR_INTEGER = 1;
/** The type id of a scalar boolean; all ids up to this one are scalars. */
export const SCALAR_BOOLEAN = 2;

const scalarTypes: readonly Type[] = (['real', 'integer', 'boolean'] satisfies Kind[]).map(
  (kind) => ({ shape: [], kind }),
);

/** Room for this many nodes and edges at first. */
const INITIAL_CAPACITY = 64;
const MAX_NODES = 2 ** 30;

/**
 * The nodes of one graph. Read-only for everyone but the graph itself; engines that run over a graph (sweeps,
 * interpreters, compilers) read the arrays directly. They are replaced when they grow: do not keep them while
 * nodes are added.
 */
export class Arena {
  /** The number of nodes; ids are 0 to nodeCount - 1. */
  nodeCount = 0;
  /** The number of operand positions of all nodes together. */
  edgeCount = 0;
  /** Per node: index into {@link rows}. */
  codes: Uint16Array = new Uint16Array(INITIAL_CAPACITY);
  /** Per node: index into {@link types}. */
  typeIds: Int32Array = new Int32Array(INITIAL_CAPACITY);
  /** Per node: where its operands start in {@link operandIds}; one entry more than nodes. */
  operandStarts: Int32Array = new Int32Array(INITIAL_CAPACITY + 1);
  /** Per edge: the id of the operand. */
  operandIds: Int32Array = new Int32Array(INITIAL_CAPACITY);
  /** The distinct operations in this graph, by code. */
  readonly rows: Operation[] = [];
  /** The distinct types in this graph, by type id; the first three are the scalars. */
  readonly types: Type[] = [...scalarTypes];
  /** The attributes of the nodes that have any. */
  readonly attributes: Map<number, Attributes> = new Map();

  readonly #codeOf = new Map<Operation, number>();
  readonly #typeIdOf = new Map<string, number>();

  /**
   * Appends a node and returns its id. The caller has checked types and operands.
   *
   * @throws {@link CapacityError} at 2^30 nodes.
   */
  append(
    row: Operation,
    operands: readonly number[],
    typeId: number,
    attributes: Attributes | undefined,
  ): number {
    const id = this.nodeCount;
    if (id >= MAX_NODES)
      throw new CapacityError(`a graph holds at most 2^30 nodes; this one is full`);
    if (id >= this.codes.length) this.#growNodes();
    const end = this.edgeCount + operands.length;
    if (end > this.operandIds.length) this.#growEdges(end);
    this.codes[id] = this.#codeOf.get(row) ?? this.#newCode(row);
    this.typeIds[id] = typeId;
    for (let k = 0; k < operands.length; k++) this.operandIds[this.edgeCount + k] = operands[k]!;
    this.edgeCount = end;
    this.operandStarts[id + 1] = end;
    if (attributes !== undefined) this.attributes.set(id, attributes);
    this.nodeCount = id + 1;
    return id;
  }

  /** The row of a node. */
  rowOf(id: number): Operation {
    return this.rows[this.codes[id]!]!;
  }

  /** The type of a node. */
  typeOf(id: number): Type {
    return this.types[this.typeIds[id]!]!;
  }

  /** The operand ids of a node, as a view. */
  operandsOf(id: number): Int32Array {
    return this.operandIds.subarray(this.operandStarts[id], this.operandStarts[id + 1]);
  }

  /** The id of a type, the same for equal types. */
  internType(type: Type): number {
    if (type.shape.length === 0) {
      return type.kind === 'real'
        ? SCALAR_REAL
        : type.kind === 'integer'
          ? SCALAR_INTEGER
          : SCALAR_BOOLEAN;
    }
    const key = `${type.kind}${type.shape.join()}`;
    let typeId = this.#typeIdOf.get(key);
    if (typeId === undefined) {
      typeId = this.types.length;
      this.types.push({ shape: Object.freeze([...type.shape]), kind: type.kind });
      this.#typeIdOf.set(key, typeId);
    }
    return typeId;
  }

  #newCode(row: Operation): number {
    const code = this.rows.length;
    if (code >= 2 ** 16)
      throw new CapacityError('a graph holds at most 65,536 distinct operations');
    this.rows.push(row);
    this.#codeOf.set(row, code);
    return code;
  }

  #growNodes(): void {
    const capacity = 2 * this.codes.length;
    this.codes = grown(this.codes, new Uint16Array(capacity));
    this.typeIds = grown(this.typeIds, new Int32Array(capacity));
    this.operandStarts = grown(this.operandStarts, new Int32Array(capacity + 1));
  }

  #growEdges(needed: number): void {
    this.operandIds = grown(
      this.operandIds,
      new Int32Array(Math.max(2 * this.operandIds.length, needed)),
    );
  }
}

function grown<T extends Uint16Array | Int32Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}
