/** What the baselines can be asked for: scalar graphs, of a size that fits. */
import { GraphError, type GraphNode, ShapeError } from '@ad/graph';

/**
 * Checks that all nodes in `order` are scalars, and made by scalar operations.
 *
 * @throws `ShapeError` naming the first that is an array, `GraphError` naming the first that is made by an operation on
 * arrays, such as the sum of a scalar.
 */
export function checkScalarGraph(output: GraphNode, order: Int32Array, caller: string): void {
  const { graph } = output;
  for (const id of order) {
    if (graph.arena.typeOf(id).shape.length > 0) {
      throw new ShapeError(
        `${caller}: works on scalar graphs; the node ${graph.node(id).toString()} is an array: use reverseSweep`,
      );
    }
    const { family } = graph.arena.rowOf(id);
    if (family !== 'leaf' && family !== 'elementwise') {
      throw new GraphError(
        `${caller}: works on scalar operations; the node ${graph.node(id).toString()} is made by one on arrays: use reverseSweep`,
      );
    }
  }
}

/** A number of bytes in words: `12.5 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
  const power = Math.min(
    Math.max(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), 0),
    units.length - 1,
  );
  const value = bytes / 1024 ** power;
  return `${value >= 100 || power === 0 ? Math.round(value) : value.toPrecision(3)} ${units[power]}`;
}
