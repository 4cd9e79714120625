// Owns the story of `npm run demo`: a small herd, its supervisor killed in the middle, and a table that
// an independent witness draws up at the end. No key, no network; it leaves nothing behind.
import { readFileSync } from 'node:fs';
import { heading, say, showCommand, showOutput, showTable } from './narrator.mjs';
import { isAlive } from './processes.mjs';
import { openStage, until } from './stage.mjs';
import { judge } from './verdict.mjs';
import { createWitness } from './witness.mjs';

const FILE = 'demo/herd.yaml';
const RUN = ['run', FILE];

const stage = openStage();
const witness = createWitness(stage.journals);

await introduce();
const first = await runUntilInFullSwing();
const kept = await killSupervisor(first);
const second = await runAgain();
const tree = await stopTree(second);
await lookAtBusy();
await finish(second);
const startsBefore = witness.everybody().length;
await runOnceMore();
const startsAfter = witness.everybody().length;
const isTrue = await judge({ stage, witness, kept, tree, startsBefore, startsAfter });
process.exitCode = isTrue ? 0 : 1;

async function introduce() {
  say('Drover, live: a herd of fake agents (plain Node programs), four slots, one kill -9.');
  say('Lines with a bar are printed by the supervisor while it runs; the others as they come.');
  heading(`1. The campaign, ${FILE}`);
  showOutput(readFileSync(new URL('herd.yaml', import.meta.url), 'utf8'));
  say();
  const exitCode = await stage.show(...RUN, '--dry-run');
  if (exitCode !== 0) throw new Error('the campaign cannot be run here: see above');
}

/** Until every kind of trouble is under way, or over. */
async function runUntilInFullSwing() {
  heading('2. Run it');
  const run = stage.start(...RUN);
  await until('flaky succeeded at its second attempt', () => witness.ends('flaky').length === 2);
  await until('stuck was ended', () => witness.ends('stuck').length === 1);
  await until('quick-1 runs', () => witness.running('quick-1'));
  say();
  say('stuck gave no sign of work for 2 s and was ended. busy printed as little, but computes.');
  await stage.show('ps');
  return run;
}

async function killSupervisor(run) {
  heading('3. Kill the supervisor. Not its agents.');
  const agents = ['busy', 'forker', 'long', 'quick-1'];
  const before = agents.map((name) => ({ name, agent: witness.running(name) }));
  showCommand(`kill -9 ${run.pid}`);
  process.kill(run.pid, 'SIGKILL');
  await run.ended;
  await until('quick-1 ended by itself', () => witness.ends('quick-1').length === 1);
  const rows = before.map(({ name, agent }) => {
    const now = isAlive(agent) ? 'the same process, still at work' : 'ended by itself';
    return [name, String(agent.pid), agent.startTime, now];
  });
  say('\nThe process table, two seconds later:\n');
  showTable([['DISPATCH', 'PID', 'START TIME', 'NOW'], ...rows]);
  say('\nThe ledger can be read without a supervisor. It has not heard of the end of quick-1 yet;');
  say('the run directory of quick-1 has.');
  await stage.show('ps');
  return before.filter(({ name }) => name !== 'quick-1');
}

async function runAgain() {
  heading('4. The same command again');
  const run = stage.start(...RUN);
  await until(
    'quick-2 runs in a slot that was freed',
    () => witness.starts('quick-2').length === 1,
  );
  await until('quick-2 has ended', () => witness.ends('quick-2').length === 1);
  say();
  say('Three agents were adopted; the exit of quick-1 was on record, and its slot is used again.');
  return run;
}

async function stopTree(run) {
  heading('5. Stop a tree that grows and ignores SIGTERM');
  const root = witness.running('forker');
  const members = await until('the tree has 13 processes', () => {
    const alive = [root, ...witness.starts('forker-tree')].filter((one) => isAlive(one));
    return alive.length === 13 && alive;
  });
  say(`forker has ${members.length} processes by now; half of them lead sessions of their own.`);
  await stage.show('stop', 'herd/forker');
  await until('the supervisor has told of it', () => run.printed('forker stopped'));
  say(`Of these ${members.length}, ${members.filter((one) => isAlive(one)).length} are left.`);
  return members;
}

async function lookAtBusy() {
  heading('6. Ask why busy is still alive');
  await until('busy has been seen at work', async () => {
    const { stdout } = await stage.drover('why', 'herd/busy', '--json');
    return JSON.parse(stdout).evidence.some(({ kind }) => kind === 'cpu');
  });
  await stage.show('why', 'herd/busy');
}

async function finish(run) {
  heading('7. Wait for the rest');
  const { exitCode } = await run.ended;
  say(`\nexit code ${exitCode}: two dispatches were stopped`);
}

async function runOnceMore() {
  heading('8. Once more: a finished dispatch is never run again');
  const exitCode = await stage.show(...RUN);
  say(`\nexit code ${exitCode}`);
}
