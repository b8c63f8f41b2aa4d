/** Transforms that differentiate a function with respect to one of its arguments. */
import { type GraphNode, ValueError } from '@ad/graph';
import {
  type Argument,
  type ArgumentOptions,
  type Call,
  type Traceable,
  Tracer,
} from './tracing.ts';

/** A call, and the argument that counts. */
interface ArgumentCall extends Call {
  /** The argument. */
  readonly argument: Argument;
  /** Its leaves, as nodes of the trace. */
  readonly wrt: readonly GraphNode[];
}

/** Applies the function to arguments; a node among `others` makes it a call on nodes. */
type CallsOf = (args: readonly Argument[], others?: readonly Argument[]) => ArgumentCall;

/**
 * Calls of a function that is differentiated with respect to the argument in the options, the first one by default.
 *
 * @param trees - whether the function may return a tree.
 * @param names - the options that the transform has beside those of all transforms.
 */
export function byArgument(
  name: string,
  f: unknown,
  options: ArgumentOptions,
  trees: boolean,
  names: readonly string[] = ['argument'],
): CallsOf {
  const tracer = new Tracer(
    f as Traceable,
    { name, varies: (position) => position === argument, trees, options: names },
    options,
  );
  // Read when the tracer has checked the options.
  const argument = options.argument ?? 0;
  return (args, others) => {
    checkArgument(name, argument, args.length);
    const call = tracer.call(args, others);
    return { ...call, argument: args[argument]!, wrt: call.trace.leaves[argument]! };
  };
}

/**
 * Checks which argument derivatives are taken with respect to.
 *
 * @throws `ValueError` when a call has no such argument.
 */
function checkArgument(name: string, argument: number, count: number): void {
  if (Number.isInteger(argument) && argument >= 0 && argument < count) return;
  throw new ValueError(
    `${name}: argument ${argument} does not exist; the function was called with ${count}`,
  );
}
