// Owns how mutation tests are run: src/core as it is with all mutants in it, and the tests of core as something to be run
// many times.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { mutate } from './mutants.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SWITCH = `${ROOT}test/mutation/active.ts`;
const CORE = /\/src\/core\/([a-z-]+)\.ts$/;

export default defineConfig({
  root: ROOT,
  plugins: [
    {
      name: 'mutants',
      enforce: 'pre',
      resolveId(source, importer) {
        const isJudge = source === 'vitest' && importer?.includes('/test/unit/') === true;
        return isJudge ? `${ROOT}test/mutation/collecting.ts` : null;
      },
      load(id) {
        const [, file] = CORE.exec(id) ?? [];
        if (file === undefined) return null;
        const { text } = mutate(readFileSync(id, 'utf8'), file);
        // On one line with the first, so that lines stay as they are.
        return `import { mutant as __mutant } from '${SWITCH}';${text}`;
      },
    },
  ],
  test: {
    include: ['test/mutation/mutation.test.ts'],
    pool: 'threads',
    testTimeout: 24 * 3_600_000,
  },
});
