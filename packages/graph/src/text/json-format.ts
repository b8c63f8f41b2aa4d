/**
 * The file format of graphs, version 1: plain JSON, one record per node in topological order. Operands are positions
 * of earlier records, so a file cannot hold a cycle. Every node states its type, so that a reader without the
 * operation table knows all shapes, and a reader with it can check them. What a field may leave out is said there.
 */

/** What `format` says in a file of this format. */
export const FORMAT = 'ad-graph';
/** The version written, and the newest one read. */
export const VERSION = 1;

/**
 * One element: a number, with what JSON has no number for as a string; `true` or `false` where the kind is boolean.
 * Decimal digits are as many as it takes to read the same double back.
 */
export type ElementJSON = number | boolean | 'NaN' | 'Infinity' | '-Infinity' | '-0';

/** A value: one element for a scalar, else a flat list of the elements, row-major. */
export type ValueJSON = ElementJSON | readonly ElementJSON[];

/** One node. */
export interface NodeJSON {
  /** The name of the operation, `input` or `constant`. */
  readonly op: string;
  /** The positions of the operands in the list of nodes, all smaller than that of this node. Not for leaves. */
  readonly operands?: readonly number[];
  /** The attributes, all that the operation has. Left out for an operation that has none. */
  readonly attributes?: Readonly<Record<string, number | boolean | readonly number[] | BodyJSON>>;
  /** The shape. Left out for a scalar. */
  readonly shape?: readonly number[];
  /** The kind. Left out for `real`. */
  readonly kind?: 'integer' | 'boolean' | 'real';
  /** Of an input, and only there: its name, unique in the file. */
  readonly name?: string;
  /** Of a constant: its value. Of an input: its current value, if it has one. */
  readonly value?: ValueJSON;
  /** The label. Left out if there is none, and for an input that is labelled with its name. */
  readonly label?: string;
}

/** A body of a loop or branch: a closed graph of its own. */
export interface BodyJSON {
  /** The nodes, each after those that it uses. Inputs have no value. */
  readonly nodes: readonly NodeJSON[];
  /** The positions of all inputs in the list of nodes, in order. */
  readonly inputs: readonly number[];
  /** The positions of the outputs, in order; at least one. */
  readonly outputs: readonly number[];
}

/** One of the nodes that the file was made for. */
export interface OutputJSON {
  /** The position in the list of nodes. */
  readonly node: number;
  /** The name, unique in the file, if it has one. */
  readonly name?: string;
}

/** A graph as plain data, which `JSON.stringify` makes a file of. */
export interface GraphJSON {
  /** Always `ad-graph`. */
  readonly format: 'ad-graph';
  /** The version of the format: 1. */
  readonly version: 1;
  /** The nodes, each after those that it uses. */
  readonly nodes: readonly NodeJSON[];
  /** The outputs, in order. */
  readonly outputs: readonly OutputJSON[];
}
