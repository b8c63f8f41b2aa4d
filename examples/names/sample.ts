/** Names that a model makes up, letter by letter. */
import { Tensor } from '@ad/graph';
import { type Model, predictor, Random } from '@ad/optim';
import type { Parameters } from './models.ts';
import { decode, length, symbolCount } from './names.ts';

/**
 * Draws names: each letter by lot, with the probabilities that the model gives after those before.
 *
 * @param temperature - below 1 likely letters become likelier, above 1 all become more alike.
 */
export function drawNames(
  model: Model<Parameters>,
  parameters: Parameters,
  count: number,
  seed: number,
  temperature = 1,
): string[] {
  const next = predictor(model);
  const random = new Random(seed);
  const names = Array.from({ length: count }, (): number[] => []);
  const isOver = names.map(() => false);
  for (let place = 0; place < length - 1 && isOver.includes(false); place++) {
    const inputs = new Int32Array(count * length);
    names.forEach((symbols, k) => inputs.set(symbols, k * length + 1));
    const { data } = next(parameters, new Tensor([count, length], 'integer', inputs));
    names.forEach((symbols, k) => {
      const start = (k * length + place) * symbolCount;
      const symbol = drawFrom(data.subarray(start, start + symbolCount), temperature, random);
      if (symbol === 0) isOver[k] = true;
      if (!isOver[k]) symbols.push(symbol);
    });
  }
  return names.map(decode);
}

/** A symbol by lot, with probabilities in proportion to exponentials of the logits. */
function drawFrom(logits: ArrayLike<number>, temperature: number, random: Random): number {
  const scaled = Array.from(logits, (logit) => logit / temperature);
  const highest = Math.max(...scaled);
  const weights = scaled.map((logit) => Math.exp(logit - highest));
  let left = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  const found = weights.findIndex((weight) => (left -= weight) < 0);
  return found < 0 ? 0 : found;
}
