// Owns the port RunDirs: where the run directory of an attempt lies, and what can be done with it.
import type { AttemptKey, Clock, RunDirs } from '../ports.ts';
import { attemptEnvironment, type Environment } from './agent-environment.ts';
import { askGoal, type GoalAnswer } from './check-goal.ts';
import type { HostProcessTable } from './host-process-table.ts';
import { createFifoStock } from './fifo-stock.ts';
import { lifeHolders } from './life-line.ts';
import { createRunLook, outputPaths, runDirPath } from './run-look.ts';
import { seizeClaim } from './run-records.ts';
import { createRunWatch } from './run-watch.ts';
import { makeRunDir, startAttempt, writeDeadlineFile } from './start-attempt.ts';
import { describeError } from './system-error.ts';
import { trimStream } from './trim-output.ts';

export interface RunDirsOptions {
  /** absolute; holds `<dispatch>.<fence>/` */
  readonly runsDir: string;
  /** absolute; told to agents, so that the commands that they call find their herd */
  readonly stateDir: string;
  readonly processTable: HostProcessTable;
  readonly clock: Clock;
  /** the supervisor's */
  readonly environment: Environment;
}

export function createRunDirs(options: RunDirsOptions): RunDirs {
  const { runsDir, stateDir, environment } = options;
  const lifeLines = createFifoStock(`${runsDir}/.life-lines`);
  const starting = { ...options, lifeLines, umask: process.umask().toString(8) };
  const watches = createRunWatch();
  const looks = createRunLook(runsDir);
  const dirOf = (key: AttemptKey) => runDirPath(runsDir, key);

  return {
    look: (key) => looks.look(dirOf(key), key.fence),

    lifeHolders: (key) =>
      lifeHolders(`${dirOf(key)}/life`, (pid) => options.processTable.identify(pid)),

    async spawn(order) {
      const dir = dirOf(order);
      try {
        makeRunDir(dir);
        const shimStarted = () => watches.ownShim(dir);
        return await startAttempt(dir, order, { ...starting, shimStarted });
      } catch (error) {
        return { kind: 'failed', because: describeError(error, dir) };
      }
    },

    seize(key) {
      try {
        makeRunDir(dirOf(key));
      } catch {
        return 'unknown';
      }
      return seizeClaim(dirOf(key), key.fence);
    },

    async checkGoal(order): Promise<GoalAnswer> {
      const { doneWhen, cwd } = order.spec;
      const runDir = dirOf(order);
      if (doneWhen === null) return { goal: 'unknown', because: 'it has no done_when' };
      try {
        makeRunDir(runDir);
        const planned = attemptEnvironment(order, environment, { runDir, stateDir });
        if (planned.kind === 'refused') return { goal: 'unknown', because: planned.reason };
        const logPath = `${runDir}/goal.log`;
        return await askGoal({ doneWhen, cwd, environment: planned.environment, logPath });
      } catch (error) {
        return { goal: 'unknown', because: describeError(error, runDir) };
      }
    },

    writeDeadline(key, deadline) {
      try {
        writeDeadlineFile(dirOf(key), deadline);
      } catch {
        // A courtesy to the agent: the deadline that counts is in the ledger, and the next extension writes it again.
      }
    },

    trimOutput: (key, bytesMax) =>
      outputPaths(dirOf(key)).reduce((sum, path) => sum + trimStream(path, bytesMax), 0),

    watch: (key, wake) => watches.watch(dirOf(key), wake),

    unwatch(key) {
      watches.unwatch(dirOf(key));
      looks.forget(dirOf(key));
    },
  };
}
