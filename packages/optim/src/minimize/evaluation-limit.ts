/** Thrown when no further evaluation is allowed; caught by `follow` in `loop.ts` and never seen outside. */
export class EvaluationLimit extends Error {}
