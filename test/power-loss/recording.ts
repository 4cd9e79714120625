// Owns the recording of a real run: several commands of the built CLI, with everything that supervisors, shims and agents
// do meanwhile, under strace.
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { CLI } from '../e2e/harness/command-line.ts';
import type { Effect, Left, Node } from './disk.ts';
import { CALLS, type Recording, readTrace } from './trace.ts';

/** null: it can be recorded here; else why not */
export function whyNoRecording(): string | null {
  const probe = spawnSync('strace', ['-f', '-o', '/dev/null', '-e', 'trace=none', 'true']);
  if (probe.error !== undefined) return 'strace is not installed';
  return probe.status === 0 ? null : `strace cannot trace here: ${String(probe.stderr).trim()}`;
}

/** Appends to a journal beside the state directory, wherever that lies when it runs, and ends with CODE. */
const agent = (name: string, { seconds = 0, code = 0, before = 'true' } = {}) =>
  `echo ${name} >>"$DROVER_STATE_DIR/../journal"; ${before}; sleep ${seconds}; echo out; exit ${code}`;

/** While it is recorded, until there is no supervisor any more. */
const ORPHANED = `while [ -e "$DROVER_STATE_DIR/../../recording" ] && ! [ -e "$DROVER_STATE_DIR/../../go" ]
do sleep 0.02; done`;

const CAMPAIGNS = {
  first: {
    campaign: 'first',
    pools: { default: { slots: 2 } },
    defaults: { retries: { agent: 1 } },
    dispatches: [
      { name: 'plain', run: agent('plain', { seconds: 0.05 }) },
      { name: 'failing', run: agent('failing', { code: 3 }) },
      { name: 'shelled', run: agent('shelled'), containment: 'sh' },
      { name: 'after', run: agent('after'), after: ['plain'] },
      { name: 'goal', run: `touch "$DROVER_STATE_DIR/goal"; exit 1`, done_when: 'true' },
    ],
  },
  second: {
    campaign: 'second',
    pools: { default: { slots: 3 } },
    dispatches: [
      { name: 'orphan', run: agent('orphan', { code: 7, before: ORPHANED }) },
      {
        name: 'orphan-shelled',
        run: agent('orphan-shelled', { before: ORPHANED }),
        containment: 'sh',
      },
    ],
  },
};

/** Enough commits that SQLite copies its log into the database in between, several times. */
const MANY = {
  campaign: 'many',
  pools: { default: { slots: 4 } },
  dispatches: Array.from({ length: 100 }, (_, index) => {
    return { name: `many-${index}`, run: agent(`many-${index}`, { code: index % 3 }) };
  }),
};

/**
 * A first run; a supervisor that is killed and whose agents end without it; an add; a stop; a retry; a cleaning. Each
 * command says what it did into the file of reports.
 */
const SCRIPT = `
drover() { "$NODE" "$CLI" "$@" >>"$REPORTS" 2>&1; }
drover run first.yaml
"$NODE" "$CLI" run second.yaml >>"$REPORTS" 2>&1 & supervisor=$!
until [ "$(grep -c '^orphan' "$DROVER_STATE_DIR/../journal")" = 2 ]; do sleep 0.05; done
kill -9 $supervisor; wait $supervisor; : >go
until ! grep -L '^exit ' "$DROVER_STATE_DIR"/runs/*/claim.* | grep -q .; do sleep 0.05; done
drover up --until idle --quiet
drover add --name added -- sh -c 'echo added >>"$DROVER_STATE_DIR/../journal"'
drover wait adhoc/added
drover add --name stopped -- sh -c '! [ -e "$DROVER_STATE_DIR/../../recording" ] || sleep 300'
drover stop adhoc/stopped
drover retry first/failing
drover wait first/failing
drover clean
[ ! -e many.yaml ] || drover run many.yaml
while "$NODE" "$CLI" doctor --json | grep -q '"supervised": *true'; do sleep 0.05; done
`;

/** Of `dir`, which is empty, `root` is the disk; campaigns and reports lie beside it. */
export interface Recorded extends Recording {
  readonly dir: string;
  readonly root: string;
  readonly flushedExits: readonly FlushedExit[];
}

