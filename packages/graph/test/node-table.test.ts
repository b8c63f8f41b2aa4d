/** Tables of nodes: what is put in is what is read back, of whichever graph it is. */
import { Graph, type GraphNode, NodeTable } from '@ad/graph';
import fc from 'fast-check';
import { expect, test } from 'vitest';

test('a table answers as a map does, with nodes of its graph and of others', () => {
  const graphs = [new Graph(), new Graph(), new Graph()];
  for (const graph of graphs) for (let i = 0; i < 5; i++) graph.input(`x${i}`);
  const size = 8;
  const entry = fc.tuple(fc.nat(size - 1), fc.nat(2), fc.nat(4));
  const name = (node: GraphNode | undefined): readonly unknown[] =>
    node === undefined ? [] : [graphs.indexOf(node.graph), node.id];
  fc.assert(
    fc.property(fc.array(entry), (entries) => {
      const table = new NodeTable(graphs[0]!, size);
      const map = new Map<number, GraphNode>();
      for (const [place, graph, id] of entries) {
        const node = graphs[graph]!.node(id);
        table.set(place, node);
        map.set(place, node);
      }
      // Nothing is beyond its end.
      for (let place = 0; place <= size; place++)
        expect(name(table.get(place))).toStrictEqual(name(map.get(place)));
    }),
  );
});
