/**
 * The WebAssembly instructions that the compiler uses, by their names in the text format. Numbers are from the core
 * specification (version 2.0, with 128-bit SIMD; the relaxed ones from version 3.0); SIMD instructions stand behind the prefix 0xfd.
 */

/** Plain instructions without immediates. */
const PLAIN = {
  unreachable: 0x00,
  nop: 0x01,
  else: 0x05,
  end: 0x0b,
  return: 0x0f,
  drop: 0x1a,
  select: 0x1b,
  'i32.eqz': 0x45,
  'i32.eq': 0x46,
  'i32.ne': 0x47,
  'i32.lt_s': 0x48,
  'i32.lt_u': 0x49,
  'i32.gt_s': 0x4a,
  'i32.gt_u': 0x4b,
  'i32.le_s': 0x4c,
  'i32.le_u': 0x4d,
  'i32.ge_s': 0x4e,
  'i32.ge_u': 0x4f,
  'f32.eq': 0x5b,
  'f32.ne': 0x5c,
  'f32.lt': 0x5d,
  'f32.gt': 0x5e,
  'f32.le': 0x5f,
  'f32.ge': 0x60,
  'f64.eq': 0x61,
  'f64.ne': 0x62,
  'f64.lt': 0x63,
  'f64.gt': 0x64,
  'f64.le': 0x65,
  'f64.ge': 0x66,
  'i32.add': 0x6a,
  'i32.sub': 0x6b,
  'i32.mul': 0x6c,
  'i32.div_u': 0x6e,
  'i32.rem_u': 0x70,
  'i32.and': 0x71,
  'i32.or': 0x72,
  'i32.xor': 0x73,
  'i32.shl': 0x74,
  'i32.shr_s': 0x75,
  'i32.shr_u': 0x76,
  'i64.add': 0x7c,
  'i64.sub': 0x7d,
  'i64.mul': 0x7e,
  'i64.and': 0x83,
  'i64.or': 0x84,
  'i64.shl': 0x86,
  'i64.shr_s': 0x87,
  'i64.shr_u': 0x88,
  'f32.abs': 0x8b,
  'f32.neg': 0x8c,
  'f32.ceil': 0x8d,
  'f32.floor': 0x8e,
  'f32.trunc': 0x8f,
  'f32.nearest': 0x90,
  'f32.sqrt': 0x91,
  'f32.add': 0x92,
  'f32.sub': 0x93,
  'f32.mul': 0x94,
  'f32.div': 0x95,
  'f32.min': 0x96,
  'f32.max': 0x97,
  'f32.copysign': 0x98,
  'f64.abs': 0x99,
  'f64.neg': 0x9a,
  'f64.ceil': 0x9b,
  'f64.floor': 0x9c,
  'f64.trunc': 0x9d,
  'f64.nearest': 0x9e,
  'f64.sqrt': 0x9f,
  'f64.add': 0xa0,
  'f64.sub': 0xa1,
  'f64.mul': 0xa2,
  'f64.div': 0xa3,
  'f64.min': 0xa4,
  'f64.max': 0xa5,
  'f64.copysign': 0xa6,
  'i32.wrap_i64': 0xa7,
  'i64.extend_i32_u': 0xad,
  'f32.convert_i32_s': 0xb2,
  'f32.demote_f64': 0xb6,
  'f64.convert_i32_s': 0xb7,
  'f64.convert_i32_u': 0xb8,
  'f64.promote_f32': 0xbb,
  'i32.reinterpret_f32': 0xbc,
  'i64.reinterpret_f64': 0xbd,
  'f32.reinterpret_i32': 0xbe,
  'f64.reinterpret_i64': 0xbf,
} as const;

/** SIMD instructions without immediates. */
const SIMD = {
  'i8x16.swizzle': 14,
  'i32x4.splat': 17,
  'i64x2.splat': 18,
  'f32x4.splat': 19,
  'f64x2.splat': 20,
  'i32x4.eq': 55,
  'i32x4.ne': 56,
  'i32x4.lt_s': 57,
  'i32x4.gt_s': 59,
  'i32x4.le_s': 61,
  'i32x4.ge_s': 63,
  'i32x4.ge_u': 64,
  'f32x4.eq': 65,
  'f32x4.ne': 66,
  'f32x4.lt': 67,
  'f32x4.gt': 68,
  'f32x4.le': 69,
  'f32x4.ge': 70,
  'f64x2.eq': 71,
  'f64x2.ne': 72,
  'f64x2.lt': 73,
  'f64x2.gt': 74,
  'f64x2.le': 75,
  'f64x2.ge': 76,
  'v128.not': 77,
  'v128.and': 78,
  'v128.andnot': 79,
  'v128.or': 80,
  'v128.xor': 81,
  'v128.bitselect': 82,
  'v128.any_true': 83,
  'f32x4.demote_f64x2_zero': 94,
  'f64x2.promote_low_f32x4': 95,
  'f32x4.ceil': 103,
  'f32x4.floor': 104,
  'f32x4.trunc': 105,
  'f32x4.nearest': 106,
  'f64x2.ceil': 116,
  'f64x2.floor': 117,
  'f64x2.trunc': 122,
  'f64x2.nearest': 148,
  'i32x4.all_true': 163,
  'i32x4.shl': 171,
  'i32x4.shr_s': 172,
  'i32x4.shr_u': 173,
  'i32x4.add': 174,
  'i32x4.sub': 177,
  'i32x4.mul': 181,
  'i64x2.shl': 203,
  'i64x2.shr_s': 204,
  'i64x2.shr_u': 205,
  'i64x2.add': 206,
  'i64x2.sub': 209,
  'i64x2.eq': 214,
  'f32x4.abs': 224,
  'f32x4.neg': 225,
  'f32x4.sqrt': 227,
  'f32x4.add': 228,
  'f32x4.sub': 229,
  'f32x4.mul': 230,
  'f32x4.div': 231,
  'f32x4.min': 232,
  'f32x4.max': 233,
  'f32x4.pmin': 234,
  'f32x4.pmax': 235,
  'f64x2.abs': 236,
  'f64x2.neg': 237,
  'f64x2.sqrt': 239,
  'f64x2.add': 240,
  'f64x2.sub': 241,
  'f64x2.mul': 242,
  'f64x2.div': 243,
  'f64x2.min': 244,
  'f64x2.max': 245,
  'f64x2.pmin': 246,
  'f64x2.pmax': 247,
  'i32x4.trunc_sat_f32x4_s': 248,
  'f32x4.convert_i32x4_s': 250,
  'i32x4.trunc_sat_f64x2_s_zero': 252,
  'f64x2.convert_low_i32x4_s': 254,
  'f32x4.relaxed_madd': 261,
  'f64x2.relaxed_madd': 263,
} as const;