/** An exit that its shim has flushed, because no supervisor was there. */
interface FlushedExit {
  readonly path: string;
  readonly line: string;
  /** effects after which nothing may lose it */
  readonly after: number;
  /** effects after which somebody has taken it away */
  readonly until: number;
}

/** @throws where what was recorded is not what lies on the real disk at the end */
export function record(dir: string, { isLong }: { readonly isLong: boolean }): Recorded {
  const root = `${dir}/disk`;
  const reports = `${dir}/reports`;
  mkdirSync(root, { mode: 0o700 });
  writeFileSync(reports, '');
  writeFileSync(`${dir}/recording`, '');
  for (const [name, campaign] of Object.entries(
    isLong ? { ...CAMPAIGNS, many: MANY } : CAMPAIGNS,
  )) {
    writeFileSync(`${dir}/${name}.yaml`, JSON.stringify(campaign));
  }
  const trace = `${dir}/trace`;
  const options = ['-f', '--seccomp-bpf', '-y', '-xx', '-s', '4000000', '-o', trace];
  const calls = `trace=${CALLS.replaceAll(' ', ',')}`;
  const ran = spawnSync('strace', [...options, '-e', calls, '/bin/sh', '-c', SCRIPT], {
    cwd: dir,
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: dir,
      NODE: process.execPath,
      CLI,
      REPORTS: reports,
      DROVER_STATE_DIR: `${root}/state`,
      // Its calls would be seen by nobody.
      UV_USE_IO_URING: '0',
    },
    encoding: 'utf8',
  });
  rmSync(`${dir}/recording`);
  if (ran.status !== 0) throw new Error(`the recording failed: ${ran.stderr}`);
  const recording = readTrace(readFileSync(trace, 'latin1'), { root, reports });
  const differs = differences(recording.disk.left(Infinity, 'nothing'), root);
  if (differs.length > 0) throw new Error(`recorded and real differ: ${differs.join(', ')}`);
  return { ...recording, dir, root, flushedExits: flushedExitsOf(recording) };
}

/** Its shim flushes the record first, and then the directories that lead to it: then nothing may lose it. */
function flushedExitsOf({ disk }: Recording): readonly FlushedExit[] {
  const { effects } = disk;
  const firstFrom = (from: number, is: (effect: Effect) => boolean) => {
    const index = effects.findIndex((effect, at) => at >= from && is(effect));
    return index === -1 ? Infinity : index;
  };
  const nameOf = (node: Node) => effects.find((one) => one.kind === 'enter' && one.node === node);
  return effects.flatMap((claim) => {
    if (claim.kind !== 'enter' || !/^claim\.\d+$/.test(claim.name)) return [];
    const dir = nameOf(claim.dir);
    if (dir?.kind !== 'enter') return [];
    const path = `state/runs/${dir.name}/${claim.name}`;
    const flushed = firstFrom(0, (one) => one.kind === 'sync' && one.node === claim.node);
    if (flushed === Infinity) return [];
    const text =
      disk
        .left(flushed + 1, 'nothing')
        .get(path)
        ?.toString() ?? '';
    const line = /^exit \d+ \d+ end$/m.exec(text)?.[0];
    if (line === undefined) return [];
    const named = [claim.dir, dir.dir].map((node) =>
      firstFrom(flushed, (one) => one.kind === 'sync' && one.node === node),
    );
    const until = firstFrom(0, (one) => one.kind === 'move' && one.name === dir.name);
    return [{ path, line, after: Math.max(flushed, ...named) + 1, until }];
  });
}

function differences(left: Left, root: string): readonly string[] {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  const real = names.filter((name) => !name.endsWith('-shm'));
  const wrong = real.filter((name) => {
    const is = left.get(name);
    const stat = lstatSync(`${root}/${name}`);
    if (stat.isDirectory()) return is !== 'directory';
    if (stat.isFIFO()) return is !== 'fifo';
    return !(is instanceof Buffer && is.equals(readFileSync(`${root}/${name}`)));
  });
  return [...wrong, ...[...left.keys()].filter((name) => !real.includes(name))];
}
