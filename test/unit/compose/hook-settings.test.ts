// Owns the settings of an agent program that somebody else writes at the same time.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { claude } from '../../../src/agents/claude.ts';
import { hookInstallation } from '../../../src/compose/hook-settings.ts';

test.each([
  ['was there', '{"model":"a"}', '{"model":"b"}'],
  ['was not there', null, '{"model":"b"}'],
])('a file that %s and was written since it was read is left as it is', (_, before, since) => {
  const dir = mkdtempSync(join(tmpdir(), 'drover-settings-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'settings.json');
  if (before !== null) writeFileSync(path, before);
  const hooks = { ...claude.hooks!, settingsFile: () => path };
  const install = () => hookInstallation('claude', hooks, { cwd: dir, quote: (word) => word });
  const first = install();
  writeFileSync(path, since);
  expect(() => first.write()).toThrow(
    /settings\.json cannot be used: somebody has just changed it/,
  );
  expect(readdirSync(dir)).toEqual(['settings.json']);
  expect(readFileSync(path, 'utf8')).toBe(since);
  install().write();
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ model: 'b', hooks: {} });
});
