// Owns the texts of the service: as they are written, and as systemd itself reads them.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { launchAgent, type ServicePlan, systemdUnit } from '../../../src/host/service-unit.ts';

const PLAN: ServicePlan = {
  name: 'drover',
  argv: ['/usr/bin/node', '/opt/drover/main.js', 'up', '--quiet', '--state', '/home/a/state'],
  stateDir: '/home/a/state',
  path: '/usr/local/bin:/usr/bin',
  logPath: '/home/a/state/supervisor.log',
};
const UNIT = `# Written by drover service install; drover service uninstall removes it.
[Unit]
Description=Drover supervisor of /home/a/state (state directory)
StartLimitIntervalSec=0

[Service]
ExecStart="/usr/bin/node" "/opt/drover/main.js" "up" "--quiet" "--state" "/home/a/state"
Environment="PATH=/usr/local/bin:/usr/bin"
# Only the supervisor gets a signal: agents go on when the service is stopped or restarted, and are adopted.
KillMode=process
# The groups below its own are Drover's.
Delegate=yes
# Told to end: drover down is 0, SIGTERM is 143.
SuccessExitStatus=143
Restart=on-failure
RestartSec=10

[Install]
WantedBy=default.target
`;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'drover-unit-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function verify(text: string) {
  const path = join(dir, 'drover.service');
  writeFileSync(path, text);
  return spawnSync('systemd-analyze', ['verify', '--user', '--man=no', path], {
    encoding: 'utf8',
    // It asks for the directories of a session, which there need not be.
    env: { PATH: process.env['PATH'], HOME: dir, XDG_RUNTIME_DIR: dir },
  });
}

const analyzes = spawnSync('systemd-analyze', ['--version']).status === 0;

describe('the unit of systemd', () => {
  test('leaves agents alone when it is stopped', () => {
    expect(systemdUnit(PLAN)).toBe(UNIT);
  });

  test('says paths as systemd reads them', () => {
    const text = systemdUnit({
      ...PLAN,
      argv: ['/my node/50%/$n', '/a "b"\\c', 'up', '--state', '/s p/100%/$HOME'],
      stateDir: '/s p/100%/$HOME',
      path: '/bin:/x %h/"q"',
    });
    expect(text).toContain(
      'ExecStart="/my node/50%%/$n" "/a \\"b\\"\\\\c" "up" "--state" "/s p/100%%/$$HOME"',
    );
    expect(text).toContain('Environment="PATH=/bin:/x %%h/\\"q\\""');
    expect(text).toContain('Description=Drover supervisor of /s p/100%%/$HOME (state');
  });

  test('is refused for a path with control characters', () => {
    expect(() => systemdUnit({ ...PLAN, stateDir: '/a\nExecStartPre=/bin/rm' })).toThrow(
      /control characters/,
    );
    expect(() => systemdUnit({ ...PLAN, argv: ['/a"b/node'] })).toThrow(/in no program/);
  });

  test.runIf(analyzes).each(['plain', 'with space', '50% off', '$HOME', 'quo"te %h \\ back'])(
    'is one to systemd-analyze, in a directory called %s',
    (name) => {
      // systemd takes no quotes or backslashes in the name of a program, whichever way they are written.
      const place = join(dir, /["\\]/.test(name) ? 'plain' : name);
      mkdirSync(place, { recursive: true });
      const program = join(place, 'node');
      writeFileSync(program, '#!/bin/sh\n');
      chmodSync(program, 0o755);
      const stateDir = join(dir, name);
      const argv = [program, join(place, 'main.js'), 'up', '--state', stateDir] as const;
      const { status, stderr } = verify(systemdUnit({ ...PLAN, argv, stateDir, path: stateDir }));
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    },
  );

  test.runIf(analyzes)('with a program that is not there is none, so that the proof is one', () => {
    const argv = [join(dir, 'no such node'), 'main.js'] as const;
    expect(verify(systemdUnit({ ...PLAN, argv })).stderr).toContain('no such node');
  });
});

describe('the agent of launchd', () => {
  test('leaves agents alone when it is stopped, and says paths in XML', () => {
    const text = launchAgent({ ...PLAN, path: '/a&b:/<c>' });
    expect(text).toContain('<key>AbandonProcessGroup</key>\n  <true/>');
    expect(text).toContain('<string>/a&amp;b:/&lt;c&gt;</string>');
    expect(text).toContain('    <string>--state</string>\n    <string>/home/a/state</string>');
    expect(text).toContain('<key>SuccessfulExit</key>\n    <false/>');
    expect(() => launchAgent({ ...PLAN, logPath: '/a\u0001' })).toThrow(/control characters/);
  });
});
