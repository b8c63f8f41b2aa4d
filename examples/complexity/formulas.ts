/**
 * How much work each algorithm does on each family of graphs, in closed form.
 *
 * What holds on every connected scalar graph of V nodes and E edges whose edges all carry a derivative:
 *
 *   reverse sweep   messages = multiplications = E     one along each edge
 *                   additions = E - (V - 1)            the first message of a node costs none; the output gets none
 *                   activations = V, cells = 2V        an activation and a sum for each node
 *   all pairs       entries + additions = V + multiplications
 *                                                      a product is a new entry or is added to one; the V entries
 *                                                      du/du = 1 on the diagonal are given
 *
 * What depends on the graph, with anc(u) = the nodes that u depends on, itself included:
 *
 *   all pairs       entries = sum over nodes u of |anc(u)|
 *                   multiplications = sum over edges u -> z of |anc(z)|
 *   recomputing     evaluations = sum over nodes u of the operations in the union of anc(r), for the nodes r whose
 *                   activations the derivatives of u read: sin, cos and tanh read their operand, a product both
 *                   factors, a sum nothing
 *
 * Below these sums are carried out. README.md shows how for one of them.
 */

/** What is counted. */
export interface Counts {
  /** V, the nodes that the output depends on, itself included. */
  readonly nodes: number;
  /** E, their edges. */
  readonly edges: number;
  /** Messages that the reverse sweep passes. */
  readonly messages: number;
  /** Additions of the reverse sweep. */
  readonly additions: number;
  /** Activations that the reverse sweep holds. */
  readonly activations: number;
  /** Activations and sums that the reverse sweep holds. */
  readonly cells: number;
  /** Entries of the table of all pairs. */
  readonly entries: number;
  /** Multiplications that fill the table of all pairs. */
  readonly entryMultiplications: number;
  /** Additions that fill the table of all pairs. */
  readonly entryAdditions: number;
  /** Operations that the sweep without activations carries out to get them back. */
  readonly evaluations: number;
}

/** V = n + 1 and E = n. */
export function chainCounts(n: number): Counts {
  return complement({
    nodes: n + 1,
    edges: n,
    // Node i depends on i + 1 nodes, and the edge below it leads to i of them.
    entries: ((n + 1) * (n + 2)) / 2,
    entryMultiplications: (n * (n + 1)) / 2,
    // The derivative of the i-th sine reads what i - 1 sines compute.
    evaluations: (n ** 2 - n) / 2,
  });
}

/** V = 3n + 1 and E = 4n. */
export function ladderCounts(n: number): Counts {
  return complement({
    nodes: 3 * n + 1,
    edges: 4 * n,
    // Every pair of nodes but the two sides of a diamond, which do not depend on each other.
    entries: ((3 * n + 1) * (3 * n + 2)) / 2 - n,
    entryMultiplications: 6 * n ** 2,
    // Diamond i, from 0: twice the 3i operations below it for its sides, and 3i + 2 for the product of these.
    evaluations: (9 * n ** 2 - 5 * n) / 2,
  });
}

/** V = 3wN + w and E = (4w - 1)N for N = (L - 1)w + 1 units, width w and depth L >= 2. */
export function networkCounts(w: number, L: number): Counts {
  const units = (L - 1) * w + 1;
  return complement({
    nodes: 3 * w * units + w,
    edges: (4 * w - 1) * units,
    entries:
      1.5 * (L - 2) * (2 * L - 5) * w ** 4 +
      (17 * L - 30.5) * w ** 3 +
      (3.5 * L + 13) * w ** 2 +
      (5.5 - 2 * L) * w -
      2,
    entryMultiplications:
      1.5 * (L - 2) * (3 * L - 8) * w ** 4 -
      (1.5 * L ** 2 - 28.5 * L + 47.5) * w ** 3 +
      (25 - 3.5 * L) * w ** 2 +
      (0.5 - 2 * L) * w -
      2,
    evaluations:
      (L - 2) * (L - 3) * w ** 4 +
      (L - 2) * (L + 3) * w ** 3 +
      (4 * L - 2) * w ** 2 -
      (L - 3) * w -
      1,
  });
}

/** V = 3n(n + 1)/2 + 1 and E = n(2n + 1). */
export function completeCounts(n: number): Counts {
  return complement({
    nodes: (3 * n * (n + 1)) / 2 + 1,
    edges: n * (2 * n + 1),
    entries: (n ** 4 + 6 * n ** 3 + 19 * n ** 2 + 6 * n + 4) / 4,
    entryMultiplications: (3 * n ** 4 + 10 * n ** 3 + 29 * n ** 2 - 2 * n) / 8,
    evaluations: (n * (n + 1) * (n + 2) * (n + 3)) / 12 - n,
  });
}

/** Adds the counts that V, E and the entries determine. */
function complement(
  counts: Pick<Counts, 'nodes' | 'edges' | 'entries' | 'entryMultiplications' | 'evaluations'>,
): Counts {
  const { nodes, edges, entries, entryMultiplications } = counts;
  return {
    ...counts,
    messages: edges,
    additions: edges - (nodes - 1),
    activations: nodes,
    cells: 2 * nodes,
    entryAdditions: nodes + entryMultiplications - entries,
  };
}
