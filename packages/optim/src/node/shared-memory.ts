/** Typed arrays in memory that threads share. */
import { Tensor, type TensorData } from '@ad/graph';
import type { SampleTensors } from '../data/samples.ts';

/** Arrays that the engine has, as their constructors are found. */
type Constructor = new (buffer: SharedArrayBuffer) => TensorData;

/** An array of the same type and length in shared memory, with 0 in it. */
export function sharedLike(data: TensorData): TensorData {
  return new (data.constructor as Constructor)(new SharedArrayBuffer(data.byteLength));
}

/** A tensor in shared memory, as it is sent: the fields of a class do not travel. */
type SharedTensor = Pick<Tensor, 'shape' | 'kind' | 'data'>;

/** Samples in shared memory. */
export type SharedSamples = Readonly<Record<keyof SampleTensors, SharedTensor>>;

/** Room for as many samples as these, with 0 in it. */
export function sharedSamplesLike({ inputs, targets }: SampleTensors): SharedSamples {
  const room = ({ shape, kind, data }: Tensor): SharedTensor => {
    return { shape, kind, data: sharedLike(data) };
  };
  return { inputs: room(inputs), targets: room(targets) };
}

/** What was sent as tensors. */
export function samplesIn({ inputs, targets }: SharedSamples): SampleTensors {
  const read = ({ shape, kind, data }: SharedTensor): Tensor => new Tensor(shape, kind, data);
  return { inputs: read(inputs), targets: read(targets) };
}

/** Whether samples fit into a room: they are of the same types, and no more. */
export function fits(samples: SampleTensors, room: SharedSamples): boolean {
  return (['inputs', 'targets'] as const).every((name) => {
    const [given, place] = [samples[name], room[name]];
    return (
      given.data.constructor === place.data.constructor &&
      given.kind === place.kind &&
      given.data.length <= place.data.length &&
      given.shape.slice(1).join() === place.shape.slice(1).join()
    );
  });
}
