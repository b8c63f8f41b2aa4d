/** A builder that makes one mistake: in what it applies, to what, or with which attributes. */
import type { Attributes, AttributeValue, Builder, Operation, Tensor } from '@ad/graph';
import { operations } from '@ad/graph';
import { tensorBuilder } from './builder.ts';

/** An application of an operation by a rule. */
interface Call {
  readonly row: Operation;
  readonly operands: readonly Tensor[];
  readonly attributes: Attributes | undefined;
}

/** One way to get one of the applications wrong. */
export interface Mistake {
  /** In words: the operation, which of its applications by the rule, and what is wrong. */
  readonly what: string;
  readonly result: (call: Call) => Tensor;
}

const applied = ({ row, operands, attributes }: Call): Tensor =>
  tensorBuilder.apply(row, operands, attributes);

const negated = (x: Tensor): Tensor =>
  tensorBuilder.apply(operations.mul, [x, tensorBuilder.constant(-1)]);

/** Whose operands may be swapped without a mistake. */
const COMMUTE: ReadonlySet<string> = new Set(['add', 'mul', 'strongMul', 'equal']);

/** Other values that an attribute could have been given. */
function otherValues(value: AttributeValue): [what: string, value: AttributeValue][] {
  if (typeof value === 'boolean') return [['flipped', !value]];
  if (typeof value === 'number') return [['one more', value + 1]];
  if (!Array.isArray(value) || value.length === 0) return [];
  const list = value as readonly number[];
  const others: [string, AttributeValue][] = list.map((_, i) => [
    `one more at ${i}`,
    list.map((x, j) => (j === i ? x + 1 : x)),
  ]);
  const reversed = [...list].reverse();
  return String(reversed) === String(list) ? others : [...others, ['reversed', reversed]];
}

/** The mistakes that can be made with one application. */
function mistakesOf(call: Call, occurrence: number): Mistake[] {
  const where = `${call.row.name} ${occurrence}`;
  const mistakes: Mistake[] = [
    { what: `${where}: negated`, result: (c) => negated(applied(c)) },
    { what: `${where}: left out`, result: ({ operands }) => operands[0]! },
  ];
  if (call.operands.length === 2 && !COMMUTE.has(call.row.name)) {
    mistakes.push({
      what: `${where}: operands swapped`,
      result: (c) => applied({ ...c, operands: [...c.operands].reverse() }),
    });
  }
  for (const [name, value] of Object.entries(call.attributes ?? {})) {
    for (const [what, other] of otherValues(value)) {
      mistakes.push({
        what: `${where}: ${name} ${what}`,
        result: (c) => applied({ ...c, attributes: { ...c.attributes, [name]: other } }),
      });
    }
  }
  return mistakes;
}

/** Runs a rule and lists the mistakes that could be made in it. */
export function mistakesIn(rule: (B: Builder<Tensor>) => unknown): Mistake[] {
  const mistakes: Mistake[] = [];
  rule(watched((call, occurrence) => (mistakes.push(...mistakesOf(call, occurrence)), undefined)));
  return mistakes;
}

/** The builder that makes a mistake where it belongs. */
export function mistaken(mistake: Mistake): Builder<Tensor> {
  const [where] = mistake.what.split(':');
  return watched(({ row }, occurrence) =>
    `${row.name} ${occurrence}` === where ? mistake : undefined,
  );
}

/** Tells of every application before it is made, with how many of the same operation came before it. */
function watched(watch: (call: Call, occurrence: number) => Mistake | undefined): Builder<Tensor> {
  const counts = new Map<string, number>();
  return {
    ...tensorBuilder,
    apply(row, operands, attributes) {
      const occurrence = counts.get(row.name) ?? 0;
      counts.set(row.name, occurrence + 1);
      const call: Call = { row: row, operands, attributes };
      return (watch(call, occurrence)?.result ?? applied)(call);
    },
  };
}
