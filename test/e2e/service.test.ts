// Owns the tests of `drover service` as far as no service manager is needed: what is written, where, and what is refused;
// and of what the unit says of a stop, by signalling the supervisor alone as it does.
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type TestHerd, withHerd } from './harness/herd.ts';
import { isAlive } from './harness/process-list.ts';
import { until } from './harness/until.ts';

interface StatusJson {
  readonly path: string;
  readonly installed: string;
  readonly enabled: boolean;
  readonly supervisor: { readonly alive: boolean; readonly pid: number | null };
}

async function status(herd: TestHerd): Promise<{ code: number | null; json: StatusJson }> {
  const { code, stdout } = await herd.drover(['service', 'status', '--json']);
  return { code, json: JSON.parse(stdout) as StatusJson };
}

const onLinux = process.platform === 'linux';

describe.runIf(onLinux).concurrent('the service', () => {
  test(
    'is printed, installed, told apart from what others wrote, and removed',
    withHerd(async (herd) => {
      const printed = await herd.ok(['service', 'install', '--print']);
      const { code, json } = await status(herd);
      expect({ code, installed: json.installed }).toEqual({ code: 5, installed: 'absent' });
      expect(json.path).toMatch(/\.config\/systemd\/user\/drover-[0-9a-f]{8}\.service$/);
      expect(existsSync(herd.path('.config'))).toBe(false);

      const { stdout } = await herd.ok(['service', 'install']);
      expect(stdout).toBe(`${json.path}\n\n${printed.stdout}\n`);
      expect(readFileSync(json.path, 'utf8')).toBe(printed.stdout);
      expect(await status(herd)).toMatchObject({ code: 0, json: { installed: 'current' } });

      // As `systemctl --user enable` does it.
      const link = `${dirname(json.path)}/default.target.wants/${json.path.split('/').at(-1)}`;
      mkdirSync(dirname(link));
      symlinkSync(json.path, link);
      writeFileSync(json.path, printed.stdout.replace('RestartSec=10', 'RestartSec=99'));
      expect(await status(herd)).toMatchObject({ json: { installed: 'other', enabled: true } });
      await herd.ok(['service', 'install']);
      expect(readFileSync(json.path, 'utf8')).toBe(printed.stdout);

      const would = await herd.ok(['service', 'uninstall', '--print']);
      expect(would.stdout).toBe(`would remove ${link}\nwould remove ${json.path}\n`);
      expect(existsSync(json.path)).toBe(true);
      await herd.ok(['service', 'uninstall']);
      expect([existsSync(json.path), existsSync(link)]).toEqual([false, false]);
      await herd.ok(['service', 'uninstall']);
    }),
  );

  test(
    'leaves alone what somebody else has written',
    withHerd(async (herd) => {
      const { path } = (await status(herd)).json;
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, '[Service]\n');
      for (const words of [['install'], ['uninstall'], ['uninstall', '--print']]) {
        const refused = await herd.drover(['service', ...words]);
        expect(refused).toMatchObject({ code: 1 });
        expect(refused.stderr).toContain('was not written by drover service install');
      }
      expect(readFileSync(path, 'utf8')).toBe('[Service]\n');
      expect(await status(herd)).toMatchObject({ code: 5, json: { installed: 'foreign' } });
    }),
  );

  test(
    'of the default state directory has the plain name',
    withHerd(async (herd) => {
      const state = herd.path('.local/state/drover');
      const { stdout } = await herd.ok(['service', 'install', '--json', '--print'], { state });
      expect(JSON.parse(stdout)).toMatchObject({ name: 'drover', written: false });
    }),
  );

  test(
    'restarts without a word to the agents, by the very command of the unit',
    withHerd(async (herd) => {
      const unit = (await herd.ok(['service', 'install', '--print'])).stdout;
      const quoted = /^ExecStart=(.*)$/m.exec(unit)![1]!;
      const [, script, ...words] = [...quoted.matchAll(/"([^"]*)"/g)].map(([, word]) => word!);
      expect(script).toMatch(/dist\/cli\/main\.js$/);
      expect(words.slice(0, 2)).toEqual(['up', '--quiet']);
      expect(words.slice(2)).toEqual(['--state', herd.state]);
      const first = herd.start(words.slice(0, 2));
      // Who adds something before that is its supervisor for a while.
      await until('it supervises', async () => (await herd.doctor()).supervisor.pid === first.pid);
      await herd.ok(['add', '--name', 'a', '--', ...herd.gated('a')]);
      const agent = await herd.untilBegun('a');
      await herd.untilState('a', 'running');
      expect(await status(herd)).toMatchObject({
        json: { supervisor: { alive: true, pid: first.pid } },
      });
      first.kill('SIGTERM');
      // What SuccessExitStatus names.
      expect(await first.ended).toMatchObject({ code: 143 });
      expect(isAlive(agent)).toBe(true);
      const second = herd.start(words.slice(0, 2));
      herd.open('a');
      expect(await herd.untilState('a', 'ended')).toMatchObject({ outcome: 'succeeded' });
      expect(herd.begun('a')).toHaveLength(1);
      await herd.ok(['down']);
      expect(await second.ended).toMatchObject({ code: 0 });
    }),
  );
});
