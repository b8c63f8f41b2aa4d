/** The part of the platform's WebAssembly interface that the compiler uses; ES2022 itself does not declare it. */

/** A compiled module. */
type WasmModule = object;

/** A linear memory. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** An instance of a module. */
interface WasmInstance {
  readonly exports: Readonly<Record<string, () => void>>;
}

/** The platform's namespace. */
export interface WasmPlatform {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (
    module: WasmModule,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => WasmInstance;
  readonly Memory: new (descriptor: {
    readonly initial: number;
    readonly maximum?: number;
  }) => WasmMemory;
}

/** WebAssembly, or `undefined` where there is none. */
export function webAssembly(): WasmPlatform | undefined {
  return (globalThis as unknown as { readonly WebAssembly?: WasmPlatform }).WebAssembly;
}
