/**
 * Graphs from JSON that nobody vouches for. Records are read in one pass; each is checked by itself, then appended through
 * the same rules as a node built by hand, then compared with the type that it states. Every record states its type, so memory stays
 * proportional to the file: no shape is multiplied out before its elements are counted in the file. Anything wrong is
 * a FormatError that names the record; the graph built so far is dropped, so nothing half-read is ever visible.
 *
 * O(V + E); depth costs no stack. Lookups by names from the file go through Maps and own properties only.
 */
import { resultType } from '../apply.ts';
import { Body } from '../body.ts';
import { FormatError, ValueError } from '../errors.ts';
import { Graph } from '../graph.ts';
import type { GraphNode } from '../node.ts';
import { checkNames } from '../options.ts';
import { RuleViolation, type Operation } from '../rows/row.ts';
import { operations } from '../rows/table.ts';
import { checkShape, sameShape } from '../shape.ts';
import type { Kind, Type } from '../tensor.ts';
import { formatCount, formatType } from './format.ts';
import { checkAttributes } from './json-attributes.ts';
import { describe, quoted, shorten } from './json-describe.ts';
import { decodeValue } from './json-elements.ts';
import { FORMAT, VERSION } from './json-format.ts';

/** Options of {@link fromJSON}. */
export interface FromJSONOptions {
  /** Operations outside the table that the file may use. */
  readonly operations?: readonly Operation[];
}

/** A graph read from a file. */
export interface LoadedGraph {
  /** The graph. */
  readonly graph: Graph;
  /** The outputs, in the order in which they were saved. */
  readonly outputs: readonly GraphNode[];
  /** The outputs that were saved with a name. */
  readonly named: ReadonlyMap<string, GraphNode>;
}

/** More axes than anyone uses (NumPy's own limit); rules may take time quadratic in the rank. */
const MAX_RANK = 64;
/** Bodies in one another: far more than anyone writes, and few enough to read one inside of the other. */
const MAX_DEPTH = 64;
/** The longest message of a rule to pass on. */
const LONGEST_RULE = 400;

/**
 * The graph that {@link toJSON} made data of. The data may come from anywhere: every field is checked before it is
 * used, and loading runs none of it.
 *
 * @param json - the text of a file, or what `JSON.parse` made of it.
 * @throws {@link FormatError} when the file is not what `toJSON` writes; the message names the node. Nothing of it has
 * been used then.
 * @throws {@link ValueError} when an operation given in the options has a name that is taken.
 * @example
 * ```ts
 * import { fromJSON, Graph, listing, toJSON } from '@ad/graph';
 *
 * const x = new Graph().input('x', { shape: [2] });
 * const text = JSON.stringify(toJSON([x.exp().sum()]));
 * const { graph, outputs: [y] } = fromJSON(text);
 * listing(graph) === listing(x.graph); // => true
 * y.operation; // => 'sum'
 * fromJSON(text.replace('exp', 'exq')); // throws /node 1 \(exq\): there is no operation "exq"/
 * ```
 */
export function fromJSON(json: unknown, options: FromJSONOptions = {}): LoadedGraph {
  checkNames('fromJSON', options, ['operations']);
  const rows = tableWith(options.operations ?? []);
  const file = fileOf(json);
  const reader = new Reader(rows, '', 0);
  for (const record of file.nodes) reader.readNode(record);
  return { graph: reader.graph, ...outputsOf(file.outputs, reader.nodes) };
}

/** The operations by name: the table and those of the user. Not the leaves, which have records of their own. */
function tableWith(more: readonly Operation[]): Map<string, Operation> {
  const rows = new Map<string, Operation>(Object.entries(operations));
  for (const row of more) {
    if (row.family === 'leaf' || rows.has(row.name)) {
      throw new ValueError(
        `fromJSON: an operation given in the options is called ${quoted(row.name)}, which is taken; give it a name of its own`,
      );
    }
    rows.set(row.name, row);
  }
  rows.delete('input');
  rows.delete('constant');
  return rows;
}

