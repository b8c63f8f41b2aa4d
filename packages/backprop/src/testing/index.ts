/**
 * Generators of random graphs, for property tests with fast-check: of this package, and of programs that use it.
 *
 * @packageDocumentation
 */
export { controlGraphs } from './control-graphs.ts';
export { expectGradients, expectOperation } from './expect-gradients.ts';
export { matchers, type Closeness, type GradientMatchers, type MatcherResult } from './matchers.ts';
export {
  Recipe,
  type BuiltRecipe,
  type ConstantStep,
  type InputStep,
  type OperationStep,
  type Step,
} from './recipe.ts';
export { scalarGraphs, type GraphGeneratorOptions, type Vocabulary } from './scalar-graphs.ts';
export { tensorGraphs } from './tensor-graphs.ts';
export {
  shapes,
  tensors,
  type ShapeGeneratorOptions,
  type TensorGeneratorOptions,
} from './tensors.ts';
