// Owns how a question is put to all peers: one after the other, each in a place of its own that is empty afterwards. Who is
// absent or breaks has a word instead of an answer.
import { endProcessesWith, isAlive } from '../../demo/processes.mjs';
import { until } from '../lab.mjs';

export const ABSENT = 'absent';
const BROKE = 'broke';

/**
 * @typedef {object} Line a row of the table: one cell for each column
 * @property {string} what
 * @property {string} unit of the cells that are numbers
 * @property {readonly (number | string)[]} cells
 */

/** @param ask is given a place (place.mjs) and the peer. @returns an answer of each, in their order; a string: why there is none */
export async function askEach(lab, peers, ask) {
  const answers = [];
  for (const peer of peers) answers.push(await askOne(lab, peer, ask));
  return answers;
}

/** As `askEach`, for questions in which nobody's time is taken. */
export async function askAllAtOnce(lab, peers, ask) {
  return await Promise.all(peers.map((peer) => askOne(lab, peer, ask)));
}

async function askOne(lab, peer, ask) {
  if (peer.version === null) return ABSENT;
  process.stderr.write(`  ${peer.name}\n`);
  const place = peer.open(lab);
  try {
    return await ask(place, peer);
  } catch (error) {
    process.stderr.write(`${peer.name}: ${error.stack}\n`);
    return BROKE;
  } finally {
    endProcessesWith(place.marker);
  }
}

/** @param pick the cell that an answer becomes @returns {Line} */
export function line(what, unit, answers, pick) {
  const cells = answers.map((answer) => (typeof answer === 'string' ? answer : pick(answer)));
  return { what, unit, cells };
}

/** Kills exactly this process, and waits until it is gone. @returns {Promise<number>} when the signal was sent, epoch ms */
export async function kill(one) {
  if (one === null || !isAlive(one)) throw new Error('who is to be killed has gone');
  const at = Date.now();
  process.kill(one.pid, 'SIGKILL');
  await until('it is gone', () => !isAlive(one));
  return at;
}
