// Owns the tests of `drover hook`: an agent program that calls its hooks as the real ones do.
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fake, type TestHerd, withHerd } from './harness/herd.ts';
import { killExactly } from './harness/process-list.ts';
import { until } from './harness/until.ts';

/** A campaign of the fake in the place of Claude Code, with its hooks installed. */
async function hooked(
  herd: TestHerd,
  dispatches: readonly Readonly<Record<string, unknown>>[],
  defaults: Readonly<Record<string, unknown>> = {},
): Promise<{ file: string; env: Record<string, string> }> {
  mkdirSync(herd.path('bin'));
  symlinkSync(fake('hooked-agent.mjs'), herd.path('bin/claude'));
  await herd.ok(['hook', 'install', 'claude']);
  const file = herd.campaign({
    campaign: 'hooks',
    pools: { work: { slots: 3 } },
    defaults: {
      agent: 'claude',
      pool: 'work',
      grace: '100ms',
      retries: { stalled: 0, infrastructure: 0 },
      env: { GATES: herd.dir },
      ...defaults,
    },
    dispatches,
  });
  return { file, env: { PATH: `${herd.path('bin')}:${process.env['PATH']}` } };
}

async function leases(herd: TestHerd, name: string): Promise<string[]> {
  const { id, fence } = await herd.row(name);
  const dir = `${herd.state}/runs/${id}.${fence}/ops`;
  return readdirSync(dir).filter((file) => file.endsWith('.json'));
}

const journal = (herd: TestHerd) => herd.read('journal').split('\n').filter(Boolean);

async function said(herd: TestHerd, line: string | RegExp): Promise<void> {
  await until(`the agent says ${line}`, () =>
    journal(herd).some((one) => (typeof line === 'string' ? one === line : line.test(one))),
  );
}

interface Why {
  readonly evidence: readonly { kind: string; detail: string; expiresAt: string | null }[];
}

const leaseLines = async (herd: TestHerd, name: string) =>
  (await herd.json<Why>(['why', `hooks/${name}`])).evidence.filter(({ kind }) => kind === 'lease');

