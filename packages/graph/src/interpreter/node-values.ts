/**
 * One value per node: the activations of an evaluation, or the adjoints of a sweep. Scalars share one flat array,
 * so that a million of them are eight megabytes and no objects; arrays have their own storage.
 */
import { type Arena, SCALAR_BOOLEAN } from '../arena.ts';
import { sizeOf } from '../shape.ts';
import { allocate, Tensor, type TensorData } from '../tensor.ts';

/**
 * Values of the nodes of one graph, each present or not yet.
 *
 * Engines read {@link scalars} directly in their loops; everyone else uses {@link number} and {@link tensor}.
 */
export class NodeValues {
  /** The nodes' types come from here. */
  readonly arena: Arena;
  /** The value of each scalar node at its id; booleans as 0 and 1. */
  scalars: Float64Array;
  /** 1 where a value is present, by node id. */
  present: Uint8Array;
  readonly #arrays = new Map<number, TensorData>();

  /**
   * Room for the nodes that the graph has now.
   *
   * @param present - 1 for the nodes whose values are set next; default none.
   */
  constructor(arena: Arena, present: Uint8Array = new Uint8Array(arena.nodeCount)) {
    this.arena = arena;
    this.scalars = new Float64Array(arena.nodeCount);
    this.present = present;
  }

  /** Makes room for nodes added since. Views from {@link data} of scalar nodes are no longer current afterwards. */
  reserve(): void {
    if (this.present.length >= this.arena.nodeCount) return;
    const capacity = Math.max(this.arena.nodeCount, 2 * this.present.length);
    const scalars = new Float64Array(capacity);
    scalars.set(this.scalars);
    const present = new Uint8Array(capacity);
    present.set(this.present);
    this.scalars = scalars;
    this.present = present;
  }

  /** Whether a node has a value. */
  has(id: number): boolean {
    return this.present[id] === 1;
  }

  /** The value of a scalar node. */
  number(id: number): number {
    return this.scalars[id]!;
  }

  /** The elements of a node, allocated as zeros if it has none yet; of a scalar, a view of one element. */
  data(id: number): TensorData {
    if (this.arena.typeIds[id]! <= SCALAR_BOOLEAN) return this.scalars.subarray(id, id + 1);
    let data = this.#arrays.get(id);
    if (data === undefined) {
      const type = this.arena.typeOf(id);
      data = allocate(type.kind, sizeOf(type.shape));
      this.#arrays.set(id, data);
    }
    return data;
  }

  /** The value of any node as a tensor; an array's data is shared, a scalar's copied. */
  tensor(id: number): Tensor {
    const type = this.arena.typeOf(id);
    if (type.shape.length > 0) return new Tensor(type.shape, type.kind, this.data(id));
    const scalar = allocate(type.kind, 1);
    scalar[0] = this.scalars[id]!;
    return new Tensor(type.shape, type.kind, scalar);
  }

  /** Sets the value of a node to that of a tensor of its type; an array's data is shared from now on. */
  set(id: number, value: Tensor): void {
    this.present[id] = 1;
    if (value.shape.length === 0) this.scalars[id] = value.data[0]!;
    else this.#arrays.set(id, value.data);
  }
}
