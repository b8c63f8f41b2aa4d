/** Executors for tests: the interpreter with something of one's own in the place of its execution. */
import { type Executor, interpreter, type Program } from '@ad/graph';

/** The interpreter, except that `run` is called instead of executing; it gets the program and how to execute it. */
export function interpreterWith(run: (program: Program, execute: () => void) => void): Executor {
  return (spec) => {
    const program = interpreter(spec);
    const execute = program.execute.bind(program);
    return Object.assign(program, {
      execute() {
        run(program, execute);
      },
    });
  };
}
