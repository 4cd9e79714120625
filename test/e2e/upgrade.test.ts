// Owns a package that is upgraded or removed under a supervisor: it goes on with what it was started from.
import { chmodSync, cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type TestHerd, withHerd } from './harness/herd.ts';
import { killExactly, liveProcesses } from './harness/process-list.ts';
import { REPOSITORY } from './harness/repository.ts';
import { ANSWER, DONE, campaign } from './harness/speaking.ts';
import { until } from './harness/until.ts';

/** A package of its own, as an upgrade replaces it; its dependencies stay. */
function install(herd: TestHerd): { readonly cli: string; readonly remove: () => void } {
  const dir = herd.path('package');
  mkdirSync(dir);
  for (const name of ['dist', 'package.json']) {
    cpSync(join(REPOSITORY, name), join(dir, name), { recursive: true });
  }
  symlinkSync(join(REPOSITORY, 'node_modules'), join(dir, 'node_modules'));
  return {
    cli: join(dir, 'dist/cli/main.js'),
    remove: () => rmSync(dir, { recursive: true }),
  };
}

/** A program that speaks as Claude Code does. */
function fakeClaude(herd: TestHerd): void {
  mkdirSync(herd.path('bin'));
  const lines = [
    { type: 'system', subtype: 'init', session_id: 's', model: 'm' },
    { type: 'result', subtype: 'success', is_error: false, result: 'done', session_id: 's' },
  ];
  const said = lines.map((line) => `echo '${JSON.stringify(line)}'`).join('\n');
  chmodSync(herd.write('bin/claude', `#!/bin/sh\n${said}\n`), 0o755);
}

const PROTECT = 'protect:\n  - command: nobody-has-this\n';

test(
  'all that it starts afterwards starts, at every tier and with every adapter, and config.yaml is read',
  withHerd(async (herd) => {
    const { cli, remove } = install(herd);
    fakeClaude(herd);
    const up = herd.start(['up'], { cli });
    await until('it supervises', () => up.stdout().includes('supervising'));
    remove();
    const starter = liveProcesses().find(
      ({ parent, commandLine }) => parent === up.pid && commandLine.startsWith('drover-starter'),
    );
    expect(starter).toBeDefined();
    killExactly(starter!);
    herd.configure(PROTECT);
    const env = { HOME: herd.dir, PATH: `${herd.path('bin')}:/usr/bin:/bin` };
    const file = campaign(
      herd,
      [
        { name: 'module', prompt: `${ANSWER}; ${DONE}` },
        { name: 'built-in', agent: 'claude', prompt: 'x' },
        { name: 'sh', agent: 'command', run: herd.recorder('sh'), containment: 'sh' },
        { name: 'subreaper', agent: 'command', run: herd.recorder('subreaper') },
        { name: 'files', agent: 'command', run: herd.gated('files'), evidence_files: ['*.log'] },
      ],
      { defaults: { agent: 'speaker', pool: 'account', env, retries: { infrastructure: 0 } } },
    );
    await herd.ok(['run', file, '--detach']);
    await herd.untilState('files', 'running');
    // Whoever is not to be signalled has to be known before: from the new config.yaml.
    await herd.ok(['stop', 'speak/files', '--grace', '1s']);
    await herd.drover(['wait', 'speak']);
    const outcomes = (await herd.rows()).map(({ name, outcome }) => [name, outcome]);
    expect(Object.fromEntries(outcomes)).toEqual({
      module: 'succeeded',
      'built-in': 'succeeded',
      sh: 'succeeded',
      subreaper: 'succeeded',
      files: 'stopped',
    });
    up.kill('SIGTERM');
    expect((await up.ended).stderr).toBe('');
  }),
);
