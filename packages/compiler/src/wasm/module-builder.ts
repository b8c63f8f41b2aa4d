/** A WebAssembly module being written: imported functions, one memory, functions, data. */
import { ByteWriter } from './bytes.ts';
import {
  type Callee,
  type FunctionBuilder,
  TYPE_BYTES,
  type ValueType,
} from './function-builder.ts';

interface Signature {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** A function, and what the symbols in its code stand for. */
interface FunctionAt {
  readonly builder: FunctionBuilder;
  readonly addresses: readonly number[];
}

/** A module being written: imports and functions in the order of their addition. */
export class ModuleBuilder {
  readonly #imports: { readonly name: string; readonly type: number }[] = [];
  readonly #types: string[] = [];
  readonly #signatures: Signature[] = [];
  readonly #functions: FunctionAt[] = [];
  readonly #exports: { readonly name: string; readonly callee: Callee }[] = [];

  /** Declares a function imported from the module `env`. */
  import(name: string, parameters: readonly ValueType[], results: readonly ValueType[]): Callee {
    this.#imports.push({ name, type: this.#typeOf({ parameters, results }) });
    return this.#imports.length - 1;
  }

  /**
   * Adds a function; its code may still be written afterwards.
   *
   * @param addresses - what the symbols in its code stand for.
   */
  function(builder: FunctionBuilder, addresses: readonly number[] = []): Callee {
    return ~(this.#functions.push({ builder, addresses }) - 1);
  }

  /** Exports a function under a name. */
  export(name: string, callee: Callee): void {
    this.#exports.push({ name, callee });
  }

  /** The module as bytes, with a memory of `pages` pages imported as `env.memory`. */
  encode(pages: number): Uint8Array {
    const module = new ByteWriter();
    module.raw([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    // The types of all functions must be known before the type section is written.
    const functionTypes = this.#functions.map(({ builder }) => this.#typeOf(builder));
    section(module, 1, (out) => {
      out.u32(this.#signatures.length);
      for (const { parameters, results } of this.#signatures) {
        out.byte(0x60);
        for (const list of [parameters, results]) {
          out.u32(list.length);
          for (const type of list) out.byte(TYPE_BYTES[type]);
        }
      }
    });
    section(module, 2, (out) => {
      out.u32(this.#imports.length + 1);
      for (const { name, type } of this.#imports) {
        out.name('env');
        out.name(name);
        out.byte(0x00);
        out.u32(type);
      }
      out.name('env');
      out.name('memory');
      out.raw([0x02, 0x00]);
      out.u32(pages);
    });
    section(module, 3, (out) => {
      out.u32(functionTypes.length);
      for (const type of functionTypes) out.u32(type);
    });
    section(module, 7, (out) => {
      out.u32(this.#exports.length);
      for (const { name, callee } of this.#exports) {
        out.name(name);
        out.byte(0x00);
        out.u32(callee >= 0 ? callee : this.#imports.length + ~callee);
      }
    });
    section(module, 10, (out) => {
      out.u32(this.#functions.length);
      for (const { builder, addresses } of this.#functions)
        builder.encode(out, this.#imports.length, addresses);
    });
    return module.bytes.slice();
  }

  #typeOf({ parameters, results }: Signature): number {
    const key = `${parameters.join()}>${results.join()}`;
    const known = this.#types.indexOf(key);
    if (known >= 0) return known;
    this.#types.push(key);
    this.#signatures.push({ parameters, results });
    return this.#types.length - 1;
  }
}

function section(module: ByteWriter, id: number, write: (out: ByteWriter) => void): void {
  const content = new ByteWriter();
  write(content);
  module.byte(id);
  module.u32(content.length);
  module.raw(content.bytes);
}
