/**
 * The run-time half of `// ≈ value`: compares what an example computed with what its author wrote.
 *
 * The collector hands over every written number as its text, because the text says how precise it
 * is meant to be: `0.7311` stands for any number within half a unit of its last digit, 0.00005.
 */

/**
 * Throws unless `actual` agrees with `written`: a number as text, NaN or an infinity, or an array
 * or object of these. Arrays may be typed arrays on the other side; lengths and keys must agree.
 */
export function expectClose(actual: unknown, written: unknown, path = ''): void {
  const fail = (message: string): never => {
    const error = new Error(path === '' ? message : `at ${path}: ${message}`);
    Error.captureStackTrace(error, expectClose); // point at the example, not at this file
    throw error;
  };
  if (typeof written === 'string') {
    const tolerance = halfUnit(written);
    // A little more, because the difference is itself rounded.
    const holds =
      typeof actual === 'number' && Math.abs(actual - Number(written)) <= tolerance * (1 + 1e-9);
    if (!holds) {
      fail(`expected ${String(actual)} to be ${written} within ${tolerance}`);
    }
  } else if (typeof written === 'number') {
    if (!Object.is(actual, written)) fail(`expected ${String(actual)} to be ${written}`);
  } else if (Array.isArray(written)) {
    if (!isArrayLike(actual)) return fail(`expected ${String(actual)} to be an array`);
    if (actual.length !== written.length) {
      fail(`expected ${written.length} elements, got ${actual.length}`);
    }
    written.forEach((element, i) => {
      expectClose(actual[i], element, `${path}[${i}]`);
    });
  } else {
    if (typeof actual !== 'object' || actual === null) {
      return fail(`expected ${String(actual)} to be an object`);
    }
    const keys = Object.keys(written as object);
    if (keys.sort().join() !== Object.keys(actual).sort().join()) {
      fail(`expected the keys ${keys.join(', ')}, got ${Object.keys(actual).join(', ')}`);
    }
    for (const key of keys) {
      expectClose(Reflect.get(actual, key), Reflect.get(written as object, key), `${path}.${key}`);
    }
  }
}

/** Half a unit of the last digit written: `0.7311` gives 0.00005, `12` gives 0.5, `3e-9` gives 5e-10. */
export function halfUnit(written: string): number {
  const [mantissa = '', exponent = '0'] = written.toLowerCase().split('e');
  const decimals = mantissa.split('.')[1]?.length ?? 0;
  return Number(`0.5e${Number(exponent) - decimals}`);
}

function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value);
}
