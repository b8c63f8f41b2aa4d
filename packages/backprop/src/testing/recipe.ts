/**
 * Recipes: graphs as plain lists of steps. A recipe is what the generators draw and what a failing property prints;
 * it can be built again and again, also in another order.
 *
 * Invariant: the operands of a step stand before it.
 */
import {
  apply,
  type Attributes,
  Body,
  type Feeds,
  formatShape,
  Graph,
  GraphError,
  type GraphNode,
  listing,
  operations,
  type OperationName,
  type Tensor,
  tensor,
} from '@ad/graph';

/** An input and the value that is fed to it. */
export interface InputStep {
  /** Which step this is. */
  readonly operation: 'input';
  /** The name of the input. */
  readonly name: string;
  /** The value that {@link BuiltRecipe.feeds} has for it. */
  readonly value: Tensor;
}

/** A constant. */
export interface ConstantStep {
  /** Which step this is. */
  readonly operation: 'constant';
  /** Its value. */
  readonly value: Tensor;
}

/** An operation on the results of earlier steps. */
export interface OperationStep {
  /** The name of the operation in the table. */
  readonly operation: Exclude<OperationName, 'input' | 'constant'>;
  /** The positions of the operands in the list of steps. */
  readonly operands: readonly number[];
  /** The attributes, for operations that have any. */
  readonly attributes?: Attributes;
}

/** One line of a recipe. */
export type Step = InputStep | ConstantStep | OperationStep;

/** The graph that a recipe describes. */
export interface BuiltRecipe {
  /** The graph, new unless one was given. */
  readonly graph: Graph;
  /** The node of each step. Equal numbers share a node, so these may be fewer nodes than steps. */
  readonly nodes: readonly GraphNode[];
  /** The nodes of the inputs, in order. */
  readonly inputs: readonly GraphNode[];
  /** The node of the last step, or of the step that was named as output. */
  readonly output: GraphNode;
  /** The values of the inputs by name. */
  readonly feeds: Feeds;
}

/**
 * A graph as a list of steps, with values for its inputs.
 *
 * @example
 * ```ts
 * import { evaluate, tensor } from '@ad/graph';
 * import { Recipe } from '@ad/backprop/testing';
 *
 * const recipe = new Recipe([
 *   { operation: 'input', name: 'x', value: tensor(3) },
 *   { operation: 'mul', operands: [0, 0] },
 * ]);
 * const { output, feeds } = recipe.build();
 * evaluate(output, feeds).item(); // => 9
 * recipe.toString().split('\n'); // => ['#0 = input "x" = 3', '#1 = mul(#0, #0)  <- output']
 *
 * const x = output.graph.constant(5);
 * recipe.on([x])[recipe.output].value; // => 25
 * ```
 */
export class Recipe {
  /** The steps; operands stand before what uses them. */
  readonly steps: readonly Step[];
  /** The position of the output in the list of steps. */
  readonly output: number;

  /**
   * @param output - the position of the output; default the last step.
   * @throws `GraphError` when a step uses one that does not stand before it, or there is no such output.
   */
  constructor(steps: readonly Step[], output: number = steps.length - 1) {
    this.steps = steps;
    this.output = output;
    steps.forEach((step, position) => {
      const wrong = operandsOf(step).find((operand) => !(operand >= 0 && operand < position));
      if (wrong !== undefined) {
        throw new GraphError(
          `recipe: step #${position} uses step #${wrong}, which does not stand before it`,
        );
      }
    });
    if (steps[output] === undefined)
      throw new GraphError(`recipe: there is no step #${output} to be the output`);
  }

  /**
   * The recipe of a graph: one step for each node up to the output.
   *
   * @throws `GraphError` when an input has no value.
   * @example
   * ```ts
   * import { fori, Graph } from '@ad/graph';
   * import { Recipe } from '@ad/backprop/testing';
   *
   * const x = new Graph().input('x', { value: 2 });
   * const recipe = Recipe.of(fori(3, (_i, y) => y.mul(x), x));
   * recipe.steps.map(({ operation }) => operation); // => ['input', 'scan', 'slice', 'reshape']
   * ```
   */
  static of(output: GraphNode): Recipe {
    const { graph } = output;
    const stepOf = (id: number): Step => {
      const name = graph.inputName(id);
      if (name !== undefined) return { operation: 'input', name, value: valueOf(graph, id) };
      const value = graph.constantValue(id);
      if (value !== undefined) return { operation: 'constant', value: tensor(value) };
      const attributes = graph.arena.attributes.get(id);
      return {
        operation: graph.arena.rowOf(id).name as OperationStep['operation'],
        operands: [...graph.arena.operandsOf(id)],
        ...(attributes === undefined ? {} : { attributes }),
      };
    };
    return new Recipe(Array.from({ length: output.id + 1 }, (_, id) => stepOf(id)));
  }

