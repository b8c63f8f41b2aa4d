/**
 * Compiled programs as the text of a JavaScript module that needs nothing else: the WebAssembly code and the values of
 * the inputs that stay as they are stand in it as base64.
 */
import { GraphError, type Program, sizeOf } from '@ad/graph';
import { CompiledProgram } from './compiled-program.ts';
import { MATH_NAMES } from './platform.ts';

/** Functions of the platform that a program may call, as JavaScript. */
const PLATFORM: Readonly<Record<string, string>> = {
  pow: '(x, y) => (x === 1 ? 1 : x ** y)',
  fmod: '(x, y) => x % y',
  ...Object.fromEntries(MATH_NAMES.map((name) => [name, `Math.${name}`])),
};

/**
 * The text of an ES module whose default export runs a program: a function of some inputs, as arrays of numbers in
 * row-major order, that returns the output as a typed array of its own (a list of them if there are several). All other
 * inputs keep the values that they have now. The module imports nothing and runs wherever WebAssembly does.
 *
 * @param names - the inputs that are arguments, in their order.
 * @throws `GraphError` when the program is interpreted, leaves operations to the interpreter or to functions that are
 * not part of JavaScript, has no input of a name, or one that is no argument has no value.
 * @example
 * ```ts
 * import { Graph } from '@ad/graph';
 * import { compile, exportProgram } from '@ad/compiler';
 *
 * const x = new Graph().input('x', { shape: [2] });
 * const text = exportProgram(compile({ outputs: [x.square().sum()] }), ['x']);
 * const { default: run } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
 * [...run([3, 4])]; // => [25]
 * ```
 */
export function exportProgram(program: Program, names: readonly string[]): string {
  if (!(program instanceof CompiledProgram)) {
    throw new GraphError(
      'exportProgram: this program is interpreted; only compiled ones have code',
    );
  }
  const { image, inputPorts, outputPorts } = program;
  const strangers = [
    ...image.hostCalls.filter(({ refuses }) => !refuses).map(({ work }) => work.operation),
    ...image.imports.filter((name) => !Object.hasOwn(PLATFORM, name)),
  ];
  if (strangers.length > 0) {
    throw new GraphError(
      `exportProgram: the program leaves ${[...new Set(strangers)].join(', ')} to this library, so it cannot stand alone`,
    );
  }
  const ports = new Map(inputPorts.map((port) => [port.name, port]));
  const missing = names.find((name) => !ports.has(name));
  if (missing !== undefined) {
    throw new GraphError(
      `exportProgram: the program has no input ${JSON.stringify(missing)}; it has ${[...ports.keys()].join(', ')}`,
    );
  }
  const fixed = inputPorts.filter(({ name }) => !names.includes(name));
  const unset = fixed.find(({ name }) => !program.hasValue(name));
  if (unset !== undefined) {
    throw new GraphError(
      `exportProgram: the input ${JSON.stringify(unset.name)} has no value and is no argument`,
    );
  }
  const contents = [...image.kept, ...fixed.map(({ data }) => data)].map(
    (data) => `  [${data.byteOffset}, ${JSON.stringify(base64(bytesOf(data)))}],\n`,
  );
  const view = ({ data }: { readonly data: ArrayBufferView }): string =>
    `new ${data.constructor.name}(memory.buffer, ${data.byteOffset}, ${(data as Float64Array).length})`;
  const arrayOf = (k: number): string => outputPorts[k]!.data.constructor.name;
  const functions = image.imports.map((name) => `${name}: ${PLATFORM[name]!}, `).join('');
  const args = names.map((name) => {
    const { shape } = ports.get(name)!;
    return `  [${JSON.stringify(name)}, ${view(ports.get(name)!)}, ${JSON.stringify(shape)}], // ${sizeOf(shape)} numbers\n`;
  });
  return `// Made by exportProgram of @ad/compiler. It needs nothing but WebAssembly.
const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const memory = new WebAssembly.Memory({ initial: ${image.pages}, maximum: ${image.pages} });
for (const [at, text] of [
${contents.join('')}]) new Uint8Array(memory.buffer).set(bytes(text), at);
const code = bytes(
  ${JSON.stringify(base64(image.code))},
);
const host = () => {
  throw new RangeError('an index is outside of its axis');
};
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), {
  env: { ${functions}memory, host },
});
const inputs = [
${args.join('')}];
const outputs = [${outputPorts.map(view).join(', ')}];

/** The shapes of the arguments, in their order. @type {readonly (readonly number[])[]} */
export const shapes = inputs.map(([, , shape]) => shape);

/** The shapes of the results, in their order. @type {readonly (readonly number[])[]} */
export const outputShapes = ${JSON.stringify(outputPorts.map(({ shape }) => shape))};

/**
 * Runs the program on arrays of numbers in row-major order.
 *
 * @param {${names.length === 0 ? '[]' : `[${names.map(() => 'ArrayLike<number>').join(', ')}]`}} values
 * @returns {${outputPorts.length === 1 ? arrayOf(0) : `[${outputPorts.map((_, k) => arrayOf(k)).join(', ')}]`}}
 */
export default function run(...values) {
  inputs.forEach(([name, storage], k) => {
    if (values[k]?.length !== storage.length) {
      throw new RangeError(\`\${name} has \${values[k]?.length} numbers, expected \${storage.length}\`);
    }
  });
  inputs.forEach(([, storage], k) => storage.set(values[k]));
  exports.run();
  return ${outputPorts.length === 1 ? 'outputs[0].slice()' : 'outputs.map((output) => output.slice())'};
}
`;
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Bytes as text (RFC 4648), which the language itself cannot write. */
function base64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += 3) {
    const word = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const digits = [18, 12, 6, 0].map((shift) => ALPHABET[(word >> shift) & 63]!);
    const left = bytes.length - i;
    parts.push(
      digits
        .slice(0, left + 1)
        .join('')
        .padEnd(4, '='),
    );
  }
  return parts.join('');
}
