// Owns what an agent gets to see of the world: its environment, and whether its program and directory are there at all.
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { MARK_OFF, MARK_VARIABLE } from '../core/identity.ts';
import type { SpawnOrder } from '../ports.ts';
import { errorCode } from './system-error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Our own, read once: each look into `process.env` is a call into the C library. */
export function ownEnvironment(): Environment {
  return { ...process.env };
}

/** What an agent inherits from its attempt, and a supervisor that is started from inside it must not. */
const OF_AN_ATTEMPT = ['DROVER_MARK', 'DROVER_DISPATCH', 'DROVER_ATTEMPT', 'DROVER_RUN_DIR'];

/** Our own, as if no attempt were around us: for a supervisor that is started from inside of one. */
export function environmentOfNoAttempt(): Environment {
  const environment = { ...process.env };
  for (const name of OF_AN_ATTEMPT) delete environment[name];
  // It outlives the attempt on purpose, and none of its children inherits this.
  environment[MARK_VARIABLE] = MARK_OFF;
  return environment;
}

/** `ready`: it can be started. `refused`: it cannot, however often it is tried; the reason is a sentence. */
export type StartPlan =
  | { readonly kind: 'ready'; readonly environment: Record<string, string> }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * What passes from the supervisor's environment to every agent: who and where the user is, how text and time look, how
 * the network is reached. Everything else has to be named in `env` or `env_from`, for a supervisor is often started from
 * a shell full of secrets, or from inside another agent (docs/decisions/0004-sh-shim.md).
 */
const PASSED_THROUGH = new Set(
  [
    'PATH HOME USER LOGNAME SHELL LANG LANGUAGE TMPDIR TZ TERM SSH_AUTH_SOCK',
    'HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY FTP_PROXY',
    'http_proxy https_proxy no_proxy all_proxy ftp_proxy',
    'SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS REQUESTS_CA_BUNDLE CURL_CA_BUNDLE GIT_SSL_CAINFO AWS_CA_BUNDLE',
  ].flatMap((names) => names.split(' ')),
);
const PASSED_PREFIXES = ['LC_', 'XDG_'];

/** Where the supervisor has none itself: what POSIX systems have, and where people install. */
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/** A shell between us and the agent drops variables with other names (dash does, silently). */
const SHELL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Builds the environment of an attempt, or says why it cannot be built, and checks that its directory is there.
 *
 * @throws errors of the operating system that say nothing about the order (EIO, EMFILE): it may be tried again
 */
export function attemptEnvironment(
  order: SpawnOrder,
  supervisor: Environment,
  place: { readonly runDir: string; readonly stateDir: string },
): StartPlan {
  const { spec, plan } = order;
  const refused = checkNames(order, supervisor) ?? checkDirectory(spec.cwd);
  if (refused !== null) return { kind: 'refused', reason: refused };
  const environment = inherit(supervisor, plan?.envNames ?? []);
  environment['PWD'] = spec.cwd;
  Object.assign(environment, plan?.env);
  for (const name of spec.envFrom) environment[name] = supervisor[name]!;
  Object.assign(environment, spec.env);
  environment[MARK_VARIABLE] = order.mark;
  environment['DROVER_DISPATCH'] = order.dispatch;
  environment['DROVER_ATTEMPT'] = String(order.attempt);
  environment['DROVER_RUN_DIR'] = place.runDir;
  environment['DROVER_STATE_DIR'] = place.stateDir;
  return { kind: 'ready', environment };
}

/** As `attemptEnvironment`; and checks that there is something to run. */
export function planStart(...given: Parameters<typeof attemptEnvironment>): StartPlan {
  const [order] = given;
  if (order.refusal !== null) return { kind: 'refused', reason: order.refusal };
  const planned = attemptEnvironment(...given);
  if (planned.kind === 'refused') return planned;
  const argv = argvOf(order);
  const [program] = argv;
  if (program === undefined || program === '') {
    return { kind: 'refused', reason: 'there is nothing to run' };
  }
  if (argv.some(holdsNul)) {
    return { kind: 'refused', reason: 'an argument holds a NUL byte, which no program can get' };
  }
  const missing = checkProgram(program, planned.environment['PATH']!, order.spec.cwd);
  if (missing === null) return planned;
  if (order.plan === null) return { kind: 'refused', reason: missing };
  const reason = `the agent ${order.spec.agent} cannot be started: ${missing}; see drover doctor`;
  return { kind: 'refused', reason };
}

