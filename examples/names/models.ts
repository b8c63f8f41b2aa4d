/** Two models of the next letter: one carries a state along, the other looks back at all letters before. */
import {
  dense,
  embedding,
  gru,
  layerNorm,
  type Model,
  multiHeadAttention,
  positionEmbedding,
  residual,
  sequential,
} from '@ad/optim';
import { length, symbolCount } from './names.ts';

/** What a model has learned. */
export interface Parameters {
  readonly layers: readonly Readonly<Record<string, unknown>>[];
}

/** A model, and how it learns. */
export interface LetterModel {
  readonly description: string;
  readonly model: Model<Parameters>;
  readonly learningRate: number;
}

const SIZE = 32;

/** Attention and two dense layers, each added to what is there. */
const block = () => [
  residual(sequential([layerNorm(SIZE), multiHeadAttention(SIZE, 4, { causal: true })])),
  residual(
    sequential([
      layerNorm(SIZE),
      dense(SIZE, 2 * SIZE, { activation: 'gelu' }),
      dense(2 * SIZE, SIZE),
    ]),
  ),
];

/** By name. */
export const models: Readonly<Record<'gru' | 'transformer', LetterModel>> = {
  gru: {
    description: 'a gated recurrent unit',
    model: sequential([embedding(symbolCount, 16), gru(16, 64), dense(64, symbolCount)]),
    learningRate: 0.005,
  },
  transformer: {
    description: 'a causal transformer of one block',
    model: sequential([
      embedding(symbolCount, SIZE),
      positionEmbedding(length, SIZE),
      ...block(),
      layerNorm(SIZE),
      dense(SIZE, symbolCount),
    ] as const),
    learningRate: 0.003,
  },
};
