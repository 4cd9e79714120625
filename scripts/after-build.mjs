// Makes what tsc leaves undone: the CLI executable, and files that are not TypeScript in their place beside it.
import { chmodSync, cpSync } from 'node:fs';

cpSync('src/host/shim.sh', 'dist/host/shim.sh');
chmodSync('dist/host/shim.sh', 0o755);
chmodSync('dist/cli/main.js', 0o755);
