/** What each node is to the compiler: which of the ways of lowering it takes. */
import { type Combine, type Lowering, SCALAR_BOOLEAN, SCALAR_REAL, sizeOf } from '@ad/graph';
import type { Simplified } from '../passes/simplified.ts';
import type { Assemblies } from './assembly.ts';
import { VIEWS } from './view-rules.ts';

/** What a node is to the compiler. */
export type NodeClass =
  | 'leaf'
  | 'uniform'
  | 'view'
  | 'assembly'
  | 'inner'
  | 'scalar'
  | 'elementwise'
  | 'reduction'
  | 'contraction'
  | 'gather'
  | 'strong'
  | 'control'
  | 'host';

/** How a reduction row is combined, where one loop does it. Truth values are 1 and 0. */
export const COMBINE: Readonly<Partial<Record<Lowering, Combine>>> = {
  sum: 'add',
  prod: 'mul',
  max: 'max',
  min: 'min',
  any: 'max',
  all: 'min',
};

/** What all nodes are. */
interface Classes {
  /** The class of each node that is needed, by node. */
  readonly classes: NodeClass[];
  /** Whether all that is computed are scalars. */
  readonly isScalar: boolean;
}

/** Looks at all nodes. */
export function classesOf(simplified: Simplified, assemblies: Assemblies): Classes {
  const { arena, codes, order } = simplified;
  const classes = new Array<NodeClass>((order.at(-1) ?? -1) + 1);
  // By far the most frequent: a scalar elementwise result has scalar operands.
  const isElementwise = simplified.rows.map((row) => row.family === 'elementwise');
  let others = 0;
  for (let i = 0; i < order.length; i++) {
    const node = order[i]!;
    const typeId = arena.typeIds[node]!;
    const isScalar = typeId === SCALAR_REAL || typeId === SCALAR_BOOLEAN;
    if (simplified.isUniform(node)) classes[node] = 'uniform';
    else if (isScalar && isElementwise[codes[node]!]!) classes[node] = 'scalar';
    else {
      const nodeClass = classOf(simplified, assemblies, node);
      classes[node] = nodeClass;
      if (nodeClass !== 'leaf') others++;
    }
  }
  return { classes, isScalar: others === 0 };
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
  if (lowering === 'strongMatmul') return 'strong';
  const isCombined = lowering !== undefined && COMBINE[lowering] !== undefined;
  if (isCombined && operands[0]!.kind !== 'integer') return 'reduction';
  return 'host';
}
