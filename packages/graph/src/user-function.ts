/** Functions of the user's that are called with nodes, and what they return. */
import { GraphError } from './errors.ts';

/** What to do about lists of nodes. */
const LISTS =
  'If it is a list of nodes: it stands for a list of numbers; pass tensor(list) to get one node for the whole';

/**
 * Calls a function of the user's with nodes in the place of values. What nodes do not have as a method, and lists of them
 * do not have, is a `TypeError` of the engine's, which says nothing of the remedy.
 *
 * @param caller - who calls, for the message.
 * @throws `GraphError` in the place of such an error, with that as its cause; whatever else the function throws.
 * @example
 * ```ts
 * import { callWithNodes } from '@ad/graph';
 *
 * const call = () => {
 *   throw new TypeError('x.softplus is not a function'); // as for x.softplus() in JavaScript
 * };
 * callWithNodes('grad', call); // throws /softplus is not a function.*import \{ softplus \}/
 * ```
 */
export function callWithNodes<T>(caller: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // In the words of V8, SpiderMonkey and JavaScriptCore: the graph of a list, which has none.
    if (/reading '(?:constant|input)'|\.graph is undefined|\.graph\.\w+'\)/.test(error.message)) {
      throw new GraphError(`${caller}: ${error.message}. Only nodes have a graph. ${LISTS}`, {
        cause: error,
      });
    }
    // The engines agree in these words, and in what stands before them.
    const missing = /\.(\w+) is not a function/.exec(error.message);
    if (missing === null) throw error;
    const name = missing[1]!;
    throw new GraphError(
      `${caller}: ${missing.input}. If that is a node: only everyday operations are methods, the others are functions, ` +
        `${name}(x) with import { ${name} } from '@ad/graph'. ${LISTS}`,
      { cause: error },
    );
  }
}

/**
 * What to do about something that a function of the user's returned in the place of a node, for the end of a message;
 * empty where there is nothing particular to say.
 *
 * @example
 * ```ts
 * import { remedyForResult } from '@ad/graph';
 *
 * remedyForResult(undefined); // => '; is a return missing?'
 * ```
 */
export function remedyForResult(value: unknown): string {
  if (value === undefined) return '; is a return missing?';
  if (value instanceof Promise)
    return '; it cannot be async: await what it needs before, and pass that as an argument';
  if (typeof value === 'number')
    return '; compute with the methods and functions of nodes, as in x.mul(y), not with their values';
  return '';
}
