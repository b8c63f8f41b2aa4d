/**
 * The functions that the code of a module calls: those of the platform, imported, and the vector functions, of which
 * each that is used becomes one function of the module.
 */
import { emitExpressions } from '../code/emit-expression.ts';
import { type Expression, Expressions, type Precision } from '../code/expression.ts';
import type { VectorMath } from '../code/vector-algebra.ts';
import type { Functions } from '../code/vector-math.ts';
import { lanesOfVector } from '../sizes.ts';
import { PLATFORM } from '../platform.ts';
import { type Callee, FunctionBuilder } from '../wasm/function-builder.ts';
import type { ModuleBuilder } from '../wasm/module-builder.ts';

/** The functions of one module. */
export class Callees {
  /** The functions of the platform that are imported, by name. */
  readonly imported: Record<string, unknown> = {};
  readonly #module: ModuleBuilder;
  readonly #precision: Precision;
  readonly #math: VectorMath;
  readonly #functions: Functions;
  readonly #platform = new Map<string, Callee>();
  readonly #vector = new Map<string, Callee>();

  /** None yet. */
  constructor(module: ModuleBuilder, precision: Precision, math: VectorMath, functions: Functions) {
    this.#functions = functions;
    this.#module = module;
    this.#precision = precision;
    this.#math = math;
  }

  /** A function of the platform, on doubles. */
  platform(name: string): Callee {
    let callee = this.#platform.get(name);
    if (callee === undefined) {
      const value = PLATFORM[name] ?? this.#functions.get(name)!.number;
      const parameters = Array.from({ length: value.length }, () => 'f64' as const);
      callee = this.#module.import(name, parameters, ['f64']);
      this.imported[name] = value;
      this.#platform.set(name, callee);
    }
    return callee;
  }

  /** Whether there is vector code for a function. */
  hasVector(name: string): boolean {
    return this.#math[name] !== undefined;
  }

  /** A function on vectors; there must be code for it. */
  vector(name: string, arity: number): Callee {
    let callee = this.#vector.get(name);
    if (callee === undefined) {
      const parameters = Array.from({ length: arity }, () => 'v128' as const);
      const code = new FunctionBuilder(parameters, ['v128']);
      const e = new Expressions(this.#precision);
      const inputs = parameters.map((_, k) => e.input(k));
      const context = {
        code,
        precision: this.#precision,
        lanes: lanesOfVector(this.#precision),
        pushInput: (k: number) => code.get(k),
        importOf: (imported: string) => this.platform(imported),
      };
      emitExpressions(context, [this.#math[name]!(e, ...inputs) as Expression], () => undefined);
      callee = this.#module.function(code);
      this.#vector.set(name, callee);
    }
    return callee;
  }
}
