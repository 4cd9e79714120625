// Owns the port RunDirs: where the run directory of an attempt lies, and what can be done with it.
import type { Deadline } from '../core/dispatch.ts';
import { MARK_VARIABLE, helperMark } from '../core/identity.ts';
import type { AttemptKey, Clock, RunDirs, SpawnOrder } from '../ports.ts';
import { attemptEnvironment, type Environment } from './agent-environment.ts';
import { askGoal, type GoalAnswer } from './check-goal.ts';
import type { HostCgroups } from './cgroups.ts';
import type { HostProcessTable } from './host-process-table.ts';
import { lifeHolders } from './life-line.ts';
import { type HolderLook, readOperations } from './operation-files.ts';
import { replaceFile } from './replace-file.ts';
import { makeRunDir, runDirPath } from './run-dir.ts';
import { createRunLook, outputPath, outputPaths } from './run-look.ts';
import { recordPath, seizeClaim } from './run-records.ts';
import { createRunWatch } from './run-watch.ts';
import { deadlineText, startAttempt } from './start-attempt.ts';
import type { Starter } from './starter.ts';
import { createStreamLines } from './stream-lines.ts';
import { describeError, failureOf } from './system-error.ts';
import { readRefusal } from './tool-refusal.ts';
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
  /** null: containment tier subreaper is not available here */
  readonly starter: Starter | null;
  readonly cgroups: HostCgroups;
}

export function createRunDirs(options: RunDirsOptions): RunDirs {
  const { runsDir } = options;
  const starting = { ...options, umask: process.umask().toString(8) };
  const watches = createRunWatch();
  const looks = createRunLook(runsDir);
  const streams = createStreamLines();
  const holders = holdersOf(options);
  const dirOf = (key: AttemptKey) => runDirPath(runsDir, key);
  const outputsOf = (key: AttemptKey) => outputPaths(dirOf(key));
  const recordOf = (key: AttemptKey) => recordPath(dirOf(key), key.fence);

  return {
    look: (key) => looks.look(dirOf(key), key.fence),

    lifeHolders: (key) =>
      lifeHolders(`${dirOf(key)}/life`, (pid) => options.processTable.identify(pid)),

    make(key) {
      try {
        makeRunDir(dirOf(key));
        return null;
      } catch (error) {
        return describeError(error, dirOf(key));
      }
    },

    async spawn(order, shimTold) {
      const dir = dirOf(order);
      const record = recordOf(order);
      // Only the shim of tier subreaper waits for more than its agent, and only if it is told to stay.
      const waits = order.containment === 'subreaper' && order.spec.leftovers === 'end';
      watches.ownShim(record);
      try {
        const result = await startAttempt(dir, order, starting, (word) => {
          if (word !== 'exited') watches.ownShimEnded(record, word);
          shimTold(waits && word === 'ended' ? 'emptied' : 'news');
        });
        watches.outputIsThere(record);
        return result;
      } catch (error) {
        return { kind: failureOf(error), because: describeError(error, dir) };
      }
    },

    seize: (key) => seizeClaim(dirOf(key), key.fence),

    checkGoal: (order) => checkGoal(dirOf(order), order, options),

    operations: (key) => readOperations(dirOf(key), holders),

    toolsRefused: (key) => readRefusal(dirOf(key)),

    async evidenceFiles(globs, cwd) {
      if (globs.length === 0) return { kind: 'seen', value: new Map() };
      const { lookAtEvidenceFiles } = await loadEvidenceFiles();
      return await lookAtEvidenceFiles(globs, cwd, { ours: options.stateDir });
    },

    readLines: (key, place) => streams.read(outputPath(dirOf(key), place.stream), place),

    writeDeadline: (key, deadline) => writeDeadline(dirOf(key), deadline),

    trimOutput: (key, bytesMax) =>
      outputsOf(key).reduce((sum, path) => sum + trimStream(path, bytesMax), 0),

    watch: (key, wake, wrote) =>
      watches.watch(recordOf(key), wake, { paths: outputsOf(key), wrote }),

    unwatch(key) {
      watches.unwatch(recordOf(key));
      looks.forget(dirOf(key));
      streams.forget(outputsOf(key));
    },
  };
}

function holdersOf({ processTable, clock }: RunDirsOptions): HolderLook {
  return { sight: (holder) => processTable.sight(holder), clock };
}

function writeDeadline(runDir: string, deadline: Deadline): void {
  try {
    replaceFile(`${runDir}/deadline.json`, deadlineText(deadline));
  } catch {
    // A courtesy to the agent: the deadline that counts is in the ledger, and the next extension writes it again.
  }
}

async function checkGoal(
  runDir: string,
  order: SpawnOrder,
  { environment, stateDir }: RunDirsOptions,
): Promise<GoalAnswer> {
  const { doneWhen, cwd } = order.spec;
  if (doneWhen === null) return { goal: 'unknown', because: 'it has no done_when' };
  try {
    const planned = attemptEnvironment(order, environment, { runDir, stateDir });
    if (planned.kind === 'refused') return { goal: 'unknown', because: planned.reason };
    const logPath = `${runDir}/goal.log`;
    const mark = { [MARK_VARIABLE]: helperMark(order.mark) };
    return await askGoal({
      doneWhen,
      cwd,
      environment: { ...planned.environment, ...mark },
      logPath,
    });
  } catch (error) {
    return { goal: 'unknown', because: describeError(error, runDir) };
  }
}

/** Of use ahead of the need, for it is loaded with the first dispatch that names such files. */
export async function loadEvidenceFiles(): Promise<typeof import('./evidence-files.ts')> {
  return await import('./evidence-files.ts');
}
