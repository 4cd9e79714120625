// Owns the file of the service: where the system looks for it, and putting it there or taking it away.
import { lstatSync, mkdirSync, readFileSync, readlinkSync, statSync, unlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute } from 'node:path';
import { DroverError } from '../core/error.ts';
import type { Environment } from './agent-environment.ts';
import { replaceFile } from './replace-file.ts';
import { WRITTEN_BY } from './service-unit.ts';

export type ServiceManager = 'systemd' | 'launchd';

export interface ServiceFile {
  readonly manager: ServiceManager;
  readonly path: string;
  /** of systemd: the link by which it starts with the user's manager; null: launchd has none */
  readonly link: string | null;
}

/** `current`: just that text. `other`: ours, and of another version or place. `foreign`: somebody else has written it. */
export type ServiceState = 'current' | 'other' | 'foreign' | 'absent';

export function serviceManager(): ServiceManager {
  return process.platform === 'darwin' ? 'launchd' : 'systemd';
}

export function serviceFile(
  manager: ServiceManager,
  name: string,
  environment: Environment,
): ServiceFile {
  const home = homedir();
  if (manager === 'launchd') {
    return { manager, path: `${home}/Library/LaunchAgents/${name}.plist`, link: null };
  }
  const xdg = environment['XDG_CONFIG_HOME'] ?? '';
  const dir = `${isAbsolute(xdg) ? xdg : `${home}/.config`}/systemd/user`;
  const path = `${dir}/${name}.service`;
  return { manager, path, link: `${dir}/default.target.wants/${name}.service` };
}

/** Whether anything on this machine reads such files. */
export function isManagerThere(manager: ServiceManager): boolean {
  // sd_booted(3)
  const place = manager === 'systemd' ? '/run/systemd/system' : '/Library/LaunchAgents';
  return statSync(place, { throwIfNoEntry: false }) !== undefined;
}

/** @throws errors of the operating system */
export function readServiceState({ path }: ServiceFile, text: string): ServiceState {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 'absent';
  // A link to /dev/null is a unit that its user has masked.
  if (!stat.isFile()) return 'foreign';
  const there = readFileSync(path, 'utf8');
  if (there === text) return 'current';
  return there.includes(WRITTEN_BY) ? 'other' : 'foreign';
}

export function isEnabled({ link }: ServiceFile): boolean {
  return link !== null && lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** @throws DroverError `NOT_POSSIBLE` where somebody else's file is there; errors of the operating system */
export function writeServiceFile(file: ServiceFile, text: string): void {
  refuseForeign(file, readServiceState(file, text));
  mkdirSync(dirname(file.path), { recursive: true });
  replaceFile(file.path, text);
}

/**
 * Takes the file away, and the link by which it started.
 *
 * @param dryRun removes nothing
 * @returns what was removed, or would be
 * @throws DroverError `NOT_POSSIBLE` where it is somebody else's; errors of the operating system
 */
export function removeServiceFile(file: ServiceFile, text: string, dryRun: boolean): string[] {
  const state = readServiceState(file, text);
  if (state === 'absent') return [];
  refuseForeign(file, state);
  const { path, link } = file;
  const linked =
    link !== null && isEnabled(file) && basename(readlinkSync(link)) === basename(path);
  // The link first: a file without a link is not started, a link without a file is a complaint at each start.
  const going = linked ? [link, path] : [path];
  if (!dryRun) for (const one of going) unlinkSync(one);
  return going;
}

function refuseForeign({ path }: ServiceFile, state: ServiceState): void {
  if (state !== 'foreign') return;
  throw new DroverError('NOT_POSSIBLE', {
    message: `${path} was not written by drover service install`,
    hint: 'move it away, or change it by hand: drover service install --print shows the text',
    at: path,
  });
}
