/** Drawings: Graphviz itself is the judge of the source text. */
import { CapacityError, Graph, GraphError, toDot, ValueError } from '@ad/graph';
import { toSvg } from '@ad/graph/svg';
import { Graphviz } from '@hpcc-js/wasm-graphviz';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { graphs, nastyTexts } from './random-graph.ts';

const graphviz = await Graphviz.load();

/** What Graphviz has understood: names and labels of nodes, and edges. */
interface Understood {
  readonly objects?: readonly { readonly name: string; readonly label: string }[];
  readonly edges?: readonly {
    readonly tail: number;
    readonly head: number;
    readonly dir?: string;
    readonly style?: string;
    readonly label?: string;
  }[];
}

function understood(dot: string): Understood {
  return JSON.parse(graphviz.layout(dot, 'dot_json', 'dot')) as Understood;
}

describe('toDot', () => {
  test('Graphviz reads every graph with its nodes, edges and messages', () => {
    fc.assert(
      fc.property(graphs, fc.constantFrom(...nastyTexts), (graph, text) => {
        const dot = toDot(graph, {
          annotate: (node) => (node.id % 2 === 0 ? text : undefined),
          messages: (_from, to, position) => ((to.id + position) % 2 === 0 ? text : undefined),
        });
        const { objects = [], edges = [] } = understood(dot);
        expect(objects.map(({ name }) => name)).toStrictEqual(
          Array.from({ length: graph.nodeCount }, (_, id) => `n${id}`),
        );
        const expected: string[] = [];
        for (let id = 0; id < graph.nodeCount; id++) {
          graph.node(id).operands.forEach((operand, position) => {
            expected.push(`${operand.id} ${id} forward`);
            if ((operand.id + position) % 2 === 0) expected.push(`${operand.id} ${id} back`);
          });
        }
        const found = edges.map(({ tail, head, dir }) => `${tail} ${head} ${dir ?? 'forward'}`);
        expect(found.sort()).toStrictEqual(expected.sort());
      }),
    );
  });

  test('the same source for the same graph', () => {
    const x = new Graph().input('x', { shape: [2, 3] });
    const y = x
      .mul(2)
      .sub(x.sum({ axes: 0 }))
      .named('y');
    const options = {
      annotate: () => 'note',
      messages: () => 'S',
      rankdir: 'LR',
    } as const;
    expect(toDot(y, options)).toMatchInlineSnapshot(`
      "digraph {
        graph [rankdir=LR, bgcolor=white, nodesep=0.4, ranksep=0.45, pad=0.15];
        node [fontname="Helvetica,Arial,sans-serif", fontsize=12, height=0.35, width=0.5, margin="0.14,0.07"];
        edge [fontname="Helvetica,Arial,sans-serif", fontsize=10, color=black, arrowsize=0.7];
        n0 [label="x\\nreal[2, 3]\\nnote", shape=ellipse, style=filled, fillcolor="#dceafc", color="#2f68b0"];
        n1 [label="2\\nnote", shape=box, style=filled, fillcolor="#f0f0f0", color="#a0a0a0"];
        n2 [label="mul\\nreal[2, 3]\\nnote", shape=box, style="rounded,filled", fillcolor="#fff4d6", color="#a87b12"];
        n3 [label="sum\\naxes: [0]\\nkeepDims: false\\nreal[3]\\nnote", shape=box, style="rounded,filled", fillcolor="#fff4d6", color="#a87b12"];
        n4 [label="y\\nsub\\nreal[2, 3]\\nnote", shape=box, style="rounded,filled", fillcolor="#fff4d6", color="#a87b12", color=black, penwidth=2];
        n0 -> n2;
        n0 -> n2 [label=" S", dir=back, arrowtail=vee, style=dashed, color="#d01818", fontcolor="#d01818"];
        n1 -> n2;
        n1 -> n2 [label=" S", dir=back, arrowtail=vee, style=dashed, color="#d01818", fontcolor="#d01818"];
        n0 -> n3;
        n0 -> n3 [label=" S", dir=back, arrowtail=vee, style=dashed, color="#d01818", fontcolor="#d01818"];
        n2 -> n4 [headlabel="1", fontsize=8, fontcolor="#808080", labeldistance=1.4];
        n2 -> n4 [label=" S", dir=back, arrowtail=vee, style=dashed, color="#d01818", fontcolor="#d01818"];
        n3 -> n4 [headlabel="2", fontsize=8, fontcolor="#808080", labeldistance=1.4];
        n3 -> n4 [label=" S", dir=back, arrowtail=vee, style=dashed, color="#d01818", fontcolor="#d01818"];
      }
      "
    `);
  });

  test('messages run from the result to the operand, dashed and red', () => {
    const graph = new Graph();
    const [x, y] = [graph.input('x'), graph.input('y')];
    const calls: number[][] = [];
    const dot = toDot(x.mul(x).add(y), {
      messages: (from, to, position) => {
        calls.push([from.id, to.id, position]);
        return from.operation === 'mul' ? undefined : 'S';
      },
    });
    expect(calls).toStrictEqual([
      [2, 0, 0],
      [2, 0, 1],
      [3, 2, 0],
      [3, 1, 1],
    ]);
    const messages = dot.split('\n').filter((line) => line.includes('dashed'));
    expect(messages).toHaveLength(2);
    for (const line of messages) expect(line).toMatch(/dir=back.*color="#d01818"/);
  });

  test('the order of operands is shown where it matters', () => {
    const graph = new Graph();
    const [x, y] = [graph.input('x'), graph.input('y')];
    expect(toDot(x.sub(y))).toContain('headlabel="2"');
    expect(toDot(x.add(y))).not.toContain('headlabel');
    expect(toDot(x.div(x))).not.toContain('headlabel');
  });

  test('a drawing beyond the limit is refused with the number of nodes and the remedy', () => {
    let x = new Graph().input('x');
    for (let i = 1; i < 201; i++) x = x.sin();
    expect(() => toDot(x)).toThrow(CapacityError);
    expect(() => toDot(x)).toThrow(/201 nodes.*limit is 200; draw a part.*raise/);
    expect(toDot(x, { limit: 201 })).toContain('n200');
    expect(toDot(x.operands[0]!)).toContain('n199');
  });

  test('values outside the options are refused', () => {
    const x = new Graph().input('x');
    expect(() => toDot(x, { rankdir: 'TB]; evil' as never })).toThrow(ValueError);
    expect(() => toDot(x, { limit: -1 })).toThrow(ValueError);
    expect(() => toDot([])).toThrow(GraphError);
  });
});

