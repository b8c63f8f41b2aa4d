/**
 * What a fused loop computes, as a list of operations on what it reads. Loops with equal lists share the expressions
 * that come of it, wherever their arrays are: a network of many layers has few kinds of loops.
 */
import type { ElementwiseRow, Shape } from '@ad/graph';
import {
  countInstructions,
  type Expression,
  Expressions,
  type Precision,
} from '../code/expression.ts';
import {
  asNumbers,
  vectorAlgebra,
  type VectorMath,
  type VectorValue,
} from '../code/vector-algebra.ts';
import { broadcastView, isSameView, type View } from './view.ts';

/** An entry of a list: an operation on earlier entries, a constant, or number `read` of what is read. */
type Entry =
  | { readonly row: ElementwiseRow; readonly operands: readonly number[] }
  | { readonly constant: number }
  | { readonly read: number };

/** The list of a loop being written. */
export class LoopCode {
  readonly entries: Entry[] = [];
  /** What is read, broadcast to the shape of the loop. */
  readonly reads: View[] = [];
  readonly #shape: Shape;
  /** The list as text. */
  #key = '';

  /** A list for a loop over the elements of a shape. */
  constructor(shape: Shape) {
    this.#shape = shape;
  }

  /** The same for equal lists of one graph. */
  get key(): string {
    return this.#key;
  }

  /** Appends the element of an array that the loop meets. */
  read(view: View): number {
    const wanted = broadcastView(view, this.#shape);
    let read = this.reads.findIndex((known) => isSameView(known, wanted));
    if (read < 0) read = this.reads.push(wanted) - 1;
    return this.#append({ read }, `r${read}`);
  }

  /** Appends a known number. */
  constant(value: number): number {
    return this.#append({ constant: value }, `c${Object.is(value, -0) ? '-0' : value}`);
  }

  /** Appends an operation, which has this code in the graph. */
  apply(row: ElementwiseRow, code: number, operands: readonly number[]): number {
    return this.#append({ row, operands }, `${code}(${operands.join()}`);
  }

  #append(entry: Entry, text: string): number {
    this.#key += `${text};`;
    return this.entries.push(entry) - 1;
  }
}

/** A value that a loop stores or combines. */
export interface Wanted {
  /** Its entry. */
  readonly entry: number;
  /** Whether 0 is added to it, so that no zero keeps its sign. */
  readonly addsZero: boolean;
}

/** What loops with equal lists compute. */
interface Body {
  /** The wanted values. */
  readonly values: readonly Expression[];
  /** The owner of their expressions. */
  readonly expressions: Expressions;
  /** Instructions for an element. */
  readonly cost: ReturnType<typeof countInstructions>;
}

/** The bodies of the loops of one graph. */
export class Bodies {
  readonly #precision: Precision;
  readonly #math: VectorMath;
  readonly #known = new Map<string, Body>();

  /** None yet. */
  constructor(precision: Precision, math: VectorMath) {
    this.#precision = precision;
    this.#math = math;
  }

  /** What a list computes: the same body for equal lists of which the same is wanted. */
  of(code: LoopCode, wanted: readonly Wanted[]): Body {
    const results = wanted.map(({ entry, addsZero }) => `${entry}${addsZero ? '+' : ''}`);
    const key = `${code.key}${results.join()}`;
    let body = this.#known.get(key);
    if (body === undefined) {
      body = this.#make(code, wanted);
      this.#known.set(key, body);
    }
    return body;
  }

  #make({ entries }: LoopCode, wanted: readonly Wanted[]): Body {
    const e = new Expressions(this.#precision);
    const A = vectorAlgebra(e, this.#math);
    const computed: VectorValue[] = [];
    for (const entry of entries) {
      if ('read' in entry) computed.push({ expression: e.input(entry.read), isMask: false });
      else if ('constant' in entry) computed.push(A.constant(entry.constant));
      else {
        const [x, y, z] = entry.operands.map((operand) => computed[operand]!);
        computed.push(entry.row.value(A, x!, y!, z!));
      }
    }
    const values = wanted.map(({ entry, addsZero }) => {
      const number = asNumbers(e, computed[entry]!);
      return addsZero ? e.real('add', number, e.constant(0)) : number;
    });
    return { values, expressions: e, cost: countInstructions(values) };
  }
}
