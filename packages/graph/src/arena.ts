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
import { add, div, mul, sub } from './rows/arithmetic.ts';
import { exp, log } from './rows/exponential.ts';
import { cos, sin, tanh } from './rows/trigonometric.ts';
import type { Attributes, ElementwiseRow, Operation } from './rows/row.ts';
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

/** The operations by the codes of codes.ts. */
const FIRST_ROWS: readonly Operation[] = [add, sub, mul, div, exp, log, sin, cos, tanh];

/** So many rows are looked through for one, which is quicker than to look it up. */
const FEW = 16;
/** Room for this many nodes or edges, as soon as there are any. */
const LEAST_CAPACITY = 64;
/** Below this capacity arrays grow fourfold: to make new ones takes longer than to append some nodes. */
const SMALL_CAPACITY = 1024;
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
  codes: Uint16Array = new Uint16Array(0);
  /** Per node: index into {@link types}. */
  typeIds: Int32Array = new Int32Array(0);
  /** Per node: where its operands start in {@link operandIds}; one entry more than nodes. */
  operandStarts: Int32Array = new Int32Array(1);
  /** Per edge: the id of the operand. */
  operandIds: Int32Array = new Int32Array(0);
  /** Whether all nodes are real scalars, so that nobody needs to ask. */
  hasOnlyRealScalars = true;
  /** The operations in this graph, by code, after those that have the same code in all graphs. */
  readonly rows: Operation[] = [];
  /**
   * By code: how many operands an elementwise operation has, 0 for others. Rows are objects of many forms, so looking
   * at one costs more than the arithmetic of a scalar; loops over nodes read the next three instead.
   */
  readonly arities: number[] = [];
  /** By code: how the value of an elementwise operation is computed. */
  readonly values: (ElementwiseRow['value'] | undefined)[] = [];
  /** By code: how many scalars an operation takes for a real scalar; -1 where that takes a look at the row. */
  readonly scalarArities: number[] = [];
  /** The distinct types in this graph, by type id; the first three are the scalars. */
  readonly types: Type[] = [...scalarTypes];
  /** The attributes of the nodes that have any. */
  readonly attributes: Map<number, Attributes> = new Map();

  /** The codes from `FEW` on. */
  readonly #codes = new Map<Operation, number>();
  readonly #typeIdOf = new Map<string, number>();

  /** An empty arena. */
  constructor() {
    for (const row of FIRST_ROWS) this.#newCode(row);
  }

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
    const id = this.#open(this.codeOf(row), operands.length, typeId);
    let at = this.operandStarts[id]!;
    for (let k = 0; k < operands.length; k++) this.operandIds[at++] = operands[k]!;
    if (attributes !== undefined) this.attributes.set(id, attributes);
    return id;
  }

  /**
   * Appends an operation on the first `count` of two real scalars and returns its id, if that is what the operation takes
   * and the result is a real scalar.
   *
   * @throws {@link CapacityError} at 2^30 nodes.
   */
  appendScalar(code: number, count: number, x: number, y: number): number | undefined {
    if (this.scalarArities[code] !== count) return undefined;
    if (
      !this.hasOnlyRealScalars &&
      (this.typeIds[x] !== SCALAR_REAL || this.typeIds[y] !== SCALAR_REAL)
    )
      return undefined;
    const id = this.#open(code, count, SCALAR_REAL);
    const first = this.edgeCount - count;
    this.operandIds[first] = x;
    if (count > 1) this.operandIds[first + 1] = y;
    return id;
  }

  /** Makes room for a node and its operands, which the caller sets. */
  #open(code: number, operandCount: number, typeId: number): number {
    const id = this.nodeCount;
    if (id >= MAX_NODES)
      throw new CapacityError(`a graph holds at most 2^30 nodes; this one is full`);
    if (id >= this.codes.length) this.#growNodes(grown(id));
    const end = this.edgeCount + operandCount;
    if (end > this.operandIds.length) this.#growEdges(Math.max(grown(this.operandIds.length), end));
    this.codes[id] = code;
    this.typeIds[id] = typeId;
    if (typeId !== SCALAR_REAL) this.hasOnlyRealScalars = false;
    this.edgeCount = end;
    this.operandStarts[id + 1] = end;
    this.nodeCount = id + 1;
    return id;
  }

  /** The row of a node. */
  rowOf(id: number): Operation {
    return this.rows[this.codes[id]!]!;
  }

  /**
   * The code of a row in this graph.
   *
   * @throws {@link CapacityError} at 2^16 rows.
   */
  codeOf(row: Operation): number {
    const few = Math.min(this.rows.length, FEW);
    for (let code = 0; code < few; code++) if (this.rows[code] === row) return code;
    return this.#codes.get(row) ?? this.#newCode(row);
  }

  /** The type of a node. */
  typeOf(id: number): Type {
    return this.types[this.typeIds[id]!]!;
  }

  /** Whether a node is a scalar. */
  isScalar(id: number): boolean {
    return this.hasOnlyRealScalars || this.typeIds[id]! <= SCALAR_BOOLEAN;
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
    const isElementwise = row.family === 'elementwise';
    this.arities.push(isElementwise ? row.arity : 0);
    // oxlint-disable-next-line typescript/unbound-method -- called on its row
    this.values.push(isElementwise ? row.value : undefined);
    const isPlain = isElementwise && row.operandKinds === undefined && row.resultKind === 'real';
    this.scalarArities.push(isPlain ? row.arity : -1);
    if (code >= FEW) this.#codes.set(row, code);
    return code;
  }

  /** All arrays of nodes lie in one buffer. */
  #growNodes(capacity: number): void {
    const { codes, typeIds, operandStarts } = this;
    const buffer = new ArrayBuffer(10 * capacity + 4);
    this.operandStarts = new Int32Array(buffer, 0, capacity + 1);
    this.typeIds = new Int32Array(buffer, 4 * capacity + 4, capacity);
    this.codes = new Uint16Array(buffer, 8 * capacity + 4, capacity);
    this.operandStarts.set(operandStarts);
    this.typeIds.set(typeIds);
    this.codes.set(codes);
  }

  #growEdges(capacity: number): void {
    const { operandIds } = this;
    this.operandIds = new Int32Array(capacity);
    this.operandIds.set(operandIds);
  }
}

/** The capacity that follows a capacity. */
function grown(capacity: number): number {
  return Math.max(LEAST_CAPACITY, capacity * (capacity < SMALL_CAPACITY ? 4 : 2));
}
