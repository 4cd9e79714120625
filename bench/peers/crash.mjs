// Owns the row `crash`: what is left of the work after SIGKILL of the main process, and after its user has started it again.
import { identityOf, isAlive } from '../../demo/processes.mjs';
import { median } from '../figures.mjs';
import { pause, until } from '../lab.mjs';
import { askEach, kill, line } from './ask.mjs';
import { openJournal } from './journal.mjs';
import { NO_QUEUE } from './throughput.mjs';

const SLOTS = 2;
const ROUNDS = 3;
const SHORT_CODE = 3;
const OUTAGE_MS = 500;
/** So long somebody waits for the next task, and then for what is started twice. */
const GIVEN_UP_MS = 5_000;
const SETTLED_MS = 1_000;
const LATE_MS = 3_000;
const NEVER = 'never';

export const crash = {
  name: 'crash',
  about: 'kill -9 of the main process of two running tasks and one that waits, then a restart',
  notes: [
    'Of two running tasks one ends while nobody watches, with code 3; the other goes on until after the restart.',
    'The slot of the first is then free for one that waits.',
    'Restart: drover up; the same command line of parallel with --resume, of xargs and of the loop; a new server of',
    'task-spooler; supervisord again; pm2 resurrect after pm2 save.',
    `"never": not within ${GIVEN_UP_MS / 1_000} s of the restart. An exit code counts where it is that of the only run.`,
  ],
  async measure(lab, peers) {
    const rounds = await askEach(lab, peers, async (place, peer) => {
      const first = await crashOnce(place, peer, openJournal(lab.freshDir()));
      return { ...first, peer };
    });
    const answers = [];
    for (const one of rounds) answers.push(await again(lab, one));
    return [
      line(`running tasks that outlive it, of ${SLOTS}`, '', answers, ({ survived }) => survived),
      line('restart to the next task in the free slot', 'ms', answers, ({ nextMs }) => nextMs),
      line(`tasks run twice, of ${SLOTS}`, '', answers, ({ twice }) => twice),
      line(`most tasks at once, ${SLOTS} slots`, '', answers, ({ most }) => most),
      line('waiting tasks lost, of 1', '', answers, ({ lost }) => lost),
      line(`exit codes known, of ${SLOTS}`, '', answers, ({ known }) => known),
    ];
  },
};

/** A time is taken several times; what never happens is waited for once. */
async function again(lab, answer) {
  if (typeof answer === 'string' || typeof answer.nextMs === 'string') return answer;
  const all = [answer];
  while (all.length < ROUNDS) {
    const [more] = await askEach(lab, [answer.peer], (place, peer) =>
      crashOnce(place, peer, openJournal(lab.freshDir())),
    );
    if (typeof more === 'string') return more;
    all.push(more);
  }
  const worst = (key, pick) => pick(...all.map((one) => one[key]));
  return {
    survived: worst('survived', Math.min),
    nextMs: median(all.map(({ nextMs }) => nextMs)),
    twice: worst('twice', Math.max),
    most: worst('most', Math.max),
    lost: worst('lost', Math.max),
    known: worst('known', Math.min),
  };
}

async function crashOnce(place, { isQueue }, journal) {
  const [long, short, next] = [
    journal.task('long'),
    journal.task('short', SHORT_CODE),
    journal.task('next'),
  ];
  await place.begin(isQueue ? [long, short, next] : [long, short], SLOTS);
  await until('two tasks run', () => journal.alive().length === SLOTS);
  await kill(identityOf(place.main()));
  await pause(OUTAGE_MS);
  const survivors = journal.alive();
  journal.openGate('short');
  await until('the short task has ended', () => !survivors.some(isShort) || shortEnded(journal));
  const watch = watchMost(journal);
  const restartedAt = Date.now();
  await place.restart();
  const nextMs = isQueue ? await untilNext(journal, restartedAt) : NO_QUEUE;
  await pause(SETTLED_MS);
  const runs = ['long', 'short'].map((name) => journal.begun(name).length);
  for (const name of ['long', 'next']) journal.openGate(name);
  await waitFor(() => journal.begun('next').length > 0 && journal.alive().length === 0);
  const most = watch.end();
  const codes = [await place.exitCode(0), await place.exitCode(1)];
  const right = codes.filter((code, n) => runs[n] === 1 && code === [0, SHORT_CODE][n]);
  return {
    survived: survivors.length,
    nextMs,
    twice: runs.filter((count) => count > 1).length,
    most: isQueue ? most : NO_QUEUE,
    lost: isQueue ? (journal.begun('next').length === 0 ? 1 : 0) : NO_QUEUE,
    known: right.length,
  };
}

function isShort({ name }) {
  return name === 'short';
}

function shortEnded(journal) {
  return journal.begun('short').every((one) => !isAlive(one));
}

async function untilNext(journal, since) {
  const seen = await waitFor(() => journal.begun('next')[0], GIVEN_UP_MS);
  return seen ? journal.begun('next')[0].at - since : NEVER;
}

/** @returns {Promise<boolean>} whether it came true in time */
async function waitFor(look, withinMs = LATE_MS) {
  for (const endAt = Date.now() + withinMs; Date.now() < endAt; await pause(20)) {
    if (look()) return true;
  }
  return false;
}

/** Looks at the journal now and then. @returns the most that were alive at once */
function watchMost(journal) {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, journal.alive().length);
  }, 20);
  return {
    end: () => {
      clearInterval(timer);
      return most;
    },
  };
}
