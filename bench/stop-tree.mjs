// Owns the row `stop`: from the end of the grace to the proof that nothing of a tree is left.
import { isAlive, processesWith } from '../demo/processes.mjs';
import { figure, median } from './figures.mjs';
import { until } from './lab.mjs';

const TREE = 100;
const ROUNDS = 5;
const GRACE_MS = 500;

export const stop = {
  name: 'stop',
  about: `stop of a tree of ${TREE} processes that ignores SIGTERM`,
  async measure({ herd }) {
    const own = herd();
    const supervisor = own.up();
    await until('the supervisor is up', async () => (await own.json('doctor')).supervisor.alive);
    // Who ignores a signal hands that on to its children.
    const line = `trap '' TERM; i=1; while [ $i -lt ${TREE} ]; do sleep 300 & i=$((i + 1)); done; wait`;
    const times = [];
    for (let round = 0; round < ROUNDS; round++) {
      const name = `tree-${round}`;
      const file = own.writeCampaign(name, 1, [['sh', '-c', line]], 'trees');
      await own.drover('run', file, '--detach');
      const members = await until('the tree is complete', () => membersOf(own));
      await own.drover('stop', `${name}/n0`, '--grace', `${GRACE_MS}ms`);
      const left = members.filter((one) => isAlive(one));
      times.push({ ms: await afterGrace(own), left: left.length });
    }
    await supervisor.end('SIGTERM');
    return [
      figure('end of the grace to proven zero, median', median(times.map(({ ms }) => ms)), 'ms', {
        budget: 200,
      }),
      figure(
        'processes left, all rounds',
        times.reduce((sum, { left }) => sum + left, 0),
        '',
        {
          budget: 0,
        },
      ),
    ];
  },
};

/** @returns null while it still grows; its shim is not one of them */
function membersOf({ stateDir }) {
  const marked = processesWith('DROVER_MARK=');
  const own = new Set(processesWith(`DROVER_STATE_DIR=${stateDir}`).map(({ pid }) => pid));
  const members = marked.filter(({ pid }) => own.has(pid));
  return members.length === TREE + 1 ? members : null;
}

/** By the events of the newest stop: when its kill was due, and when its end was proven. */
async function afterGrace(own) {
  const lines = (await own.drover('events', '--json')).trim().split('\n');
  const events = lines.map((each) => JSON.parse(each));
  const wished = events.findLast(({ type }) => type === 'dispatch.stop-requested');
  const ended = events.findLast(({ type }) => type === 'dispatch.ended');
  return Date.parse(ended.at) - (Date.parse(wished.at) + wished.data.graceMs);
}
