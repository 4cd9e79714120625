// Owns what tasks that bear witness have said (task.pl): who began when, who is alive, and the gates that they wait at.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isAlive } from '../../demo/processes.mjs';

const TASK = fileURLToPath(new URL('task.pl', import.meta.url));

/** @param {string} dir where journal and gates lie */
export function openJournal(dir) {
  const path = `${dir}/journal`;
  const gate = (name) => `${dir}/gate-${name}`;
  const begun = (name) => {
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
    return lines
      .map((line) => line.split(' '))
      .filter(([word, who]) => word === 'begin' && (name === undefined || who === name))
      .map(([, who, pid, startTime, at]) => {
        return { name: who, pid: Number(pid), startTime, at: Number(at) };
      });
  };
  return {
    /** The command of a task that waits at the gate of its name, and ends with `code`. */
    task: (name, code = 0) => ['perl', TASK, path, name, gate(name), String(code)],
    openGate: (name) => writeFileSync(gate(name), ''),
    /** Runs in the order in which they began, all or those of one task. */
    begun,
    alive: () => begun().filter((one) => isAlive(one)),
  };
}
