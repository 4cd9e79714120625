// Owns the row `zoo`: trees that do not want to end, and who of them lives five seconds after each peer has ended them in its
// own way. Who lives is then ended here, by identity.
import { randomInt } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { identityOf, isAlive } from '../../demo/processes.mjs';
import { commandLine, pause, until } from '../lab.mjs';
import { askAllAtOnce, line } from './ask.mjs';

const AFTER_MS = 5_000;
const GROWN_MS = 1_000;
const END_WITHIN_MS = 5_000;
const FORK = { everyMs: '50', most: '200' };

const fake = (name) => fileURLToPath(new URL(`../../test/fakes/${name}`, import.meta.url));

/** Each is given a time to sleep that nobody else on this machine uses: by it it is known, whatever it sheds. */
const MEMBERS = [
  ['ignores SIGTERM, with a child', (s) => [fake('ignores-term.sh'), '/dev/null', s]],
  ['has a child in a session of its own', (s) => [fake('setsid-child.sh'), s]],
  ['has left a daemon by double fork', (s) => [fake('double-fork.pl'), s, s]],
  [
    'has a child without environment and session',
    (s) => [fake('clears-environment.sh'), 'setsid', s],
  ],
  [
    'ignores SIGTERM and forks while it dies',
    (s) => [
      'sh',
      '-c',
      `trap '' TERM; exec '${fake('fork-loop.pl')}' grow ${FORK.everyMs} ${FORK.most} ${s}`,
    ],
  ],
];
const FEWEST = 2;

export const zoo = {
  name: 'zoo',
  about: 'trees that do not want to end: who lives 5 s after their stop',
  notes: [
    'Stopped by drover stop --all --grace 1s; SIGTERM to parallel, which asks thrice and kills; tsp -k; supervisorctl stop',
    'all with stopasgroup and killasgroup; pm2 stop all, which kills by parents; SIGTERM to the group of xargs and the loop.',
    'What forks goes on with that while nobody ends it. The benchmark then ended exactly those that were left.',
  ],
  async measure(lab, peers) {
    const answers = await askAllAtOnce(lab, peers, keep);
    return [
      ...MEMBERS.map(([what], n) => line(what, '', answers, ({ left }) => left[n])),
      line('processes left, all of them', '', answers, ({ left }) => left.reduce((a, b) => a + b)),
      line('processes before the stop', '', answers, ({ before }) => before),
    ];
  },
};

async function keep(place) {
  const tokens = MEMBERS.map(() => `${randomInt(600, 900)}.${randomInt(1e12, 9e12)}`);
  const endLeft = () => endAll(tokens);
  process.once('exit', endLeft);
  try {
    await place.begin(
      MEMBERS.map(([, command], n) => command(tokens[n])),
      MEMBERS.length,
    );
    await until('all trees are there', () => countsOf(tokens).every((count) => count >= FEWEST));
    await pause(GROWN_MS);
    const before = countsOf(tokens).reduce((a, b) => a + b);
    await place.stop();
    await pause(AFTER_MS);
    return { left: countsOf(tokens), before };
  } finally {
    endLeft();
    process.removeListener('exit', endLeft);
  }
}

function countsOf(tokens) {
  const lines = processes().map((one) => commandLine(one.pid).split(' '));
  return tokens.map((token) => lines.filter((words) => words.includes(token)).length);
}

/** Exactly those, until two looks have found nobody: some fork while they are ended. */
function endAll(tokens) {
  const endAt = Date.now() + END_WITHIN_MS;
  for (let emptyLooks = 0; emptyLooks < 2 && Date.now() < endAt; ) {
    const left = processes().filter((one) => isOneOf(one, tokens));
    emptyLooks = left.length === 0 ? emptyLooks + 1 : 0;
    for (const signal of ['SIGSTOP', 'SIGKILL']) {
      for (const one of left) if (isAlive(one) && isOneOf(one, tokens)) send(one.pid, signal);
    }
  }
}

function isOneOf({ pid }, tokens) {
  const words = commandLine(pid).split(' ');
  return tokens.some((token) => words.includes(token));
}

function processes() {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => identityOf(Number(pid)) ?? []);
}

function send(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
