/** The protocol of GradBench: a message of JSON on each line, an answer with its id on each line. */
import { evals } from './evals.ts';
import { type Fields, fieldsOf } from './input.ts';
import { timed } from './timing.ts';

/**
 * The answer to a line; `undefined` for one that is no message at all and so has no id to answer to.
 *
 * @param warn - is told what cannot be answered.
 */
export function answer(line: string, warn: (problem: string) => void): string | undefined {
  let message: Fields;
  try {
    message = fieldsOf(JSON.parse(line), 'the message');
  } catch (error) {
    warn(`not a message: ${(error as Error).message}`);
    return undefined;
  }
  const { id } = message;
  if (typeof id !== 'number' || !Number.isFinite(id)) {
    warn('a message without an id');
    return undefined;
  }
  try {
    return JSON.stringify({ id, ...reply(message) });
  } catch (error) {
    return JSON.stringify({
      id,
      ...failure(error instanceof Error ? error.message : String(error)),
    });
  }
}

function reply(message: Fields): Fields {
  switch (message['kind']) {
    case 'start':
      return { tool: 'ad' };
    case 'define': {
      const name = String(message['module']);
      return evals.has(name)
        ? { success: true }
        : failure(`there is no module ${JSON.stringify(name)}`);
    }
    case 'evaluate':
      return evaluate(message);
    case 'analysis':
      return {};
    default:
      return failure(`there is no kind ${JSON.stringify(message['kind'])} of message`);
  }
}

function evaluate(message: Fields): Fields {
  const module = String(message['module']);
  const name = String(message['function']);
  const found = evals.get(module);
  if (found === undefined) return failure(`there is no module ${JSON.stringify(module)}`);
  if (!Object.hasOwn(found.functions, name)) {
    return failure(
      `${module} has no function ${JSON.stringify(name)}; there are ${Object.keys(found.functions).join(', ')}`,
    );
  }
  const { input } = message;
  const options = typeof input === 'object' && input !== null ? (input as Fields) : {};
  const { output, timings } = timed(
    found.functions[name]!,
    input,
    atLeast(options['min_runs'], 1),
    atLeast(options['min_seconds'], 0),
  );
  if (!isFinite(output)) return failure('the output has elements that are not finite');
  return { success: true, output, timings };
}

/** Whether all numbers of an output are finite: JSON has no others. */
function isFinite(output: unknown): boolean {
  if (typeof output === 'number') return Number.isFinite(output);
  return Object.values(output as object).every(isFinite);
}

function atLeast(value: unknown, least: number): number {
  return typeof value === 'number' && value >= least ? value : least;
}

function failure(error: string): Fields {
  return { success: false, error };
}
