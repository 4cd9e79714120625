// Owns the service of a herd: its text for this machine and this installation, and its file.
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { ownEnvironment } from '../host/agent-environment.ts';
import {
  isEnabled,
  isManagerThere,
  readServiceState,
  removeServiceFile,
  serviceFile,
  serviceManager,
  type ServiceManager,
  type ServiceState,
  writeServiceFile,
} from '../host/service-file.ts';
import { launchAgent, systemdUnit } from '../host/service-unit.ts';

export interface Service {
  readonly name: string;
  readonly manager: ServiceManager;
  readonly path: string;
  readonly text: string;
  /** false: nothing on this machine reads such a file */
  readonly managed: boolean;
  state(): ServiceState;
  /** whether it starts by itself; launchd starts whatever lies there */
  enabled(): boolean;
  /** @throws DroverError `NOT_POSSIBLE` where somebody else's file is there; errors of the operating system */
  write(): void;
  /** @returns what was removed, or with `dryRun` would be; @throws as `write` */
  remove(dryRun: boolean): string[];
}

/** Where the supervisor has none itself. */
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/**
 * @param isDefault whether it is the state directory that commands take where none is named: others have services beside it
 * @throws DroverError `NOT_POSSIBLE` where a path cannot be written into such a file
 */
export function serviceOf(stateDir: string, isDefault: boolean): Service {
  const environment = ownEnvironment();
  const name = isDefault ? 'drover' : `drover-${shortHash(stateDir)}`;
  const manager = serviceManager();
  const script = fileURLToPath(new URL('../cli/main.js', import.meta.url));
  const plan = {
    name,
    argv: [process.execPath, script, 'up', '--quiet', '--state', stateDir] as const,
    stateDir,
    path: environment['PATH'] ?? DEFAULT_PATH,
    logPath: `${stateDir}/supervisor.log`,
  };
  const text = manager === 'systemd' ? systemdUnit(plan) : launchAgent(plan);
  const file = serviceFile(manager, name, environment);
  return {
    name,
    manager,
    path: file.path,
    text,
    managed: isManagerThere(manager),
    state: () => readServiceState(file, text),
    enabled: () =>
      manager === 'launchd' ? readServiceState(file, text) !== 'absent' : isEnabled(file),
    write: () => writeServiceFile(file, text),
    remove: (dryRun) => removeServiceFile(file, text, dryRun),
  };
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