/** The outer layer of a file. */
function fileOf(json: unknown): { nodes: readonly unknown[]; outputs: readonly unknown[] } {
  const file = typeof json === 'string' ? parsed(json) : json;
  const fail = (message: string): FormatError => new FormatError(`fromJSON: ${message}`);
  if (!isRecord(file)) throw fail(`the file is ${describe(file)}, expected an object`);
  const format = field(file, 'format');
  if (format !== FORMAT) {
    throw fail(
      `the format is ${describe(format)}, expected "${FORMAT}"; this is no file made by toJSON`,
    );
  }
  const version = field(file, 'version');
  if (!Number.isSafeInteger(version) || (version as number) < 1)
    throw fail(`the version is ${describe(version)}, expected ${VERSION}`);
  if ((version as number) > VERSION) {
    throw fail(
      `the file has version ${describe(version)} of the format; this library reads up to ${VERSION}: use a newer one`,
    );
  }
  checkFields(file, ['format', 'version', 'nodes', 'outputs'], fail);
  const nodes = field(file, 'nodes');
  const outputs = field(file, 'outputs');
  if (!Array.isArray(nodes)) throw fail(`nodes is ${describe(nodes)}, expected a list of nodes`);
  if (!Array.isArray(outputs))
    throw fail(`outputs is ${describe(outputs)}, expected a list of outputs`);
  return { nodes, outputs };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? shorten(error.message, LONGEST_RULE) : '';
    throw new FormatError(
      `fromJSON: the text is not JSON; is it cut short? (${formatCount(text.length)} characters; ${reason})`,
      { cause: error },
    );
  }
}

/** The graph as far as it has been read. */
class Reader {
  readonly graph: Graph = new Graph();
  readonly nodes: GraphNode[] = [];
  readonly #rows: ReadonlyMap<string, Operation>;
  readonly #numbers = new Set<number>();
  /** Which body this is the graph of, in words; empty for the file itself. */
  readonly #where: string;
  /** How many bodies lie around this one. */
  readonly #depth: number;

  constructor(rows: ReadonlyMap<string, Operation>, where: string, depth: number) {
    this.#rows = rows;
    this.#where = where;
    this.#depth = depth;
  }

  /** Checks the next record and appends its node. */
  readNode(record: unknown): void {
    const index = this.nodes.length;
    const fail: Fail = (message, cause) =>
      new FormatError(`fromJSON: ${this.#where}${nameOf(index, record)}: ${message}`, { cause });
    if (!isRecord(record)) throw fail(`it is ${describe(record)}, expected an object`);
    const op = field(record, 'op');
    if (typeof op !== 'string')
      throw fail(`op is ${describe(op)}, expected the name of an operation`);
    const type = typeOf(record, fail);
    const label = field(record, 'label');
    if (label !== undefined && typeof label !== 'string')
      throw fail(`its label is ${describe(label)}, expected a string`);
    const node =
      op === 'input'
        ? this.#input(record, type, fail)
        : op === 'constant'
          ? this.#constant(record, type, fail)
          : this.#operation(record, op, type, fail);
    if (label !== undefined) node.named(label);
    this.nodes.push(node);
  }

