// Owns who is protected by the word of the herd's owner (I9), as identities: a pid alone would protect whoever has it next.
//
// A pid in config.yaml stands for the process that has it when the rule is read first; a pidfile for the one that has it
// when that writing of the file is read first. Later the same pid is either that very process or a stranger, who gets no
// protection. Whoever writes the file again, even with the same pid, says who it is anew. A name of a command or a unit is
// looked up in each table.
import type { Look } from '../core/evidence.ts';
import { type ProcessIdentity, processKey } from '../core/identity.ts';
import { type ProtectRule, isCommandOf } from '../core/protect-rule.ts';
import type { ProcessRow, Protection } from '../ports.ts';
import type { HostProcessTable } from './host-process-table.ts';
import { readNamed } from './named-processes.ts';
import { readPidfile } from './pidfile.ts';
import { isInUnit, isSystemdThere } from './systemd-unit.ts';

export interface ProtectionParts {
  /** what config.yaml says now */
  readonly rules: () => Look<readonly ProtectRule[]>;
  /** of `--protect` (named-processes.ts) */
  readonly namedDir: string;
  readonly table: Pick<HostProcessTable, 'occupant' | 'bootId'>;
}

type IsProtected = (process: ProcessRow) => boolean;

/** Whom a rule meant when it was read; null: nobody had that pid. */
interface Pin {
  readonly version: string;
  readonly process: ProcessIdentity | null;
}

const PID_NEVER_CHANGES = '';

export function createProtection({ rules, namedDir, table }: ProtectionParts): Protection {
  let pins: ReadonlyMap<string, Pin> = new Map();

  function pinned(name: string, pid: number, version: string): Look<Pin> {
    const known = pins.get(name);
    if (known?.version === version) return { kind: 'seen', value: known };
    const occupant = table.occupant(pid);
    if (occupant.kind === 'unknown') return occupant;
    const process = occupant.kind === 'seen' ? occupant.value : null;
    return { kind: 'seen', value: { version, process } };
  }

  /** `seen`: whom the rule means now. `absent`: it names no single process. */
  function pinOf(rule: ProtectRule): Look<Pin> {
    switch (rule.kind) {
      case 'pid':
        return pinned(nameOf(rule), rule.pid, PID_NEVER_CHANGES);
      case 'pidfile': {
        const content = readPidfile(rule.path);
        if (content.kind !== 'seen') return content;
        return pinned(nameOf(rule), content.value.pid, content.value.version);
      }
      case 'unit':
        if (isSystemdThere()) return { kind: 'absent' };
        return { kind: 'unknown', because: `unit ${rule.name}: systemd does not run here` };
      case 'command':
        return { kind: 'absent' };
    }
  }

  return {
    look() {
      const said = rules();
      if (said.kind === 'unknown') return said;
      const named = readNamed(namedDir);
      if (named.kind === 'unknown') return named;
      const byHand = named.kind === 'seen' ? named.value : [];
      const all = said.kind === 'seen' ? said.value : [];
      if (byHand.length === 0 && all.length === 0) return { kind: 'absent' };
      const next = new Map<string, Pin>();
      let trouble: string | null = null;
      for (const rule of all) {
        const pin = pinOf(rule);
        if (pin.kind === 'unknown') trouble ??= pin.because;
        // What a rule meant before is not forgotten for a look that failed.
        const kept = pin.kind === 'seen' ? pin.value : pins.get(nameOf(rule));
        if (kept !== undefined) next.set(nameOf(rule), kept);
      }
      pins = next;
      if (trouble !== null) return { kind: 'unknown', because: trouble };
      const identities = [...pins.values()].flatMap(({ process }) => process ?? []);
      const keys = keysOfThisBoot([...byHand, ...identities], table.bootId());
      return { kind: 'seen', value: judgeBy(keys, all) };
    },
  };
}

function keysOfThisBoot(
  processes: readonly ProcessIdentity[],
  bootId: string,
): ReadonlySet<string> {
  return new Set(processes.filter((process) => process.bootId === bootId).map(processKey));
}

function judgeBy(keys: ReadonlySet<string>, rules: readonly ProtectRule[]): IsProtected {
  const commands = rules.flatMap((rule) => (rule.kind === 'command' ? [rule.name] : []));
  const units = rules.flatMap((rule) => (rule.kind === 'unit' ? [rule.name] : []));
  return (process) =>
    keys.has(processKey(process)) ||
    commands.some((name) => isCommandOf(name, process.command)) ||
    units.some((name) => isInUnit(process.pid, name));
}

function nameOf(rule: ProtectRule): string {
  switch (rule.kind) {
    case 'pid':
      return `pid ${rule.pid}`;
    case 'pidfile':
      return `pidfile ${rule.path}`;
    case 'unit':
    case 'command':
      return `${rule.kind} ${rule.name}`;
  }
}