describe.concurrent('the hooks of an agent', () => {
  test(
    'hold a lease while a tool runs, which why shows, and which is gone after it',
    withHerd(async (herd) => {
      const { file, env } = await hooked(herd, [{ name: 'a', prompt: 'tool:one tool:two' }]);
      const running = herd.start(['run', file], { env });
      await said(herd, 'in one');
      expect(await leaseLines(herd, 'a')).toEqual([
        expect.objectContaining({
          detail: expect.stringMatching(/^in operation "Bash: one" for .*, at most (29m|30m)/),
        }),
      ]);
      herd.write('one', '');
      await said(herd, 'in two');
      const [name, ...others] = await leases(herd, 'a');
      expect(others).toEqual([]);
      const { id, fence } = await herd.row('a');
      const text = readFileSync(`${herd.state}/runs/${id}.${fence}/ops/${name}`, 'utf8');
      expect(JSON.parse(text)).toMatchObject({
        operation: 'Bash: two',
        holder: { pid: (await herd.row('a')).pid },
      });
      herd.write('two', '');
      expect(await running.ended).toMatchObject({ code: 0 });
      expect(await leases(herd, 'a')).toEqual([]);
      expect(journal(herd)).toEqual(['began', 'in one', 'through one', 'in two', 'through two']);
    }),
  );

  test(
    'I5: hold no lease for longer than their program lives, and nobody else keeps it up',
    withHerd(async (herd) => {
      const { file, env } = await hooked(herd, [{ name: 'a', prompt: 'nested:one' }], {
        stall: '3s',
        cpu_threshold: '50%',
      });
      const running = herd.start(['run', file], { env });
      await said(herd, 'in one');
      const { startedAt } = await herd.untilState('a', 'running');
      await until('windows have passed', () => Date.now() - Date.parse(startedAt!) > 7_000);
      expect(await herd.row('a')).toMatchObject({ state: 'running', verdict: 'working' });
      const agents = herd.marked().filter(({ commandLine }) => commandLine.includes('--quietly'));
      expect(agents).toHaveLength(1);
      killExactly(agents[0]!);
      const killedAt = Date.now();
      expect(await running.ended).toMatchObject({ code: 1 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'stopped', cause: 'stalled' });
      // A lease that only touches could end would have held it for 90 s.
      expect(Date.now() - killedAt).toBeLessThan(60_000);
      expect((await herd.events()).filter(({ type }) => type === 'attempt.stopping')).toEqual([
        expect.objectContaining({
          data: expect.objectContaining({
            because: expect.stringMatching(/last sign of work: in operation "Bash: one"/),
          }),
        }),
      ]);
    }),
  );

  test(
    'refuse a new tool at a limit of the provider, and the session goes on when it is over',
    withHerd(async (herd) => {
      const { file, env } = await hooked(herd, [
        { name: 'works', prompt: 'tool:one tool:two' },
        { name: 'meets', prompt: 'tool:meet limit:12' },
      ]);
      const running = herd.start(['run', file], { env });
      await said(herd, 'in one');
      await said(herd, 'in meet');
      herd.write('meet', '');
      await herd.untilState('meets', 'parked');
      herd.write('one', '');
      await said(herd, /^refused two: /);
      const refusal = journal(herd).find((line) => line.startsWith('refused two'));
      expect(refusal).toMatch(/The provider's limit is reached \(.*five hour limit.*\)\. Stop now/);
      expect(refusal).toMatch(/will be continued at \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
      // It says that it was a success, and it was not.
      await herd.untilState('works', 'queued', 'parked', 'starting');
      const [first] = await herd.attempts('hooks/works');
      expect(first).toMatchObject({ outcome: 'stopped', cause: 'superseded' });
      herd.write('two', '');
      expect(await running.ended).toMatchObject({ code: 0 });
      const attempts = await herd.attempts('hooks/works');
      expect(attempts).toHaveLength(2);
      expect(attempts[1]).toMatchObject({ outcome: 'succeeded', resumedFrom: 1 });
      expect(journal(herd).filter((line) => line === 'through two')).toHaveLength(1);
    }),
  );

  test(
    'refuse nothing where a person has paused the pool, nor where the ledger cannot be read',
    withHerd(async (herd) => {
      const { file, env } = await hooked(herd, [{ name: 'a', prompt: 'tool:one tool:two' }]);
      const running = herd.start(['run', file], { env });
      await said(herd, 'in one');
      await herd.ok(['pause', 'work']);
      herd.write('one', '');
      await said(herd, 'in two');
      herd.write('two', '');
      expect(await running.ended).toMatchObject({ code: 0 });
      const { id } = await herd.row('a');
      const runDir = herd.path(`lost/runs/${id}.9`);
      mkdirSync(`${runDir}/ops`, { recursive: true });
      herd.write('lost/ledger.db', 'no ledger');
      const given = {
        env: { DROVER_DISPATCH: id, DROVER_ATTEMPT: '9', DROVER_RUN_DIR: runDir },
        state: herd.path('lost'),
      };
      // Standard input is empty here: that is no JSON either.
      expect(await herd.drover(['hook', 'claude'], given)).toMatchObject({ code: 0, stdout: '' });
      expect(await herd.drover(['hook', 'claude'])).toMatchObject({ code: 0, stdout: '' });
    }),
  );
});

describe.concurrent('drover hook install', () => {
  test(
    'keeps what is there, changes nothing twice, and leaves alone what it cannot read',
    withHerd(async (herd) => {
      const path = herd.path('.gemini/settings.json');
      mkdirSync(herd.path('.gemini'));
      const mine = { command: 'mine', type: 'command' };
      const there = { theme: 'dark', hooks: { enabled: true, BeforeTool: [{ hooks: [mine] }] } };
      writeFileSync(path, JSON.stringify(there));
      const printed = await herd.ok(['hook', 'install', 'gemini', '--print']);
      expect(readFileSync(path, 'utf8')).toBe(JSON.stringify(there));
      const wrote = await herd.ok(['hook', 'install', 'gemini']);
      expect(readFileSync(path, 'utf8')).toBe(printed.stdout);
      expect(wrote.stdout).toContain(path);
      const now = JSON.parse(printed.stdout);
      expect(now).toMatchObject({ theme: 'dark', hooks: { enabled: true } });
      expect(now.hooks.BeforeTool).toHaveLength(2);
      expect(now.hooks.BeforeTool[0]).toEqual(there.hooks.BeforeTool[0]);
      const again = await herd.ok(['hook', 'install', 'gemini']);
      expect(again.stdout).toContain('has them already');
      writeFileSync(path, '{ "theme": // dark');
      const refused = await herd.drover(['hook', 'install', 'gemini']);
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.stderr).toMatch(
        /settings\.json cannot be used: it is no JSON .*, and nothing was changed/,
      );
      expect(readFileSync(path, 'utf8')).toBe('{ "theme": // dark');
      expect(await herd.drover(['hook', 'install', 'pi'])).toMatchObject({ code: 2 });
      rmSync(path);
      symlinkSync('dotfiles/not-there.json', path);
      const dangling = await herd.drover(['hook', 'install', 'gemini']);
      expect(dangling).toMatchObject({ code: 1 });
      expect(dangling.stderr).toMatch(/it is a symbolic link to nothing that can be reached/);
      expect(readlinkSync(path)).toBe('dotfiles/not-there.json');
    }),
  );
});
