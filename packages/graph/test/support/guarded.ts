/** Arrays that notice when something is read or written that they do not have. */
import type { TensorData } from '@ad/graph';

/** The same array; an element that does not exist is an error, for whoever reads or writes it. */
export function guarded<Data extends TensorData>(data: Data): Data {
  const check = (key: string | symbol): void => {
    if (typeof key === 'symbol' || key in data || !isNumeric(key)) return;
    throw new RangeError(`there is no element ${key} among ${data.length}`);
  };
  return new Proxy(data, {
    get(_target, key) {
      check(key);
      const value: unknown = Reflect.get(data, key, data);
      return typeof value === 'function' ? (value.bind(data) as unknown) : value;
    },
    set(_target, key, value) {
      check(key);
      return Reflect.set(data, key, value, data);
    },
  });
}

/** Whether a key is a number, an index or not: `undefined` comes of arithmetic on what is not there. */
const isNumeric = (key: string): boolean => key === 'undefined' || String(Number(key)) === key;
