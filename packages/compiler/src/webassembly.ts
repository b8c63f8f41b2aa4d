/** The part of the platform's WebAssembly interface that programs use; ES2022 itself does not declare it. */

/** Bytes of a page of memory. */
export const PAGE = 65_536;

/** The pages that so many bytes of memory take, at least one. */
export function pagesOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / PAGE));
}

/** A compiled module. */
type WasmModule = object;

/** A linear memory. */
interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** An instance of a module. */
interface WasmInstance {
  readonly exports: Readonly<Record<string, () => void>>;
}

/** The platform's namespace. */
export interface WasmPlatform {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly validate: (bytes: Uint8Array) => boolean;
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

/** A module ready to run, and its memory. */
export interface Instantiated {
  readonly memory: WasmMemory;
  readonly run: () => void;
}

/**
 * Makes a module ready to run; `undefined` where a policy forbids making code, or where there is no room for another
 * memory, as each reserves gigabytes of addresses.
 *
 * @param functions - functions of the platform that it imports, by name.
 * @param host - what the module calls for operations that it does not contain.
 */
export function instantiate(
  platform: WasmPlatform,
  code: Uint8Array,
  pages: number,
  functions: Readonly<Record<string, unknown>>,
  host: (index: number) => void,
): Instantiated | undefined {
  const module = moduleOf(platform, code);
  if (module === undefined) return undefined;
  const memory = allocate(platform, pages);
  if (memory === undefined) return undefined;
  const { exports } = new platform.Instance(module, { env: { ...functions, memory, host } });
  return { memory, run: exports['run']! };
}

function allocate(platform: WasmPlatform, pages: number): WasmMemory | undefined {
  try {
    return new platform.Memory({ initial: pages, maximum: pages });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function moduleOf(platform: WasmPlatform, code: Uint8Array): WasmModule | undefined {
  try {
    return new platform.Module(code);
  } catch (error) {
    // A module that is wrong is a mistake and must not be hidden.
    if (
      error instanceof Error &&
      /unsafe-eval|content security|code generation/i.test(error.message)
    )
      return undefined;
    throw error;
  }
}
