/** jax-js on its WebAssembly back end, everything under `jit`. Its arrays are consumed by use: `ref` keeps one. */
import * as jax from '@jax-js/jax';
import type { Contestant } from '../measure.ts';
import type { Arrays, Batch } from '../training-step.ts';

/** An array of jax-js. */
export type JaxArray = jax.numpy.Array;
type ByName = Record<string, JaxArray>;

/** The library, ready to run. */
export async function loadJax(): Promise<typeof jax> {
  // It asks whether data are of this type, which Node has from version 24 on.
  if (!('Float16Array' in globalThis)) {
    const Float16Array = (): void => {};
    Float16Array.prototype = {};
    Object.assign(globalThis, { Float16Array });
  }
  await jax.init('wasm');
  jax.defaultDevice('wasm');
  return jax;
}

/** How parameters are updated. */
export type UpdateRule = { readonly sgd: number } | { readonly adam: number };

/** A whole training step under `jit`. */
export async function jaxTraining(
  parameters: Arrays,
  batch: Batch,
  loss: (library: typeof jax, parameters: ByName, batch: ByName) => JaxArray,
  rule: UpdateRule,
  precision: 'f32' | 'f64' = 'f32',
): Promise<Contestant> {
  const { numpy: np, jit, valueAndGrad } = await loadJax();
  const dtype = precision === 'f64' ? np.float64 : np.float32;
  const array = ({ shape, data, kind }: Batch[string]): JaxArray =>
    kind === 'integer'
      ? np.array(Int32Array.from(data), { shape: [...shape] })
      : np.array(precision === 'f64' ? Float64Array.from(data) : Float32Array.from(data), {
          shape: [...shape],
          dtype,
        });
  const arrays = (all: Batch): ByName =>
    Object.fromEntries(Object.entries(all).map(([name, value]) => [name, array(value)]));
  const names = Object.keys(parameters);
  const each = (make: (name: string) => JaxArray): ByName =>
    Object.fromEntries(names.map((name) => [name, make(name)]));
  const zeros = (): ByName => each((name) => np.zeros([...parameters[name]!.shape], { dtype }));
  const refs = (all: ByName): ByName =>
    Object.fromEntries(Object.entries(all).map(([name, value]) => [name, value.ref]));

  const data = arrays(batch);
  const scalar = (value: number): JaxArray => np.array(value, { dtype });
  const differentiate = valueAndGrad((p: ByName, b: ByName) => loss(jax, p, b));
  let result = 0;
  if ('sgd' in rule) {
    const update = jit((p: ByName, b: ByName): [JaxArray, ByName] => {
      const [value, slopes] = differentiate(refs(p), b);
      return [value, each((name) => p[name]!.sub(slopes[name]!.mul(rule.sgd)))];
    });
    let current = arrays(parameters);
    const step = (): void => {
      const [value, next] = update(current, refs(data));
      current = next;
      result = value.dataSync()[0]!;
    };
    return { engine: `jax-js wasm, jit`, step, result: () => result };
  }
  const update = jit(
    (
      p: ByName,
      m: ByName,
      v: ByName,
      powers: JaxArray[],
      b: ByName,
    ): [JaxArray, ByName, ByName, ByName, JaxArray[]] => {
      const [value, slopes] = differentiate(refs(p), b);
      const [p1, p2] = [powers[0]!.mul(0.9), powers[1]!.mul(0.999)];
      const [newM, newV, newP]: [ByName, ByName, ByName] = [{}, {}, {}];
      for (const name of names) {
        const slope = slopes[name]!;
        const first = m[name]!.mul(0.9).add(slope.ref.mul(0.1));
        const second = v[name]!.mul(0.999).add(np.square(slope).mul(0.001));
        const mean = first.ref.div(np.subtract(1, p1.ref));
        const scale = np.sqrt(second.ref.div(np.subtract(1, p2.ref))).add(1e-8);
        newP[name] = p[name]!.sub(mean.div(scale).mul(rule.adam));
        newM[name] = first;
        newV[name] = second;
      }
      return [value, newP, newM, newV, [p1, p2]];
    },
  );
  let state: [ByName, ByName, ByName, JaxArray[]] = [
    arrays(parameters),
    zeros(),
    zeros(),
    [scalar(1), scalar(1)],
  ];
  const step = (): void => {
    const [value, ...next] = update(...state, refs(data));
    state = next;
    result = value.dataSync()[0]!;
  };
  return { engine: 'jax-js wasm, jit', step, result: () => result };
}
