/** Loops that move addresses: each turn every address advances by a distance of its own. */
import type { FunctionBuilder, Local } from '../../wasm/function-builder.ts';
import { type Place, pushLocal, shifted } from './lanes.ts';

/** How often: known, or in a local; never 0 in a local. */
export type Count = number | { readonly local: Local };

/** Pushes a count. */
export function pushCount(code: FunctionBuilder, count: Count): FunctionBuilder {
  return typeof count === 'number' ? code.i32(count) : code.get(count.local);
}

/**
 * Runs `body` as often as `count` says, with the places moved by `distances` bytes from turn to turn.
 *
 * @param after - what to do with the places behind the last turn.
 */
export function walk(
  code: FunctionBuilder,
  count: Count,
  places: readonly Place[],
  distances: readonly number[],
  body: (places: readonly Place[]) => void,
  after?: (places: readonly Place[]) => void,
): void {
  if (count === 0 || count === 1) {
    if (count === 1) body(places);
    after?.(places.map((place, i) => shifted(place, count * distances[i]!)));
    return;
  }
  // Places that move together share a local: what tells them apart is part of the instructions.
  const locals = new Map<string, { readonly local: Local; readonly distance: number }>();
  const moving = places.map((place, i): Place => {
    const distance = distances[i]!;
    if (distance === 0) return place;
    const key = `${place.local} ${distance}`;
    let shared = locals.get(key);
    if (shared === undefined) {
      shared = { local: code.local('i32'), distance };
      locals.set(key, shared);
      pushLocal(code, place).set(shared.local);
    }
    return { local: shared.local, base: place.base };
  });
  const counter = code.local('i32');
  pushCount(code, count).set(counter);
  code.doWhile(() => {
    body(moving);
    for (const { local, distance } of locals.values())
      code.get(local).i32(distance).op('i32.add').set(local);
    code.get(counter).i32(1).op('i32.sub').tee(counter);
  });
  after?.(moving);
  code.release('i32', counter);
  for (const { local } of locals.values()) code.release('i32', local);
}

/** Runs `body` for blocks of at most `most` of `total` turns, the places moved by `distances` per turn. */
export function walkBlocks(
  code: FunctionBuilder,
  total: number,
  most: number,
  places: readonly Place[],
  distances: readonly number[],
  body: (count: Count, places: readonly Place[]) => void,
): void {
  if (total <= most) {
    body(total, places);
    return;
  }
  const blocks = Math.ceil(total / most);
  const far = distances.map((distance) => distance * most);
  if (total % most === 0) {
    walk(code, blocks, places, far, (moved) => body(most, moved));
    return;
  }
  const [left, count] = [code.local('i32'), code.local('i32')];
  code.i32(total).set(left);
  walk(code, blocks, places, far, (moved) => {
    // The last block is shorter: what is left, or a whole block.
    code.get(left).i32(most).get(left).i32(most).op('i32.lt_u').op('select').set(count);
    body({ local: count }, moved);
    code.get(left).i32(most).op('i32.sub').set(left);
  });
  code.release('i32', left);
  code.release('i32', count);
}
