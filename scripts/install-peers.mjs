// Installs the peers from npm that `npm run bench -- --peers` looks for into .peers, or where DROVER_BENCH_PEERS says.
// Run: node scripts/install-peers.mjs    they are no part of Drover: run beside it, imported by nothing, shipped with nothing
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('..', import.meta.url));
const folder = resolve(process.env['DROVER_BENCH_PEERS'] ?? join(repository, '.peers'));

mkdirSync(folder, { recursive: true });
for (const name of ['package.json', 'package-lock.json']) {
  copyFileSync(join(repository, 'bench/peers/package', name), join(folder, name));
}
const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
  cwd: folder,
  stdio: 'inherit',
});
process.exit(status ?? 1);
