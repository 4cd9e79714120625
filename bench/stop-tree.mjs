// Owns the row `stop`: from the end of the grace to the proof that nothing of a tree is left, on a machine with many others.
import { isAlive, processesWith } from '../demo/processes.mjs';
import { figure, median, skipped } from './figures.mjs';
import * as lab from './lab.mjs';

const TREE = 100;
const ROUNDS = 5;
const GRACE_MS = 500;
const OTHERS = 1_000;
/** A shell has to look at all of them, several times. */
const BUDGET_MS = { subreaper: 50, cgroup: 50, sh: 200 };

export const stop = {
  name: 'stop',
  about: `stop of a tree of ${TREE} processes that ignores SIGTERM, beside ${OTHERS} others`,
  async measure({ herd, crowd }) {
    const others = await crowd(OTHERS);
    const figures = [];
    let left = 0;
    for (const [tier, budget] of Object.entries(BUDGET_MS)) {
      const own = herd();
      const { containment } = await own.json('doctor');
      const what = `tier ${tier}: end of the grace to proven zero, median`;
      if (!containment.tiers.some(({ name, available }) => name === tier && available)) {
        figures.push(skipped(what, 'this machine has not got that tier'));
        continue;
      }
      const rounds = await stopAgainAndAgain(own, tier);
      left += rounds.reduce((sum, one) => sum + one.left, 0);
      figures.push(figure(what, median(rounds.map(({ ms }) => ms)), 'ms', { budget }));
    }
    await others.end();
    return [...figures, figure('processes left, all rounds', left, '', { budget: 0 })];
  },
};

async function stopAgainAndAgain(own, tier) {
  const supervisor = own.up({}, '--containment', tier);
  await lab.until('the supervisor is up', async () => (await own.json('doctor')).supervisor.alive);
  // Who ignores a signal hands that on to its children.
  const line = `trap '' TERM; i=1; while [ $i -lt ${TREE} ]; do sleep 300 & i=$((i + 1)); done; wait`;
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const name = `tree-${round}`;
    const file = own.writeCampaign(name, 1, [['sh', '-c', line]], 'trees');
    await own.drover('run', file, '--detach');
    const members = await lab.until('the tree is complete', () => membersOf(own));
    await own.drover('stop', `${name}/n0`, '--grace', `${GRACE_MS}ms`);
    const left = members.filter((one) => isAlive(one));
    times.push({ ms: await afterGrace(own), left: left.length });
  }
  await supervisor.end('SIGTERM');
  return times;
}

/** @returns null while it still grows; its shim is not one of them */
function membersOf({ stateDir }) {
  const marked = processesWith('DROVER_MARK=');
  const own = new Set(processesWith(`DROVER_STATE_DIR=${stateDir}`).map(({ pid }) => pid));
  const members = marked.filter(({ pid }) => own.has(pid));
  return members.length === TREE + 1 ? members : null;
}

/** By the events of the newest stop: when its kill was due, which its agent was told of before, and when its end was proven. */
async function afterGrace(own) {
  const lines = (await own.drover('events', '--json')).trim().split('\n');
  const events = lines.map((each) => JSON.parse(each));
  const begun = events.findLast(({ type }) => type === 'attempt.stopping');
  const ended = events.findLast(({ type }) => type === 'dispatch.ended');
  return Date.parse(ended.at) - (Date.parse(begun.at) + begun.data.graceMs);
}
