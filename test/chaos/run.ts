// Owns one run: a herd of its own, the faults of a schedule, a quiet end, and what the witness makes of it.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once, setMaxListeners } from 'node:events';
import { cpSync, lstatSync, mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { droverProcesses, markedProcesses } from '../e2e/harness/process-list.ts';
import { REPOSITORY } from '../e2e/harness/repository.ts';
import { TIERS } from '../e2e/harness/tiers.ts';
import { type Places, placesIn, writePlan } from './campaign-files.ts';
import type { Verdict } from './counts.ts';
import { type Entry, readFaults, uptime } from './fault-log.ts';
import { inject } from './inject.ts';
import type { Claims } from './judge.ts';
import { makePlan } from './plan.ts';
import type { Fault } from './schedule.ts';
import { Stage } from './stage.ts';

export interface RunOptions {
  readonly seed: number;
  readonly lengthMs: number;
  readonly schedule: readonly Fault[];
  /** aborted: the run is given up, and swept up */
  readonly signal: AbortSignal;
  /** where a copy of all its files goes at the end, for who wants to look into them; null: nowhere */
  readonly keep: string | null;
}

export interface RunReport extends Verdict {
  /** since the start of the run, in milliseconds; for `at` of its violations */
  readonly startedAt: number;
  readonly faults: readonly Entry[];
  readonly seconds: number;
}

/** Agents that stall and linger are a part of the plan, and the brake is to meet their crowds only. */
const CONFIG = 'sweep: 5s\nbrake: { max: 12 }\n';

/** Larger than what a herd of this length needs, smaller than what one would miss. */
const DISK = 'size=48m,mode=700';
/**
 * What is left of the campaigns when the faults are over has to come to its end within this: the longest back-offs and
 * silences, and as long again as the faults lasted, for those may have left everything undone.
 */
const QUIET_MS_MAX = 150_000;
/** What the brake holds back waits for a person. */
const CONFIRM_EVERY_MS = 8_000;
const LEAVING_MS_MAX = 15_000;

export async function runChaos(options: RunOptions): Promise<RunReport> {
  const { seed, lengthMs, schedule, signal, keep } = options;
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'drover-chaos-')));
  const janitor = startProgram('janitor', dir, { detached: true });
  const startedAt = uptime();
  let witness: ChildProcess | null = null;
  try {
    const places = placesIn(dir);
    const plan = makePlan(seed, lengthMs, TIERS);
    writePlan(places, plan);
    const stage = new Stage({ places, plan, noDisk: mountDisk(places), signal });
    writeFileSync(join(places.state, 'config.yaml'), CONFIG);
    witness = startProgram('witness', dir, { detached: false });
    const said = linesOf(witness);
    // Asked for when everything is over: until then nobody listens to its failure.
    said.last.catch(() => {});
    await said.first;
    setMaxListeners(0, signal);
    await inject(stage, schedule, signal);
    writeFileSync(places.claims, JSON.stringify(await comeToRest(stage, signal)));
    witness.stdin!.end();
    const verdict = JSON.parse(await said.last) as Verdict;
    const faults = readFaults(places.faults);
    return { ...verdict, faults, startedAt, seconds: uptime() - startedAt };
  } finally {
    witness?.kill('SIGKILL');
    if (keep !== null) copyFiles(dir, keep);
    janitor.stdin!.end();
    await once(janitor, 'close');
  }
}

/** What is no file, such as the FIFO of an attempt, stays. */
function copyFiles(from: string, to: string): void {
  const filter = (path: string) => {
    const stat = lstatSync(path);
    return stat.isDirectory() || stat.isFile();
  };
  cpSync(from, to, { recursive: true, filter });
}

/** @returns why it has none of its own; null: it has */
function mountDisk({ state }: Places): string | null {
  mkdirSync(state, { mode: 0o700 });
  if (process.getuid?.() !== 0) return 'only root may give the state directory a disk of its own';
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', DISK, 'drover-chaos', state], { stdio: 'pipe' });
    return null;
  } catch {
    return 'this root may not mount a disk for the state directory';
  }
}

/** Nobody does anything to it any more: what is left ends, and then nobody is left. */
async function comeToRest(stage: Stage, signal: AbortSignal): Promise<Claims> {
  const bound = AbortSignal.timeout(QUIET_MS_MAX + stage.plan.lengthMs);
  const given = AbortSignal.any([bound, signal]);
  const endings: { campaign: string; code: number | null }[] = [];
  const confirming = setInterval(() => void stage.drover(['reap', '--confirm']), CONFIRM_EVERY_MS);
  for (const pool of Object.keys(stage.plan.pools)) await stage.drover(['resume', pool]);
  for (const { campaign } of stage.plan.campaigns) {
    const run = stage.start(['run', stage.file(campaign)], { stays: true });
    const giveUp = () => run.kill('SIGKILL');
    given.addEventListener('abort', giveUp);
    if (given.aborted) giveUp();
    const { code } = await run.ended;
    given.removeEventListener('abort', giveUp);
    endings.push({ campaign, code });
  }
  clearInterval(confirming);
  signal.throwIfAborted();
  await stage.drover(['down']);
  await leaving(stage);
  const asked = { own: true } as const;
  const json = async <T>(words: readonly string[]): Promise<T | null> => {
    const { stdout } = await stage.drover([...words, '--json'], asked);
    return stdout.trim() === '' ? null : (JSON.parse(stdout) as T);
  };
  const doctor = await json<NonNullable<Claims['doctor']>>(['doctor']);
  return {
    rows: await stage.rows(),
    pools: await json(['pools']),
    doctor: doctor === null ? null : { heldSlots: doctor.heldSlots },
    commands: stage.reports,
    endings,
  };
}

/** Who has nothing to do any more leaves by itself; who does not is a survivor, and the witness says so. */
async function leaving({ places: { state } }: Stage): Promise<void> {
  const untilMs = performance.now() + LEAVING_MS_MAX;
  while (markedProcesses(state).length + droverProcesses(state).length > 0) {
    if (performance.now() > untilMs) return;
    await pause(100);
  }
}

function startProgram(
  name: 'witness' | 'janitor',
  dir: string,
  { detached }: { readonly detached: boolean },
): ChildProcess {
  const script = join(REPOSITORY, '.chaos/test/chaos', `${name}.js`);
  return spawn(process.execPath, [script, dir], { detached, stdio: ['pipe', 'pipe', 'inherit'] });
}

/** Its lines, as they come. Read without a pause, or it would have to wait for us. */
function linesOf(program: ChildProcess): { first: Promise<string>; last: Promise<string> } {
  const lines = createInterface(program.stdout!);
  const all: string[] = [];
  lines.on('line', (line) => all.push(line));
  const closed = once(lines, 'close');
  const last = async (): Promise<string> => {
    await closed;
    const line = all.at(-1);
    if (line?.startsWith('{') !== true) throw new Error('the witness has ended without a verdict');
    return line;
  };
  return { first: once(lines, 'line').then(([line]) => String(line)), last: last() };
}
