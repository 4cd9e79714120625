// Owns what a supervisor loads before it needs it. It may live for weeks, and the package that it was started from be
// upgraded or removed meanwhile: what it found there later would be of another version, or nothing.
import { loadConfigParser } from '../campaign-file/config.ts';
import { loadEvidenceFiles } from '../host/run-dirs.ts';
import { loadAdapters } from './agents.ts';

/** By whoever imports it later: Node looks for the file once for each of those. */
export async function loadAhead(): Promise<void> {
  await Promise.all([loadAdapters(), loadConfigParser(), loadEvidenceFiles()]);
}
