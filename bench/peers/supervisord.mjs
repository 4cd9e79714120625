// Owns the peer supervisord: a daemon that keeps programs running. It has no queue and no cap.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { until } from '../lab.mjs';
import { openPlace, versionOf } from './place.mjs';

/** Three pipes and a log for each program. */
const FILES = 4_096;

export const supervisord = {
  name: 'supervisord',
  install: 'apt-get install supervisor',
  version: () => versionOf('supervisord', ['--version'], /^(\d\S*)/),
  isQueue: false,
  open(lab) {
    const place = openPlace(lab);
    const file = `${place.dir}/supervisord.conf`;
    const log = `${place.dir}/supervisord.log`;
    let child;
    const control = async (...words) => await place.run('supervisorctl', ['-c', file, ...words]);
    const start = async () => {
      child = place.start('supervisord', ['-n', '-c', file]);
      await until('supervisord answers', async () => (await control('pid')).exitCode === 0);
    };
    return {
      marker: place.marker,
      async begin(tasks) {
        writeFileSync(file, configuration(place.dir, place.writeTasks(tasks)), { mode: 0o600 });
        await start();
      },
      main: () => child.pid,
      restart: start,
      /** Its clients are told only that a program has ended; its log says how. */
      async exitCode(task) {
        if (!existsSync(log)) return null;
        const line = new RegExp(`exited: n${task} \\(exit status (\\d+);`, 'g');
        const code = [...readFileSync(log, 'utf8').matchAll(line)].at(-1)?.[1];
        return code === undefined ? null : Number(code);
      },
      stop: async () => {
        await control('stop', 'all');
      },
    };
  },
};

/** No port is opened. Programs are asked to end, and killed, with their whole process group. */
function configuration(dir, paths) {
  const socket = `${dir}/supervisor.sock`;
  const programs = paths.map(
    (path, n) => `[program:n${n}]
command=/bin/sh ${path}
startsecs=0
autorestart=false
stopwaitsecs=1
stopasgroup=true
killasgroup=true
redirect_stderr=true
`,
  );
  return `[unix_http_server]
file=${socket}
chmod=0600
[supervisord]
logfile=${dir}/supervisord.log
pidfile=${dir}/supervisord.pid
childlogdir=${dir}
minfds=${FILES}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${socket}
${programs.join('')}`;
}
