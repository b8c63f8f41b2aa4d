/**
 * Training in view: a bar on a terminal, lines elsewhere.
 *
 * @packageDocumentation
 */
export { type BarOptions, fitWithBar, type OutputStream } from './fit-with-bar.ts';
