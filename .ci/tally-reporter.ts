/**
 * Ends a test run with the line `N passed, N failed, N skipped`.
 *
 * What fails without being a test counts as failed too: a file that does not load, a hook that
 * throws, an unhandled error, a missed coverage threshold.
 */

import type { Reporter, SerializedError, TestModule } from 'vitest/node';

export default class TallyReporter implements Reporter {
  #passed = 0;
  #failed = 0;
  #skipped = 0;

  onInit(): void {
    // At exit, so that no other reporter writes below it.
    process.once('exit', (code) => {
      if (code !== 0 && this.#failed === 0) this.#failed = 1;
      console.log(`${this.#passed} passed, ${this.#failed} failed, ${this.#skipped} skipped`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    this.#passed = this.#skipped = 0;
    this.#failed = unhandled.length;
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') this.#passed++;
        else if (state === 'failed') this.#failed++;
        else this.#skipped++;
      }
      for (const suite of [module, ...module.children.allSuites()]) {
        if (suite.errors().length > 0) this.#failed++;
      }
    }
  }
}
