// Owns the claim that a supervisor has loaded all of ours that it may ever need (docs/decisions/0031).
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { resolveFrom } from '../../tidy/source.ts';

const ROOT = new URL('../../../', import.meta.url).pathname;
const STATIC = /^(?:import|export) (?!type )[^;]*?from '([^']+)'/gm;
const LATE = /(?<!typeof )\bimport\('([^']+)'\)/g;

/** What is loaded late, and why no upgrade can come before it. */
const KNOWN = {
  'src/agents/registry.ts': 'loaded ahead',
  'src/campaign-file/parse-config.ts': 'loaded ahead',
  'src/compose/guarded-agent.ts': 'loaded ahead',
  'src/host/evidence-files.ts': 'loaded ahead',
  'src/ledger/budgets.ts': 'for commands alone; the supervisor has it by other ways',
  'src/ledger/changes.ts': 'with the first word to the ledger',
  'src/ledger/looks.ts': 'with the first word to the ledger',
  'src/ledger/writing.ts': 'with the first word to the ledger',
  'src/supervisor/crash-points.ts': 'for tests alone, at the start',
};

function targets(path: string, pattern: RegExp): string[] {
  const text = readFileSync(`${ROOT}${path}`, 'utf8');
  return [...text.matchAll(pattern)].flatMap(([, specifier]) => {
    const target = resolveFrom(path, specifier!);
    return target === null ? [] : [target];
  });
}

test('whatever a supervisor loads late is known, and loaded ahead where it matters', () => {
  const reached = new Set(['src/compose/supervise.ts', 'src/ledger/ledger.ts']);
  for (const path of reached) for (const target of targets(path, STATIC)) reached.add(target);
  expect(reached).toContain('src/supervisor/pass.ts');
  const late = new Set([...reached].flatMap((path) => targets(path, LATE)));
  expect([...late].toSorted()).toEqual(Object.keys(KNOWN));
});
