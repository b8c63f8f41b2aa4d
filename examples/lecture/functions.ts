/** Functions of the plane: for methods as functions of nodes, for pictures as functions of numbers. */
import { Graph, type GraphNode } from '@ad/graph';
import { compile } from '@ad/compiler';

/** A point of the plane as a tree of nodes. */
type Plane = { readonly x: GraphNode; readonly y: GraphNode };

/** A function of the plane. */
export type PlaneFunction = (point: Plane) => GraphNode;

/** The function on numbers: compiled once, then run through the views of the program. */
export function onNumbers(f: PlaneFunction): (x: number, y: number) => number {
  const graph = new Graph();
  const point = { x: graph.input('x', { value: 0 }), y: graph.input('y', { value: 0 }) };
  const program = compile({ outputs: [f(point)] });
  const { x: slotX, y: slotY } = program.inputs;
  const [value] = program.outputs;
  return (x, y) => {
    if (slotX !== undefined) slotX[0] = x;
    if (slotY !== undefined) slotY[0] = y;
    program.execute();
    return value![0]!;
  };
}

/** $\frac12 (x^2 + \kappa y^2)$: a bowl of condition number $\kappa$, with its minimum at the origin. */
export function bowl(kappa: number): PlaneFunction {
  return ({ x, y }) => x.square().add(y.square().mul(kappa)).mul(0.5);
}

/** Rosenbrock's valley, curved and narrow, with its minimum at (1, 1). */
export const rosenbrock: PlaneFunction = ({ x, y }) =>
  x.neg().add(1).square().add(y.sub(x.square()).square().mul(100));

/** The distance from the origin. */
export function radius({ x, y }: { readonly x: number; readonly y: number }): number {
  return Math.hypot(x, y);
}
