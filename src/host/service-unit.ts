// Owns the text of the service that keeps a supervisor: a systemd user unit, or a launchd agent. Pure. Its end is the end of
// the supervisor alone: whatever restarts or stops the service leaves the agents running.
import { DroverError } from '../core/error.ts';

export interface ServicePlan {
  /** `drover`, or with a suffix for another state directory */
  readonly name: string;
  /** absolute: program, script and the words after it */
  readonly argv: readonly [program: string, ...words: string[]];
  readonly stateDir: string;
  /** where the supervisor finds agents: a service manager has a PATH of its own */
  readonly path: string;
  /** launchd keeps no journal */
  readonly logPath: string;
}

/** In both texts, so that nothing is overwritten or removed that somebody else has written. */
export const WRITTEN_BY = 'Written by drover service install; drover service uninstall removes it.';

/** A supervisor that finds its place taken ends with 1, and is tried again: it takes over when the other one leaves. */
const RESTART_AFTER_S = 10;

/** @throws DroverError `NOT_POSSIBLE` where a path holds what a unit file cannot say */
export function systemdUnit({ argv, stateDir, path }: ServicePlan): string {
  const [program, ...words] = argv;
  // systemd puts variables into the arguments, and not into the name of the program.
  const command = [
    quoted(programName(program)),
    ...words.map(checked).map((word) => quoted(word.replaceAll('$', '$$$$'))),
  ];
  return `# ${WRITTEN_BY}
[Unit]
Description=Drover supervisor of ${percents(checked(stateDir))} (state directory)
StartLimitIntervalSec=0

[Service]
ExecStart=${command.join(' ')}
Environment=${quoted(`PATH=${checked(path)}`)}
# Only the supervisor gets a signal: agents go on when the service is stopped or restarted, and are adopted.
KillMode=process
# The groups below its own are Drover's.
Delegate=yes
# Told to end: drover down is 0, SIGTERM is 143.
SuccessExitStatus=143
Restart=on-failure
RestartSec=${RESTART_AFTER_S}

[Install]
WantedBy=default.target
`;
}

/** systemd refuses them there, however they are escaped. */
function programName(program: string): string {
  if (!/["'\\]/.test(program)) return checked(program);
  throw new DroverError('NOT_POSSIBLE', {
    message: `${program} has quotes or backslashes, which systemd takes in no program`,
    hint: 'install Node in a path without them',
  });
}

/** systemd.syntax(7): quoted, with C escapes; % begins a specifier. */
function quoted(word: string): string {
  return `"${percents(word).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function percents(text: string): string {
  return text.replaceAll('%', '%%');
}

/** @throws DroverError `NOT_POSSIBLE` where a path holds what a property list cannot say */
export function launchAgent({ name, argv, path, logPath }: ServicePlan): string {
  const words = argv.map((word) => `    <string>${xml(word)}</string>`);
  return `<?xml version="1.0" encoding="UTF-8"?>
<!-- ${WRITTEN_BY} -->
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${xml(name)}</string>
  <key>ProgramArguments</key>
  <array>
${words.join('\n')}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
    <key>PATH</key>
    <string>${xml(path)}</string>
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>${RESTART_AFTER_S}</integer>
  <!-- Agents go on when the supervisor ends, and are adopted by the next one. -->
  <key>AbandonProcessGroup</key>
  <true/>
  <key>StandardOutPath</key>
  <string>${xml(logPath)}</string>
  <key>StandardErrorPath</key>
  <string>${xml(logPath)}</string>
</dict>
</plist>
`;
}

function xml(text: string): string {
  return checked(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function checked(text: string): string {
  // oxlint-disable-next-line no-control-regex -- those are meant
  if (!/[\u0000-\u001f\u007f]/.test(text)) return text;
  throw new DroverError('NOT_POSSIBLE', {
    message: `${JSON.stringify(text)} has control characters, which a service file cannot say`,
    hint: 'use a path without them',
  });
}
