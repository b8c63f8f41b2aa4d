/**
 * Writes `operations.md` from the operation table: `pnpm --filter @ad/docs run operations`. A test holds the committed
 * page to the table.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ElementwiseRow, type Operation, operations } from '@ad/graph';

/** Where the page stands. */
export const page = fileURLToPath(new URL('operations.md', import.meta.url));

const INTRODUCTION = `# Operations

This page is made from the operation table by \`docs/operations.ts\`; do not edit it by hand. How the derivative of each
family follows is said in [Architecture](architecture.md).

Operands of elementwise operations are called $x$, $y$ and $z$ in their order. Values and derivatives of elementwise
operations are compared with a table of 50 digits: values are within 2 units in the last place and derivatives within
4, except where the operation lists a wider bound: the largest error at any point of the table, plus 1.
`;

/** Conventions at kinks that other libraries choose otherwise. */
const ELSEWHERE = `## Where PyTorch and JAX differ

Formulas agree wherever functions are smooth. At kinks, where the derivative is a convention, these are others there:

| where | here | elsewhere |
| --- | --- | --- |
| \`clamp\` at a bound, and so \`hardTanh\` | 0 | PyTorch's \`clamp\` and JAX's \`hard_tanh\`: 1; \`jnp.clip\`: 1/2 |
| \`leakyRelu\` at 0 | its slope | JAX: 1 |
| \`selu\` at 0 | 1.05, the lesser slope | both: 1.76; so with \`elu\` for a factor above 1 |
| \`hypot\` at (0, 0) | 0 and 0 | PyTorch: NaN |
| \`norm\` of zeros | zeros | JAX: NaN |
| \`pow\` at (0, 0), in the exponent | -Infinity | both: 0 |
| \`pow\` of a negative base, in the exponent | the real part of the complex derivative | both: NaN |
| \`xlogy\` at (0, 0) and \`xlog1py\` at (0, -1), in the first operand | -Infinity | PyTorch: 0 |
| what \`where\` did not choose | never reaches a gradient | both: NaN or Infinity there make the gradient NaN |

\`\`\`ts
import { clamp, type GraphNode, greater, hypot, leakyRelu, norm, selu, tensor, where, xlogy } from '@ad/graph';
import { grad } from '@ad/backprop';

grad((x: GraphNode) => clamp(x, -1, 1))(1); // => 0
grad((x: GraphNode) => leakyRelu(x, 0.25))(0); // => 0.25
grad((x: GraphNode) => selu(x))(0); // ≈ 1.0507
grad((x: GraphNode) => hypot(x, 0))(0); // => 0
grad((x: GraphNode) => norm(x))(tensor([0, 0])).toArray(); // => [0, 0]
grad((y: GraphNode) => y.graph.constant(0).pow(y))(0); // => -Infinity
grad((y: GraphNode) => y.graph.constant(-2).pow(y))(0); // ≈ 0.6931
grad((x: GraphNode) => xlogy(x, 0))(0); // => -Infinity
grad((x: GraphNode) => where(greater(x, 0), x.log(), x))(0); // => 1
\`\`\``;

const FAMILIES: readonly (readonly [Operation['family'], string])[] = [
  ['elementwise', 'Applied to every element, operands broadcast together.'],
  ['linear', 'Linear in all real operands together; the derivative is the transposed map.'],
  ['bilinear', 'Linear in each of two operands.'],
  ['reduction', 'One result for many elements.'],
  ['smooth', 'Other differentiable functions of arrays, with rules of their own.'],
  ['discrete', 'Without a derivative, by definition.'],
  [
    'control',
    'Loops and branches with bodies of their own; derivatives are loops and branches again. Built by the functions of these names, which return the parts of the packed result.',
  ],
];

/** Bounds of accuracy wider than those of the introduction; the test that compares with the table holds them. */
const DEVIATIONS = JSON.parse(
  readFileSync(new URL('../packages/graph/test/golden/deviations.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, { readonly ulps: number; readonly why: string }>>;

/** The page as the table gives it. */
export function operationsPage(): string {
  const rows = Object.values(operations).sort((a, b) => (a.name < b.name ? -1 : 1));
  const sections = FAMILIES.map(([family, what]) => {
    const members = rows.filter((row) => row.family === family);
    const title = family.slice(0, 1).toUpperCase() + family.slice(1);
    return [`## ${title}`, what, members.map(entry).join('\n')].join('\n\n');
  });
  return `${[INTRODUCTION.trimEnd(), ...sections, ELSEWHERE].join('\n\n')}\n`;
}

function entry(row: Operation): string {
  const facts = [`- \`${row.name}\`: $${row.formula}$`];
  if ('attributes' in row && Object.keys(row.attributes).length > 0) {
    const list = Object.entries(row.attributes).map(([name, kind]) => `\`${name}\` (${kind})`);
    facts.push(`  - Attributes: ${list.join(', ')}.`);
  }
  if (row.family === 'elementwise') facts.push(...elementwiseFacts(row));
  return facts.join('\n');
}

function elementwiseFacts(row: ElementwiseRow): string[] {
  const facts: string[] = [];
  const names = ['x', 'y', 'z'];
  const limits = (row.domain ?? []).flatMap(([low, high], k) =>
    low === -Infinity && high === Infinity ? [] : [`$${interval(low, names[k]!, high)}$`],
  );
  if (limits.length > 0) facts.push(`  - Smooth for ${limits.join(' and ')}.`);
  const flat = row.partials.flatMap((partial, k) => (partial === 0 ? [`$${names[k]}$`] : []));
  if (flat.length > 0 && row.resultKind !== 'boolean')
    facts.push(`  - By definition without a derivative in ${flat.join(', ')}.`);
  if (row.resultKind === 'boolean') facts.push('  - A condition: without a derivative.');
  for (const { at, partials, why } of row.kinks ?? []) {
    const many = partials.length > 1;
    facts.push(
      `  - At ${many ? `(${at.join(', ')})` : at.join()} the ${many ? 'derivatives are' : 'derivative is'} ${partials.join(' and ')}: ${why}.`,
    );
  }
  const value = DEVIATIONS[`${row.name} value`];
  if (value !== undefined) facts.push(`  - The value is within ${value.ulps} ulp: ${value.why}.`);
  row.partials.forEach((_, k) => {
    const slope = DEVIATIONS[`${row.name} partial ${k}`];
    if (slope === undefined) return;
    const by = row.arity > 1 ? ` by $${names[k]}$` : '';
    facts.push(`  - The derivative${by} is within ${slope.ulps} ulp: ${slope.why}.`);
  });
  return facts;
}

function interval(low: number, name: string, high: number): string {
  if (high === Infinity) return `${name} > ${low}`;
  return low === -Infinity ? `${name} < ${high}` : `${low} < ${name} < ${high}`;
}

// Run as a program it writes the page; imported by its test it does not.
if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, operationsPage());
