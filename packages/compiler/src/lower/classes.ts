/** What each node is to the compiler: which of the ways of lowering it takes. */
import { type Combine, type Lowering, SCALAR_BOOLEAN, SCALAR_REAL, sizeOf } from '@ad/graph';
import type { Simplified } from '../passes/simplified.ts';
import type { Assemblies } from './assembly.ts';
import { VIEWS } from './view-rules.ts';

/** How a reduction row is combined, where one loop does it. Truth values are 1 and 0. */
export const COMBINE: Readonly<Partial<Record<Lowering, Combine>>> = {
  sum: 'add',
  prod: 'mul',
  max: 'max',
  min: 'min',
  any: 'max',
  all: 'min',
};

/** The classes as numbers. */
const CODES = {
  scalar: 0,
  leaf: 1,
  uniform: 2,
  view: 3,
  assembly: 4,
  inner: 5,
  elementwise: 6,
  reduction: 7,
  contraction: 8,
  gather: 9,
  strong: 10,
  control: 11,
  host: 12,
} as const;
const NAMES = Object.keys(CODES) as readonly NodeClass[];

/** What a node is to the compiler. */
export type NodeClass = keyof typeof CODES;

/** What all nodes are. */
export class Classes {
  /** Whether all that is computed are scalars. */
  readonly isScalar: boolean;
  /** By node: its class as a number; only of nodes that are needed. */
  readonly #classes: Uint8Array;

  /** Looks at all nodes. */
  constructor(simplified: Simplified, assemblies: Assemblies) {
    this.#classes = new Uint8Array((simplified.order.at(-1) ?? -1) + 1);
    const others = classify(simplified, assemblies, this.#classes);
    this.isScalar = others === 0;
  }

  /** What a node is. */
  of(node: number): NodeClass {
    return NAMES[this.#classes[node]!]!;
  }

  /** Whether a node is a scalar operation. */
  isScalarOperation(node: number): boolean {
    return this.#classes[node] === CODES.scalar;
  }

  /** Makes another thing of a node. */
  set(node: number, nodeClass: NodeClass): void {
    this.#classes[node] = CODES[nodeClass];
  }
}

/** Sets the classes of all nodes, and returns how many are neither scalars nor leaves. */
function classify(simplified: Simplified, assemblies: Assemblies, classes: Uint8Array): number {
  const { arena, codes, order } = simplified;
  // By far the most frequent: a scalar elementwise result has scalar operands.
  const isElementwise = simplified.rows.map((row) => row.family === 'elementwise');
  let others = 0;
  for (let i = 0; i < order.length; i++) {
    const node = order[i]!;
    const typeId = arena.typeIds[node]!;
    const isScalar = typeId === SCALAR_REAL || typeId === SCALAR_BOOLEAN;
    if (simplified.isUniform(node)) classes[node] = CODES.uniform;
    else if (!isScalar || !isElementwise[codes[node]!]!) {
      const nodeClass = classOf(simplified, assemblies, node);
      classes[node] = CODES[nodeClass];
      if (nodeClass !== 'leaf') others++;
    }
  }
  return others;
}

function classOf(simplified: Simplified, assemblies: Assemblies, node: number): NodeClass {
  const { arena } = simplified;
  const row = simplified.rowOf(node);
  if (row.family === 'leaf') return 'leaf';
  if (row.family === 'control')
    return row.canLower(arena.attributes.get(node)!) ? 'control' : 'host';
  if (assemblies.wholes.has(node)) return 'assembly';
  if (assemblies.inner.has(node)) return 'inner';
  const result = arena.typeOf(node);
  const operands = simplified.operandsOf(node).map((operand) => arena.typeOf(operand));
  if ([result, ...operands].some((type) => sizeOf(type.shape) === 0)) return 'host';
  const { lowering } = row;
  if (VIEWS.has(lowering)) return 'view';
  if (row.family === 'elementwise' && result.kind !== 'integer') {
    return 'elementwise';
  }
  if (row.family === 'bilinear' && !operands.every((type) => type.kind === 'real')) return 'host';
  if (lowering === 'matmul') return 'contraction';
  if (lowering === 'gather') return 'gather';
  const isCombined = lowering !== undefined && COMBINE[lowering] !== undefined;
  if (isCombined && operands[0]!.kind !== 'integer') return 'reduction';
  return 'host';
}
