/**
 * What training needs of Node: checkpoints in files.
 *
 * @packageDocumentation
 */
export { writeFileAtomically } from './atomic-write.ts';
export { loadCheckpoint, loadParameters, saveCheckpoint, saveParameters } from './files.ts';
