// Owns what a program tells its hooks, in one vocabulary, and the settings by which it calls ours. Pure: who reads and
// writes files is compose/hook.ts and compose/hook-settings.ts.
import type { Place } from './agent.ts';
import { type Fields, fields, listAt, textAt } from './json.ts';

/** What a program says of one call of a tool, or of the end of its turn: then none of its calls is open any more. */
export interface HookCall {
  readonly event: 'before-tool' | 'after-tool' | 'turn-ended';
  /** the program's own session; empty: it names none */
  readonly session: string;
  /** the same before and after; of programs that give a call no id, what it is called with */
  readonly id: string;
  readonly name: string;
  readonly detail: string;
  /** the program's own statement; null: none */
  readonly timeoutMs: number | null;
}

export interface Hooks {
  /** @returns null: it says nothing that counts */
  read(input: unknown): HookCall | null;
  /** what is printed so that the program does not call the tool, and tells its model why. The exit code is 0 */
  refuse(because: string): string;
  /** the user's settings in which hooks are named */
  settingsFile(place: Place): string;
  /**
   * The settings with our hooks in them and everything else as it was; a former installation of ours is replaced.
   *
   * @returns null where what is there has another form than the program describes
   */
  install(settings: Fields, command: string): Fields | null;
  /** what its user has to do beside that; null: nothing */
  readonly remark: string | null;
}

/**
 * The line that a program is given. Outside of an attempt it costs a test in a shell, and nothing that goes wrong with it
 * (this installation is gone, for one) is an error for the program.
 *
 * @param drover the command line up to its first argument, quoted for a shell
 */
export function hookCommand(drover: string, agent: string): string {
  return `[ -z "$${INSIDE}" ] || ${drover} hook ${agent} || :`;
}

const INSIDE = 'DROVER_RUN_DIR';

function isOurs(command: string | null): boolean {
  return (
    command !== null && command.includes(`"$${INSIDE}"`) && / hook [a-z]+ \|\| :$/.test(command)
  );
}

/** One entry in the settings for each event. */
export type Entries = Readonly<Record<string, Fields>>;

/**
 * `hooks` of a settings file: for each event a list of entries, which hold commands, or groups of such entries. Ours go to
 * the end of each list.
 */
export function withHooks(settings: Fields, ours: Entries): Fields | null {
  const there = settings['hooks'] === undefined ? {} : fields(settings['hooks']);
  if (there === null) return null;
  const hooks: Record<string, unknown> = {};
  for (const [event, entries] of Object.entries(there)) {
    // Beside events, programs keep switches there.
    const others = Array.isArray(entries) ? entries.flatMap(withoutOurs) : entries;
    if (!Array.isArray(others) || others.length > 0 || listAt(there, event).length === 0) {
      hooks[event] = others;
    }
  }
  for (const [event, entry] of Object.entries(ours)) {
    const others = hooks[event] ?? [];
    if (!Array.isArray(others)) return null;
    hooks[event] = [...others, entry];
  }
  return { ...settings, hooks };
}

/** Nothing where nothing else was in it. */
function withoutOurs(entry: unknown): readonly unknown[] {
  if (isOurs(textAt(entry, 'command') ?? textAt(entry, 'bash'))) return [];
  const group = fields(entry);
  const inside = listAt(group, 'hooks');
  const others = inside.filter((one) => !isOurs(textAt(one, 'command')));
  if (group === null || others.length === inside.length) return [entry];
  return others.length === 0 ? [] : [{ ...group, hooks: others }];
}
