// Owns what is loaded before a look is answered: each module costs half a millisecond, and a person waits for all of them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CLI } from './harness/command-line.ts';
import { withHerd } from './harness/herd.ts';

interface Coverage {
  readonly result: readonly { readonly url: string }[];
}

const BUILT = new URL('../', `file://${CLI}`).href;

/** The scripts that Node has run, as it reports them itself: ours by their path in `dist`, others by their address. */
function scriptsIn(dir: string): string[] {
  const reports = readdirSync(dir).map((name): Coverage => {
    return JSON.parse(readFileSync(join(dir, name), 'utf8'));
  });
  const urls = reports.flatMap(({ result }) => result.map(({ url }) => url));
  return urls.map((url) => (url.startsWith(BUILT) ? url.slice(BUILT.length) : url));
}

/** Somewhat more than it is, so that a module more is no matter and a package or a layer more is. */
const OWN_SCRIPTS_MAX = 42;

test(
  'ps loads what it shows, and nothing that parses, writes, decides or supervises',
  withHerd(async (herd) => {
    const file = herd.campaign({
      campaign: 'c',
      dispatches: [{ name: 'done', run: herd.recorder('done') }],
    });
    await herd.ok(['run', file]);
    const coverage = herd.path('coverage');
    const { stderr } = await herd.ok(['ps'], { env: { NODE_V8_COVERAGE: coverage } });
    expect(stderr).toContain('1 ended');
    const scripts = scriptsIn(coverage);
    expect(scripts).toContain('cli/commands/ps.js');
    const unasked =
      /^(supervisor|campaign-file|compose)\/|^core\/(decide|retry|tree|needs)|^ledger\/(looks|changes|pass)|\/(yaml|valibot)\//;
    expect(scripts.filter((script) => unasked.test(script))).toEqual([]);
    const own = scripts.filter((script) => !script.includes(':'));
    expect(own.length, own.join('\n')).toBeLessThanOrEqual(OWN_SCRIPTS_MAX);
  }),
);

/** As Yarn PnP did until 4.12, whatever Node itself can. */
const REFUSES_MODULES = `
  const extensions = require('node:module')._extensions;
  const load = extensions['.js'];
  extensions['.js'] = (module, file) => {
    if (!file.startsWith(${JSON.stringify(BUILT.slice('file://'.length))})) return load(module, file);
    throw Object.assign(new Error('require() is refused'), { code: 'ERR_REQUIRE_ESM' });
  };`;

test(
  'where modules cannot be required they are imported',
  withHerd(async (herd) => {
    const refuses = herd.write('refuses.cjs', REFUSES_MODULES);
    const env = { NODE_OPTIONS: `--require ${refuses}` };
    const file = herd.campaign({
      campaign: 'c',
      dispatches: [{ name: 'done', run: herd.recorder('done') }],
    });
    await herd.ok(['run', file], { env });
    expect((await herd.ok(['ps'], { env })).stderr).toContain('1 ended');
  }),
);
