// Owns the proof that the README's first command does what it says: `npm run demo` is told by a witness of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const DEMO = fileURLToPath(new URL('../../demo/demo.mjs', import.meta.url));

test('the demo comes to its end, and every line of its closing table is true', async () => {
  const demo = spawn(process.execPath, [DEMO], { stdio: ['ignore', 'pipe', 'pipe'] });
  const told = Promise.all([text(demo.stdout), text(demo.stderr)]);
  const [code] = await once(demo, 'exit');
  const [stdout, stderr] = await told;
  expect(code, `${stdout}\n${stderr}`).toBe(0);
  expect(stdout).toMatch(/\nEvery line is true\.\n$/);
});