/** Loads and stores: opcode, whether behind the SIMD prefix, and the natural alignment as a power of 2. */
const MEMORY = {
  'i32.load': [0x28, false, 2],
  'f32.load': [0x2a, false, 2],
  'f64.load': [0x2b, false, 3],
  'i32.load8_u': [0x2d, false, 0],
  'i32.store': [0x36, false, 2],
  'f32.store': [0x38, false, 2],
  'f64.store': [0x39, false, 3],
  'i32.store8': [0x3a, false, 0],
  'v128.load': [0, true, 4],
  'v128.load32_splat': [9, true, 2],
  'v128.load64_splat': [10, true, 3],
  'v128.store': [11, true, 4],
  'v128.load32_zero': [92, true, 2],
  'v128.load64_zero': [93, true, 3],
} as const;

/** Loads and stores of one lane. */
const MEMORY_LANE = {
  'v128.load32_lane': [86, 2],
  'v128.load64_lane': [87, 3],
  'v128.store32_lane': [90, 2],
  'v128.store64_lane': [91, 3],
} as const;

/** Instructions with the number of a lane. */
const LANE = {
  'i32x4.extract_lane': 27,
  'i32x4.replace_lane': 28,
  'f32x4.extract_lane': 31,
  'f32x4.replace_lane': 32,
  'f64x2.extract_lane': 33,
  'f64x2.replace_lane': 34,
} as const;

/** The name of an instruction without immediates. */
export type PlainInstruction = keyof typeof PLAIN | keyof typeof SIMD;
/** The name of a load or store. */
export type MemoryInstruction = keyof typeof MEMORY;
/** The name of a load or store of one lane. */
export type MemoryLaneInstruction = keyof typeof MEMORY_LANE;
/** The name of an instruction that reads or replaces one lane. */
export type LaneInstruction = keyof typeof LANE;

/** The bytes of instructions, made once: opcode, or prefix and opcode as unsigned LEB128. */
function encode(opcode: number, simd: boolean): readonly number[] {
  if (!simd) return [opcode];
  return opcode < 0x80 ? [0xfd, opcode] : [0xfd, (opcode & 0x7f) | 0x80, opcode >> 7];
}

const plainBytes = new Map<string, readonly number[]>([
  ...Object.entries(PLAIN).map(([name, opcode]) => [name, encode(opcode, false)] as const),
  ...Object.entries(SIMD).map(([name, opcode]) => [name, encode(opcode, true)] as const),
]);

/** The bytes of an instruction without immediates. */
export function bytesOfPlain(name: PlainInstruction): readonly number[] {
  return plainBytes.get(name)!;
}

/** The bytes of a load or store before its offset: opcode and natural alignment. */
const memoryBytes = new Map<string, readonly number[]>(
  Object.entries(MEMORY).map(([name, [opcode, simd, align]]) => [
    name,
    [...encode(opcode, simd), align],
  ]),
);

/** The same for loads and stores of one lane. */
const memoryLaneBytes = new Map<string, readonly number[]>(
  Object.entries(MEMORY_LANE).map(([name, [opcode, align]]) => [
    name,
    [...encode(opcode, true), align],
  ]),
);

/** The bytes of a load or store before its offset. */
export function bytesOfMemory(name: MemoryInstruction): readonly number[] {
  return memoryBytes.get(name)!;
}

/** The bytes of a load or store of one lane before its offset and lane. */
export function bytesOfMemoryLane(name: MemoryLaneInstruction): readonly number[] {
  return memoryLaneBytes.get(name)!;
}

/** The bytes of a lane instruction before the lane. */
export function bytesOfLane(name: LaneInstruction): readonly number[] {
  return encode(LANE[name], true);
}

/** What follows the opcode of an instruction, apart from those of control and of constants. */
export type Immediates = 'none' | 'memory' | 'memory lane' | 'lane';

/** The instructions of the tables by opcode; those behind the prefix 0xfd by opcode plus 0xfd00. */
export function instructionNames(): ReadonlyMap<number, readonly [name: string, Immediates]> {
  const names = new Map<number, readonly [string, Immediates]>();
  for (const [name, opcode] of Object.entries(PLAIN)) names.set(opcode, [name, 'none']);
  for (const [name, opcode] of Object.entries(SIMD)) names.set(0xfd00 + opcode, [name, 'none']);
  for (const [name, [opcode, simd]] of Object.entries(MEMORY))
    names.set(simd ? 0xfd00 + opcode : opcode, [name, 'memory']);
  for (const [name, [opcode]] of Object.entries(MEMORY_LANE))
    names.set(0xfd00 + opcode, [name, 'memory lane']);
  for (const [name, opcode] of Object.entries(LANE)) names.set(0xfd00 + opcode, [name, 'lane']);
  return names;
}
