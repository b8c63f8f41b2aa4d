/**
 * The functions that the code of a module calls: those of the platform, imported, and the vector functions and functions of
 * numbers, of which each that is used becomes one function of the module.
 */
import type { NumberCode } from '@ad/graph';
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
  readonly #numbers = new Map<string, Callee>();
  readonly #vector = new Map<string, Callee>();

  /** The bytes of memory that are taken: by the program, and behind it by what functions need. */
  bytes: number;

  /** None yet, in a program that takes so many bytes of memory. */
  constructor(
    module: ModuleBuilder,
    precision: Precision,
    math: VectorMath,
    functions: Functions,
    bytes: number,
  ) {
    this.bytes = 8 * Math.ceil(bytes / 8);
    this.#functions = functions;
    this.#module = module;
    this.#precision = precision;
    this.#math = math;
  }

  /** A function on doubles: one of the platform, or of the module. */
  onNumbers(name: string): Callee {
    let callee = this.#numbers.get(name);
    if (callee === undefined) {
      const row = this.#functions.get(name);
      callee = row?.numberCode ? this.#function(row.numberCode, row.arity) : this.#import(name);
      this.#numbers.set(name, callee);
    }
    return callee;
  }

  #import(name: string): Callee {
    const value = PLATFORM[name] ?? this.#functions.get(name)!.number;
    const parameters = Array.from({ length: value.length }, () => 'f64' as const);
    this.imported[name] = value;
    return this.#module.import(name, parameters, ['f64']);
  }

  #function(number: NumberCode, arity: number): Callee {
    const parameters = Array.from({ length: arity }, () => 'f64' as const);
    const code = new FunctionBuilder(parameters, ['f64']);
    const scratch = this.bytes;
    this.bytes += 8 * (number.scratch ?? 0);
    number.write({ code, platform: (name) => this.onNumbers(name) }, scratch);
    return this.#module.function(code);
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
        importOf: (called: string) => this.onNumbers(called),
      };
      emitExpressions(context, [this.#math[name]!(e, ...inputs) as Expression], () => undefined);
      callee = this.#module.function(code);
      this.#vector.set(name, callee);
    }
    return callee;
  }
}
