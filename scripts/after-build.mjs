// Makes what tsc leaves undone: the CLI executable, and files that are not TypeScript in their place beside it.
import { chmodSync, cpSync } from 'node:fs';

for (const script of ['shim.sh', 'starter.pl']) {
  cpSync(`src/host/${script}`, `dist/host/${script}`);
  chmodSync(`dist/host/${script}`, 0o755);
}
chmodSync('dist/cli/main.js', 0o755);
