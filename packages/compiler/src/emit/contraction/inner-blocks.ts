/** Blocks of the inner dimension, so long that a tile's panels of both factors fit in the first cache. */
import { type ProductPlan, TURN } from '../../lower/product-plan.ts';
import type { FunctionBuilder, Local } from '../../wasm/function-builder.ts';
import { bySteps, type Places } from './places.ts';
import type { Inner } from './tile.ts';
import { pushCount, walkBlocks } from './walk.ts';

/** Runs `body` for each block of the inner dimension, with the places where it begins. */
export function walkInnerBlocks(
  code: FunctionBuilder,
  plan: ProductPlan,
  places: Places,
  body: (inner: Inner, places: Places) => void,
): void {
  const { k, stepsPerBlock } = plan;
  const rest = k % TURN;
  const total = (k - rest) / TURN;
  if (k <= stepsPerBlock) {
    body({ steps: k, turns: total, rest, isFirst: undefined, isLast: undefined }, places);
    return;
  }
  const most = stepsPerBlock / TURN;
  const locals = Array.from({ length: 4 }, () => code.local('i32'));
  const [done, steps, isFirst, isLast] = locals as [Local, Local, Local, Local];
  code.i32(0).set(done);
  walkBlocks(code, total, most, places, bySteps(plan, TURN), (turns, inside) => {
    code.get(done).op('i32.eqz').set(isFirst);
    code.get(done).i32(most).op('i32.add').tee(done).i32(total).op('i32.ge_u').set(isLast);
    pushCount(code, turns).i32(TURN).op('i32.mul');
    code.get(isLast).i32(rest).op('i32.mul').op('i32.add').set(steps);
    body({ steps: { local: steps }, turns, rest, isFirst, isLast }, inside);
  });
  for (const local of locals) code.release('i32', local);
}
