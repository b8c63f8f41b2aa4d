/**
 * Where the user's code called the library: the first stack frame outside of it. Messages about wrong graphs name
 * it, because the mistake is there and not in the frames above.
 */

/** V8's extensions of the Error constructor; absent elsewhere, where stacks are read as they come. */
interface StackControl {
  stackTraceLimit?: number;
  captureStackTrace?(target: object): void;
}

/** Files of this library, from source, built, or installed. */
const LIBRARY_FRAME =
  /[/\\](?:packages|@ad)[/\\](?:graph|compiler|backprop|optim)[/\\](?:src|dist)[/\\]/;
/** A layered model may be many library frames deep. */
const DEPTH = 50;

/** The caller as `function (file:line:column)`, or `undefined` where the engine gives no stacks. */
export function callSite(): string | undefined {
  const control = Error as StackControl;
  const limit = control.stackTraceLimit;
  try {
    if (limit !== undefined) control.stackTraceLimit = DEPTH;
    return userFrame(new Error('call site').stack ?? '');
  } finally {
    if (limit !== undefined) control.stackTraceLimit = limit;
  }
}

/**
 * The first frame of a stack trace that is not the library's own.
 *
 * @internal
 */
export function userFrame(stack: string): string | undefined {
  for (const line of stack.split('\n')) {
    // Frames of the engine itself, such as `Array.map (<anonymous>)`, have no line.
    const isFrame = /^\s*at .*:\d+|@.*:\d+/.test(line);
    if (isFrame && !LIBRARY_FRAME.test(line)) return line.trim().replace(/^at /, '');
  }
  return undefined;
}
