// Records the streams of real agents against the stub model into test/corpus/streams.
// Run: node scripts/record-agents.mjs [AGENT[,AGENT]] [SCENARIO[,SCENARIO]]    after scripts/install-agents.mjs
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('..', import.meta.url));
const root = resolve(process.env['DROVER_REAL_AGENTS'] ?? join(repository, '.real-agents'));
const output = join(repository, 'test/corpus/streams');

run('npx', ['tsc', '-p', 'test/real-agents/tsconfig.json']);
const recorder = ['.stub/test/real-agents/recorder/record.js', root, output];
const command = [process.execPath, ...recorder, ...process.argv.slice(2)];
if (process.platform === 'linux' && process.getuid?.() === 0) {
  // Nothing but loopback, so that nobody is called; and processes of their own, so that none of them is left.
  const namespaces = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
  run('unshare', [...namespaces, 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...command]);
} else {
  process.stderr.write('Not root on Linux: what an agent asks of others is only switched off.\n');
  run(command[0], command.slice(1));
}

function run(file, args) {
  const { status } = spawnSync(file, args, { cwd: repository, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
