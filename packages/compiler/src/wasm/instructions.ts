/**
 * The WebAssembly instructions that the compiler uses, by their names in the text format. Numbers are from the core
 * specification (version 2.0, with 128-bit SIMD; the relaxed ones from version 3.0). SIMD instructions stand behind the
 * prefix 0xfd: they are written as 0xfd followed by three digits for the number behind it.
 */

/** Runs of instructions with neighbouring opcodes, from the first one on, by the prefix of their names. */
type Runs = Readonly<Record<string, readonly (readonly [first: number, names: string])[]>>;

/** The words of a text. */
type Words<T> = T extends `${infer First} ${infer Rest}` ? First | Words<Rest> : T;

/** The names in runs. */
type Names<R extends Runs> = {
  [Prefix in keyof R & string]: `${Prefix}${Words<R[Prefix][number][1]> & string}`;
}[keyof R & string];

/** The opcodes in runs by name. */
function opcodesIn<R extends Runs>(runs: R): Record<Names<R>, number> {
  const found: Record<string, number> = {};
  for (const [prefix, list] of Object.entries(runs))
    for (const [first, names] of list)
      names.split(' ').forEach((name, k) => {
        found[prefix + name] = first + k;
      });
  return found;
}

/** Instructions without immediates. */
const RUNS = {
  '': [
    [0x00, 'unreachable nop'],
    [0x05, 'else'],
    [0x0b, 'end'],
    [0x0f, 'return'],
    [0x1a, 'drop select'],
  ],
  'i32.': [
    [0x45, 'eqz eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'],
    [0x6a, 'add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u'],
    [0xa7, 'wrap_i64'],
    [0xbc, 'reinterpret_f32'],
  ],
  'i64.': [
    [0x7c, 'add sub mul'],
    [0x83, 'and or xor shl shr_s shr_u'],
    [0xac, 'extend_i32_s extend_i32_u'],
    [0xbd, 'reinterpret_f64'],
  ],
  'f32.': [
    [0x5b, 'eq ne lt gt le ge'],
    [0x8b, 'abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign'],
    [0xb2, 'convert_i32_s'],
    [0xb6, 'demote_f64'],
    [0xbe, 'reinterpret_i32'],
  ],
  'f64.': [
    [0x61, 'eq ne lt gt le ge'],
    [0x99, 'abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign'],
    [0xb7, 'convert_i32_s convert_i32_u'],
    [0xbb, 'promote_f32'],
    [0xbf, 'reinterpret_i64'],
  ],
  'v128.': [[0xfd_04d, 'not and andnot or xor bitselect any_true']],
  'i8x16.': [[0xfd_00e, 'swizzle']],
  'i32x4.': [
    [0xfd_011, 'splat'],
    [0xfd_037, 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'],
    [0xfd_0a3, 'all_true'],
    [0xfd_0ab, 'shl shr_s shr_u add'],
    [0xfd_0b1, 'sub'],
    [0xfd_0b5, 'mul'],
    [0xfd_0f8, 'trunc_sat_f32x4_s'],
    [0xfd_0fc, 'trunc_sat_f64x2_s_zero'],
  ],
  'i64x2.': [
    [0xfd_012, 'splat'],
    [0xfd_0cb, 'shl shr_s shr_u add'],
    [0xfd_0d1, 'sub'],
    [0xfd_0d6, 'eq'],
  ],
  'f32x4.': [
    [0xfd_013, 'splat'],
    [0xfd_041, 'eq ne lt gt le ge'],
    [0xfd_05e, 'demote_f64x2_zero'],
    [0xfd_067, 'ceil floor trunc nearest'],
    [0xfd_0e0, 'abs neg'],
    [0xfd_0e3, 'sqrt add sub mul div min max pmin pmax'],
    [0xfd_0fa, 'convert_i32x4_s'],
    [0xfd_105, 'relaxed_madd'],
  ],
  'f64x2.': [
    [0xfd_014, 'splat'],
    [0xfd_047, 'eq ne lt gt le ge'],
    [0xfd_05f, 'promote_low_f32x4'],
    [0xfd_074, 'ceil floor'],
    [0xfd_07a, 'trunc'],
    [0xfd_094, 'nearest'],
    [0xfd_0ec, 'abs neg'],
    [0xfd_0ef, 'sqrt add sub mul div min max pmin pmax'],
    [0xfd_0fe, 'convert_low_i32x4_s'],
    [0xfd_107, 'relaxed_madd'],
  ],
} as const;

/** The opcodes of instructions without immediates. */
export const PLAIN: Readonly<Record<PlainInstruction, number>> = /* @__PURE__ */ opcodesIn(RUNS);

/** Loads and stores: opcode, and the natural alignment as a power of 2. */
export const MEMORY = {
  'i32.load': [0x28, 2],
  'f32.load': [0x2a, 2],
  'f64.load': [0x2b, 3],
  'i32.load8_u': [0x2d, 0],
  'i32.store': [0x36, 2],
  'f32.store': [0x38, 2],
  'f64.store': [0x39, 3],
  'i32.store8': [0x3a, 0],
  'v128.load': [0xfd_000, 4],
  'v128.load32_splat': [0xfd_009, 2],
  'v128.load64_splat': [0xfd_00a, 3],
  'v128.store': [0xfd_00b, 4],
  'v128.load32_zero': [0xfd_05c, 2],
  'v128.load64_zero': [0xfd_05d, 3],
  'v128.load32_lane': [0xfd_056, 2],
  'v128.load64_lane': [0xfd_057, 3],
  'v128.store32_lane': [0xfd_05a, 2],
  'v128.store64_lane': [0xfd_05b, 3],
} as const;

/** Instructions with the number of a lane. */
export const LANE = {
  'i32x4.extract_lane': 0xfd_01b,
  'i32x4.replace_lane': 0xfd_01c,
  'f32x4.extract_lane': 0xfd_01f,
  'f32x4.replace_lane': 0xfd_020,
  'f64x2.extract_lane': 0xfd_021,
  'f64x2.replace_lane': 0xfd_022,
} as const;

/** The name of an instruction without immediates. */
export type PlainInstruction = Names<typeof RUNS>;
/** The name of a load or store. */
export type MemoryInstruction = Exclude<keyof typeof MEMORY, MemoryLaneInstruction>;
/** The name of a load or store of one lane. */
export type MemoryLaneInstruction = Extract<keyof typeof MEMORY, `${string}_lane`>;
/** The name of an instruction that reads or replaces one lane. */
export type LaneInstruction = keyof typeof LANE;

/** What follows the opcode of an instruction, apart from those of control and of constants. */
export type Immediates = 'none' | 'memory' | 'memory lane' | 'lane';

/** The instructions of the tables by opcode. */
export function instructionNames(): ReadonlyMap<number, readonly [name: string, Immediates]> {
  const names = new Map<number, readonly [string, Immediates]>();
  for (const [name, opcode] of Object.entries(PLAIN)) names.set(opcode, [name, 'none']);
  for (const [name, [opcode]] of Object.entries(MEMORY))
    names.set(opcode, [name, name.endsWith('_lane') ? 'memory lane' : 'memory']);
  for (const [name, opcode] of Object.entries(LANE)) names.set(opcode, [name, 'lane']);
  return names;
}
