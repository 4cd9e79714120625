// Owns the peer task-spooler: a server that is started by its first client, and a client that waits with each task.
import { mkdirSync } from 'node:fs';
import { NOTHING } from '../lab.mjs';
import { openPlace, versionOf } from './place.mjs';

export const taskSpooler = {
  name: 'task-spooler',
  install: 'apt-get install task-spooler',
  version: () => versionOf('tsp', ['-V'], /Task Spooler v?(\S+)/),
  isQueue: true,
  /** Its own server each time, ended within the time that counts, as drover's is. */
  async noOps(lab, count, slots) {
    const dir = lab.freshDir();
    mkdirSync(`${dir}/output`);
    const script = `tsp -S ${slots}
    i=0; while [ $i -lt ${count} ]; do tsp ${NOTHING} >/dev/null; i=$((i + 1)); done
    tsp -w; tsp -K`;
    return await lab.time('sh', ['-c', script], {
      TS_SOCKET: `${dir}/socket`,
      TMPDIR: `${dir}/output`,
    });
  },
  open(lab) {
    const place = openPlace(lab, { TS_SOCKET: `${lab.freshDir()}/socket` });
    let server;
    let slots;
    let count;
    const start = async () => {
      const before = new Set(place.processes().map(({ pid }) => pid));
      await place.run('tsp', ['-S', String(slots)]);
      server = place.processes().find(({ pid }) => !before.has(pid)).pid;
    };
    /** Of each task, with its number as the argument. */
    const forEach = async (action) =>
      await place.run('sh', [
        '-c',
        `i=0; while [ $i -lt ${count} ]; do ${action} >&2; i=$((i + 1)); done`,
      ]);
    return {
      marker: place.marker,
      async begin(tasks, cap) {
        [slots, count] = [cap, tasks.length];
        place.writeTasks(tasks);
        await start();
        await forEach(`tsp sh '${place.dir}'/tasks/n$i`);
      },
      main: () => server,
      restart: start,
      async exitCode(task) {
        const { output } = await place.run('tsp', ['-i', String(task)]);
        const code = /exit code (-?\d+)/.exec(output)?.[1];
        return code === undefined ? null : Number(code);
      },
      stop: async () => {
        await forEach('tsp -k $i');
      },
    };
  },
};