/** The text of an XML document, references replaced. */
function textOf(svg: string): string {
  return svg
    .replace(/<[^>]*>/g, '')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll('&#160;', ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replaceAll('\u00a0', ' ');
}

describe('toSvg', () => {
  test('labels are shown as they are', async () => {
    for (const label of nastyTexts.filter((text) =>
      /^[^\p{Cc}\p{Surrogate}\uffff]*$/u.test(text),
    )) {
      const x = new Graph().input('input').sin().named(label);
      const svg = await toSvg(x, { messages: () => `to ${label}` });
      expect(
        textOf(svg)
          .split('\n')
          .map((line) => line.trim()),
      ).toContain(label.trim());
      expect(textOf(svg)).toContain(`to ${label}`);
    }
  });

  test('what XML cannot hold is replaced', async () => {
    for (const label of nastyTexts) {
      const svg = await toSvg(new Graph().input('x').named(label));
      expect(svg.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Surrogate}\ufffe\uffff]/u);
    }
  });

  test('forward edges are black, messages dashed red', async () => {
    const x = new Graph().input('x');
    const svg = await toSvg(x.sin(), { messages: () => 'cos x' });
    expect(svg).toMatch(/^<svg/);
    expect(svg).toMatch(/<path fill="none" stroke="black" d=/);
    expect(svg).toMatch(/<path fill="none" stroke="#d01818" stroke-dasharray=/);
  });

  test('a graph too large is refused before Graphviz is loaded', async () => {
    let x = new Graph().input('x');
    for (let i = 0; i < 300; i++) x = x.sin();
    await expect(toSvg(x)).rejects.toThrow(CapacityError);
  });
});