  #input(record: JSONRecord, type: Type, fail: Fail): GraphNode {
    checkFields(record, ['op', 'name', 'shape', 'kind', 'value', 'label'], fail);
    const name = field(record, 'name');
    if (typeof name !== 'string') throw fail(`its name is ${describe(name)}, expected a string`);
    const value = field(record, 'value');
    const current = value === undefined ? {} : { value: decodeValue(value, type, fail) };
    return checked(fail, () => this.graph.input(name, { ...type, ...current }));
  }

  #constant(record: JSONRecord, type: Type, fail: Fail): GraphNode {
    checkFields(record, ['op', 'shape', 'kind', 'value', 'label'], fail);
    const value = decodeValue(field(record, 'value'), type, fail);
    if (type.shape.length > 0 || type.kind !== 'real') return this.graph.constant(value);
    // Equal numbers share a node in a graph. Where the file has two, the second stays a node of its own.
    const number = value.item();
    const repeated = this.#numbers.has(number) && !Object.is(number, -0);
    if (!Object.is(number, -0)) this.#numbers.add(number);
    return this.graph.constant(repeated ? value : number);
  }

  #operation(record: JSONRecord, op: string, type: Type, fail: Fail): GraphNode {
    const row = this.#rows.get(op);
    if (row === undefined) {
      throw fail(
        `there is no operation ${quoted(op)} in the table; if it is one of your own, give it in the option \`operations\``,
      );
    }
    checkFields(record, ['op', 'operands', 'attributes', 'shape', 'kind', 'label'], fail);
    const operands = this.#operands(field(record, 'operands'), row, fail);
    const where = `${this.#where}${nameOf(this.nodes.length, record)}: `;
    const attributes = checkAttributes(row, field(record, 'attributes'), fail, (name, value) =>
      isRecord(value) ? this.#body(value, `${where}${name}: `) : undefined,
    );
    const result = checked(fail, () => {
      const inferred = resultType(row, operands, attributes);
      checkSizes(inferred.shape);
      return inferred;
    });
    if (!sameShape(result.shape, type.shape) || result.kind !== type.kind) {
      throw fail(
        `its type is ${formatType(type)}, but by the rule of ${op} it is ${formatType(result)}`,
      );
    }
    const typeId = this.graph.arena.internType(type);
    return checked(fail, () => this.graph.append(row, operands, typeId, attributes));
  }

  /** A body, read by a reader of its own. */
  #body(record: JSONRecord, where: string): Body {
    const fail: Fail = (message, cause) =>
      new FormatError(`fromJSON: ${where}${message}`, { cause });
    if (this.#depth >= MAX_DEPTH)
      throw fail(`bodies lie in one another more than ${MAX_DEPTH} deep`);
    checkFields(record, ['nodes', 'inputs', 'outputs'], fail);
    const nodes = field(record, 'nodes');
    if (!Array.isArray(nodes)) throw fail(`nodes is ${describe(nodes)}, expected a list of nodes`);
    const reader = new Reader(this.#rows, where, this.#depth + 1);
    for (const node of nodes as readonly unknown[]) reader.readNode(node);
    const inputs = reader.#nodesAt(field(record, 'inputs'), 'inputs', fail);
    const outputs = reader.#nodesAt(field(record, 'outputs'), 'outputs', fail);
    if (inputs.some(({ id }) => reader.graph.currentValue(id) !== undefined))
      throw fail('an input has a value; inputs of a body are fed by the operation');
    return checked(fail, () => new Body(inputs, outputs));
  }

  /** The nodes at positions that a body lists. */
  #nodesAt(positions: unknown, name: string, fail: Fail): GraphNode[] {
    if (!Array.isArray(positions))
      throw fail(`${name} is ${describe(positions)}, expected a list of positions`);
    return Array.from(positions as readonly unknown[], (position) => {
      const node = Number.isInteger(position) ? this.nodes[position as number] : undefined;
      if (node !== undefined) return node;
      throw fail(
        `${name} has ${describe(position)}, expected a position in the list of ${this.nodes.length} nodes`,
      );
    });
  }

  #operands(operands: unknown, row: Operation, fail: Fail): GraphNode[] {
    const index = this.nodes.length;
    const count = row.arity === null ? 'at least 1' : String(row.arity);
    if (!Array.isArray(operands))
      throw fail(`operands is ${describe(operands)}, expected a list of ${count}`);
    const positions: readonly unknown[] = operands;
    if (row.arity === null ? positions.length === 0 : positions.length !== row.arity)
      throw fail(`it has ${positions.length} operands; ${row.name} takes ${count}`);
    const nodes = new Array<GraphNode>(positions.length);
    for (let k = 0; k < positions.length; k++) {
      const position = positions[k];
      const node = Number.isInteger(position) ? this.nodes[position as number] : undefined;
      if (node === undefined) {
        const range = index === 0 ? 'but this is the first' : `0 to ${index - 1}`;
        throw fail(
          `operand ${k + 1} is ${describe(position)}, expected the position of an earlier node, ${range}`,
        );
      }
      nodes[k] = node;
    }
    return nodes;
  }
}

