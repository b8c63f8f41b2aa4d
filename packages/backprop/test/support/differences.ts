/**
 * Finite differences. Every quotient is divided by the step that was really taken, `(x + h) - (x - h)`, which rounding
 * makes differ from `2h`.
 */
import { evaluate, type Feeds, type GraphNode, Tensor } from '@ad/graph';

/** A function of one number. */
export type Line = (t: number) => number;

/** The central quotient: error about h^2 |f'''| / 6 + eps |f| / h, least near the cube root of eps. */
export function central(f: Line, t: number, h: number = 6e-6): number {
  return (f(t + h) - f(t - h)) / (t + h - (t - h));
}

/** The five-point quotient: error about h^4 |f'''''| / 30 + eps |f| / h. */
export function fivePoint(f: Line, t: number, h: number = 1e-3): number {
  return (4 * central(f, t, h) - central(f, t, 2 * h)) / 3;
}

/** The quotients from the left and from the right. */
export function oneSided(f: Line, t: number, h: number): readonly [left: number, right: number] {
  return [(f(t) - f(t - h)) / (t - (t - h)), (f(t + h) - f(t)) / (t + h - t)];
}

/** A copy of a tensor with one element changed. */
export function withElement(value: Tensor, index: number, element: number): Tensor {
  const data = Float64Array.from(value.data);
  data[index] = element;
  return new Tensor(value.shape, 'real', data);
}

/** The output, as a function of one element of one input. */
export function along(output: GraphNode, feeds: Feeds, name: string, index: number): Line {
  return (t) =>
    evaluate(output, { ...feeds, [name]: withElement(feeds[name] as Tensor, index, t) }).item();
}

/** Calls `visit` with every element of every input. */
export function forEachElement(
  feeds: Feeds,
  visit: (name: string, index: number, element: number) => void,
): void {
  for (const [name, value] of Object.entries(feeds)) {
    (value as Tensor).data.forEach((element, index) => {
      visit(name, index, element);
    });
  }
}
