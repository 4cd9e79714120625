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
import { type PidfileContent, readPidfile } from './pidfile.ts';
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

type Pins = ReadonlyMap<string, Pin>;

const PID_NEVER_CHANGES = '';

export function createProtection({ rules, namedDir, table }: ProtectionParts): Protection {
  let pins: Pins = new Map();
  return {
    look() {
      const said = rules();
      if (said.kind === 'unknown') return said;
      const named = readNamed(namedDir);
      if (named.kind === 'unknown') return named;
      const byHand = named.kind === 'seen' ? named.value : [];
      const all = said.kind === 'seen' ? said.value : [];
      if (byHand.length === 0 && all.length === 0) return { kind: 'absent' };
      const found = pinAll(all, pins, table);
      pins = found.pins;
      if (found.trouble !== null) return { kind: 'unknown', because: found.trouble };
      const identities = [...pins.values()].flatMap(({ process }) => process ?? []);
      const keys = keysOfThisBoot([...byHand, ...identities], table.bootId());
      return { kind: 'seen', value: judgeBy(keys, all) };
    },
  };
}

/** Whom each rule means now; `trouble`: why that cannot be told of one of them. */
function pinAll(
  rules: readonly ProtectRule[],
  before: Pins,
  table: ProtectionParts['table'],
): { readonly pins: Pins; readonly trouble: string | null } {
  const pins = new Map<string, Pin>();
  let trouble: string | null = null;
  for (const rule of rules) {
    const known = before.get(nameOf(rule));
    const pin = pinOf(rule, known, table);
    if (pin.kind === 'unknown') trouble ??= pin.because;
    // What a rule meant before is not forgotten for a look that failed.
    const kept = pin.kind === 'seen' ? pin.value : known;
    if (kept !== undefined) pins.set(nameOf(rule), kept);
  }
  return { pins, trouble };
}

/** `absent`: the rule names no single process. */
function pinOf(
  rule: ProtectRule,
  known: Pin | undefined,
  table: ProtectionParts['table'],
): Look<Pin> {
  switch (rule.kind) {
    case 'pid':
      return pinTo({ pid: rule.pid, version: PID_NEVER_CHANGES }, known, table);
    case 'pidfile': {
      const content = readPidfile(rule.path);
      return content.kind === 'seen' ? pinTo(content.value, known, table) : content;
    }
    case 'unit':
      if (isSystemdThere()) return { kind: 'absent' };
      return { kind: 'unknown', because: `unit ${rule.name}: systemd does not run here` };
    case 'command':
      return { kind: 'absent' };
  }
}

function pinTo(
  { pid, version }: PidfileContent,
  known: Pin | undefined,
  table: ProtectionParts['table'],
): Look<Pin> {
  if (known?.version === version) return { kind: 'seen', value: known };
  const occupant = table.occupant(pid);
  if (occupant.kind === 'unknown') return occupant;
  const process = occupant.kind === 'seen' ? occupant.value : null;
  return { kind: 'seen', value: { version, process } };
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