/** What is run: as an adapter planned it, else as the dispatch says. */
export function argvOf({ plan, spec }: SpawnOrder): readonly string[] {
  return plan?.argv ?? spec.run;
}

/** What passes to every agent, by the environment that it is of: hundreds of starts are made from one. */
const passed = new WeakMap<Environment, Readonly<Record<string, string>>>();

/** @param more names that pass as well. A blank value is left out: there are programs that stumble over one. */
function inherit(supervisor: Environment, more: readonly string[]): Record<string, string> {
  const known = passed.get(supervisor) ?? passedThrough(supervisor);
  passed.set(supervisor, known);
  const environment = { ...known };
  for (const name of more) {
    const value = Object.hasOwn(supervisor, name) ? supervisor[name] : undefined;
    if (value !== undefined && value !== '' && SHELL_NAME.test(name)) environment[name] = value;
  }
  return environment;
}

function passedThrough(supervisor: Environment): Record<string, string> {
  const environment: Record<string, string> = { PATH: DEFAULT_PATH };
  for (const [name, value] of Object.entries(supervisor)) {
    const passes =
      PASSED_THROUGH.has(name) || PASSED_PREFIXES.some((prefix) => name.startsWith(prefix));
    if (passes && value !== undefined && SHELL_NAME.test(name)) environment[name] = value;
  }
  return environment;
}

function checkNames({ spec, plan }: SpawnOrder, supervisor: Environment): string | null {
  const values = Object.entries({ ...plan?.env, ...spec.env });
  for (const name of [...spec.envFrom, ...values.map(([given]) => given)]) {
    if (!SHELL_NAME.test(name)) {
      return `"${name}" is no name for an environment variable: use letters, digits and underscores`;
    }
  }
  for (const [name, value] of values) {
    if (holdsNul(value)) return `the value of ${name} holds a NUL byte, which no program can get`;
  }
  for (const name of spec.envFrom) {
    if (name.startsWith('DROVER_')) return `env_from names ${name}, which is Drover's own`;
    if (supervisor[name] === undefined) {
      return `env_from names ${name}, which is not set in the supervisor's environment`;
    }
  }
  return null;
}

function holdsNul(text: string): boolean {
  return text.includes('\0');
}

function checkDirectory(cwd: string): string | null {
  const stat = statIfThere(cwd);
  if (stat === undefined) return `the working directory ${cwd} cannot be found`;
  if (!stat.isDirectory()) return `the working directory ${cwd} is not a directory`;
  return mayUse(cwd) ? null : `the working directory ${cwd} may not be entered`;
}

/** As execvp looks for it: a name with a slash is a path (from the working directory), others are looked for in PATH. */
function checkProgram(program: string, path: string, cwd: string): string | null {
  if (program.includes('/')) {
    const file = resolve(cwd, program);
    const stat = statIfThere(file);
    if (stat === undefined) return `the program ${file} does not exist`;
    if (!stat.isFile()) return `the program ${file} is not a file`;
    return mayUse(file) ? null : `the program ${file} is not executable`;
  }
  let notExecutable: string | null = null;
  for (const directory of path.split(delimiter)) {
    const file = resolve(cwd, directory, program);
    if (statIfThere(file)?.isFile() !== true) continue;
    if (mayUse(file)) return null;
    notExecutable ??= file;
  }
  if (notExecutable !== null) return `the program ${notExecutable} is not executable`;
  return `there is no program "${program}" in PATH (${path})`;
}

function mayUse(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EACCES' || code === 'EPERM' || code === 'ENOENT') return false;
    throw error;
  }
}

/** undefined: not there, or not to be reached by us. Other errors say nothing about the file and are thrown. */
function statIfThere(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EACCES' || code === 'ELOOP' || code === 'ENAMETOOLONG') return undefined;
    throw error;
  }
}
