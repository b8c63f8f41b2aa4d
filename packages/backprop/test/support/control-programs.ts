/**
 * Random programs with loops and branches, nested and closing over what is around them. A program is a block: a list of
 * statements, each of which adds a scalar to those that the ones after it may use. Functions are smooth and bounded, or
 * grow slowly; what a branch or a loop depends on is the number of steps or a comparison that no small move turns over,
 * so difference quotients can be trusted.
 */
import {
  add,
  cond,
  fori,
  Graph,
  type GraphNode,
  less,
  mul,
  scan,
  Tensor,
  whileLoop,
} from '@ad/graph';
import fc from 'fast-check';
import type { Program } from './all-modes.ts';

/** How far back operands are among the scalars there are. */
type Back = readonly [number, number];

/** A line of a program. */
type Statement =
  | { readonly kind: 'sin' | 'tanh' | 'sigmoid' | 'add' | 'mul' | 'sub'; readonly back: Back }
  | {
      readonly kind: 'scan' | 'fori' | 'while' | 'cond';
      readonly back: Back;
      readonly body: Block;
      /** The other branch. */
      readonly otherwise: Block;
      readonly steps: number;
      readonly flag: boolean;
    };

type Block = readonly Statement[];

const back: fc.Arbitrary<Back> = fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 5 }));

const plain: fc.Arbitrary<Statement> = fc.record({
  kind: fc.constantFrom('sin', 'add', 'mul', 'tanh', 'sub', 'sigmoid'),
  back,
});

/** Blocks in which bodies are nested so deep. */
function blocks(depth: number): fc.Arbitrary<Block> {
  if (depth === 0) return fc.array(plain, { minLength: 1, maxLength: 3 });
  const control: fc.Arbitrary<Statement> = fc.record({
    kind: fc.constantFrom('cond', 'fori', 'scan', 'while'),
    back,
    body: blocks(depth - 1),
    otherwise: blocks(0),
    steps: fc.nat({ max: 3 }),
    flag: fc.boolean(),
  });
  return fc.array(fc.oneof(plain, control), { minLength: 1, maxLength: 3 });
}

function run(block: Block, around: readonly GraphNode[]): GraphNode {
  const scalars = [...around];
  for (const statement of block) scalars.push(valueOf(statement, scalars));
  return scalars.at(-1)!;
}

function valueOf(statement: Statement, scalars: readonly GraphNode[]): GraphNode {
  const [x, y] = statement.back.map((n) => scalars[scalars.length - 1 - (n % scalars.length)]!) as [
    GraphNode,
    GraphNode,
  ];
  switch (statement.kind) {
    case 'sin':
    case 'tanh':
    case 'sigmoid':
      return x[statement.kind]();
    case 'add':
    case 'sub':
    case 'mul':
      return x[statement.kind](y);
    case 'scan': {
      const { body, steps, flag } = statement;
      const weights = new Tensor(
        [steps],
        'real',
        Float64Array.from({ length: steps }, (_, t) => t / 2 - 0.6),
      );
      const { carry, ys } = scan(
        (c, w, t) => {
          const next = run(body, [...scalars, c, mul(w, y), mul(t, 0.25)]).tanh();
          return { carry: next, y: next.mul(c) };
        },
        x,
        mul(y, y.graph.constant(weights)),
        flag ? { reverse: true, checkpoints: 1 } : {},
      );
      return add(carry, ys.sum());
    }
    case 'fori':
      return fori(
        statement.steps,
        (t, c) => run(statement.body, [...scalars, mul(t, 0.25), c]).tanh(),
        x,
      );
    case 'while': {
      const { body, steps, flag } = statement;
      const { value } = whileLoop(
        ({ count }) => less(count, steps),
        ({ count, value: c }) => ({ count: count.add(1), value: run(body, [...scalars, c]).sin() }),
        { count: mul(x, 0), value: x },
        flag ? { maxSteps: 4 } : {},
      );
      return value;
    }
    case 'cond': {
      const { body, otherwise, flag } = statement;
      // Sines and their like are less than 3; sums may be anything, and so near to it by accident only.
      const predicate = less(x.sin(), flag ? 3 : -3);
      return cond(
        predicate,
        () => run(body, scalars),
        () => run(otherwise, scalars),
      ).tanh();
    }
  }
}

/** Programs of one to three scalar inputs, with bodies nested twice. */
export const controlPrograms: fc.Arbitrary<Program> = fc
  .record({
    inputs: fc.array(fc.integer({ min: -1500, max: 1500 }), { minLength: 1, maxLength: 3 }),
    block: blocks(2),
  })
  .map(({ inputs, block }) => {
    const values = inputs.map((n) => new Tensor([], 'real', Float64Array.of(n / 1000)));
    const on = (xs: readonly GraphNode[]): GraphNode => run(block, xs).tanh();
    return {
      values,
      on,
      build() {
        const graph = new Graph();
        const nodes = values.map((_, k) => graph.input(`x${k}`));
        const feeds = Object.fromEntries(values.map((value, k) => [`x${k}`, value]));
        return { graph, inputs: nodes, output: on(nodes), feeds };
      },
      toString: () => JSON.stringify({ inputs: inputs.map((n) => n / 1000), block }),
    };
  });