/** The outputs, which are positions of nodes, and the names that some have. */
function outputsOf(
  records: readonly unknown[],
  nodes: readonly GraphNode[],
): Omit<LoadedGraph, 'graph'> {
  const named = new Map<string, GraphNode>();
  const outputs = Array.from(records, (record, k) => {
    const fail: Fail = (message) => new FormatError(`fromJSON: output ${k + 1}: ${message}`);
    if (!isRecord(record)) throw fail(`it is ${describe(record)}, expected an object`);
    checkFields(record, ['node', 'name'], fail);
    const position = field(record, 'node');
    const node = Number.isInteger(position) ? nodes[position as number] : undefined;
    if (node === undefined) {
      throw fail(
        `its node is ${describe(position)}, expected a position in the list of ${nodes.length} nodes`,
      );
    }
    const name = field(record, 'name');
    if (name === undefined) return node;
    if (typeof name !== 'string' || name === '' || name === '__proto__')
      throw fail(`its name is ${describe(name)}, which cannot be a name`);
    if (named.has(name)) throw fail(`its name ${quoted(name)} is that of an earlier output`);
    named.set(name, node);
    return node;
  });
  return { outputs, named };
}

// ---- Fields ------------------------------------------------------------------------------------

/** An object of a file, whose properties may be anything. */
type JSONRecord = Readonly<Record<string, unknown>>;

/** Makes the error that names the record from what is wrong with it. */
type Fail = (message: string, cause?: unknown) => FormatError;

function isRecord(value: unknown): value is JSONRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field of the record itself: what its prototype has does not count. */
function field(record: JSONRecord, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** A misspelt field would be silently ignored, so none but the known ones are allowed. */
function checkFields(record: JSONRecord, known: readonly string[], fail: Fail): void {
  for (const name of Object.keys(record)) {
    if (!known.includes(name))
      throw fail(`it has a field ${quoted(name)}, expected none but ${known.join(', ')}`);
  }
}

const kinds: ReadonlySet<unknown> = /* @__PURE__ */ new Set<Kind>(['real', 'integer', 'boolean']);

const scalarReal: Type = { shape: [], kind: 'real' };

/** The type that a record states. */
function typeOf(record: JSONRecord, fail: Fail): Type {
  const { shape = scalarReal.shape, kind = scalarReal.kind } = {
    shape: field(record, 'shape'),
    kind: field(record, 'kind'),
  };
  if (shape === scalarReal.shape && kind === scalarReal.kind) return scalarReal;
  if (!Array.isArray(shape))
    throw fail(`its shape is ${describe(shape)}, expected a list of dimensions`);
  const dimensions: readonly unknown[] = shape;
  const wrong = dimensions.findIndex(
    (length) => !Number.isInteger(length) || Object.is(length, -0),
  );
  if (wrong >= 0) {
    throw fail(
      `dimension ${wrong} of its shape is ${describe(dimensions[wrong])}, expected an integer from 0 up`,
    );
  }
  checked(fail, () => {
    checkSizes(dimensions as readonly number[]);
  });
  if (!kinds.has(kind))
    throw fail(`its kind is ${describe(kind)}, expected "real", "integer" or "boolean"`);
  return { shape: Object.freeze([...(dimensions as readonly number[])]), kind: kind as Kind };
}

/** Shapes whose parts could not be computed with are refused here, even where a dimension of 0 hides their size. */
function checkSizes(shape: readonly number[]): void {
  if (shape.length > MAX_RANK)
    throw new RuleViolation(`a shape has ${shape.length} axes, more than ${MAX_RANK}`);
  checkShape(
    shape.map((length) => (length === 0 ? 1 : length)),
    'shape',
  );
}

/** A step of building; whatever rule it breaks is said of the record. */
function checked<T>(fail: Fail, build: () => T): T {
  try {
    return build();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const remedy = error instanceof RuleViolation && error.remedy ? `; ${error.remedy}` : '';
    throw fail(shorten(reason + remedy, LONGEST_RULE), error);
  }
}

/** `node 3 (mul "loss")`: the record as far as it can be told what it is. */
function nameOf(index: number, record: unknown): string {
  if (!isRecord(record)) return `node ${index}`;
  const op = field(record, 'op');
  const label = field(record, 'label') ?? field(record, 'name');
  const words = [
    ...(typeof op === 'string' ? [shorten(op)] : []),
    ...(typeof label === 'string' ? [quoted(label)] : []),
  ];
  return words.length === 0 ? `node ${index}` : `node ${index} (${words.join(' ')})`;
}
