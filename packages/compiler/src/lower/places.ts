/**
 * Where values go: to a buffer of their own, or straight to their place in an array that is put together from parts
 * (`assembly.ts`).
 */
import type { Expression } from '../code/expression.ts';
import { asNumbers } from '../code/vector-algebra.ts';
import { type Part, placeOf } from './assembly.ts';
import type { Cluster } from './cluster.ts';
import type { Draft } from './draft.ts';
import type { LoopBody } from './loop-body.ts';
import { contiguousView, isContiguous, reshapedView, type View } from './view.ts';

/** Where a node is written that is part of another. */
interface Place {
  readonly whole: number;
  readonly view: View;
}

/** The places of all values. */
export class Places {
  readonly #draft: Draft;
  readonly #clusters: ReadonlyMap<number, Cluster>;
  /** Where nodes are to be written that are parts of others, and the whole. */
  readonly #places = new Map<number, Place>();
  readonly #placed = new Set<Part>();
  /** Where the wholes are. */
  readonly #wholes = new Map<number, View>();

  constructor(draft: Draft, clusters: ReadonlyMap<number, Cluster>) {
    this.#draft = draft;
    this.#clusters = clusters;
    for (const whole of draft.assemblies.wholes.keys())
      if (!clusters.has(whole)) this.#placeParts(whole);
  }

  /** Where the value of a node goes: its place, if it is part of another array, or else a fresh buffer. */
  placeFor(node: number): View {
    const draft = this.#draft;
    const place = this.#places.get(node);
    if (place !== undefined) this.#begin(place.whole);
    const view =
      place?.view ?? contiguousView(draft.allocate(node), draft.arena.typeOf(node).shape);
    draft.views.set(node, view);
    return view;
  }

  /** Whether 0 is to be added to the value of a node before it is stored in its place, so that its zeros lose their sign. */
  addsZero(node: number): boolean {
    const whole = this.#places.get(node)?.whole;
    return whole !== undefined && this.#draft.assemblies.wholes.get(whole)!.adds;
  }

  /** Writes the parts of an assembly that have not been written where they were computed. */
  lowerAssembly(whole: number): void {
    const draft = this.#draft;
    const view = this.#begin(whole);
    const operation = draft.simplified.rowOf(whole).name;
    for (const part of draft.assemblies.wholes.get(whole)!.parts) {
      if (this.#placed.has(part)) continue;
      const body = draft.loopOver(part.shape);
      const value = asNumbers(body.expressions, draft.elementIn(body, part.node));
      draft.store(body, operation, this.#asPart(body, whole, value), placeOf(part, view));
    }
  }

  /** Where an assembly is, which is cleared before the first part is written; so is the one of which it is a part. */
  #begin(whole: number): View {
    const { views, assemblies } = this.#draft;
    const waiting: number[] = [];
    for (let at: number | undefined = whole; at !== undefined && !views.has(at);) {
      waiting.push(at);
      at = this.#places.get(at)?.whole;
    }
    for (const each of waiting.reverse()) {
      const view = this.#wholes.get(each)!;
      views.set(each, view);
      if (assemblies.wholes.get(each)!.covered) continue;
      const body = this.#draft.loopOver(view.shape);
      this.#draft.store(body, 'zero', body.expressions.constant(0), view);
    }
    return this.#wholes.get(whole)!;
  }

  /** An element as it is in an assembly: where zeros are added to it, -0 becomes 0. */
  #asPart(body: LoopBody, whole: number, expression: Expression): Expression {
    const e = body.expressions;
    return this.#draft.assemblies.wholes.get(whole)!.adds
      ? e.real('add', expression, e.constant(0))
      : expression;
  }

  /** Parts that only their cluster and the whole read are written to their places when they are computed. */
  #placeParts(whole: number): void {
    // A whole that is part of another comes after that.
    const around =
      this.#places.get(whole)?.view ??
      contiguousView(this.#draft.allocate(whole), this.#draft.arena.typeOf(whole).shape);
    this.#wholes.set(whole, around);
    const { parts, adds } = this.#draft.assemblies.wholes.get(whole)!;
    for (const part of parts) {
      let { node } = part;
      let view: View | undefined = placeOf(part, around);
      // Through reshapings to the operation that computes the elements.
      while (view !== undefined && this.#isOnlyReshaped(node)) {
        node = this.#draft.simplified.operand(node, 0);
        view = reshapedView(view, this.#draft.arena.typeOf(node).shape);
      }
      if (view === undefined || this.#draft.stored.has(node) || this.#places.has(node)) continue;
      const nodeClass = this.#draft.classOf(node);
      const canBePlaced =
        nodeClass === 'elementwise' ||
        nodeClass === 'reduction' ||
        nodeClass === 'scalar' ||
        (nodeClass === 'assembly' && !adds && !this.#clusters.has(node)) ||
        (nodeClass === 'gather' && !adds && this.#isAlongOneAxis(node)) ||
        (nodeClass === 'contraction' && isContiguous(view));
      const cluster = this.#clusters.get(node);
      const outside = this.#draft.users
        .of(node)
        .filter((user) => cluster === undefined || this.#clusters.get(user) !== cluster);
      // Other kernels may read the part where it is, unless its zeros have lost their sign there.
      if (!canBePlaced || (adds && outside.length > 1)) continue;
      this.#places.set(node, { whole, view });
      this.#placed.add(part);
    }
  }

  /** Whether a gather has one list of positions, so that each element of the list is a row of the result. */
  #isAlongOneAxis(node: number): boolean {
    const { arena, simplified } = this.#draft;
    return arena.typeOf(simplified.operand(node, 1)).shape.length === 1;
  }

  #isOnlyReshaped(node: number): boolean {
    return (
      this.#draft.simplified.rowOf(node).lowering === 'reshape' &&
      this.#draft.classOf(node) === 'view' &&
      !this.#draft.stored.has(node) &&
      this.#draft.users.of(node).length === 1
    );
  }
}