  /**
   * Builds the graph.
   *
   * @param graph - where to; default a new graph.
   * @throws whatever the operations throw when operands do not fit.
   */
  build(graph: Graph = new Graph()): BuiltRecipe {
    const nodes: GraphNode[] = [];
    const inputs: GraphNode[] = [];
    const feeds: Record<string, Tensor> = {};
    for (const step of this.steps) {
      nodes.push(append(graph, step, nodes));
      if (step.operation !== 'input') continue;
      inputs.push(nodes.at(-1)!);
      feeds[step.name] = step.value;
    }
    return { graph, nodes, inputs, output: nodes[this.output]!, feeds };
  }

  /** The values of the inputs, in order. */
  get values(): Tensor[] {
    return this.steps.flatMap((step) => (step.operation === 'input' ? [step.value] : []));
  }

  /**
   * The recipe as a function, for transforms: its steps with other nodes in the place of the inputs.
   *
   * @param inputs - one node for each input, in order, at least one.
   * @returns the node of each step.
   */
  on(inputs: readonly GraphNode[]): GraphNode[] {
    const { graph } = inputs[0]!;
    const nodes: GraphNode[] = [];
    let next = 0;
    for (const step of this.steps) {
      nodes.push(step.operation === 'input' ? inputs[next++]! : append(graph, step, nodes));
    }
    return nodes;
  }

  /**
   * The same graph with its steps in another order: of the steps whose operands have been placed, that with the
   * smallest key comes next.
   *
   * @param keys - one number per step; missing ones count as 0.
   */
  reordered(keys: readonly number[]): Recipe {
    const waiting = this.steps.map((_, position) => position);
    waiting.sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b);
    const placeOf = new Map<number, number>();
    const steps: Step[] = [];
    while (waiting.length > 0) {
      const next = waiting.findIndex((position) =>
        operandsOf(this.steps[position]!).every((operand) => placeOf.has(operand)),
      );
      const [position] = waiting.splice(next, 1) as [number];
      const step = this.steps[position]!;
      placeOf.set(position, steps.length);
      steps.push(
        'operands' in step
          ? { ...step, operands: step.operands.map((operand) => placeOf.get(operand)!) }
          : step,
      );
    }
    return new Recipe(steps, placeOf.get(this.output));
  }

  /** One line per step, with the values of inputs and constants: what fast-check prints when a property fails. */
  toString(): string {
    return this.steps
      .map(
        (step, position) =>
          `#${position} = ${line(step)}${position === this.output ? '  <- output' : ''}`,
      )
      .join('\n');
  }
}

function valueOf(graph: Graph, input: number): Tensor {
  const value = graph.currentValue(input);
  if (value !== undefined) return value;
  throw new GraphError(`recipe: ${graph.node(input).toString()} has no value; give it one`);
}

function operandsOf(step: Step): readonly number[] {
  return 'operands' in step ? step.operands : [];
}

function append(graph: Graph, step: Step, nodes: readonly GraphNode[]): GraphNode {
  if ('operands' in step) {
    const operands = step.operands.map((operand) => nodes[operand]!);
    return apply(operations[step.operation], operands, step.attributes);
  }
  const { shape, kind } = step.value;
  if (step.operation === 'input') return graph.input(step.name, { shape, kind });
  return graph.constant(shape.length === 0 && kind === 'real' ? step.value.item() : step.value);
}

function line(step: Step): string {
  if (step.operation === 'input')
    return `input ${JSON.stringify(step.name)} = ${values(step.value)}`;
  if (step.operation === 'constant') return `constant ${values(step.value)}`;
  const operands = step.operands.map((operand) => `#${operand}`);
  const attributes = Object.entries(step.attributes ?? {});
  const plain = attributes.flatMap(([name, value]) =>
    value instanceof Body ? [] : [`${name}: ${JSON.stringify(value)}`],
  );
  const bodies = attributes.flatMap(([name, value]) =>
    value instanceof Body ? [`\n  ${name}:\n${indented(listing(value.outputs))}`] : [],
  );
  return `${step.operation}(${[...operands, ...plain].join(', ')})${bodies.join('')}`;
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '    ');
}

function values(value: Tensor): string {
  if (value.shape.length === 0) return String(value.toArray());
  const kind = value.kind === 'real' ? '' : ` ${value.kind}`;
  return value.size === 0
    ? `an array of shape ${formatShape(value.shape)}`
    : `${JSON.stringify(value.toArray())}${kind}`;
}
