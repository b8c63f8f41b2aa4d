/** The tool: reads messages from standard input and answers them on standard output, until the input ends. */
import { createInterface } from 'node:readline';
import { answer } from './protocol.ts';

const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
for await (const line of lines) {
  if (line.trim() === '') continue;
  const text = answer(line, (problem) => process.stderr.write(`${problem}\n`));
  if (text !== undefined) process.stdout.write(`${text}\n`);
}
