// Installs the real agent programs of test/real-agents into .real-agents, or where DROVER_REAL_AGENTS says.
// Run: node scripts/install-agents.mjs [--open] [--opt-in] [--newer]    what is in each set is said in test/real-agents/README.md
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('..', import.meta.url));
const root = resolve(process.env['DROVER_REAL_AGENTS'] ?? join(repository, '.real-agents'));

for (const set of ['first', 'open', 'opt-in', 'newer']) {
  if (set !== 'first' && !process.argv.includes(`--${set}`)) continue;
  const folder = join(root, set);
  mkdirSync(folder, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) {
    const from = join(repository, 'test/real-agents/packages', set, name);
    if (existsSync(from)) copyFileSync(from, join(folder, name));
  }
  // Their install scripts only move what is there already, or download: offline.ts knows where everything lies.
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
