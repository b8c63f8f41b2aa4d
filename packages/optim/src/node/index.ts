/**
 * What training needs of Node: checkpoints in files, and worker threads.
 *
 * @packageDocumentation
 */
export { writeFileAtomically } from './atomic-write.ts';
export { loadCheckpoint, loadParameters, saveCheckpoint, saveParameters } from './files.ts';
export { workerThreads, WorkerError, type WorkerThreadsOptions } from './worker-threads.ts';
