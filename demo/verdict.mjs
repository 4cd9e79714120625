// Owns the closing table: what the demo claims, held against the witness. What Drover says of itself is
// only compared with it.
import { heading, paint, say, showTable } from './narrator.mjs';
import { isAlive } from './processes.mjs';
import { markedProcesses } from './witness.mjs';

/** How each run of a dispatch must have ended by its own journal, and what Drover must say of it. */
const EXPECTED = {
  busy: { ends: ['code 0'], says: 'succeeded' },
  stuck: { ends: ['SIGTERM'], says: 'stopped (stalled)' },
  forker: { ends: ['SIGTERM'], says: 'stopped (cancelled)' },
  flaky: { ends: ['code 1', 'code 0'], says: 'succeeded' },
  long: { ends: ['code 0'], says: 'succeeded' },
  'quick-1': { ends: ['code 0'], says: 'succeeded' },
  'quick-2': { ends: ['code 0'], says: 'succeeded' },
  'quick-3': { ends: ['code 0'], says: 'succeeded' },
  last: { ends: ['code 0'], says: 'succeeded' },
};
const SLOTS = 4;

/** Prints the table. @returns {Promise<boolean>} is every line of it true? */
export async function judge(show) {
  heading('What the agents wrote down themselves, and what the process table says');
  const dispatches = await judgeDispatches(show);
  say();
  const claims = await judgeClaims(show);
  const isTrue = [...dispatches, ...claims].every(Boolean);
  say();
  say(isTrue ? paint('Every line is true.', 'green') : paint('Not every line is true.', 'red'));
  return isTrue;
}

async function judgeDispatches({ stage, witness }) {
  const { stdout } = await stage.drover('ps', '--all', '--json');
  const said = new Map(JSON.parse(stdout).map((dispatch) => [dispatch.name, dispatch]));
  const judged = Object.entries(EXPECTED).map(([name, expected]) => {
    const starts = witness.starts(name);
    const ends = witness.ends(name);
    const words = saidWord(said.get(name));
    const isTrue =
      starts.length === expected.ends.length &&
      new Set(starts.map(({ mark }) => mark)).size === starts.length &&
      ends.join() === expected.ends.join() &&
      words === expected.says &&
      hasLastCode(said.get(name), ends);
    const cells = [
      name,
      String(expected.ends.length),
      String(starts.length),
      ends.join(', '),
      words,
    ];
    return { isTrue, cells: [...cells, verdictWord(isTrue)] };
  });
  const titles = ['DISPATCH', 'RUNS DUE', 'RUNS', 'ENDED BY', 'DROVER SAYS', ''];
  showTable([titles, ...judged.map(({ cells }) => cells)]);
  return judged.map(({ isTrue }) => isTrue);
}

function saidWord(dispatch) {
  if (dispatch === undefined) return 'nothing';
  return dispatch.cause === null
    ? String(dispatch.outcome)
    : `${dispatch.outcome} (${dispatch.cause})`;
}

/** What ended by itself must be on Drover's record with the very code. */
function hasLastCode(dispatch, ends) {
  const code = /^code (\d+)$/.exec(ends.at(-1) ?? '')?.[1];
  return code === undefined || dispatch?.exitCode === Number(code);
}

async function judgeClaims({ stage, witness, kept, tree, startsBefore, startsAfter }) {
  const everybody = witness.everybody();
  const mark = witness.starts('busy')[0]?.mark ?? 'none.';
  const marked = markedProcesses(mark);
  const left = everybody.filter((one) => isAlive(one));
  const most = witness.mostAtOnce(Object.keys(EXPECTED));
  const pools = JSON.parse((await stage.drover('pools', '--json')).stdout);
  const held = pools.reduce((sum, { used }) => sum + used, 0);
  const own = kept.every(({ name, agent }) =>
    witness.starts(name).every((one) => one.pid === agent.pid),
  );
  const claims = [
    [own, `the ${kept.length} agents that outlived the supervisor were never started again`],
    [most <= SLOTS, `at most ${most} agents ran at once, with ${SLOTS} slots`],
    [
      tree.every((one) => !isAlive(one)),
      `of the ${tree.length} processes of the stopped tree none is left`,
    ],
    [
      left.length === 0,
      `of the ${everybody.length} processes that ever started ${left.length} are left`,
    ],
    [marked.length === 0, `${marked.length} processes carry a mark of this herd`],
    [held === 0, `${held} slots are held`],
    [startsBefore === startsAfter, `the last run started ${startsAfter - startsBefore} processes`],
  ];
  showTable([['CLAIM', ''], ...claims.map(([isTrue, text]) => [text, verdictWord(isTrue)])]);
  return claims.map(([isTrue]) => isTrue);
}

function verdictWord(isTrue) {
  return isTrue ? 'true' : 'NOT TRUE';
}
