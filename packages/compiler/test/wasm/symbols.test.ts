import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FunctionBuilder } from '../../src/wasm/function-builder.ts';
import { ModuleBuilder } from '../../src/wasm/module-builder.ts';
import { symbol } from '../../src/wasm/symbols.ts';

/** A module whose function reads behind the first address, writes behind the second, and calls another function. */
function moduleOn(first: number, second: number, distance: number, addresses?: readonly number[]) {
  const module = new ModuleBuilder();
  const other = module.function(new FunctionBuilder());
  const code = new FunctionBuilder();
  const [index, value] = [code.local('i32'), code.local('v128')];
  code
    .i32(first - distance)
    .set(index)
    .call(other);
  code
    .get(index)
    .memory('v128.load', first + distance)
    .set(value)
    .call(other);
  code
    .get(index)
    .get(value)
    .memoryLane('v128.store64_lane', second + distance, 1);
  module.export('run', module.function(code, addresses));
  return module.encode(1);
}

test('code with symbols is, byte by byte, that with the addresses which they stand for', () => {
  const address = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 2 ** 32 - 2 ** 21 }));
  fc.assert(
    fc.property(address, address, fc.nat(2 ** 20), (first, second, distance) => {
      const placed = moduleOn(symbol(0), symbol(1), distance, [first, second]);
      expect(placed).toEqual(moduleOn(first, second, distance));
    }),
  );
});
