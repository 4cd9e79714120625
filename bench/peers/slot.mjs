// Owns the row `slot`: how soon a slot is used again after the task in it was killed, and what becomes of a task whose wrapper
// was killed.
import { readFileSync } from 'node:fs';
import { identityOf, isAlive } from '../../demo/processes.mjs';
import { median } from '../figures.mjs';
import { until, pause } from '../lab.mjs';
import { askEach, kill, line } from './ask.mjs';
import { openJournal } from './journal.mjs';
import { NO_QUEUE } from './throughput.mjs';

const KILLS = 5;
/** One that was killed may come again. */
const TASKS = KILLS + 4;
const WATCHED_MS = 1_000;
const NEXT_WITHIN_MS = 5_000;
/** Longer than Drover ever sleeps. */
const LOOK_WITHIN_MS = 12_000;
const NEVER = 'never';
const NOT_ASKED = '-';

export const slot = {
  name: 'slot',
  about: `one slot: SIGKILL of the task in it, ${KILLS} times, and of its wrapper`,
  notes: [
    'By the clocks of the killer and of the next task, whose start takes some 10 ms of it.',
    `"never": not within ${NEXT_WITHIN_MS / 1_000} s. xargs ends with its whole list when a signal kills one task.`,
    'A task whose wrapper is gone still works. Where its slot is used again meanwhile, the cap is broken.',
    'Drover then looks at it four times a second, for nobody tells of its end.',
  ],
  async measure(lab, peers) {
    const answers = await askEach(lab, peers, async (place, { isQueue }) =>
      isQueue ? await killInTurn(place, openJournal(lab.freshDir())) : NO_QUEUE,
    );
    return [
      line('task killed: its slot is used again after', 'ms', answers, ({ task }) => task),
      line('wrapper killed: the task', '', answers, ({ wrapper }) => wrapper),
      line('then the task, too: slot used again after', 'ms', answers, ({ both }) => both),
    ];
  },
};

async function killInTurn(place, journal) {
  const tasks = Array.from({ length: TASKS }, (_, n) => journal.task(`n${n}`));
  await place.begin(tasks, 1);
  const times = [];
  for (let n = 0; n < KILLS; n++) {
    const running = await theOneThatRuns(journal);
    const ms = await untilNext(journal, await kill(running));
    if (ms === NEVER) return { task: NEVER, wrapper: NEVER, both: NEVER };
    times.push(ms);
  }
  return { task: median(times), ...(await killWrapper(place, journal)) };
}

async function killWrapper(place, journal) {
  const running = await theOneThatRuns(journal);
  const wrapper = identityOf(parentOf(running.pid));
  if (wrapper.pid === place.main()) return { wrapper: 'no wrapper', both: NOT_ASKED };
  const before = journal.begun().length;
  await kill(wrapper);
  await pause(WATCHED_MS);
  if (!isAlive(running)) return { wrapper: 'ends with it', both: NOT_ASKED };
  if (journal.begun().length > before)
    return { wrapper: 'lives, slot given away', both: NOT_ASKED };
  return {
    wrapper: 'lives, holds its slot',
    both: await untilNext(journal, await kill(running), LOOK_WITHIN_MS),
  };
}

async function theOneThatRuns(journal) {
  return await until('a task runs', () => journal.alive()[0] ?? null);
}

/** @returns {Promise<number | string>} ms from `since`, epoch ms, to the next begin of a task */
async function untilNext(journal, since, withinMs = NEXT_WITHIN_MS) {
  const next = () => journal.begun().find(({ at }) => at >= since) ?? null;
  for (const endAt = since + withinMs; Date.now() < endAt; await pause(10)) {
    if (next() !== null) return next().at - since;
  }
  return NEVER;
}

function parentOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}
