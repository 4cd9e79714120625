// Owns the peers that work through a list and are gone with it: GNU parallel, `xargs -P`, and a loop in Node.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NOTHING } from '../lab.mjs';
import { openPlace, versionOf } from './place.mjs';

/** It takes the shell that it was called from; this one becomes the job, where others wait for it. */
const SHELL = existsSync('/bin/bash') ? { PARALLEL_SHELL: '/bin/bash' } : {};
const LOOP = fileURLToPath(new URL('../spawn-loop.mjs', import.meta.url));

export const parallel = {
  name: 'GNU parallel',
  install: 'apt-get install parallel',
  version: () => versionOf('parallel', ['--version'], /^GNU parallel (\S+)/),
  isQueue: true,
  async noOps(lab, count, slots) {
    const dir = lab.freshDir();
    const numbers = Array.from({ length: count }, (_, n) => String(n));
    const options = [`-j${slots}`, '--joblog', `${dir}/joblog`, '--results', `${dir}/results`];
    return await lab.time('parallel', [...options, NOTHING, ':::', ...numbers], {
      HOME: dir,
      ...SHELL,
    });
  },
  open(lab) {
    const words = ({ dir, list }, slots) => {
      const options = [`-j${slots}`, '--joblog', `${dir}/joblog`, '--resume'];
      return ['parallel', ...options, 'sh', '{}', '::::', list];
    };
    const place = openList(lab, words, SHELL);
    // It asks the jobs to end, thrice, and kills them.
    const stop = () => place.end((pid) => process.kill(pid, 'SIGTERM'));
    return { ...place, stop, exitCode: async (task) => loggedCode(`${place.dir}/joblog`, task) };
  },
};

export const xargs = {
  name: 'xargs -P',
  install: 'apt-get install findutils',
  version: () => versionOf('xargs', ['--version'], /GNU findutils\) (\S+)/),
  isQueue: true,
  noOps: async (lab, count, slots) =>
    await lab.time('sh', ['-c', `seq ${count} | xargs -n 1 -P ${slots} ${NOTHING}`]),
  open: (lab) =>
    withoutRecord(
      openList(lab, ({ list }, slots) => {
        return ['xargs', '-a', list, '-d', String.raw`\n`, '-n', '1', '-P', String(slots), 'sh'];
      }),
    ),
};

export const spawnLoop = {
  name: 'spawn loop',
  install: '',
  version: () => process.version.slice(1),
  isQueue: true,
  noOps: async (lab, count, slots) =>
    await lab.time(process.execPath, [LOOP, String(count), String(slots), NOTHING]),
  open: (lab) =>
    withoutRecord(
      openList(lab, ({ dir, count }, slots) => {
        const numbers = [String(count), String(slots)];
        return [process.execPath, LOOP, ...numbers, 'sh', `${dir}/tasks/n{}`];
      }),
    ),
};

/** Nobody says how a task ended; what a terminal ends with Ctrl-C is the process group. */
function withoutRecord(place) {
  const stop = () => place.end((pid) => process.kill(-pid, 'SIGTERM'));
  return { ...place, stop, exitCode: async () => null };
}

/** @param words the command line; the same again is all that its user can do after a crash */
function openList(lab, words, more = {}) {
  const place = openPlace(lab, more);
  const list = `${place.dir}/list`;
  let child;
  let command;
  const start = () => {
    child = place.start(command[0], command.slice(1));
  };
  return {
    dir: place.dir,
    marker: place.marker,
    async begin(tasks, slots) {
      writeFileSync(list, `${place.writeTasks(tasks).join('\n')}\n`);
      command = words({ dir: place.dir, list, count: tasks.length }, slots);
      start();
    },
    main: () => child.pid,
    restart: async () => start(),
    end: async (signal) => {
      signal(child.pid);
      await child.ended;
    },
  };
}

/** Its log has a line for each job that has ended: number, host, times, bytes, exit code, signal, command. */
function loggedCode(joblog, task) {
  if (!existsSync(joblog)) return null;
  const lines = readFileSync(joblog, 'utf8').split('\n').slice(1);
  const fields = lines.map((line) => line.split('\t')).findLast(([n]) => Number(n) === task + 1);
  return fields === undefined ? null : Number(fields[6]);
}
