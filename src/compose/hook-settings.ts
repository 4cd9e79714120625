// Owns the installation of our hooks in the settings of an agent program: what is there is kept, and a file that cannot be
// understood is left alone.
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hookCommand, type Hooks } from '../agents/hook.ts';
import { fields, type Fields } from '../agents/json.ts';
import { DroverError } from '../core/error.ts';
import { ownEnvironment } from '../host/agent-environment.ts';
import { describeError, errorCode } from '../host/system-error.ts';

export interface HookInstallation {
  readonly path: string;
  /** of the whole file, as it is to be */
  readonly text: string;
  /** it is like that already */
  readonly isCurrent: boolean;
  /** @throws DroverError `NOT_POSSIBLE` */
  write(): void;
}

/**
 * @param quote for a shell
 * @throws DroverError `NOT_POSSIBLE` where what is there cannot be read or understood
 */
export function hookInstallation(
  agent: string,
  hooks: Hooks,
  { cwd, quote }: { readonly cwd: string; readonly quote: (word: string) => string },
): HookInstallation {
  const env = ownEnvironment();
  const named = hooks.settingsFile({ home: env['HOME'] ?? homedir(), cwd, env });
  const path = behindLinks(named);
  const before = readIfThere(path);
  const script = fileURLToPath(new URL('../cli/main.js', import.meta.url));
  const command = hookCommand(`${quote(process.execPath)} ${quote(script)}`, agent);
  const settings = hooks.install(before === null ? {} : parse(path, before), command);
  if (settings === null) {
    throw unusable(path, 'its "hooks" have a form that is not known', 'look at it by hand');
  }
  const text = `${JSON.stringify(settings, null, 2)}\n`;
  return { path, text, isCurrent: before === text, write: () => write(path, { before, text }) };
}

/** Dotfiles are often links into a repository: the file there is replaced, and the link stays. */
function behindLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    if (!isLink) return path;
    const hint = 'make the file that it leads to (an empty one is enough), or remove the link';
    throw unusable(path, 'it is a symbolic link to nothing that can be reached', hint, error);
  }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw unusable(path, describeError(error, path), 'give yourself access to it', error);
  }
}

function parse(path: string, text: string): Fields {
  if (text.trim() === '') return {};
  const hint =
    'mend it, or put in by hand what drover hook install AGENT --print shows for an empty file';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error);
    throw unusable(path, `it is no JSON (${because}), and nothing was changed`, hint, error);
  }
  const settings = fields(value);
  if (settings === null) throw unusable(path, 'it holds no object, and nothing was changed', hint);
  return settings;
}

/** Nobody's change is lost: whoever has written since it was read is left his file. */
function write(
  path: string,
  { before, text }: { readonly before: string | null; readonly text: string },
): void {
  const temporary = `${path}.drover.tmp`;
  let isChanged = false;
  try {
    mkdirSync(dirname(path), { recursive: true });
    const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0o600;
    writeFileSync(temporary, text, { mode: mode & 0o777 });
    isChanged = readIfThere(path) !== before;
    if (isChanged) rmSync(temporary);
    else renameSync(temporary, path);
  } catch (error) {
    throw unusable(path, describeError(error, path), 'give yourself access to it', error);
  }
  if (isChanged) throw unusable(path, 'somebody has just changed it', 'run this command again');
}

function unusable(path: string, because: string, hint: string, cause?: unknown): DroverError {
  return new DroverError('NOT_POSSIBLE', {
    message: `the settings ${path} cannot be used: ${because}`,
    hint,
    at: path,
    cause,
  });
}
